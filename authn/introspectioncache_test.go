package authn_test

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/forthright-http/forthright/authn"
	"github.com/forthright-http/forthright/problem/problemtest"
)

const (
	introspectGood     = `{"active":true,"sub":"ana","aud":"https://protected.example.net/resource"}`
	introspectInactive = `{"active":false}`
)

// introspectChanged is an endpoint, and a scheme with other settings than most.
func introspectChanged(change func(*authn.Introspection[authn.NoClaims])) func(string) []authn.Scheme {
	return func(url string) []authn.Scheme {
		i := introspectScheme(url)
		change(&i)
		return []authn.Scheme{i}
	}
}

// introspectStep is a request after a while, and how many calls of the endpoint
// there were after it.
type introspectStep struct {
	after  time.Duration
	status int
	reason authn.Reason
	calls  int64
}

func TestIntrospectionCacheIsBoundedInTime(t *testing.T) {
	const ok, inactive = authn.Accepted, authn.TokenInactive
	for _, tt := range []struct {
		name, answer string
		keep         time.Duration
		steps        []introspectStep
	}{
		{"30 s by default", introspectGood, 0, []introspectStep{{0, 200, ok, 1}, {30*time.Second - 1, 200, ok, 1}, {1, 200, ok, 2}}},
		{"a hit makes it no longer", introspectGood, 0, []introspectStep{{0, 200, ok, 1}, {20 * time.Second, 200, ok, 1}, {20 * time.Second, 200, ok, 2}}},
		{"as long as it is told", introspectGood, 5 * time.Minute, []introspectStep{{0, 200, ok, 1}, {5*time.Minute - 1, 200, ok, 1}, {1, 200, ok, 2}}},
		{"not at all", introspectGood, -1, []introspectStep{{0, 200, ok, 1}, {0, 200, ok, 2}}},
		{"refusals 5 s", introspectInactive, 0, []introspectStep{{0, 401, inactive, 1}, {5*time.Second - 1, 401, inactive, 1}, {1, 401, inactive, 2}}},
		{"refusals not longer than the rest", introspectInactive, time.Second, []introspectStep{{0, 401, inactive, 1}, {time.Second, 401, inactive, 2}}},
		{"refusals not at all", introspectInactive, -1, []introspectStep{{0, 401, inactive, 1}, {0, 401, inactive, 2}}},
		{
			"RFC 7662 §4: never beyond exp", `{"active":true,"sub":"ana","aud":"https://protected.example.net/resource","exp":1419350310}`, 0,
			[]introspectStep{{0, 200, ok, 1}, {10*time.Second - 1, 200, ok, 1}, {1, 200, ok, 2}, {0, 200, ok, 3}, {10 * time.Second, 401, authn.TokenExpired, 4}},
		},
		{
			"nbf is looked at each time", `{"active":true,"sub":"ana","aud":"https://protected.example.net/resource","nbf":1419350320}`, 0,
			[]introspectStep{{0, 401, authn.TokenNotYetValid, 1}, {10*time.Second - 1, 401, authn.TokenNotYetValid, 1}, {1, 200, ok, 1}},
		},
	} {
		t.Run(tt.name, func(t *testing.T) {
			g := newIntrospectRig(t, introspectJSON(tt.answer), introspectChanged(func(i *authn.Introspection[authn.NoClaims]) { i.CacheFor = tt.keep }))
			for _, s := range tt.steps {
				g.advance(s.after)
				g.want(t, "abc", s.status, s.reason, s.calls)
			}
		})
	}
}

// introspectByToken answers each token in its own way: "bad..." is not active, and
// the subject is the token.
func introspectByToken(w http.ResponseWriter, r *http.Request) {
	token := r.PostFormValue("token")
	if strings.HasPrefix(token, "bad") {
		introspectJSON(introspectInactive)(w, r)
		return
	}
	introspectJSON(fmt.Sprintf(`{"active":true,"sub":%q,"scope":"a b","aud":"https://protected.example.net/resource"}`, token))(w, r)
}

func TestIntrospectionCacheIsBoundedInSize(t *testing.T) {
	const ok, inactive = authn.Accepted, authn.TokenInactive
	g := newIntrospectRig(t, introspectByToken, introspectChanged(func(i *authn.Introspection[authn.NoClaims]) { i.Cache = 2 }))
	for _, tt := range []struct {
		token  string
		status int
		reason authn.Reason
		calls  int64
	}{
		{"a", 200, ok, 1},
		{"b", 200, ok, 2},
		{"a", 200, ok, 2},
		{"c", 200, ok, 3}, // displaces b, which was not used for longest
		{"a", 200, ok, 3},
		{"b", 200, ok, 4}, // displaces c
		{"a", 200, ok, 4},
		{"bad1", 401, inactive, 5}, // junk displaces junk alone
		{"bad2", 401, inactive, 6},
		{"bad3", 401, inactive, 7},
		{"bad3", 401, inactive, 7},
		{"bad1", 401, inactive, 8},
		{"a", 200, ok, 8},
		{"b", 200, ok, 8},
	} {
		g.want(t, tt.token, tt.status, tt.reason, tt.calls)
	}
}

// Who changes what they were given changes nobody else's.
func TestIntrospectionCacheHandsOutCopies(t *testing.T) {
	g := newIntrospectRig(t, introspectByToken, introspectOne)
	for range 2 { // the handler turns its scopes around
		res := g.want(t, "ana", 200, authn.Accepted, 1)
		if got := string(problemtest.Body(t, res)); got != "https://server.example.com/ ana  [a b]" {
			t.Errorf("%q", got)
		}
	}
}

// 64 requests with one token make one call. The endpoint answers when all of them
// have come: each reads the clock before it looks for an answer.
func TestIntrospectionSharesOneCall(t *testing.T) {
	for _, tt := range []struct {
		answer string
		status int
	}{{introspectGood, 200}, {introspectInactive, 401}, {`<html>`, 503}} {
		release := make(chan struct{})
		g := newIntrospectRig(t, func(w http.ResponseWriter, r *http.Request) {
			<-release
			introspectJSON(tt.answer)(w, r)
		}, introspectChanged(func(i *authn.Introspection[authn.NoClaims]) { i.Timeout = time.Minute }))
		var group sync.WaitGroup
		results := make(chan int, 64)
		for range 64 {
			group.Go(func() {
				r := httptest.NewRequest("GET", "/", nil)
				r.Header.Set("Authorization", "Bearer abc")
				w := httptest.NewRecorder()
				g.handler.ServeHTTP(w, r)
				results <- w.Code
			})
		}
		introspectUntil(t, func() bool { return g.reads.Load() >= 64 && g.calls.Load() >= 1 })
		close(release)
		group.Wait()
		close(results)
		for status := range results {
			if status != tt.status {
				t.Errorf("status %d, want %d", status, tt.status)
			}
		}
		// A request that came after the answer asks again only if that was none.
		if n := g.calls.Load(); n != 1 && tt.status != 503 || n > 64 {
			t.Errorf("%d calls for 64 requests with the answer %s", n, tt.answer)
		}
	}
}

// introspectUntil waits for what another goroutine is about to do.
func introspectUntil(t testing.TB, done func() bool) {
	t.Helper()
	for end := time.Now().Add(10 * time.Second); !done(); time.Sleep(100 * time.Microsecond) {
		if time.Now().After(end) {
			t.Fatal("it does not happen")
		}
	}
}

// A request that leaves takes nothing away from the others: neither the one that
// made the call nor one that waits for it.
func TestIntrospectionCallSurvivesWhoLeaves(t *testing.T) {
	arrived, release := make(chan struct{}, 9), make(chan struct{})
	g := newIntrospectRig(t, func(w http.ResponseWriter, r *http.Request) {
		arrived <- struct{}{}
		<-release
		introspectJSON(introspectGood)(w, r)
	}, introspectChanged(func(i *authn.Introspection[authn.NoClaims]) { i.Timeout = time.Minute }))
	ask := func(ctx context.Context) chan error {
		done := make(chan error, 1)
		r := httptest.NewRequest("GET", "/", nil).WithContext(ctx)
		r.Header.Set("Authorization", "Bearer abc")
		go func() {
			_, err := g.auth.Verify(r)
			done <- err
		}()
		return done
	}
	ctx, cancel := context.WithCancel(t.Context())
	first := ask(ctx)
	<-arrived
	waits := ask(ctx)
	stays := ask(t.Context())
	cancel()
	for _, c := range []chan error{first, waits} {
		if err := <-c; !errors.Is(err, context.Canceled) {
			t.Errorf("who left got %v", err)
		}
	}
	short, cancel := context.WithTimeout(t.Context(), time.Millisecond)
	defer cancel()
	var e *authn.Error
	if err := <-ask(short); !errors.As(err, &e) || e.Reason != authn.IntrospectionDown {
		t.Errorf("whose time ran out got %v", err)
	}
	close(release)
	if err := <-stays; err != nil {
		t.Errorf("who stayed got %v", err)
	}
	g.want(t, "abc", 200, authn.Accepted, 1)
}

// A panic of what a user wrote ends in the request, not in the process, and is over
// with it.
func TestIntrospectionPanicsInTheRequest(t *testing.T) {
	fails := true
	g := newIntrospectRig(t, introspectJSON(introspectGood), introspectChanged(func(i *authn.Introspection[authn.NoClaims]) {
		i.ClientSecret = ""
		i.Authorize = func(*http.Request) error {
			if fails {
				panic("broken")
			}
			return nil
		}
	}))
	r := httptest.NewRequest("GET", "/", nil)
	r.Header.Set("Authorization", "Bearer abc")
	func() {
		defer func() {
			if got := recover(); got != "broken" {
				t.Errorf("recovered %v", got)
			}
		}()
		g.auth.Verify(r)
	}()
	fails = false
	g.want(t, "abc", 200, authn.Accepted, 1)
}

// 64 goroutines, more tokens than the cache holds, and a clock that moves: for the
// race detector. Each request gets the answer of its own token.
func TestIntrospectionIsSafeForConcurrentUse(t *testing.T) {
	i := introspectScheme("https://server.example.com/introspect")
	i.Cache, i.CacheFor = 8, time.Second
	i.Client = &http.Client{Transport: introspectRoundTrip(func(r *http.Request) (*http.Response, error) {
		token := r.FormValue("token")
		if strings.HasPrefix(token, "bad") {
			return introspectResponse(200, introspectInactive), nil
		}
		return introspectResponse(200, fmt.Sprintf(`{"active":true,"sub":%q,"scope":"a b","aud":"https://protected.example.net/resource"}`, token)), nil
	})}
	g := newIntrospectRig(t, nil, func(string) []authn.Scheme { return []authn.Scheme{i} })
	var group sync.WaitGroup
	for n := range 64 {
		group.Go(func() {
			for k := range 50 {
				g.advance(time.Millisecond)
				token := fmt.Sprint([]string{"ok", "bad"}[k%2], (n+k)%20)
				r := httptest.NewRequest("GET", "/", nil)
				r.Header.Set("Authorization", "Bearer "+token)
				w := httptest.NewRecorder()
				g.handler.ServeHTTP(w, r)
				if k%2 == 1 && w.Code != 401 || k%2 == 0 && w.Body.String() != "https://server.example.com/ "+token+"  [a b]" {
					t.Errorf("%s: %d %s", token, w.Code, w.Body)
				}
			}
		})
	}
	group.Wait()
}
