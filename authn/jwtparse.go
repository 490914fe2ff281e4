package authn

import (
	"encoding/base64"
	"reflect"
	"slices"
	"strings"
	"time"

	"github.com/forthright-http/forthright/internal/jsonx"
)

// parsedJWT is a JWT in its compact form (RFC 7515 §7.1) before anything of it is
// known to be true.
type parsedJWT struct {
	header    jwtHeader
	claims    registeredClaims
	payload   []byte
	signed    string // what the signature is over
	signature []byte
	key       tokenKey // where there is a cache
}

// jwtHeader has what is looked at. Key material in a header (jku, jwk, x5u, x5c)
// is not: whoever makes a token must not choose the key (RFC 8725 §3.10).
type jwtHeader struct {
	Algorithm string `json:"alg"`
	KeyID     string `json:"kid"`
	Type      string `json:"typ"`
	Critical  member `json:"crit"`
	Base64    *bool  `json:"b64"` // RFC 7797 §3
}

// member is whether there is one, whatever its value.
type member bool

func (m *member) UnmarshalJSON([]byte) error {
	*m = true
	return nil
}

// registeredClaims are those of RFC 7519 §4.1, RFC 9068 §2.2, RFC 7800 and RFC
// 9470 that this package decides by.
type registeredClaims struct {
	Issuer    string         `json:"iss"`
	Subject   string         `json:"sub"`
	Audience  any            `json:"aud"`
	Expires   *float64       `json:"exp"`
	NotBefore *float64       `json:"nbf"`
	IssuedAt  *float64       `json:"iat"`
	TokenID   string         `json:"jti"`
	Client    string         `json:"client_id"`
	Party     string         `json:"azp"`
	Scope     any            `json:"scope"`
	Scp       any            `json:"scp"`
	AuthTime  *float64       `json:"auth_time"`
	ACR       string         `json:"acr"`
	Confirm   map[string]any `json:"cnf"`
}

// Both decoders refuse what encoding/json lets pass: a member twice, at any depth,
// text that is not UTF-8. They take no member for one that differs from it in case;
// the names refuse it.
var (
	headerDecoder = mustDecoder[jwtHeader]()
	claimsDecoder = mustDecoder[registeredClaims]()
	headerNames   = namesOf(reflect.TypeFor[jwtHeader]())
	claimNames    = namesOf(reflect.TypeFor[registeredClaims]())
)

// maxClaimsDepth is how deep a token's JSON may be nested.
const maxClaimsDepth = 32

func mustDecoder[T any]() *jsonx.Decoder {
	d, err := newDecoder[T]()
	if err != nil {
		panic(err)
	}
	return d
}

func newDecoder[T any]() (*jsonx.Decoder, error) {
	return jsonx.New(reflect.TypeFor[T](), jsonx.Options{AllowUnknown: true, MaxDepth: maxClaimsDepth})
}

// base64url is the coding of RFC 7515 §2, with the bits that a last character has
// too many of required to be zero: otherwise a token has several spellings.
var base64url = base64.RawURLEncoding.Strict()

// parseJWT reads a token of three segments. Its errors are the reasons
// TokenMalformed and ClaimsWrong.
func parseJWT(raw string) (*parsedJWT, error) {
	first := strings.IndexByte(raw, '.')
	last := strings.LastIndexByte(raw, '.')
	if first <= 0 || last <= first+1 || strings.IndexByte(raw[first+1:last], '.') >= 0 {
		return nil, refuse(TokenMalformed, nil)
	}
	t := &parsedJWT{signed: raw[:last]}
	buffer := append(make([]byte, 0, len(raw)+base64url.DecodedLen(len(raw))), raw...)
	header, ok1 := decodeSegment(buffer[len(raw):], buffer[:first])
	payload, ok2 := decodeSegment(header[len(header):], buffer[first+1:last])
	signature, ok3 := decodeSegment(payload[len(payload):], buffer[last+1:])
	if !ok1 || !ok2 || !ok3 {
		return nil, refuse(TokenMalformed, nil)
	}
	t.payload, t.signature = slices.Clip(payload), signature
	if headerDecoder.Decode(header, &t.header) != nil {
		return nil, refuse(TokenMalformed, nil)
	}
	if fault, name := headerNames.check(header); fault != namesGood {
		return nil, refuse(TokenMalformed, variantError(fault, name))
	}
	if faults := claimsDecoder.Decode(payload, &t.claims); faults != nil {
		return nil, refuse(claimsReason(faults), nil)
	}
	switch fault, name := claimNames.check(payload); fault {
	case nameVariant:
		return nil, refuse(TokenMalformed, variantError(fault, name))
	case nameNull: // RFC 7519 §4.1: what the value of each must be
		return nil, refuse(ClaimsWrong, nil)
	}
	return t, nil
}

// decodeSegment appends what a segment stands for. Line breaks, which the decoder
// skips, are refused.
func decodeSegment(dst, segment []byte) ([]byte, bool) {
	out, err := base64url.AppendDecode(dst, segment)
	return out, err == nil && len(out) == base64url.DecodedLen(len(segment))
}

// claimsReason tells JSON that is none from a claim of the wrong type.
func claimsReason(faults []jsonx.Fault) Reason {
	for _, f := range faults {
		switch f.Code {
		case jsonx.WrongType, jsonx.OutOfRange, jsonx.Null, jsonx.Fraction, jsonx.Format:
			if f.Pointer != "" {
				continue
			}
		}
		return TokenMalformed
	}
	return ClaimsWrong
}

// strs reads a claim that is a string or an array of strings. Of a string it
// makes what split makes.
func strs(v any, split func(string) []string) ([]string, bool) {
	switch v := v.(type) {
	case nil:
		return nil, true
	case string:
		return split(v), true
	case []any:
		list := make([]string, len(v))
		for i, e := range v {
			s, ok := e.(string)
			if !ok {
				return nil, false
			}
			list[i] = s
		}
		return list, true
	}
	return nil, false
}

// numericDate is a NumericDate (RFC 7519 §2) as a time; what is beyond the years
// that a time can be written in is cut.
func numericDate(seconds float64) time.Time {
	const last = 253402300799 // 9999-12-31T23:59:59Z
	seconds = min(max(seconds, 0), last)
	whole := int64(seconds)
	return time.Unix(whole, int64((seconds-float64(whole))*1e9))
}

// scopesOf reads "scope" (RFC 8693 §4.2: a list with spaces between) or, where
// there is none, "scp", which some issuers use, as a list or an array.
func scopesOf(c *registeredClaims) ([]string, bool) {
	if c.Scope != nil {
		return strs(c.Scope, strings.Fields)
	}
	return strs(c.Scp, strings.Fields)
}

// confirmationOf reads "cnf". A token that is bound by what is not known here is
// refused: it would otherwise be taken from anybody (RFC 7800 §3.1).
func confirmationOf(cnf map[string]any, required bool) (*confirmation, error) {
	if cnf == nil {
		if required {
			return nil, refuse(BindingMissing, nil)
		}
		return nil, nil
	}
	key, ok1 := cnf["jkt"].(string)
	certificate, ok2 := cnf["x5t#S256"].(string)
	if !ok1 && cnf["jkt"] != nil || !ok2 && cnf["x5t#S256"] != nil || key == "" && certificate == "" {
		return nil, refuse(ConfirmationUnknown, nil)
	}
	return &confirmation{key, certificate}, nil
}
