//go:build !race

package authn_test

import (
	"log/slog"
	"net/http"
	"net/http/httptest"
	"testing"
	"time"

	"github.com/forthright-http/forthright/authn"
	"github.com/forthright-http/forthright/problem"
)

// jwtNothing is an answer that nobody gets.
type jwtNothing struct{ header http.Header }

func (w *jwtNothing) Header() http.Header         { return w.header }
func (w *jwtNothing) Write(b []byte) (int, error) { return len(b), nil }
func (w *jwtNothing) WriteHeader(int)             {}

// The whole middleware. The bounds are what was measured; two of each success are
// the request and the context that carry the principal.
func TestJWTAllocations(t *testing.T) {
	long := jwtHS256(`{"alg":"HS256","typ":"at+jwt","kid":"RjEwOwOA"}`, jwtWith(`"iat":1772366400,"jti":"dbe39bf3a3ba4238a513f51d6e1691c4",
		"client_id":"s6BhdRkqt3","scope":"orders:read orders:write"`))
	expired := jwtHS256(jwtHeader, `{"iss":"https://issuer.example.com","aud":"https://api.example.com","sub":"ana","exp":1772366000}`)
	for _, tt := range []struct {
		name, authorization string
		cache, most         int
	}{
		{"verified", "Bearer " + long, 0, 20},
		{"remembered", "Bearer " + long, 10, 2},
		{"no token", "", 0, 2},
		{"expired", "Bearer " + expired, 0, 15},
		{"expired, with a cache", "Bearer " + expired, 10, 15},
		{"no JWT", "Bearer abc", 0, 2},
		{"no b64token", "Bearer a b", 0, 3},
	} {
		auth := must(authn.New(authn.Options{
			Schemes:  []authn.Scheme{jwtScheme(func(j *authn.JWT[authn.NoClaims]) { j.Cache = tt.cache })},
			Problems: must(problem.NewWriter(problem.Options{Logger: slog.New(slog.DiscardHandler)})),
			Now:      func() time.Time { return time.Unix(jwtNow, 0) },
		}))
		handler := auth.Handler(http.HandlerFunc(func(http.ResponseWriter, *http.Request) {}))
		r := httptest.NewRequest(http.MethodGet, "/", nil)
		if tt.authorization != "" {
			r.Header["Authorization"] = []string{tt.authorization}
		}
		w := &jwtNothing{http.Header{}}
		if got := testing.AllocsPerRun(200, func() { handler.ServeHTTP(w, r) }); got > float64(tt.most) {
			t.Errorf("%s: %v allocations, want %d", tt.name, got, tt.most)
		}
	}
}
