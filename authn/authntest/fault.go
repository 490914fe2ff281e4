package authntest

import (
	"crypto/rand"
	"crypto/x509"
	"encoding/json"
	"encoding/pem"
	"maps"
	"slices"
	"strings"
)

// Fault is one way in which a token does not hold: see [Issuer.Token].
type Fault string

// The faults of a token. All of them have a good signature, unless they say
// otherwise.
const (
	Expired             Fault = "expired"                           // an hour ago
	NotYetValid         Fault = "not yet valid"                     // for another hour
	NoExpiry            Fault = "no exp"                            //
	ZeroExpiry          Fault = "exp of 0"                          // 1970
	WrongIssuer         Fault = "wrong iss"                         //
	NoIssuer            Fault = "no iss"                            //
	WrongAudience       Fault = "wrong aud"                         //
	NoAudience          Fault = "no aud"                            //
	ClaimOfWrongType    Fault = "claim of the wrong type"           // exp is a string
	ClaimTwice          Fault = "claim twice"                       // two sub
	ClaimInOtherCase    Fault = "claim in another case"             // SUB beside sub
	UnknownConfirmation Fault = "bound by an unknown method"        // cnf has neither jkt nor x5t#S256
	AlgorithmNone       Fault = "alg none"                          // and no signature
	AlgorithmNoneSpelt  Fault = "alg NoNe"                          // likewise
	NoAlgorithm         Fault = "no alg"                            //
	AlgorithmOther      Fault = "alg that is not allowed"           // one that the issuer has no key for
	PublicKeyAsSecret   Fault = "HS256 with the public key"         // the public key, in PEM, as the secret
	KeyOfOtherType      Fault = "key of another type"               // kid names a key of another type than alg takes; for an issuer of two types
	KeyOfOtherAlgorithm Fault = "key of another alg"                // kid names a key that is for another alg; for an issuer of two algorithms of one type
	CriticalUnknown     Fault = "unknown crit"                      //
	WrongType           Fault = "wrong typ"                         // a logout token's
	NoType              Fault = "no typ"                            //
	IDTokenType         Fault = "typ JWT"                           // as ID tokens have it
	KeyInHeader         Fault = "key in the header"                 // jwk and jku name the key that it is signed with; kid is the issuer's
	UnknownKid          Fault = "unknown kid"                       // a key that was never published
	WrongSignature      Fault = "bad signature"                     // by another key than kid names
	OtherPayload        Fault = "changed payload"                   // after it was signed
	NoSignature         Fault = "no signature"                      // an empty third segment
	SpareBits           Fault = "another spelling of the signature" // which lenient decoders take
	BadBase64           Fault = "bad base64"                        //
	BadHeaderJSON       Fault = "bad JSON in the header"            //
	BadJSON             Fault = "bad JSON"                          // in the payload
	TwoSegments         Fault = "two segments"                      // no signature, and no dot before it
	FourSegments        Fault = "four segments"                     //
)

// spoilClaims makes a draft wrong in its claims, and returns false for a fault that
// is about something else.
func (i *Issuer) spoilClaims(d *draft, f Fault) bool {
	now := i.Now()
	switch f {
	case Expired:
		d.claims["exp"], d.claims["iat"] = now.Add(-beyond).Unix(), now.Add(-2*beyond).Unix()
	case NotYetValid:
		d.claims["nbf"], d.claims["exp"] = now.Add(beyond).Unix(), now.Add(2*beyond).Unix()
	case NoExpiry:
		delete(d.claims, "exp")
	case ZeroExpiry:
		d.claims["exp"] = 0
	case WrongIssuer:
		d.claims["iss"] = "https://another-issuer.example"
	case NoIssuer:
		delete(d.claims, "iss")
	case WrongAudience:
		d.claims["aud"] = "https://another-service.example"
	case NoAudience:
		delete(d.claims, "aud")
	case ClaimOfWrongType:
		d.claims["exp"] = "tomorrow"
	case ClaimTwice:
		d.edit = func(s string) string { return `{"sub":"root",` + s[1:] }
	case ClaimInOtherCase:
		d.edit = func(s string) string { return `{"SUB":"root",` + s[1:] }
	case UnknownConfirmation:
		d.claims["cnf"] = map[string]any{"kid": "somewhere"}
	default:
		return false
	}
	return true
}

// spoilKey makes a draft wrong in what it is signed with.
func (i *Issuer) spoilKey(d *draft, f Fault) bool {
	switch f {
	case AlgorithmNone:
		d.key = d.key.by("none")
	case AlgorithmNoneSpelt:
		d.key = d.key.by("NoNe")
	case NoAlgorithm:
		d.header["alg"] = nil
	case AlgorithmOther:
		d.key = i.otherAlgorithm(d.key)
	case PublicKeyAsSecret:
		d.key = i.confused()
	case KeyOfOtherType:
		d.header["kid"] = d.key.id
		d.key = i.otherType(d.key)
	case KeyOfOtherAlgorithm:
		name := i.sibling(d.key.algorithm)
		if name == "" {
			i.t.Fatalf("authntest: the issuer has no second algorithm for keys of one type: see NewIssuer")
		}
		d.key = d.key.by(name)
	case CriticalUnknown:
		d.header["crit"], d.header["urn:example:unknown"] = []string{"urn:example:unknown"}, true
	case WrongType:
		d.header["typ"] = "logout+jwt" // OpenID Connect Back-Channel Logout §2.4
	case NoType:
		delete(d.header, "typ")
	case IDTokenType:
		d.header["typ"] = "JWT"
	case KeyInHeader:
		i.ownKey(d)
	case UnknownKid:
		d.key = i.stranger(d.key.algorithm, rand.Text()[:12])
	case WrongSignature:
		d.key = i.stranger(d.key.algorithm, d.key.id)
	default:
		return false
	}
	return true
}

// spoilForm makes a draft wrong in its form.
func (d *draft) spoilForm(f Fault) bool {
	join := func(s ...string) string { return strings.Join(s, ".") }
	switch f {
	case OtherPayload:
		d.finish = func(s []string) string { return join(s[0], encode([]byte(d.other())), s[2]) }
	case NoSignature:
		d.finish = func(s []string) string { return join(s[0], s[1], "") }
	case SpareBits:
		d.finish = func(s []string) string { return join(s[0], s[1], spareBits(s[2])) }
	case BadBase64:
		d.finish = func(s []string) string { return join(s[0], s[1]+"~", s[2]) }
	case BadHeaderJSON:
		d.prepare = func(s string) string { return s[:len(s)-1] }
	case BadJSON:
		d.edit = func(s string) string { return s[:len(s)-1] }
	case TwoSegments:
		d.finish = func(s []string) string { return join(s[0], s[1]) }
	case FourSegments:
		d.finish = func(s []string) string { return join(s[0], s[1], s[2], s[2]) }
	default:
		return false
	}
	return true
}

// ownKey signs with a key that the token brings along.
func (i *Issuer) ownKey(d *draft) {
	own := i.stranger(d.key.algorithm, d.key.id)
	d.key = own
	d.header["jku"] = "https://another-issuer.example/jwks.json"
	if jwk := own.jwk(); jwk != nil {
		d.header["jwk"] = jwk
	} else {
		d.header["jwk"] = map[string]any{"kty": "oct", "kid": own.id, "k": encode(own.private.([]byte))}
	}
}

// other is the payload for another subject.
func (d *draft) other() string {
	claims := maps.Clone(d.claims)
	claims["sub"] = "root"
	b, _ := json.Marshal(claims) // the claims were encoded before
	return string(b)
}

// spareBits sets a bit that the last character of a base64url string has too
// many, so that lenient decoders read the same from it (RFC 4648 §3.5). Of a
// string without such bits it makes one with padding.
func spareBits(s string) string {
	const alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"
	if len(s)%4 == 0 {
		return s + "="
	}
	last := strings.IndexByte(alphabet, s[len(s)-1])
	return s[:len(s)-1] + string(alphabet[last|1])
}

// otherAlgorithm is a key that would do, and an algorithm that the issuer does not
// sign by.
func (i *Issuer) otherAlgorithm(key *signer) *signer {
	for _, family := range [][]string{{"RS256", "RS384", "RS512", "PS256", "PS384", "PS512"}, {"HS256", "HS384", "HS512"}} {
		if !slices.Contains(family, key.algorithm) {
			continue
		}
		for _, name := range family {
			if !slices.Contains(i.algorithms, name) {
				return key.by(name)
			}
		}
	}
	for _, name := range []string{"ES256", "EdDSA", "ES384", "HS512"} {
		if !slices.Contains(i.algorithms, name) {
			other := newSigner(i.t, name)
			other.id = key.id
			return other
		}
	}
	i.t.Fatalf("authntest: the issuer signs by all algorithms that there are")
	return nil
}

// confused signs by HMAC with what everybody knows: the file that the public key
// is handed out in (RFC 8725 §2.1).
func (i *Issuer) confused() *signer {
	key := i.publicSigner()
	der, err := x509.MarshalPKIXPublicKey(key.public())
	if err != nil {
		i.t.Fatalf("authntest: the public key cannot be encoded: %v", err)
	}
	return &signer{key.id, "HS256", pem.EncodeToMemory(&pem.Block{Type: "PUBLIC KEY", Bytes: der})}
}

// publicSigner is a key whose public half is published.
func (i *Issuer) publicSigner() *signer {
	for _, name := range i.algorithms {
		if !strings.HasPrefix(name, "HS") {
			return i.signer(name)
		}
	}
	i.t.Fatalf("authntest: all keys of the issuer are secrets")
	return nil
}

// otherType is a key of another type than key has.
func (i *Issuer) otherType(key *signer) *signer {
	for _, name := range i.algorithms {
		if kind(name) != kind(key.algorithm) {
			other := *i.signer(name)
			other.id = key.id
			return &other
		}
	}
	i.t.Fatalf("authntest: all keys of the issuer are of one type: see NewIssuer")
	return nil
}

// sibling is another algorithm of the issuer that takes the same type of key, ""
// where there is none.
func (i *Issuer) sibling(algorithm string) string {
	for _, name := range i.algorithms {
		if name != algorithm && kind(name) == kind(algorithm) {
			return name
		}
	}
	return ""
}

// kind is the type of the key that an algorithm takes.
func kind(algorithm string) string {
	switch algorithm[:2] {
	case "RS", "PS":
		return "RSA"
	case "ES":
		return algorithm // a curve each
	}
	return algorithm[:2]
}
