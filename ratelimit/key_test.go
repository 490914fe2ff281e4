package ratelimit_test

import (
	"fmt"
	"math/rand/v2"
	"net/http"
	"net/http/httptest"
	"testing"
	"time"

	"github.com/forthright-http/forthright/ratelimit"
)

// keyHeader is a key that a request carries in a field; for tests alone.
func keyHeader(name string) ratelimit.Key {
	return func(r *http.Request) (string, bool) {
		v := r.Header.Get(name)
		return v, v != ""
	}
}

func keyWith(name, value string) func(*http.Request) {
	return func(r *http.Request) { r.Header.Set(name, value) }
}

func TestBy(t *testing.T) {
	by := ratelimit.By(keyHeader("User"), keyHeader("Api"))
	for _, c := range []struct{ user, api, addr, want string }{
		{"alice", "", "192.0.2.1:1", "0=alice"},
		{"alice", "k1", "192.0.2.1:1", "0=alice"},
		{"", "k1", "192.0.2.1:1", "1=k1"},
		{"", "alice", "192.0.2.1:1", "1=alice"},
		{"", "", "192.0.2.1:1", "192.0.2.1"},
		{"", "", "[2001:db8::1]:1", "2001:db8::/64"},
		{"192.0.2.1", "", "192.0.2.9:1", "0=192.0.2.1"},
		{"1::/64", "", "192.0.2.9:1", "0=1::/64"},
		{"", "", "[0:1::]:1", "0:1::/64"},
	} {
		r := httptest.NewRequest("GET", "/", nil)
		r.RemoteAddr = c.addr
		r.Header.Set("User", c.user)
		r.Header.Set("Api", c.api)
		if got, ok := by(r); !ok || got != c.want {
			t.Errorf("%+v: %q, %v", c, got, ok)
		}
	}
}

// A user who is named like an address does not share its bucket, with By or without.
func TestUserNamedLikeAnAddress(t *testing.T) {
	for name, key := range map[string]ratelimit.Key{"By": ratelimit.By(keyHeader("User")), "alone": keyHeader("User")} {
		l := httpLimiter(t, newHTTPClock(), ratelimit.Options{Policies: policiesOf(ratelimit.Policy{Name: "one", Quota: 1, Window: time.Minute}), Key: key})
		h := httpChecked(t, l.Handler(httpOK))
		for _, c := range []struct {
			user   string
			status int
		}{{"", 200}, {"", 429}, {"192.0.2.1", 200}, {"192.0.2.1", 429}, {"address 192.0.2.1", 200}, {"0=192.0.2.1", 200}, {"peer 192.0.2.1", 200},
			{"address=192.0.2.1", 200}, {"address=192.0.2.1", 429}, {"key=address=192.0.2.1", 200}, {"key=", 200}} {
			if w := httpServe(h, keyWith("User", c.user)); w.Code != c.status {
				t.Errorf("%s: %q got %d, not %d", name, c.user, w.Code, c.status)
			}
		}
	}
}

// An operator fills the bucket of a user by the key that is documented.
func TestResetByDocumentedKey(t *testing.T) {
	l := httpLimiter(t, newHTTPClock(), ratelimit.Options{Policies: policiesOf(ratelimit.Policy{Name: "one", Quota: 1, Window: time.Minute}), Key: ratelimit.By(keyHeader("User"))})
	h := httpChecked(t, l.Handler(httpOK))
	for _, status := range []int{200, 429} {
		httpCode(t, httpServe(h, keyWith("User", "alice")), status)
	}
	if err := l.Reset(t.Context(), "0=alice"); err != nil {
		t.Fatal(err)
	}
	httpCode(t, httpServe(h, keyWith("User", "alice")), 200)
}

// No key function: the address counts.
func TestNoKey(t *testing.T) {
	l := httpLimiter(t, newHTTPClock(), ratelimit.Options{Policies: policiesOf(ratelimit.Policy{Name: "one", Quota: 1, Window: time.Minute})})
	h := httpChecked(t, l.Handler(httpOK))
	for _, c := range []struct {
		addr   string
		status int
	}{{"192.0.2.1:1", 200}, {"192.0.2.1:2", 429}, {"192.0.2.2:1", 200}} {
		httpCode(t, httpServe(h, httpFrom(c.addr)), c.status)
	}
}

// Join: two lists of parts never make one key, and the key is the same for one list.
func TestJoinNeverCollides(t *testing.T) {
	random := rand.New(rand.NewPCG(1, 2))
	letters := []string{"", "1", ":", "1:", "2:1:", "a", "=", "0:"}
	part := func() string {
		s := ""
		for range random.IntN(4) {
			s += letters[random.IntN(len(letters))]
		}
		return s
	}
	seen := map[string]string{}
	for range 20_000 {
		var keys []ratelimit.Key
		list := ""
		for range 1 + random.IntN(4) {
			p := part()
			list += fmt.Sprintf("%q,", p)
			keys = append(keys, func(*http.Request) (string, bool) { return p, true })
		}
		key, ok := ratelimit.Join(keys...)(nil)
		if before, found := seen[key]; !ok || found && before != list {
			t.Fatalf("%s and %s both have the key %q", before, list, key)
		}
		seen[key] = list
	}
}

func TestJoinNeedsAll(t *testing.T) {
	join := ratelimit.Join(keyHeader("User"), keyHeader("Api"))
	for _, c := range []struct {
		user, api, want string
		ok              bool
	}{{"alice", "read", "5:alice4:read", true}, {"alice", "", "", false}, {"", "read", "", false}} {
		r := httptest.NewRequest("GET", "/", nil)
		r.Header.Set("User", c.user)
		r.Header.Set("Api", c.api)
		if got, ok := join(r); got != c.want || ok != c.ok {
			t.Errorf("%+v: %q, %v", c, got, ok)
		}
	}
}

// The lists of keys that By and Join were given may be changed afterwards.
func TestKeysAreCopied(t *testing.T) {
	keys := []ratelimit.Key{keyHeader("User")}
	by, join := ratelimit.By(keys...), ratelimit.Join(keys...)
	keys[0] = nil
	r := httptest.NewRequest("GET", "/", nil)
	r.Header.Set("User", "a")
	if a, _ := by(r); a != "0=a" {
		t.Errorf("%q", a)
	}
	if a, _ := join(r); a != "1:a" {
		t.Errorf("%q", a)
	}
}

// Each route has its own buckets, inside a mux; outside there is no route.
func TestByRoute(t *testing.T) {
	l := httpLimiter(t, newHTTPClock(), ratelimit.Options{
		Policies: policiesOf(ratelimit.Policy{Name: "one", Quota: 1, Window: time.Minute}),
		Key:      ratelimit.Join(ratelimit.ByRoute, ratelimit.ByAddress),
	})
	mux := http.NewServeMux()
	mux.Handle("GET /a/{id}", l.Handler(httpOK))
	mux.Handle("GET /b", l.Handler(httpOK))
	h := httpChecked(t, mux)
	for _, c := range []struct {
		path, addr string
		status     int
	}{
		{"/a/1", "192.0.2.1:1", 200}, {"/a/2", "192.0.2.1:1", 429}, {"/b", "192.0.2.1:1", 200}, {"/b", "192.0.2.1:1", 429}, {"/a/1", "192.0.2.2:1", 200},
	} {
		httpCode(t, httpServe(h, httpFrom(c.addr), func(r *http.Request) { r.URL.Path = c.path }), c.status)
	}
	if key, ok := ratelimit.ByRoute(httptest.NewRequest("GET", "/", nil)); ok {
		t.Errorf("%q outside a mux", key)
	}
}

func TestEveryone(t *testing.T) {
	l := httpLimiter(t, newHTTPClock(), ratelimit.Options{Policies: policiesOf(ratelimit.Policy{Name: "one", Quota: 1, Window: time.Minute}), Key: ratelimit.Everyone})
	h := httpChecked(t, l.Handler(httpOK))
	httpCode(t, httpServe(h, httpFrom("192.0.2.1:1")), 200)
	httpCode(t, httpServe(h, httpFrom("192.0.2.2:1")), 429)
}

// The key of a request is the one that is documented, and the one of its bucket; an
// address that stands in is told.
func TestKeyOf(t *testing.T) {
	for _, c := range []struct {
		key      ratelimit.Key
		user     string
		want     string
		fallback bool
	}{
		{nil, "alice", "192.0.2.1", false},
		{ratelimit.By(keyHeader("User")), "alice", "0=alice", false},
		{ratelimit.By(keyHeader("User")), "", "192.0.2.1", false},
		{keyHeader("User"), "alice", "alice", false},
		{keyHeader("User"), "", "address=192.0.2.1", true},
		{keyHeader("User"), "address=192.0.2.1", "key=address=192.0.2.1", false},
		{keyHeader("User"), "key=a", "key=key=a", false},
		{ratelimit.Join(ratelimit.Everyone, keyHeader("User")), "", "address=192.0.2.1", true},
		{ratelimit.Join(ratelimit.Everyone, keyHeader("User")), "al", "8:everyone2:al", false},
	} {
		var seen ratelimit.Event
		l := httpLimiter(t, newHTTPClock(), ratelimit.Options{
			Policies: policiesOf(ratelimit.Policy{Name: "one", Quota: 1, Window: time.Minute}), Key: c.key,
			OnDecision: func(e ratelimit.Event) { seen = e },
		})
		h := httpChecked(t, l.Handler(httpOK))
		for _, status := range []int{200, 429} {
			httpCode(t, httpServe(h, keyWith("User", c.user)), status)
		}
		r := httptest.NewRequest("GET", "/", nil)
		r.Header.Set("User", c.user)
		key := l.KeyOf(r)
		if key != c.want || seen.Key != c.want || seen.Fallback != c.fallback {
			t.Errorf("%q: %q, and the event %q, %v", c.want, key, seen.Key, seen.Fallback)
		}
		if err := l.Reset(t.Context(), key); err != nil {
			t.Error(err)
		}
		httpCode(t, httpServe(h, keyWith("User", c.user)), 200)
	}
}
