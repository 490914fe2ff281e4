package authn_test

import (
	"bytes"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/forthright-http/forthright/authn"
	"github.com/forthright-http/forthright/problem"
	"github.com/forthright-http/forthright/problem/problemtest"
	"github.com/forthright-http/forthright/respond/conform/conformtest"
)

// introspectStart is when the tests begin: within the life of the token of RFC
// 7662 §2.2.
const introspectStart = 1419350300

// introspectRig is a service, the endpoint that it asks, and a clock.
type introspectRig struct {
	endpoint *httptest.Server
	calls    atomic.Int64
	clock    atomic.Int64 // nanoseconds
	reads    atomic.Int64 // how often the clock was read
	auth     *authn.Authenticator
	handler  http.Handler
	log      introspectLog

	mu     sync.Mutex
	reason authn.Reason
}

// introspectLog is a buffer that goroutines may share.
type introspectLog struct {
	mu sync.Mutex
	b  bytes.Buffer
}

func (l *introspectLog) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.Write(p)
}

func (l *introspectLog) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.String()
}

func (g *introspectRig) now() time.Time {
	g.reads.Add(1)
	return time.Unix(0, g.clock.Load()).UTC()
}

func (g *introspectRig) advance(d time.Duration) { g.clock.Add(int64(d)) }

// introspectScheme has the settings that most tests want.
func introspectScheme(url string) authn.Introspection[authn.NoClaims] {
	return authn.Introspection[authn.NoClaims]{
		URL: url, ClientID: "s6BhdRkqt3", ClientSecret: "gX1fBat3bV",
		Issuer: "https://server.example.com/", Audience: "https://protected.example.net/resource",
	}
}

// newIntrospectRig serves the endpoint, and a service that writes who asks.
func newIntrospectRig(t testing.TB, endpoint http.HandlerFunc, scheme func(url string) []authn.Scheme, change ...func(*authn.Options)) *introspectRig {
	t.Helper()
	g := &introspectRig{}
	g.clock.Store(introspectStart * int64(time.Second))
	g.endpoint = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		g.calls.Add(1)
		endpoint(w, r)
	}))
	t.Cleanup(g.endpoint.Close)
	problems, err := problem.NewWriter(problem.Options{Logger: slog.New(slog.NewTextHandler(&g.log, nil))})
	if err != nil {
		t.Fatal(err)
	}
	o := authn.Options{
		Schemes: scheme(g.endpoint.URL + "/introspect"), Now: g.now, Problems: problems,
		OnDecision: func(e authn.Event) {
			g.mu.Lock()
			defer g.mu.Unlock()
			g.reason = e.Reason
		},
	}
	for _, f := range change {
		f(&o)
	}
	if g.auth, err = authn.New(o); err != nil {
		t.Fatal(err)
	}
	g.handler = conformtest.Handler(t, g.auth.Handler(http.HandlerFunc(introspectWhoami)))
	return g
}

func introspectWhoami(w http.ResponseWriter, r *http.Request) {
	p := authn.From(r.Context())
	w.Header().Set("Content-Type", "text/plain; charset=utf-8")
	w.Header().Set("Cache-Control", "no-store")
	fmt.Fprint(w, p.Issuer, " ", p.Subject, " ", p.Client, " ", p.Scopes)
	slices.Reverse(p.Scopes) // what a handler does to its principal is its own affair
}

// get sends a request with the token and returns the answer and the reason.
func (g *introspectRig) get(t testing.TB, token string) (*http.Response, authn.Reason) {
	t.Helper()
	res := problemtest.Do(t, g.handler, "GET", "/", "", "Authorization", "Bearer "+token)
	g.mu.Lock()
	defer g.mu.Unlock()
	return res, g.reason
}

// want sends a request and checks its status, its reason, and how often the
// endpoint was called in all.
func (g *introspectRig) want(t testing.TB, token string, status int, reason authn.Reason, calls int64) *http.Response {
	t.Helper()
	res, got := g.get(t, token)
	if res.StatusCode != status || got != reason || g.calls.Load() != calls {
		t.Errorf("token %s: %d %s after %d calls, want %d %s after %d", token, res.StatusCode, got, g.calls.Load(), status, reason, calls)
	}
	return res
}

func introspectOne(url string) []authn.Scheme { return []authn.Scheme{introspectScheme(url)} }

func introspectJSON(body string) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "application/json")
		io.WriteString(w, body)
	}
}

// introspectType finds a row of the table by its name.
func introspectType(t testing.TB, name string) *problem.Type {
	t.Helper()
	for _, typ := range authn.Types() {
		if typ.Name() == name {
			return typ
		}
	}
	t.Fatalf("there is no type %s", name)
	return nil
}

// The first answer of RFC 7662 §2.2.
const introspectActive = `{
  "active": true,
  "client_id": "l238j323ds-23ij4",
  "username": "jdoe",
  "scope": "read write dolphin",
  "sub": "Z5O3upPC88QrAjx00dis",
  "aud": "https://protected.example.net/resource",
  "iss": "https://server.example.com/",
  "exp": 1419356238,
  "iat": 1419350238,
  "extension_field": "twenty-seven"
}`

// introspectRoundTrip is a transport without a network.
type introspectRoundTrip func(*http.Request) (*http.Response, error)

func (f introspectRoundTrip) RoundTrip(r *http.Request) (*http.Response, error) { return f(r) }

// introspectResponse is an answer for an introspectRoundTrip.
func introspectResponse(status int, body string) *http.Response {
	return &http.Response{
		StatusCode: status, ProtoMajor: 1, ProtoMinor: 1, Body: io.NopCloser(strings.NewReader(body)), ContentLength: -1,
		Header: http.Header{"Content-Type": {"application/json"}},
	}
}
