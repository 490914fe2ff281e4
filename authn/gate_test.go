package authn_test

import (
	"bytes"
	"context"
	"encoding/json"
	"io"
	"log/slog"
	"maps"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/golang-jwt/jwt/v5"
	"golang.org/x/crypto/bcrypt"

	"github.com/forthright-http/forthright/authn"
	"github.com/forthright-http/forthright/problem"
	"github.com/forthright-http/forthright/respond/conform/conformtest"
)

const (
	gateIssuer   = "https://issuer.example.com"
	gateAudience = "https://api.example.com"
	gatePassword = "correct horse battery staple"
)

var (
	gateNow    = time.Unix(1_800_000_000, 0)
	gateSecret = []byte("a secret of 32 bytes, or of more")
	gateHash   = sync.OnceValue(func() string {
		hash, err := bcrypt.GenerateFromPassword([]byte(gatePassword), bcrypt.MinCost)
		if err != nil {
			panic(err)
		}
		return string(hash)
	})
)

// gateKeys is a source of keys that counts how often it is asked.
type gateKeys struct{ asked atomic.Int64 }

func (k *gateKeys) Keys(context.Context, string) ([]authn.Key, error) {
	k.asked.Add(1)
	return []authn.Key{{Key: gateSecret}}, nil
}

// gate is an authenticator that takes Bearer tokens and Basic, and what is seen of
// it from outside.
type gate struct {
	*authn.Authenticator
	keys   *gateKeys
	log    *gateLog
	mu     sync.Mutex
	events []authn.Event
}

// gateLog is a buffer for several writers.
type gateLog struct {
	mu  sync.Mutex
	all bytes.Buffer
}

func (l *gateLog) Write(b []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.all.Write(b)
}

func (l *gateLog) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.all.String()
}

// take returns the reasons since the last call.
func (g *gate) take() (reasons []authn.Reason) {
	g.mu.Lock()
	defer g.mu.Unlock()
	for _, e := range g.events {
		reasons = append(reasons, e.Reason)
	}
	g.events = nil
	return reasons
}

func newGate(t testing.TB, change ...func(*authn.Options)) *gate {
	t.Helper()
	g := &gate{keys: new(gateKeys), log: new(gateLog)}
	problems, err := problem.NewWriter(problem.Options{Logger: slog.New(slog.NewTextHandler(g.log, &slog.HandlerOptions{Level: slog.LevelDebug}))})
	if err != nil {
		t.Fatal(err)
	}
	users := authn.Users{}
	for name, scopes := range map[string]string{"ana": "", "reader": "orders:read", "writer": "orders:read orders:write"} {
		users[name] = authn.User{Hash: gateHash(), Scopes: strings.Fields(scopes)}
	}
	o := authn.Options{
		Schemes: []authn.Scheme{
			authn.JWT[authn.NoClaims]{Issuer: gateIssuer, Audience: gateAudience, Algorithms: []string{"HS256"}, Keys: g.keys},
			authn.Basic{Users: users},
		},
		Problems: problems,
		Now:      func() time.Time { return gateNow },
		OnDecision: func(e authn.Event) {
			g.mu.Lock()
			defer g.mu.Unlock()
			g.events = append(g.events, e)
		},
	}
	for _, f := range change {
		f(&o)
	}
	if g.Authenticator, err = authn.New(o); err != nil {
		t.Fatal(err)
	}
	return g
}

// gateToken makes an access token of ana that is good for an hour; nil takes a
// claim out.
func gateToken(t testing.TB, claims jwt.MapClaims) string {
	t.Helper()
	all := jwt.MapClaims{"iss": gateIssuer, "aud": gateAudience, "sub": "ana", "exp": gateNow.Add(time.Hour).Unix()}
	maps.Copy(all, claims)
	maps.DeleteFunc(all, func(_ string, v any) bool { return v == nil })
	token := jwt.NewWithClaims(jwt.SigningMethodHS256, all)
	token.Header["typ"] = "at+jwt"
	s, err := token.SignedString(gateSecret)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func gateBearer(t testing.TB, claims jwt.MapClaims) string { return "Bearer " + gateToken(t, claims) }

func gateBasic(user string) string {
	r := &http.Request{Header: http.Header{}}
	r.SetBasicAuth(user, gatePassword)
	return r.Header.Get("Authorization")
}

// gateOpen answers 200 with who asked.
var gateOpen = http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
	w.Header()["Content-Type"], w.Header()["Cache-Control"] = []string{"text/plain"}, []string{"no-store"}
	p := authn.From(r.Context())
	io.WriteString(w, "owner="+p.Owner()+" scheme="+p.Scheme)
})

// gateSend sends a request with header fields in pairs; "" for a value sends none.
func gateSend(h http.Handler, method, target string, fields ...string) *httptest.ResponseRecorder {
	r := httptest.NewRequest(method, target, nil)
	for pair := range slices.Chunk(fields, 2) {
		if pair[1] != "" {
			r.Header.Add(pair[0], pair[1])
		}
	}
	w := httptest.NewRecorder()
	h.ServeHTTP(w, r)
	return w
}

// gateGet is a GET with credentials, every answer of which is checked.
func gateGet(t testing.TB, h http.Handler, authorization string) *httptest.ResponseRecorder {
	t.Helper()
	return gateSend(conformtest.Handler(t, h), "GET", "/", "Authorization", authorization)
}

// gateProblem reads the problem of an answer.
func gateProblem(t testing.TB, w *httptest.ResponseRecorder) (members map[string]any) {
	t.Helper()
	if err := json.Unmarshal(w.Body.Bytes(), &members); err != nil || w.Header().Get("Content-Type") != "application/problem+json" {
		t.Fatalf("%d %s: no problem: %v", w.Code, w.Body, err)
	}
	return members
}

// gateType is the name of the problem's type.
func gateType(t testing.TB, w *httptest.ResponseRecorder) string {
	t.Helper()
	typ, _ := gateProblem(t, w)["type"].(string)
	return strings.TrimPrefix(typ, "/problems/")
}

// gateChallenges writes the challenges of an answer without their descriptions,
// which must come last, each on a line of its own.
func gateChallenges(t testing.TB, w *httptest.ResponseRecorder) string {
	t.Helper()
	var out []string
	for _, line := range w.Header()["Www-Authenticate"] {
		list, err := authn.ParseChallenges([]string{line})
		if err != nil || len(list) != 1 {
			t.Fatalf("%q: %v, %d challenges", line, err, len(list))
		}
		c := list[0]
		if _, described := c.Param("error_description"); described {
			last := len(c.Params) - 1
			if c.Params[last].Name != "error_description" {
				t.Errorf("%q does not end with its description", line)
			}
			c.Params = c.Params[:last]
		}
		out = append(out, c.String())
	}
	return strings.Join(out, " | ")
}

const (
	gateBearerAll = `Bearer realm="api"`
	gateBasicAll  = `Basic realm="api", charset="UTF-8"`
	gateAll       = gateBearerAll + " | " + gateBasicAll
)
