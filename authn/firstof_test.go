package authn_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/golang-jwt/jwt/v5"

	"github.com/forthright-http/forthright/authn"
)

// firstKeys is a source of keys by id that can fail and that is counted.
type firstKeys struct {
	byID    map[string][]authn.Key
	err     error
	ready   error
	asked   int
	version uint64
}

func (k *firstKeys) Keys(_ context.Context, kid string) ([]authn.Key, error) {
	k.asked++
	switch keys := k.byID[kid]; {
	case k.err != nil:
		return nil, k.err
	case keys == nil:
		return nil, authn.ErrUnknownKey
	default:
		return keys, nil
	}
}

func (k *firstKeys) Ready(context.Context) error { return k.ready }
func (k *firstKeys) Version() uint64             { return k.version }

func firstSecret(name string) []byte { return []byte(strings.Repeat(name, 32)[:32]) }

// firstToken is signed by the secret of that name.
func firstToken(secret, kid string) string {
	header := `{"alg":"HS256","typ":"at+jwt"}`
	if kid != "" {
		header = `{"alg":"HS256","typ":"at+jwt","kid":"` + kid + `"}`
	}
	return jwtSign(header, jwtClaims, jwt.SigningMethodHS256, firstSecret(secret))
}

func TestFirstOf(t *testing.T) {
	down := errors.New("the second is down")
	a, b, same := authn.Key{ID: "a", Key: firstSecret("a")}, authn.Key{ID: "b", Key: firstSecret("b")}, authn.Key{ID: "a", Key: firstSecret("x")}
	none := authn.Key{Key: firstSecret("n")}
	with := func(keys ...authn.Key) map[string][]authn.Key {
		m := map[string][]authn.Key{}
		for _, k := range keys {
			m[k.ID] = append(m[k.ID], k)
			m[""] = append(m[""], k)
		}
		return m
	}
	for _, tt := range []struct {
		name          string
		first, second map[string][]authn.Key
		err           error // of the second
		token         string
		want          authn.Reason
		asked         int // how often the second was
	}{
		{"in the first", with(a), with(b), nil, firstToken("a", "a"), authn.Accepted, 0},
		{"in the first, and the second is down", with(a), nil, down, firstToken("a", "a"), authn.Accepted, 0},
		{"in the second", with(a), with(b), nil, firstToken("b", "b"), authn.Accepted, 1},
		{"in none", with(a), with(b), nil, firstToken("c", "c"), authn.UnknownKid, 1},
		{"it may be in the second, which is down", with(a), nil, down, firstToken("b", "b"), authn.KeysUnavailable, 1},
		{"one id in both: the first decides", with(a), with(same), nil, firstToken("x", "a"), authn.SignatureWrong, 0},
		{"a wrong signature", with(a), with(b), nil, firstToken("c", "b"), authn.SignatureWrong, 1},
		{"no id, the first has it", with(a), with(b), nil, firstToken("a", ""), authn.Accepted, 1},
		{"no id, the second has it", with(a), with(b), nil, firstToken("b", ""), authn.Accepted, 1},
		{"no id, none has it", with(a), with(b), nil, firstToken("c", ""), authn.SignatureWrong, 1},
		{"no id, the first has it, the second is down", with(a), nil, down, firstToken("a", ""), authn.Accepted, 1},
		{"no id, the second may have it, and is down", with(a), nil, down, firstToken("b", ""), authn.KeysUnavailable, 1},
		{"no keys at all", nil, nil, nil, firstToken("a", ""), authn.UnknownKid, 1},
		{"a key without an id, in the first", map[string][]authn.Key{"b": {none}}, with(b), nil, firstToken("n", "b"), authn.Accepted, 1},
		{"a key without an id does not hide the one with it", map[string][]authn.Key{"b": {none}}, with(b), nil, firstToken("b", "b"), authn.Accepted, 1},
		{"a key without an id, the second is down", map[string][]authn.Key{"b": {none}}, nil, down, firstToken("n", "b"), authn.Accepted, 1},
	} {
		for _, nested := range []bool{false, true} {
			first, second := &firstKeys{byID: tt.first}, &firstKeys{byID: tt.second, err: tt.err}
			keys := authn.FirstOf(first, second)
			if nested {
				keys = authn.FirstOf(authn.FirstOf(keys), &firstKeys{})
			}
			api := newJWTAPI(t, jwtScheme(func(j *authn.JWT[authn.NoClaims]) { j.Keys = keys }))
			api.want(tt.name, tt.token, tt.want)
			if second.asked != tt.asked {
				t.Errorf("%s: the second was asked %d times", tt.name, second.asked)
			}
			if err := api.event.Err; (tt.want == authn.KeysUnavailable) != errors.Is(err, down) {
				t.Errorf("%s: the cause is %v", tt.name, err)
			}
		}
	}
	// What a source returned is not written to.
	roomy := append(make([]authn.Key, 0, 4), a)
	found, err := authn.FirstOf(&firstKeys{byID: map[string][]authn.Key{"": roomy}}, &firstKeys{byID: with(b)}).Keys(t.Context(), "")
	if err != nil || len(found) != 2 || roomy[:2][1].ID != "" {
		t.Errorf("%v %v", found, err)
	}
}

// The sources of this package are in it as they are without it: by the clock of the
// service, for its algorithms.
func TestFirstOfKeysAndJWKS(t *testing.T) {
	known, published := newJWKSSigner(t, "known"), newJWKSSigner(t, "published")
	server := newJWKSServer(t, jwksSet(published.jwk(t)))
	keys := authn.FirstOf(authn.Keys{{ID: "known", Key: known.key.Public()}}, authn.JWKS(server.URL))
	s := newJWKSService(t, keys, newJWKSClock())
	s.expect(t, server, known.token(t, jwksIssuer, "known"), jwksGood, 0)
	s.expect(t, server, published.token(t, jwksIssuer, "published"), jwksGood, 1)
	s.expect(t, server, known.token(t, jwksIssuer, "junk"), jwksUnknown, 1)

	server.fail()
	s.clock.add(time.Hour)
	s.expect(t, server, known.token(t, jwksIssuer, "known"), jwksGood, 1)
	got, after := s.askFor(t, t.Context(), published.token(t, jwksIssuer, "published"))
	if got != jwksDown || after != "30" {
		t.Errorf("%s, Retry-After %q", got, after)
	}
	if err := s.auth.Ready(t.Context()); err != nil { // the key that is known can serve
		t.Error(err)
	}
}

func TestFirstOfSettings(t *testing.T) {
	secret := authn.Keys{{Key: firstSecret("a")}}
	for _, tt := range []struct {
		keys  authn.KeySource
		cache int
		want  string
	}{
		{authn.FirstOf(secret, &firstKeys{}), 10, ""},
		{authn.FirstOf(secret, authn.FirstOf(secret)), 10, ""},
		{authn.FirstOf(secret, plainKeys{}), 0, ""},
		{authn.FirstOf(secret, plainKeys{}), 10, "Version"},
		{authn.FirstOf(secret, authn.FirstOf(plainKeys{})), 10, "Version"},
		{authn.FirstOf(), 0, "no source"},
		{authn.FirstOf(secret, nil), 0, "source 1 of FirstOf: there is no source"},
		{authn.FirstOf(authn.Keys{}), 0, "source 0 of FirstOf: there are no keys"},
		{authn.FirstOf(secret, authn.JWKS("https://i.example/")), 0, "source 1 of FirstOf: the keys from a URL"}, // HS256
	} {
		_, err := authn.New(authn.Options{Schemes: []authn.Scheme{jwtScheme(func(j *authn.JWT[authn.NoClaims]) { j.Keys, j.Cache = tt.keys, tt.cache })}})
		if tt.want == "" && err != nil || tt.want != "" && (err == nil || !strings.Contains(err.Error(), tt.want)) {
			t.Errorf("%q: %v", tt.want, err)
		}
	}
	// Keys beside an error do not count.
	half := jwtSource(func(context.Context, string) ([]authn.Key, error) {
		return []authn.Key{{ID: "a", Key: firstSecret("a")}}, errors.New("half of them")
	})
	api := newJWTAPI(t, jwtScheme(func(j *authn.JWT[authn.NoClaims]) { j.Keys = authn.FirstOf(half) }))
	api.want("keys and an error", firstToken("a", "a"), authn.KeysUnavailable)
	api.want("keys and an error, no id", firstToken("a", ""), authn.KeysUnavailable)
	if _, err := authn.FirstOf(nil).Keys(t.Context(), "a"); err == nil || errors.Is(err, authn.ErrUnknownKey) {
		t.Errorf("a nil source that is asked: %v", err)
	}
}

// A change of any source is a change.
func TestFirstOfVersion(t *testing.T) {
	first, second := &firstKeys{}, &firstKeys{}
	keys := authn.FirstOf(first, authn.Keys{}, second).(interface{ Version() uint64 })
	seen := map[uint64]string{}
	for v := range uint64(8) {
		for w := range uint64(8) {
			first.version, second.version = v, w
			if before, known := seen[keys.Version()]; known {
				t.Errorf("%d, %d is as %s", v, w, before)
			}
			seen[keys.Version()] = fmt.Sprint(v, w)
		}
	}
	// A token that is remembered is verified again.
	first.byID = map[string][]authn.Key{"a": {{ID: "a", Key: firstSecret("a")}}}
	api := newJWTAPI(t, jwtScheme(func(j *authn.JWT[authn.NoClaims]) { j.Keys, j.Cache = authn.FirstOf(second, first), 10 }))
	for range 3 {
		api.want("remembered", firstToken("a", "a"), authn.Accepted)
	}
	if first.asked != 1 {
		t.Errorf("the source was asked %d times", first.asked)
	}
	first.byID, first.version = nil, 99
	api.want("taken out", firstToken("a", "a"), authn.UnknownKid)
}

// It is ready where one source is; all are asked.
func TestFirstOfReady(t *testing.T) {
	one, two := errors.New("one is down"), errors.New("two is down")
	for _, tt := range []struct {
		first, second error
		ready         bool
	}{{nil, nil, true}, {one, nil, true}, {nil, two, true}, {one, two, false}} {
		api := newJWTAPI(t, jwtScheme(func(j *authn.JWT[authn.NoClaims]) {
			j.Keys = authn.FirstOf(&firstKeys{ready: tt.first}, &firstKeys{ready: tt.second})
		}))
		err := api.auth.Ready(t.Context())
		if (err == nil) != tt.ready || !tt.ready && (!errors.Is(err, one) || !errors.Is(err, two)) {
			t.Errorf("%v, %v: %v", tt.first, tt.second, err)
		}
	}
	api := newJWTAPI(t, jwtScheme(func(j *authn.JWT[authn.NoClaims]) {
		j.Keys = authn.FirstOf(&firstKeys{ready: one}, plainKeys{}) // which cannot tell
	}))
	if err := api.auth.Ready(t.Context()); err != nil {
		t.Error(err)
	}
}
