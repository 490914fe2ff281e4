package authn_test

import (
	"context"
	"errors"
	"net/http"
	"net/http/httptest"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/forthright-http/forthright/authn"
)

// optionsJWT is a scheme that is right.
func optionsJWT(change func(*authn.JWT[authn.NoClaims])) authn.Scheme {
	j := authn.JWT[authn.NoClaims]{Issuer: gateIssuer, Audience: gateAudience, Algorithms: []string{"HS256"}, Keys: authn.Keys{{Key: gateSecret}}}
	if change != nil {
		change(&j)
	}
	return j
}

func optionsCustom(scheme, header string) authn.Scheme {
	return authn.Custom{Scheme: scheme, Header: header, Verify: func(_ *http.Request, credentials string) (authn.Principal, error) {
		return authn.Principal{Subject: credentials}, nil
	}}
}

// Wrong settings fail when the authenticator is built.
func TestOptionsThatAreWrong(t *testing.T) {
	type jwt = authn.JWT[authn.NoClaims]
	var many []authn.Scheme
	for i := range 64 {
		many = append(many, optionsCustom("S"+strconv.Itoa(i), ""))
	}
	basic := authn.Basic{Users: authn.Users{"ana": {Hash: gateHash()}}}
	one := func(change func(*jwt)) []authn.Scheme { return []authn.Scheme{optionsJWT(change)} }
	good := one(nil)
	for _, tt := range []struct {
		name string
		o    authn.Options
		says string // a part of the error; "" where there is none
	}{
		{"right", authn.Options{Schemes: good}, ""},
		{"several schemes", authn.Options{Schemes: []authn.Scheme{
			optionsJWT(nil), optionsJWT(func(j *jwt) { j.Issuer = "https://other.example" }), basic, authn.DPoP{Origin: gateAudience}, optionsCustom("A", ""), optionsCustom("B", "X-B"),
		}}, ""},
		{"the largest leeway", authn.Options{Schemes: good, Leeway: 5 * time.Minute}, ""},
		{"no leeway at all", authn.Options{Schemes: good, Leeway: -1}, ""},
		{"a realm of any text", authn.Options{Schemes: good, Realm: `the "api" \ é`}, ""},

		{"nothing", authn.Options{}, "no scheme"},
		{"no schemes", authn.Options{Schemes: []authn.Scheme{}}, "no scheme"},
		{"a nil scheme", authn.Options{Schemes: []authn.Scheme{good[0], nil}}, "scheme 1 is nil"},
		{"too many schemes", authn.Options{Schemes: many}, "too many"},
		{"a realm with a line", authn.Options{Schemes: good, Realm: "a\r\nb"}, "realm"},
		{"a realm with NUL", authn.Options{Schemes: good, Realm: "a\x00"}, "realm"},
		{"a leeway too long", authn.Options{Schemes: good, Leeway: 5*time.Minute + 1}, "leeway"},
		{"a token of less than nothing", authn.Options{Schemes: good, MaxToken: -1}, "MaxToken"},
		{"a time in the past", authn.Options{Schemes: good, RetryAfter: -1}, "RetryAfter"},
		{"metadata that is wrong", authn.Options{Schemes: good, Metadata: &authn.Metadata{}}, "Metadata"},

		{"one issuer twice", authn.Options{Schemes: []authn.Scheme{good[0], good[0]}}, "two JWT"},
		{"Basic twice", authn.Options{Schemes: []authn.Scheme{basic, basic}}, "two schemes"},
		{"one name twice", authn.Options{Schemes: []authn.Scheme{optionsCustom("A", "X-A"), optionsCustom("a", "")}}, "two schemes"},
		{"one field twice", authn.Options{Schemes: []authn.Scheme{optionsCustom("A", "X-A"), optionsCustom("B", "x-a")}}, "two schemes"},
		{"DPoP alone", authn.Options{Schemes: []authn.Scheme{authn.DPoP{Origin: gateAudience}}}, "DPoP without"},
		{"DPoP twice", authn.Options{Schemes: []authn.Scheme{good[0], authn.DPoP{Origin: gateAudience}, authn.DPoP{Origin: gateAudience}}}, "two DPoP"},
		{"a name that is another scheme's", authn.Options{Schemes: []authn.Scheme{optionsCustom("bearer", "")}}, "Bearer"},
		{"a name that is no token", authn.Options{Schemes: []authn.Scheme{optionsCustom("A B", "")}}, "token"},
		{"a field that is no name", authn.Options{Schemes: []authn.Scheme{optionsCustom("A", "X A")}}, "field"},
		{"no function", authn.Options{Schemes: []authn.Scheme{authn.Custom{Scheme: "A"}}}, "Verify"},

		// What golang-jwt turns a check off for.
		{"no issuer", authn.Options{Schemes: one(func(j *jwt) { j.Issuer = "" })}, "issuer"},
		{"an issuer with a space", authn.Options{Schemes: one(func(j *jwt) { j.Issuer = "a b" })}, "issuer"},
		{"no audience", authn.Options{Schemes: one(func(j *jwt) { j.Audience = "" })}, "audience"},
		{"an audience of more that is empty", authn.Options{Schemes: one(func(j *jwt) { j.MoreAudiences = []string{"a", ""} })}, "audience"},
		{"no algorithms", authn.Options{Schemes: one(func(j *jwt) { j.Algorithms = nil })}, "algorithms"},
		{"the algorithm none", authn.Options{Schemes: one(func(j *jwt) { j.Algorithms = []string{"HS256", "none"} })}, "algorithm"},
		{"an algorithm in another case", authn.Options{Schemes: one(func(j *jwt) { j.Algorithms = []string{"hs256"} })}, "algorithm"},
		{"no source of keys", authn.Options{Schemes: one(func(j *jwt) { j.Keys = nil })}, "keys"},
		{"no keys", authn.Options{Schemes: one(func(j *jwt) { j.Keys = authn.Keys{} })}, "keys"},
		{"a nil key", authn.Options{Schemes: one(func(j *jwt) { j.Keys = authn.Keys{{}} })}, "key 0"},
		{"a short secret", authn.Options{Schemes: one(func(j *jwt) { j.Keys = authn.Keys{{Key: gateSecret[:31]}} })}, "31 bytes"},
		{"a secret for ES256", authn.Options{Schemes: one(func(j *jwt) { j.Algorithms = []string{"ES256"} })}, "key 0"},
		{"a key as text", authn.Options{Schemes: one(func(j *jwt) { j.Keys = authn.Keys{{Key: string(gateSecret)}} })}, "key 0"},
		{"a cache of less than nothing", authn.Options{Schemes: one(func(j *jwt) { j.Cache = -1 })}, "Cache"},
		{"claims that are no object", authn.Options{Schemes: []authn.Scheme{authn.JWT[chan int]{Issuer: gateIssuer, Audience: gateAudience, Algorithms: []string{"HS256"}, Keys: authn.Keys{{Key: gateSecret}}}}}, "claims"},
	} {
		a, err := authn.New(tt.o)
		switch {
		case tt.says == "" && (err != nil || a == nil):
			t.Errorf("%s: %v", tt.name, err)
		case tt.says != "" && (err == nil || a != nil || !strings.HasPrefix(err.Error(), "authn: ") || !strings.Contains(err.Error(), tt.says)):
			t.Errorf("%s: %v, without %q", tt.name, err, tt.says)
		case err != nil && strings.Contains(err.Error(), string(gateSecret[:20])):
			t.Errorf("%s: the error has the secret: %v", tt.name, err)
		}
	}
}

// The schemes and keys that are handed over may change afterwards.
func TestOptionsAreCopied(t *testing.T) {
	keys := authn.Keys{{Key: gateSecret}}
	schemes := []authn.Scheme{optionsJWT(func(j *authn.JWT[authn.NoClaims]) { j.Keys = keys })}
	g := newGate(t, func(o *authn.Options) { o.Schemes = schemes })
	schemes[0], keys[0] = nil, authn.Key{}
	if w := gateGet(t, g.Handler(gateOpen), gateBearer(t, nil)); w.Code != 200 {
		t.Errorf("%d %s", w.Code, w.Body)
	}
}

// MaxToken counts bytes: that many are read, one more is refused unread.
func TestOptionsMaxToken(t *testing.T) {
	token := gateBearer(t, nil)
	for _, tt := range []struct{ most, status int }{{0, 200}, {len(token) - len("Bearer "), 200}, {len(token) - len("Bearer ") - 1, 401}} {
		g := newGate(t, func(o *authn.Options) { o.MaxToken = tt.most })
		w := gateGet(t, g.Handler(gateOpen), token)
		if w.Code != tt.status {
			t.Errorf("%d: %d", tt.most, w.Code)
		}
		if got := g.take(); tt.status == 401 && (!slices.Equal(got, []authn.Reason{authn.TokenTooLong}) || g.keys.asked.Load() != 0) {
			t.Errorf("%d: %v, keys asked for %d times", tt.most, got, g.keys.asked.Load())
		}
	}
	g := newGate(t)
	for _, tt := range []struct {
		length int
		reason authn.Reason
	}{{16 << 10, authn.TokenMalformed}, {16<<10 + 1, authn.TokenTooLong}} {
		if gateGet(t, g.Handler(gateOpen), "Bearer "+strings.Repeat("a", tt.length)); !slices.Equal(g.take(), []authn.Reason{tt.reason}) {
			t.Errorf("%d bytes: not %s", tt.length, tt.reason)
		}
	}
}

// Whatever the scheme is, what was taken back is answered as the scheme answers.
func TestOptionsRevoked(t *testing.T) {
	key, hash, err := authn.NewAPIKey("acme")
	if err != nil {
		t.Fatal(err)
	}
	gone, failure := true, error(nil)
	g := newGate(t, func(o *authn.Options) {
		o.Schemes = append(o.Schemes, authn.APIKey{Keys: authn.APIKeys{hash: {Subject: "ana"}}, Header: "X-API-Key"}, optionsCustom("Own", ""))
		o.Revoked = func(ctx context.Context, p authn.Principal) (bool, error) {
			if p.Subject != "ana" || p.Scheme == "" || ctx == nil {
				t.Errorf("asked about %v", p)
			}
			return gone, failure
		}
		o.RetryAfter = 7 * time.Second
	})
	h := g.Handler(gateOpen)
	for _, tt := range []struct {
		field, value, typ, challenge string
		reason                       authn.Reason
	}{
		{"Authorization", gateBearer(t, nil), "token-revoked", `Bearer realm="api", error="invalid_token"`, authn.TokenRevoked},
		{"Authorization", gateBasic("ana"), "invalid-credentials", gateBearerAll, authn.UserRevoked},
		{"X-Api-Key", key, "invalid-api-key", gateBearerAll, authn.APIKeyRevoked},
		{"Authorization", "Own ana", "invalid-custom-credentials", gateBearerAll, authn.CustomRefused},
	} {
		g.take()
		gone, failure = true, nil
		w := gateSend(h, "GET", "/", tt.field, tt.value)
		want := tt.challenge + " | " + gateBasicAll + ` | ApiKey realm="api", header="X-API-Key" | Own realm="api"`
		if got := gateChallenges(t, w); w.Code != 401 || gateType(t, w) != tt.typ || got != want {
			t.Errorf("%s: %d %s %s", tt.typ, w.Code, gateType(t, w), got)
		}
		if got := g.take(); !slices.Equal(got, []authn.Reason{tt.reason}) {
			t.Errorf("%s: %v", tt.typ, got)
		}
		gone, failure = true, errors.New("connection refused")
		w = gateSend(h, "GET", "/", tt.field, tt.value)
		if w.Code != 503 || w.Header().Get("Retry-After") != "7" || w.Header()["Www-Authenticate"] != nil || strings.Contains(w.Body.String(), "refused") {
			t.Errorf("%s: %d %q %s", tt.typ, w.Code, w.Header(), w.Body)
		}
		if got := g.take(); !slices.Equal(got, []authn.Reason{authn.RevocationsUnavailable}) {
			t.Errorf("%s: %v", tt.typ, got)
		}
		gone, failure = false, nil
		if w = gateSend(h, "GET", "/", tt.field, tt.value); w.Code != 200 {
			t.Errorf("%s: %d %s", tt.typ, w.Code, w.Body)
		}
	}
}

// Without Problems there is a writer, without Now a clock, without a realm one.
func TestOptionsDefaults(t *testing.T) {
	a, err := authn.New(authn.Options{Schemes: []authn.Scheme{optionsJWT(nil)}})
	if err != nil {
		t.Fatal(err)
	}
	exp := time.Now().Add(time.Minute).Unix()
	r := httptest.NewRequest("GET", "/", nil)
	r.Header.Set("Authorization", gateBearer(t, map[string]any{"exp": exp}))
	if p, err := a.Verify(r); err != nil || p.Subject != "ana" || p.Expires.Unix() != exp {
		t.Errorf("%v %v", p, err)
	}
	if err := a.Ready(t.Context()); err != nil {
		t.Errorf("keys that are known are not ready: %v", err)
	}
	if w := gateGet(t, a.Handler(gateOpen), ""); w.Code != 401 || gateChallenges(t, w) != gateBearerAll {
		t.Errorf("%d %q", w.Code, w.Header())
	}
	if w := gateGet(t, a.Handler(gateOpen), gateBearer(t, map[string]any{"exp": 1})); gateType(t, w) != "token-expired" {
		t.Errorf("%s", w.Body)
	}
}
