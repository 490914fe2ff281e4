package authn_test

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/golang-jwt/jwt/v5"

	"github.com/forthright-http/forthright/authn"
)

func newCachedAPI(t testing.TB, size int, change ...func(*authn.Options)) (*jwtAPI, *jwtKeys) {
	t.Helper()
	keys := newJWTKeys()
	return newJWTAPI(t, jwtScheme(func(j *authn.JWT[authn.NoClaims]) { j.Cache, j.Keys = size, keys }), change...), keys
}

// verified asks with the token, and tells whether it was verified for that.
func (api *jwtAPI) verified(keys *jwtKeys, name, token string, reason authn.Reason, fully bool) {
	api.t.Helper()
	before := keys.asked.Load()
	api.want(name, token, reason)
	if got := keys.asked.Load() > before; got != fully {
		api.t.Errorf("%s: verified: %v, want %v", name, got, fully)
	}
}

func TestTokenCacheRemembers(t *testing.T) {
	api, keys := newCachedAPI(t, 10)
	token := jwtHS256(jwtHeader, jwtWith(`"scope":"a b","jti":"t1"`))
	api.verified(keys, "first", token, authn.Accepted, true)
	first := api.seen
	api.verified(keys, "second", token, authn.Accepted, false)
	if fmt.Sprint(first) != fmt.Sprint(api.seen) || api.seen.TokenID != "t1" || api.seen.Owner() != jwtIssuer+" ana" {
		t.Errorf("%v\n%v", first, api.seen)
	}
	api.check("spaces before it", api.send("bearer   "+token), authn.Accepted)
	spaced := jwtHS256(jwtHeader, jwtWith(`"jti":"t2"`))
	api.check("spaces at first", api.send("Bearer   "+spaced), authn.Accepted)
	api.verified(keys, "without them", spaced, authn.Accepted, false)
	_, claims, signature := jwtParts(token)
	other := jwtEncode(`{"typ":"at+jwt","alg":"HS256"}`) + "." + claims + "." + signature
	api.verified(keys, "another header", other, authn.SignatureWrong, true)
	api.verified(keys, "another header again", other, authn.SignatureWrong, true)
	api.verified(keys, "a part of it", token[:len(token)-2], authn.TokenMalformed, false)
	api.check("beside another word", api.send("Bearer "+token+" x"), authn.TokenFieldMalformed)
	api.check("by another scheme", api.send("Token "+token), authn.SchemeUnknown)
	r := httptest.NewRequest("GET", "/?access_token="+token, nil)
	r.Header.Set("Authorization", "Bearer "+token)
	w := httptest.NewRecorder()
	if api.handler.ServeHTTP(w, r); w.Code != 400 {
		t.Errorf("in the query, too: %d", w.Code)
	}

	off, keys := newCachedAPI(t, 0)
	for range 3 {
		off.verified(keys, "without a cache", token, authn.Accepted, true)
	}
}

// What was refused is never remembered, whatever comes after.
func TestTokenCacheKeepsAcceptedOnly(t *testing.T) {
	api, keys := newCachedAPI(t, 10)
	for name, tt := range map[string]struct {
		token string
		want  authn.Reason
	}{
		"expired":       {jwtHS256(jwtHeader, strings.Replace(jwtClaims, "1772367000", "1772366000", 1)), authn.TokenExpired},
		"early":         {jwtHS256(jwtHeader, jwtWith(`"nbf":1772366500`)), authn.TokenNotYetValid},
		"forged":        {jwtSign(jwtHeader, jwtClaims, jwt.SigningMethodHS256, []byte("another secret of thirty-two bytes")), authn.SignatureWrong},
		"another's":     {jwtHS256(jwtHeader, strings.Replace(jwtClaims, "api.", "www.", 1)), authn.AudienceWrong},
		"without exp":   {jwtHS256(jwtHeader, strings.Replace(jwtClaims, `,"exp":1772367000`, "", 1)), authn.ExpiryMissing},
		"bound somehow": {jwtHS256(jwtHeader, jwtWith(`"cnf":{"x":"y"}`)), authn.ConfirmationUnknown},
		"scope wrong":   {jwtHS256(jwtHeader, jwtWith(`"scope":1`)), authn.ClaimsWrong},
	} {
		api.want(name, tt.token, tt.want)
		api.want(name+", again", tt.token, tt.want)
	}
	if n, _ := authn.Remembered(api.auth); n != 0 {
		t.Errorf("%d are remembered", n)
	}
	early := jwtHS256(jwtHeader, jwtWith(`"nbf":1772366500`))
	api.at(100 * time.Second)
	api.verified(keys, "late", early, authn.Accepted, true)
}

// An entry ends with the token, or after 60 s.
func TestTokenCacheEnds(t *testing.T) {
	api, keys := newCachedAPI(t, 10)
	long, short := jwtHS256(jwtHeader, jwtClaims), jwtHS256(jwtHeader, strings.Replace(jwtClaims, "1772367000", "1772366430.5", 1))
	api.verified(keys, "long at first", long, authn.Accepted, true)
	api.verified(keys, "short at first", short, authn.Accepted, true)
	api.at(30*time.Second + 5e8 - 1)
	api.verified(keys, "before exp", short, authn.Accepted, false)
	api.at(30*time.Second + 5e8)
	api.verified(keys, "at exp", short, authn.Accepted, true) // within the leeway
	api.verified(keys, "at exp, again", short, authn.Accepted, true)
	api.at(40*time.Second + 5e8)
	api.verified(keys, "after the leeway", short, authn.TokenExpired, true)
	api.at(60*time.Second - 1)
	api.verified(keys, "before 60 s", long, authn.Accepted, false)
	api.at(60 * time.Second)
	api.verified(keys, "after 60 s", long, authn.Accepted, true)
	api.at(90 * time.Second)
	api.verified(keys, "after 30 s more", long, authn.Accepted, false)
	api.at(120 * time.Second)
	api.verified(keys, "after 60 s more", long, authn.Accepted, true)
	// A clock that was set back, before the token was seen: what the token said of
	// its begin must be looked at.
	api.at(-time.Hour)
	api.verified(keys, "before it was seen", long, authn.Accepted, true)
}

func TestTokenCacheNotBeforeWhenClockIsSetBack(t *testing.T) {
	api, keys := newCachedAPI(t, 10)
	token := jwtHS256(jwtHeader, jwtWith(`"nbf":1772366400`))
	api.verified(keys, "at nbf", token, authn.Accepted, true)
	api.at(-11 * time.Second)
	api.verified(keys, "before nbf", token, authn.TokenNotYetValid, true)
}

// New keys make the cache forget all, and what was verified with the old ones while
// they changed is not remembered.
func TestTokenCacheKeyChange(t *testing.T) {
	api, keys := newCachedAPI(t, 10)
	token, second := jwtHS256(jwtHeader, jwtClaims), jwtHS256(jwtHeader, jwtWith(`"jti":"2"`))
	api.verified(keys, "first", token, authn.Accepted, true)
	api.verified(keys, "second", second, authn.Accepted, true)
	keys.version.Add(1)
	api.verified(keys, "the same key in a new set", token, authn.Accepted, true)
	if n, _ := authn.Remembered(api.auth); n != 1 {
		t.Errorf("%d are remembered, want 1", n)
	}
	other := []byte("another secret, which is as long as it must be")
	keys.rotate(other)
	api.verified(keys, "another key", token, authn.SignatureWrong, true)
	keys.rotate(jwtSecret)

	keys.during = func() { keys.rotate(other) } // after the keys were read
	api.verified(keys, "a change meanwhile", token, authn.Accepted, true)
	keys.during = nil
	api.verified(keys, "after the change", token, authn.SignatureWrong, true)

	// Who is late does not push out what was verified with the new keys.
	keys.rotate(jwtSecret)
	keys.during = func() {
		keys.during = nil
		keys.version.Add(1)
		api.want("by the new keys", second, authn.Accepted)
	}
	api.verified(keys, "late", token, authn.Accepted, true)
	api.verified(keys, "by the new keys, again", second, authn.Accepted, false)
}

// What belongs to the request, or may change at any time, is looked at each time.
func TestTokenCacheDecidesTheRest(t *testing.T) {
	var gone atomic.Bool
	var down atomic.Bool
	api, keys := newCachedAPI(t, 10, func(o *authn.Options) {
		o.Revoked = func(_ context.Context, p authn.Principal) (bool, error) {
			if down.Load() {
				return false, errors.New("store down")
			}
			return gone.Load(), nil
		}
	})
	token := jwtHS256(jwtHeader, jwtWith(`"scope":"read","auth_time":1772366400`))
	api.verified(keys, "first", token, authn.Accepted, true)
	gone.Store(true)
	api.verified(keys, "revoked", token, authn.TokenRevoked, false)
	down.Store(true)
	if w := api.ask(token); w.Code != 503 {
		t.Errorf("no revocations: %d", w.Code)
	}
	gone.Store(false)
	down.Store(false)

	check := func(name string, want authn.Reason, demands ...authn.Requirement) {
		t.Helper()
		r := httptest.NewRequest("GET", "/", nil)
		r.Header.Set("Authorization", "Bearer "+token)
		before := keys.asked.Load()
		_, err := api.auth.Checker(demands...)(r)
		var e *authn.Error
		if errors.As(err, &e); (want == "") != (err == nil) || e != nil && e.Reason != want {
			t.Errorf("%s: %v, want %q", name, err, want)
		}
		if keys.asked.Load() != before {
			t.Errorf("%s: it was verified again", name)
		}
	}
	check("scope", "", authn.Scope("read"))
	check("another scope", authn.ScopeMissing, authn.Scope("write"))
	check("age", "", authn.MaxAge(30*time.Second))
	api.at(31 * time.Second)
	check("age, later", authn.LoginTooOld, authn.MaxAge(30*time.Second))
	check("acr", authn.ACRTooLow, authn.ACR("gold"))

	for members, want := range map[string]authn.Reason{
		`"cnf":{"jkt":"0ZcOCORZNYy-DWpqq30jZyJGHTN0d2HglBV3uiguA4I"}`:      authn.BoundToKey,
		`"cnf":{"x5t#S256":"bwcK0esc3ACC3DB2Y5_lESsXE8o9ltc05O89jdN-dg2"}`: authn.CertificateMissing,
	} {
		bound := jwtHS256(jwtHeader, jwtWith(members))
		api.verified(keys, members, bound, want, true)
		api.verified(keys, members+" again", bound, want, false)
	}
}

// Each request has scopes of its own: who sorts them does not sort another's.
func TestTokenCacheScopesAreCopies(t *testing.T) {
	keys := newJWTKeys()
	auth := must(authn.New(authn.Options{
		Schemes: []authn.Scheme{jwtScheme(func(j *authn.JWT[authn.NoClaims]) { j.Cache, j.Keys = 9, keys })},
		Now:     func() time.Time { return time.Unix(jwtNow, 0) },
	}))
	r := httptest.NewRequest("GET", "/", nil)
	r.Header.Set("Authorization", "Bearer "+jwtHS256(jwtHeader, jwtWith(`"scope":"read other"`)))
	for range 3 {
		p := must(auth.Verify(r))
		if !p.Has("read") || p.Has("admin") {
			t.Errorf("scopes %v", p.Scopes)
		}
		p.Scopes[0] = "admin"
	}
	if keys.asked.Load() != 1 {
		t.Error("nothing was remembered")
	}
}

// The bound holds whatever is sent, and the oldest go first.
func TestTokenCacheBound(t *testing.T) {
	for _, size := range []int{1, 7, 1023, 1024, 1500} {
		api, keys := newCachedAPI(t, size)
		tokens := make([]string, 2*size+50)
		for i := range tokens {
			tokens[i] = jwtHS256(jwtHeader, jwtWith(fmt.Sprintf(`"jti":"%d"`, i)))
			jwtAsk(api.auth, tokens[i])
			if n, queued := authn.Remembered(api.auth); n > size || queued > size {
				t.Fatalf("a cache for %d has %d, and %d in its queue", size, n, queued)
			}
		}
		if size < 1024 {
			api.verified(keys, "one too old", tokens[len(tokens)-size-1], authn.Accepted, true)
			api.verified(keys, "the last", tokens[len(tokens)-1], authn.Accepted, size == 1) // which it displaced
		}
		if n, _ := authn.Remembered(api.auth); n < size*9/10 {
			t.Errorf("a cache for %d has %d after twice as many", size, n)
		}
	}
}

// A token that comes again after its entry has ended takes no second place.
func TestTokenCacheOnePlace(t *testing.T) {
	api, _ := newCachedAPI(t, 3)
	token := jwtHS256(jwtHeader, jwtClaims)
	for i := range 9 {
		api.at(time.Duration(i) * time.Minute)
		api.want("again", token, authn.Accepted)
	}
	if n, queued := authn.Remembered(api.auth); n != 1 || queued != 1 {
		t.Errorf("%d entries, %d in the queue", n, queued)
	}
}

func jwtAsk(a *authn.Authenticator, token string) (authn.Principal, error) {
	r := httptest.NewRequest(http.MethodGet, "/", nil)
	r.Header["Authorization"] = []string{"Bearer " + token}
	return a.Verify(r)
}

// A source without a version could change without the cache knowing.
func TestTokenCacheNeedsVersion(t *testing.T) {
	source := jwtSource(func(context.Context, string) ([]authn.Key, error) { return []authn.Key{{Key: jwtSecret}}, nil })
	for name, tt := range map[string]struct {
		keys authn.KeySource
		size int
		ok   bool
	}{
		"none":              {source, 1, false},
		"none, and no need": {source, 0, true},
		"keys":              {authn.Keys{{Key: jwtSecret}}, 1, true},
		"a version":         {newJWTKeys(), 1, true},
	} {
		_, err := authn.New(authn.Options{Schemes: []authn.Scheme{jwtScheme(func(j *authn.JWT[authn.NoClaims]) { j.Keys, j.Cache = tt.keys, tt.size })}})
		if (err == nil) != tt.ok || err != nil && !strings.Contains(err.Error(), "Version") {
			t.Errorf("%s: %v", name, err)
		}
	}
	jwks := jwtScheme(func(j *authn.JWT[authn.NoClaims]) {
		j.Algorithms, j.Keys, j.Cache = []string{"ES256"}, authn.JWKS("https://issuer.example.com/jwks"), 1
	})
	if _, err := authn.New(authn.Options{Schemes: []authn.Scheme{jwks}}); err != nil {
		t.Error("JWKS:", err)
	}
}

// Each issuer has its own: what one remembers is not the other's.
func TestTokenCacheOfSeveralIssuers(t *testing.T) {
	a, b := newJWTKeys(), newJWTKeys()
	api := newJWTAPI(t, jwtScheme(func(j *authn.JWT[authn.NoClaims]) { j.Keys, j.Cache = a, 9 }), func(o *authn.Options) {
		o.Schemes = append(o.Schemes, jwtScheme(func(j *authn.JWT[authn.NoClaims]) { j.Issuer, j.Keys, j.Cache = "b", b, 9 }))
	})
	ofA, ofB := jwtHS256(jwtHeader, jwtClaims), jwtHS256(jwtHeader, strings.Replace(jwtClaims, jwtIssuer, "b", 1))
	api.verified(a, "a", ofA, authn.Accepted, true)
	api.verified(b, "b", ofB, authn.Accepted, true)
	api.verified(a, "a again", ofA, authn.Accepted, false)
	api.verified(b, "b again", ofB, authn.Accepted, false)
	if api.seen.Issuer != "b" {
		t.Error(api.seen.Issuer)
	}
	b.version.Add(1)
	api.verified(a, "a after b's change", ofA, authn.Accepted, false)
	api.verified(b, "b after its change", ofB, authn.Accepted, true)
}

func TestTokenCacheConcurrent(t *testing.T) {
	keys := newJWTKeys()
	var now atomic.Int64
	auth := must(authn.New(authn.Options{
		Schemes: []authn.Scheme{jwtScheme(func(j *authn.JWT[authn.NoClaims]) { j.Cache, j.Keys = 8, keys })},
		Now:     func() time.Time { return time.Unix(jwtNow, now.Load()) },
	}))
	good, bad := make([]string, 20), make([]string, 20)
	for i := range good {
		claims := jwtWith(fmt.Sprintf(`"jti":"%d","scope":"s%[1]d"`, i))
		good[i] = jwtHS256(jwtHeader, claims)
		bad[i] = jwtSign(jwtHeader, claims, jwt.SigningMethodHS256, []byte("another secret of thirty-two bytes"))
	}
	var group sync.WaitGroup
	for g := range 64 {
		group.Go(func() {
			for i := range 40 {
				n := (g + i) % len(good)
				p, err := jwtAsk(auth, good[n])
				if err != nil || p.TokenID != fmt.Sprint(n) || !slices.Equal(p.Scopes, []string{"s" + p.TokenID}) {
					t.Errorf("token %d: %+v %v", n, p, err)
				}
				if p, err := jwtAsk(auth, bad[n]); err == nil || p.Known() {
					t.Errorf("forged token %d: %+v", n, p)
				}
				if i%8 == 0 {
					keys.version.Add(1)
					now.Add(int64(time.Second))
				}
			}
		})
	}
	group.Wait()
	if n, _ := authn.Remembered(auth); n > 8 {
		t.Errorf("%d are remembered", n)
	}
}
