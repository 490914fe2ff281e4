package bench

import (
	"context"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/golang-jwt/jwt/v5"

	"github.com/forthright-http/forthright/authn"
)

// authnAsk sends an Authorization field, none where it is "", three times.
func authnAsk(h http.Handler, authorization string) *httptest.ResponseRecorder {
	var w *httptest.ResponseRecorder
	for range 3 {
		r := httptest.NewRequest("GET", authnPath, nil)
		if authorization != "" {
			r.Header.Set("Authorization", authorization)
		}
		w = httptest.NewRecorder()
		h.ServeHTTP(w, r)
	}
	return w
}

// TestAuthn holds all contenders to letting in the same token, and no other.
func TestAuthn(t *testing.T) {
	for _, k := range authnKeys() {
		good := authnToken(k, nil)
		dot := strings.LastIndexByte(good, '.')
		other := map[byte]string{'A': "B"}[good[dot+1]]
		if other == "" {
			other = "A"
		}
		for _, c := range authnContenders {
			t.Run(k.algorithm+"/"+c.name, func(t *testing.T) {
				h := c.handler(k)
				for _, tt := range []struct {
					name, authorization string
					status              int
				}{
					{"good", "Bearer " + good, http.StatusOK},
					{"missing", "", c.missing},
					{"expired", "Bearer " + authnExpired(k), http.StatusUnauthorized},
					{"no exp", "Bearer " + authnToken(k, jwt.MapClaims{"exp": nil}), http.StatusUnauthorized},
					{"not yet", "Bearer " + authnToken(k, jwt.MapClaims{"nbf": time.Now().Add(time.Hour).Unix()}), http.StatusUnauthorized},
					{"another issuer", "Bearer " + authnToken(k, jwt.MapClaims{"iss": "https://other.example.com"}), http.StatusUnauthorized},
					{"another audience", "Bearer " + authnToken(k, jwt.MapClaims{"aud": "https://other.example.com"}), http.StatusUnauthorized},
					{"changed", "Bearer " + good[:dot+1] + other + good[dot+2:], http.StatusUnauthorized},
				} {
					w := authnAsk(h, tt.authorization)
					if w.Code != tt.status {
						t.Errorf("%s: status %d, want %d: %s", tt.name, w.Code, tt.status, w.Body)
					}
					if in := w.Body.String() == string(authnAnswer); in != (tt.status == http.StatusOK) {
						t.Errorf("%s: let in is %v", tt.name, in)
					}
					if w.Code == http.StatusUnauthorized && (w.Header().Get("WWW-Authenticate") != "") != c.challenge {
						t.Errorf("%s: WWW-Authenticate is %q", tt.name, w.Header()["Www-Authenticate"])
					}
				}
			})
		}
	}
}

// TestAuthnOtherScheme is what the peers make of credentials that are not for
// them. RFC 6750 §3.1 has 401 with a challenge.
func TestAuthnOtherScheme(t *testing.T) {
	want := map[string]int{"auth0-v2": http.StatusInternalServerError, "auth0-v3": http.StatusBadRequest}
	for _, c := range authnContenders {
		status := want[c.name]
		if status == 0 {
			status = http.StatusUnauthorized
		}
		if w := authnAsk(c.handler(authnKeys()[0]), "Basic dXNlcjpwYXNz"); w.Code != status {
			t.Errorf("%s: status %d, want %d", c.name, w.Code, status)
		}
	}
}

func TestAuthnRaw(t *testing.T) {
	for _, k := range authnKeys() {
		token := authnToken(k, nil)
		if !authnRaw(k, token)() {
			t.Errorf("%s: the signature does not hold", k.algorithm)
		}
		if authnRaw(k, "x"+token[1:])() {
			t.Errorf("%s: the signature of something else holds", k.algorithm)
		}
	}
}

// TestAuthnCached: what is remembered is taken, and nothing else is.
func TestAuthnCached(t *testing.T) {
	for _, k := range authnKeys() {
		if !authnRemembers(k) {
			t.Skip("tokens are not remembered yet")
		}
		h := authnOurs(authnSettings(k, 1024))
		for authorization, status := range map[string]int{
			"Bearer " + authnToken(k, nil): http.StatusOK,
			"Bearer " + authnExpired(k):    http.StatusUnauthorized,
			"":                             http.StatusUnauthorized,
		} {
			if w := authnAsk(h, authorization); w.Code != status {
				t.Errorf("%s: status %d, want %d: %s", k.algorithm, w.Code, status, w.Body)
			}
		}
	}
}

// countedKeys counts how often a key is asked for.
type countedKeys struct {
	keys authn.Keys
	n    atomic.Int64
}

func (c *countedKeys) Keys(ctx context.Context, kid string) ([]authn.Key, error) {
	c.n.Add(1)
	return c.keys.Keys(ctx, kid)
}

func (c *countedKeys) Version() uint64 { return 1 }

// authnRemembers reports whether a token that is sent again and again needs its
// key once.
func authnRemembers(k authnKey) bool {
	keys := &countedKeys{keys: authn.Keys{{ID: authnKeyID, Key: k.public}}}
	s := authnSettings(k, 16)
	s.Keys = keys
	authnAsk(authnOurs(s), "Bearer "+authnToken(k, nil))
	return keys.n.Load() == 1
}
