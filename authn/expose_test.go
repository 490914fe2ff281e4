package authn_test

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"net/http"
	"net/http/httptest"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/golang-jwt/jwt/v5"

	"github.com/forthright-http/forthright/authn"
	"github.com/forthright-http/forthright/respond/conform/conformtest"
)

// gateHeader is a handler further up that sets a field.
func gateHeader(name string, lines []string, next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header()[name] = lines
		next.ServeHTTP(w, r)
	})
}

// Scripts of other origins see WWW-Authenticate of a refusal where the option says
// so, beside what CORS exposes anyway.
func TestExpose(t *testing.T) {
	const field = "Access-Control-Expose-Headers"
	g := newGate(t, func(o *authn.Options) { o.Expose = true })
	dpop := newGate(t, func(o *authn.Options) {
		o.Expose = true
		o.Schemes = append(o.Schemes, authn.DPoP{Origin: gateAudience})
	})
	nonces := newGate(t, func(o *authn.Options) {
		o.Expose = true
		o.Schemes = append(o.Schemes, authn.DPoP{Origin: gateAudience, Nonces: &authn.Nonces{PerProcess: true}})
	})
	silent := newGate(t)
	// A CORS middleware may hand out one slice for all requests, with room behind.
	shared := append(make([]string, 0, 8), "X-Request-Id")
	for _, tt := range []struct {
		name          string
		g             *gate
		above         []string
		authorization string
		want          []string
	}{
		{"a 401", g, nil, "", []string{"WWW-Authenticate"}},
		{"a 400", g, nil, "Bearer", []string{"WWW-Authenticate"}},
		{"a 403", g, nil, gateBearer(t, nil), []string{"WWW-Authenticate"}},
		{"a 200", g, nil, gateBearer(t, jwt.MapClaims{"scope": "a"}), nil},
		{"below CORS", g, shared, "", []string{"X-Request-Id", "WWW-Authenticate"}},
		{"below CORS, a 200", g, shared, gateBearer(t, jwt.MapClaims{"scope": "a"}), []string{"X-Request-Id"}},
		{"with DPoP", dpop, nil, "", []string{"WWW-Authenticate"}},
		{"with DPoP and nonces", nonces, nil, "", []string{"WWW-Authenticate, DPoP-Nonce"}},
		{"without the option", silent, nil, "", nil},
		{"without the option, below CORS", silent, shared, "", []string{"X-Request-Id"}},
	} {
		h := tt.g.Require(authn.Scope("a"))(gateOpen)
		if tt.above != nil {
			h = gateHeader("Access-Control-Allow-Origin", []string{"https://app.example.com"}, gateHeader(field, tt.above, h))
		}
		w := gateGet(t, h, tt.authorization)
		if got := w.Header()[field]; !slices.Equal(got, tt.want) {
			t.Errorf("%s: %q, not %q", tt.name, got, tt.want)
		}
		if tt.above != nil && w.Header().Get("Access-Control-Allow-Origin") != "https://app.example.com" {
			t.Errorf("%s: what CORS set is gone", tt.name)
		}
	}
	if behind := strings.Join(shared[:cap(shared)], ""); behind != "X-Request-Id" {
		t.Errorf("the slice of all requests was written to: %q", behind)
	}
}

// A nonce that comes with an answer that lets the request in, or that Require
// refuses, is exposed as well.
func TestExposeNonce(t *testing.T) {
	now := gateNow
	g := newGate(t, func(o *authn.Options) {
		o.Expose, o.Now = true, func() time.Time { return now }
		o.Schemes = append(o.Schemes, authn.DPoP{Origin: gateAudience, Nonces: &authn.Nonces{PerProcess: true}})
	})
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	shared := append(make([]string, 0, 8), "X-Request-Id")
	send := func(demand authn.Requirement, nonce, id string) *httptest.ResponseRecorder {
		token, proof := exposeProof(t, key, nonce, id, now)
		h := gateHeader("Access-Control-Expose-Headers", shared, g.Require(demand)(exposeOpen))
		return gateSend(conformtest.Handler(t, h), "GET", "/", "Authorization", "DPoP "+token, "DPoP", proof)
	}
	nonce := send(authn.Scope("a"), "", "1").Header().Get("DPoP-Nonce")
	now = now.Add(5 * time.Minute) // the nonce's lifetime: now it is the last one
	for _, tt := range []struct {
		demand authn.Requirement
		nonce  string
		status int
	}{{authn.Scope("a"), nonce, 204}, {authn.Scope("b"), nonce, 403}, {authn.Scope("a"), "stale", 401}} {
		w := send(tt.demand, tt.nonce, "2"+strconv.Itoa(tt.status))
		if next := w.Header()["Dpop-Nonce"]; w.Code != tt.status || len(next) != 1 || next[0] == nonce {
			t.Errorf("%d, not %d: %q %s", w.Code, tt.status, next, w.Body)
		}
		if got := w.Header()["Access-Control-Expose-Headers"]; !slices.Equal(got, []string{"X-Request-Id", "WWW-Authenticate, DPoP-Nonce"}) {
			t.Errorf("%d: %q", tt.status, got)
		}
	}
	if behind := strings.Join(shared[:cap(shared)], ""); behind != "X-Request-Id" {
		t.Errorf("the slice of all requests was written to: %q", behind)
	}
}

// exposeOpen lets the answer keep what the middleware says of caches.
var exposeOpen = http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { w.WriteHeader(http.StatusNoContent) })

// exposeProof makes a token that is bound to the key (RFC 9449 §6.1), and a proof
// for GET / (§4.2).
func exposeProof(t *testing.T, key *ecdsa.PrivateKey, nonce, id string, now time.Time) (token, proof string) {
	t.Helper()
	point, err := key.PublicKey.Bytes()
	if err != nil {
		t.Fatal(err)
	}
	encode := base64.RawURLEncoding.EncodeToString
	x, y := encode(point[1:33]), encode(point[33:])
	thumbprint := sha256.Sum256([]byte(`{"crv":"P-256","kty":"EC","x":"` + x + `","y":"` + y + `"}`)) // RFC 7638 §3
	token = gateToken(t, jwt.MapClaims{"scope": "a", "cnf": map[string]string{"jkt": encode(thumbprint[:])}})
	hash := sha256.Sum256([]byte(token))
	claims := jwt.MapClaims{"jti": id, "htm": "GET", "htu": gateAudience + "/", "iat": now.Unix(), "ath": encode(hash[:])}
	if nonce != "" {
		claims["nonce"] = nonce
	}
	p := jwt.NewWithClaims(jwt.SigningMethodES256, claims)
	p.Header["typ"] = "dpop+jwt"
	p.Header["jwk"] = map[string]string{"kty": "EC", "crv": "P-256", "x": x, "y": y}
	if proof, err = p.SignedString(key); err != nil {
		t.Fatal(err)
	}
	return token, proof
}
