package authn

import "strings"

// VerifyJWS verifies a JWS whose payload is no JSON, which no token of [JWT] may
// have, by what verifies tokens: the decoding of segments, the header, the choice
// of the algorithm, the key's fitness and the signature. It returns the payload.
func VerifyJWS(jws string, key Key) (payload string, ok bool) {
	parts := strings.Split(jws, ".")
	var segments [3][]byte
	for i, part := range parts {
		if segments[i], ok = decodeSegment(nil, []byte(part)); !ok {
			return "", false
		}
	}
	var h jwtHeader
	if headerDecoder.Decode(segments[0], &h) != nil {
		return "", false
	}
	alg := supported[h.Algorithm]
	if alg == nil || alg.fits(key) != nil {
		return "", false
	}
	return string(segments[1]), alg.verify(parts[0]+"."+parts[1], segments[2], key)
}

// ParsedJWT is what is read of a token before anything of it is known to be true.
type ParsedJWT struct {
	Algorithm, KeyID, Issuer, Subject string
	Expires                           *float64
	Payload                           string
	Signature                         []byte
}

// ParseJWT is parseJWT.
func ParseJWT(raw string) (ParsedJWT, error) {
	t, err := parseJWT(raw)
	if err != nil {
		return ParsedJWT{}, err
	}
	return ParsedJWT{t.header.Algorithm, t.header.KeyID, t.claims.Issuer, t.claims.Subject, t.claims.Expires, string(t.payload), t.signature}, nil
}

// NamesClash reports whether an object of JSON has a member that differs from a
// registered claim in case alone.
func NamesClash(object string) bool {
	fault, _ := claimNames.check([]byte(object))
	return fault == nameVariant
}

// Remembered is how many tokens the caches of a hold, and how many their indexes
// and queues have room for.
func Remembered(a *Authenticator) (entries, queued int) {
	for _, c := range a.tokens.caches {
		for i := range c.shards {
			s := &c.shards[i]
			s.mu.RLock()
			entries, queued = entries+len(s.entries), queued+len(s.order)
			s.mu.RUnlock()
		}
	}
	return entries, queued
}
