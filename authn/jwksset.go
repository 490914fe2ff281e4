package authn

import (
	"crypto/rsa"
	"crypto/sha256"
	"encoding/json"
	"errors"
	"fmt"
	"reflect"
	"slices"
	"strconv"
	"strings"

	"github.com/MicahParks/jwkset"

	"github.com/forthright-http/forthright/internal/jsonx"
)

// keySet is what a JWK set has for us. It is not changed once it is made.
type keySet struct {
	byID      map[string][]Key  // with those without an id after them; "" has all
	anonymous []Key             // those without an id
	sum       [sha256.Size]byte // of all keys, whatever their order
}

func (s *keySet) empty() bool { return len(s.byID[""]) == 0 }

func newKeySet(keys []Key) *keySet {
	s := &keySet{byID: map[string][]Key{}}
	for _, k := range keys {
		if k.ID == "" {
			s.anonymous = append(s.anonymous, k)
		} else {
			s.byID[k.ID] = append(s.byID[k.ID], k)
		}
	}
	for id, named := range s.byID {
		s.byID[id] = append(named, s.anonymous...)
	}
	if len(keys) > 0 {
		s.byID[""] = keys
	}
	return s
}

// jwkSet is a JWK set (RFC 7517 §5). Its keys are decoded one by one: one that is
// not understood must not spoil the others.
type jwkSet struct {
	Keys []json.RawMessage `json:"keys"`
}

// jwk has the members of a JWK that are looked at (RFC 7517 §4, RFC 7518 §6, RFC
// 8037 §2).
type jwk struct {
	Type       string   `json:"kty"`
	Use        string   `json:"use"`
	Operations []string `json:"key_ops"`
	Algorithm  string   `json:"alg"`
	ID         string   `json:"kid"`
	Curve      string   `json:"crv"`
	X          string   `json:"x"`
	Y          string   `json:"y"`
	N          string   `json:"n"`
	E          string   `json:"e"`

	// What only private and symmetric keys have.
	D     any `json:"d"`
	P     any `json:"p"`
	Q     any `json:"q"`
	DP    any `json:"dp"`
	DQ    any `json:"dq"`
	QI    any `json:"qi"`
	Other any `json:"oth"`
	K     any `json:"k"`
}

func (m *jwk) isSecret() bool {
	for _, part := range [...]any{m.D, m.P, m.Q, m.DP, m.DQ, m.QI, m.Other, m.K} {
		if part != nil {
			return true
		}
	}
	return m.Type == "oct"
}

// Both pass null for an absent member, as some issuers send it.
var (
	jwkSetDecoder = mustNullDecoder[jwkSet]()
	jwkDecoder    = mustNullDecoder[jwk]()
)

func mustNullDecoder[T any]() *jsonx.Decoder {
	d, err := jsonx.New(reflect.TypeFor[T](), jsonx.Options{AllowUnknown: true, Null: jsonx.NullAnywhere, MaxDepth: maxClaimsDepth})
	if err != nil {
		panic(err)
	}
	return d
}

// parseKeySet reads a JWK set and keeps the keys that serve one of the algorithms.
// It fails for what is no JWK set: no JSON, a member twice (RFC 7517 §5), no array
// "keys".
func parseKeySet(document []byte, algorithms []string) (*keySet, error) {
	var set jwkSet
	if faults := jwkSetDecoder.Decode(document, &set); faults != nil {
		return nil, fmt.Errorf("the answer is no JWK set: %s", faults[0].Code)
	}
	if set.Keys == nil {
		return nil, errors.New("the answer is no JWK set: there is no member keys")
	}
	var all []Key
	var prints []string
	for _, raw := range set.Keys {
		var member jwk
		if jwkDecoder.Decode(raw, &member) != nil {
			continue
		}
		if key, ok := member.key(algorithms); ok {
			all = append(all, key)
			prints = append(prints, member.print())
		}
	}
	s := newKeySet(all)
	slices.Sort(prints)
	s.sum = sha256.Sum256([]byte(strings.Join(prints, "\n")))
	return s, nil
}

// key returns the key if a token's signature may be verified with it by one of the
// algorithms.
func (m *jwk) key(algorithms []string) (Key, bool) {
	switch {
	case m.Use != "" && m.Use != "sig": // RFC 7517 §4.2
		return Key{}, false
	case m.Operations != nil && !slices.Contains(m.Operations, "verify"): // §4.3
		return Key{}, false
	case m.isSecret():
		return Key{}, false
	}
	// Nothing else of the JWK is handed on: no private part, and no certificate,
	// whose faults would count and whose URL might be followed.
	parsed, err := jwkset.NewJWKFromMarshal(jwkset.JWKMarshal{
		KTY: jwkset.KTY(m.Type), CRV: jwkset.CRV(m.Curve), X: m.X, Y: m.Y, N: m.N, E: m.E,
	}, jwkset.JWKMarshalOptions{}, jwkset.JWKValidateOptions{})
	if err != nil {
		return Key{}, false
	}
	if public, ok := parsed.Key().(*rsa.PublicKey); ok && public.N.BitLen() > maxRSA {
		return Key{}, false
	}
	key := Key{ID: m.ID, Algorithm: m.Algorithm, Key: parsed.Key()}
	return key, checkKey(key, algorithms) == nil
}

// maxRSA is a size in bits beyond which verifying takes too long.
const maxRSA = 16384

// print tells one key from another.
func (m *jwk) print() string {
	var b []byte
	for _, s := range [...]string{m.Type, m.Algorithm, m.ID, m.Curve, m.X, m.Y, m.N, m.E} {
		b = strconv.AppendQuote(b, s)
	}
	return string(b)
}
