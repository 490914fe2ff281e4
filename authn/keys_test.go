package authn_test

import (
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/golang-jwt/jwt/v5"

	"github.com/forthright-http/forthright/authn"
)

func TestKeys(t *testing.T) {
	keys := authn.Keys{{ID: "a", Key: 1}, {ID: "b", Key: 2}, {Key: 3}, {ID: "a", Key: 4}}
	for kid, want := range map[string]string{"a": "[1 3 4]", "b": "[2 3]", "c": "[3]", "": "[1 2 3 4]"} {
		found, err := keys.Keys(t.Context(), kid)
		var got []any
		for _, k := range found {
			got = append(got, k.Key)
		}
		if err != nil || fmt.Sprint(got) != want {
			t.Errorf("%q: %v %v, want %s", kid, got, err, want)
		}
	}
	if _, err := keys[:2].Keys(t.Context(), "c"); !errors.Is(err, authn.ErrUnknownKey) {
		t.Error(err)
	}
}

// The index of static keys finds what the list does.
func TestStaticKeys(t *testing.T) {
	secret := func(i int) []byte { return []byte(fmt.Sprintf("a secret of 32 bytes or more, %02d", i)) }
	keys := authn.Keys{{ID: "a", Key: secret(1)}, {ID: "b", Key: secret(2)}, {Key: secret(3)}, {ID: "a", Key: secret(4)}}
	api := newJWTAPI(t, jwtScheme(func(j *authn.JWT[authn.NoClaims]) { j.Keys = keys }))
	for kid, fits := range map[string]string{"a": "134", "b": "23", "c": "3", "": "1234"} {
		for i := 1; i <= 4; i++ {
			want := authn.SignatureWrong
			if strings.Contains(fits, fmt.Sprint(i)) {
				want = authn.Accepted
			}
			token := jwtSign(`{"alg":"HS256","typ":"at+jwt","kid":"`+kid+`"}`, jwtClaims, jwt.SigningMethodHS256, secret(i))
			api.want(fmt.Sprintf("kid %q by key %d", kid, i), token, want)
		}
	}
	named := newJWTAPI(t, jwtScheme(func(j *authn.JWT[authn.NoClaims]) { j.Keys = keys[:2] }))
	named.want("no such key", jwtSign(`{"alg":"HS256","typ":"at+jwt","kid":"c"}`, jwtClaims, jwt.SigningMethodHS256, secret(1)), authn.UnknownKid)

	// What is changed later changes nothing.
	for i := range keys {
		clear(keys[i].Key.([]byte))
		keys[i].ID = "z"
	}
	api.want("after a change", jwtSign(`{"alg":"HS256","typ":"at+jwt","kid":"b"}`, jwtClaims, jwt.SigningMethodHS256, secret(2)), authn.Accepted)
}

func TestStaticKeySettings(t *testing.T) {
	off := must(ecdsa.GenerateKey(elliptic.P224(), rand.Reader)).PublicKey
	off.Curve = elliptic.P256() // where its point is not
	es256 := func(j *authn.JWT[authn.NoClaims]) { j.Algorithms = []string{"ES256"} }
	for _, tt := range []struct {
		name string
		keys authn.Keys
		says string
		more []func(*authn.JWT[authn.NoClaims])
	}{
		{"nil", authn.Keys{{}}, "key 0: it is nil", nil},
		{"a second one", authn.Keys{{Key: jwtSecret}, {Key: "text"}}, "key 1: a string", nil},
		{"short", authn.Keys{{Key: jwtSecret[:31]}}, "31 bytes and needs 32", nil},
		{"for another algorithm", authn.Keys{{Key: jwtSecret, Algorithm: "HS512"}}, `for "HS512", not for HS256`, nil},
		{"of another type", authn.Keys{{Key: &jwtECDSA().PublicKey}}, "another type", nil},
		{"off the curve", authn.Keys{{Key: &off}}, "not on its curve", []func(*authn.JWT[authn.NoClaims]){es256}},
		{"too many without an id", slices.Repeat(authn.Keys{{Key: jwtSecret}}, 17), "more than 16", nil},
		{"too many of one id", slices.Repeat(authn.Keys{{ID: "a", Key: jwtSecret}}, 17), "more than 16", nil},
		{"too many together", append(slices.Repeat(authn.Keys{{ID: "a", Key: jwtSecret}}, 9), slices.Repeat(authn.Keys{{Key: jwtSecret}}, 8)...), "more than 16", nil},
	} {
		set := func(j *authn.JWT[authn.NoClaims]) { j.Keys = tt.keys }
		_, err := authn.New(authn.Options{Schemes: []authn.Scheme{jwtScheme(append(tt.more, set)...)}})
		if err == nil || !strings.Contains(err.Error(), tt.says) || strings.Contains(err.Error(), string(jwtSecret[:31])) {
			t.Errorf("%s: %v", tt.name, err)
		}
	}
	// As many as one likes where each has its id.
	many := authn.Keys{}
	for i := range 100 {
		many = append(many, authn.Key{ID: fmt.Sprint(i), Key: jwtSecret})
	}
	newJWTAPI(t, jwtScheme(func(j *authn.JWT[authn.NoClaims]) { j.Keys = many })).
		want("the last of many", jwtHS256(`{"alg":"HS256","typ":"at+jwt","kid":"99"}`, jwtClaims), authn.Accepted)
}

// The key id picks the key, and a key that is for another algorithm is none.
func TestJWTKeyIDs(t *testing.T) {
	second := []byte("a second secret, which is as long as it must be")
	keys := authn.Keys{{ID: "one", Key: jwtSecret}, {ID: "two", Key: second}}
	api := newJWTAPI(t, jwtScheme(func(j *authn.JWT[authn.NoClaims]) { j.Keys = keys }))
	kid := func(id string) string { return `{"alg":"HS256","typ":"at+jwt","kid":"` + id + `"}` }
	api.cases([]jwtCase{
		{"one", kid("one"), "", authn.Accepted},
		{"the other's", kid("two"), "", authn.SignatureWrong},
		{"unknown", kid("three"), "", authn.UnknownKid},
		{"in another case", kid("One"), "", authn.UnknownKid},
		{"none", "", "", authn.Accepted},
		{"an empty one", kid(""), "", authn.Accepted},
		{"a path", kid("../../dev/null"), "", authn.UnknownKid},
	})
	for alg, want := range map[string]authn.Reason{"HS256": authn.Accepted, "": authn.Accepted, "HS512": authn.KeyMismatch, "RS256": authn.KeyMismatch, "none": authn.KeyMismatch} {
		api := newJWTAPI(t, jwtScheme(func(j *authn.JWT[authn.NoClaims]) {
			j.Keys = jwtSource(func(context.Context, string) ([]authn.Key, error) {
				return []authn.Key{{Algorithm: alg, Key: jwtSecret}}, nil
			})
		}))
		api.want("a key for "+alg, jwtHS256(jwtHeader, jwtClaims), want)
	}
}

// Of the keys that fit, 16 are tried; those that do not fit cost nothing.
func TestJWTManyKeys(t *testing.T) {
	wrong := authn.Key{Key: []byte(strings.Repeat("wrong key", 4))}
	for _, tt := range []struct {
		keys []authn.Key
		want authn.Reason
	}{
		{append(slices.Repeat([]authn.Key{wrong}, 15), authn.Key{Key: jwtSecret}), authn.Accepted},
		{append(slices.Repeat([]authn.Key{wrong}, 16), authn.Key{Key: jwtSecret}), authn.SignatureWrong},
		{append(slices.Repeat([]authn.Key{{Key: &jwtRSA().PublicKey}}, 99), authn.Key{Key: jwtSecret}), authn.Accepted},
	} {
		api := newJWTAPI(t, jwtScheme(func(j *authn.JWT[authn.NoClaims]) {
			j.Keys = jwtSource(func(context.Context, string) ([]authn.Key, error) { return tt.keys, nil })
		}))
		api.want(fmt.Sprint(len(tt.keys), " keys"), jwtHS256(jwtHeader, jwtClaims), tt.want)
	}
}

// jwtKeys is a source that counts how often it is asked, and can change.
type jwtKeys struct {
	asked   atomic.Int64
	version atomic.Uint64
	key     atomic.Pointer[[]byte]
	during  func() // while keys are asked for
}

func newJWTKeys() *jwtKeys {
	k := &jwtKeys{}
	k.key.Store(&jwtSecret)
	return k
}

func (k *jwtKeys) Keys(context.Context, string) ([]authn.Key, error) {
	k.asked.Add(1)
	found := []authn.Key{{Key: *k.key.Load()}}
	if k.during != nil {
		k.during()
	}
	return found, nil
}

func (k *jwtKeys) Version() uint64 { return k.version.Load() }

func (k *jwtKeys) rotate(secret []byte) {
	k.key.Store(&secret)
	k.version.Add(1)
}
