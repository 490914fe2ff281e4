package authn_test

import (
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/golang-jwt/jwt/v5"

	"github.com/forthright-http/forthright/authn"
	"github.com/forthright-http/forthright/problem"
	"github.com/forthright-http/forthright/respond/conform/conformtest"
)

// jwksClock is a clock that moves when it is told to.
type jwksClock struct {
	mu sync.Mutex
	at time.Time
}

func newJWKSClock() *jwksClock {
	return &jwksClock{at: time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)}
}

func (c *jwksClock) now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.at
}

func (c *jwksClock) add(d time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.at = c.at.Add(d)
}

// jwksSigner has a key with an id.
type jwksSigner struct {
	id  string
	key *ecdsa.PrivateKey
}

func newJWKSSigner(t testing.TB, id string) jwksSigner {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	return jwksSigner{id, key}
}

// jwk is the public key, with more members as JSON.
func (s jwksSigner) jwk(t testing.TB, more ...string) string {
	t.Helper()
	point, err := s.key.PublicKey.Bytes() // 0x04, x, y
	if err != nil {
		t.Fatal(err)
	}
	b64 := base64.RawURLEncoding.EncodeToString
	if s.id != "" {
		more = append(more, fmt.Sprintf(`"kid":%q`, s.id))
	}
	more = append(more, fmt.Sprintf(`"kty":"EC","crv":"P-256","x":%q,"y":%q`, b64(point[1:33]), b64(point[33:])))
	return "{" + strings.Join(more, ",") + "}"
}

// token is one that is good for a year, by this key. kid may be another one.
func (s jwksSigner) token(t testing.TB, issuer, kid string) string {
	t.Helper()
	token := jwt.NewWithClaims(jwt.SigningMethodES256, jwt.MapClaims{
		"iss": issuer, "aud": "https://api.example", "sub": "ana", "exp": newJWKSClock().at.AddDate(1, 0, 0).Unix(),
	})
	token.Header["typ"] = "at+jwt"
	if kid != "" {
		token.Header["kid"] = kid
	}
	text, err := token.SignedString(s.key)
	if err != nil {
		t.Fatal(err)
	}
	return text
}

func jwksSet(jwks ...string) string { return `{"keys":[` + strings.Join(jwks, ",") + `]}` }

// jwksServer is an issuer's key server. It answers by serve, which may be replaced.
type jwksServer struct {
	*httptest.Server
	fetches atomic.Int64
	serve   atomic.Pointer[http.HandlerFunc]
}

func newJWKSServer(t testing.TB, set string) *jwksServer {
	s := new(jwksServer)
	s.publish(set)
	s.Server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		s.fetches.Add(1)
		(*s.serve.Load())(w, r)
	}))
	t.Cleanup(s.Close)
	return s
}

func (s *jwksServer) handle(h http.HandlerFunc) { s.serve.Store(&h) }

func (s *jwksServer) publish(set string) {
	s.handle(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Type", "application/jwk-set+json")
		io.WriteString(w, set)
	})
}

func (s *jwksServer) fail() {
	s.handle(func(w http.ResponseWriter, r *http.Request) { w.WriteHeader(http.StatusBadGateway) })
}

// hang holds all requests until the test is over or release is called. What is
// received from the channel is that a request has come.
func (s *jwksServer) hang(t testing.TB) (came <-chan struct{}, release func()) {
	arrived, gate := make(chan struct{}, 1000), make(chan struct{})
	var once sync.Once
	release = func() { once.Do(func() { close(gate) }) }
	t.Cleanup(release)
	before := *s.serve.Load()
	s.handle(func(w http.ResponseWriter, r *http.Request) {
		arrived <- struct{}{}
		select {
		case <-gate:
			before(w, r)
		case <-r.Context().Done():
		}
	})
	return arrived, release
}

const jwksIssuer = "https://issuer.example"

// jwksService is a service that takes tokens of one issuer.
type jwksService struct {
	auth    *authn.Authenticator
	handler http.Handler
	clock   *jwksClock
}

func newJWKSService(t testing.TB, keys authn.KeySource, clock *jwksClock) *jwksService {
	t.Helper()
	return newJWKSServiceOf(t, jwksIssuer, keys, clock)
}

func newJWKSServiceOf(t testing.TB, issuer string, keys authn.KeySource, clock *jwksClock) *jwksService {
	t.Helper()
	quiet, err := problem.NewWriter(problem.Options{Logger: slog.New(slog.DiscardHandler)})
	if err != nil {
		t.Fatal(err)
	}
	auth, err := authn.New(authn.Options{Now: clock.now, Problems: quiet, Schemes: []authn.Scheme{authn.JWT[authn.NoClaims]{
		Issuer: issuer, Audience: "https://api.example", Algorithms: []string{"ES256"}, Keys: keys,
	}}})
	if err != nil {
		t.Fatal(err)
	}
	return &jwksService{auth, conformtest.Handler(t, auth.Handler(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header()["Cache-Control"] = []string{"no-store"}
		w.WriteHeader(http.StatusNoContent)
	}))), clock}
}

// ask sends a token and returns the status, with the problem type's last part where
// there is one: "204", "401 unknown-key", "503 authentication-unavailable".
func (s *jwksService) ask(t testing.TB, token string) string {
	t.Helper()
	got, _ := s.askFor(t, context.Background(), token)
	return got
}

func (s *jwksService) askFor(t testing.TB, ctx context.Context, token string) (got string, retryAfter string) {
	t.Helper()
	r := httptest.NewRequestWithContext(ctx, "GET", "/", nil)
	r.Header.Set("Authorization", "Bearer "+token)
	w := httptest.NewRecorder()
	s.handler.ServeHTTP(w, r)
	got = fmt.Sprint(w.Code)
	if w.Code >= 400 {
		var p struct{ Type string }
		if err := json.Unmarshal(w.Body.Bytes(), &p); err != nil {
			t.Errorf("%v: %s", err, w.Body)
		}
		got += " " + p.Type[max(0, strings.LastIndexAny(p.Type, "/:#")+1):]
	}
	return got, w.Header().Get("Retry-After")
}

const (
	jwksGood    = "204"
	jwksUnknown = "401 unknown-key"
	jwksDown    = "503 authentication-unavailable"
)

// expect asks and compares, and then the number of fetches so far.
func (s *jwksService) expect(t testing.TB, server *jwksServer, token, want string, fetches int64) {
	t.Helper()
	if got := s.ask(t, token); got != want {
		t.Errorf("the answer is %q, want %q", got, want)
	}
	if got := server.fetches.Load(); got != fetches {
		t.Errorf("there were %d fetches, want %d", got, fetches)
	}
}

// settle waits for the fetch that runs, if one does: a token of an unknown key waits
// for it, and starts none in the pause after it.
func (s *jwksService) settle(t testing.TB) {
	t.Helper()
	s.ask(t, newJWKSSigner(t, "settle").token(t, jwksIssuer, "settle"))
}

// jwksWithin fails the test where f hangs.
func jwksWithin(t testing.TB, f func()) {
	t.Helper()
	done := make(chan struct{})
	go func() { defer close(done); f() }()
	select {
	case <-done:
	case <-time.After(20 * time.Second):
		t.Fatal("it waits for the key server")
	}
}
