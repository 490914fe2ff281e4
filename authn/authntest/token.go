package authntest

import (
	"crypto/rand"
	"encoding/json"
	"errors"
	"maps"
	"strings"
	"time"
)

var errDown = errors.New("authntest: made to fail")

// Claims are members of a token's payload by name. A nil value takes one out that
// would be there otherwise.
type Claims map[string]any

// Subject is the "sub" of the tokens by default.
const Subject = "ana"

// usual is how long a token lasts.
const usual = 5 * time.Minute

// beyond is further off than the clocks of two services may be apart.
const beyond = time.Hour

// Token makes a signed JWT. It holds, for [Audience], from now for five minutes,
// with [Subject] as its subject; c, and Issuer.Claims before it, add claims or
// replace them. A fault makes it wrong in that way.
//
//	iss.Token(authntest.Claims{"scope": "orders:read orders:write"})
//	iss.Token(nil, authntest.Expired)
func (i *Issuer) Token(c Claims, faults ...Fault) string {
	return i.tokenOf(i.Type, c, faults...)
}

// tokenOf makes a token of another type than the issuer's are.
func (i *Issuer) tokenOf(typ string, c Claims, faults ...Fault) string {
	d := &draft{header: map[string]any{"typ": typ}, claims: i.claims(c), key: i.signer(i.algorithms[0])}
	if typ == "" {
		delete(d.header, "typ")
	}
	for _, f := range faults {
		if !i.spoilClaims(d, f) && !i.spoilKey(d, f) && !d.spoilForm(f) {
			i.t.Fatalf("authntest: there is no fault %q of a token", f)
		}
	}
	token, err := d.token()
	if err != nil {
		i.t.Fatalf("authntest: a token cannot be made: %v", err)
	}
	return token
}

// claims are those of RFC 9068 §2.2, with what is added or taken out.
func (i *Issuer) claims(c Claims) Claims {
	now := i.Now().Unix()
	claims := Claims{
		"iss": i.url, "aud": i.audience(), "sub": Subject, "client_id": "app",
		"iat": now, "exp": now + int64(usual/time.Second), "jti": rand.Text(),
	}
	for _, more := range []Claims{i.Claims, c} {
		maps.Copy(claims, more)
	}
	maps.DeleteFunc(claims, func(_ string, v any) bool { return v == nil })
	return claims
}

// draft is a token before it is signed.
type draft struct {
	header  map[string]any
	claims  Claims
	key     *signer
	edit    func(payload string) string    // before it is signed
	prepare func(header string) string     // likewise
	finish  func(segments []string) string // after it is signed
}

func (d *draft) token() (string, error) {
	for name, v := range map[string]any{"alg": d.key.algorithm, "kid": d.key.id} {
		if _, there := d.header[name]; !there {
			d.header[name] = v
		}
	}
	maps.DeleteFunc(d.header, func(_ string, v any) bool { return v == nil })
	header, err := json.Marshal(d.header)
	if err != nil {
		return "", err
	}
	payload, err := json.Marshal(d.claims)
	if err != nil {
		return "", err
	}
	if d.prepare != nil {
		header = []byte(d.prepare(string(header)))
	}
	if d.edit != nil {
		payload = []byte(d.edit(string(payload)))
	}
	input := encode(header) + "." + encode(payload)
	signature, err := d.key.sign(input)
	if err != nil {
		return "", err
	}
	token := input + "." + encode(signature)
	if d.finish != nil {
		token = d.finish(strings.Split(token, "."))
	}
	return token, nil
}
