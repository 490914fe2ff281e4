package authn_test

import (
	"context"
	"crypto"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"maps"
	"math/big"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/golang-jwt/jwt/v5"

	"github.com/forthright-http/forthright/authn"
	"github.com/forthright-http/forthright/problem"
	"github.com/forthright-http/forthright/respond/conform/conformtest"
)

const (
	dpopOrigin = "https://api.example.com"
	dpopIssuer = "https://issuer.example.com"
)

var (
	dpopSecret = []byte("0123456789abcdef0123456789abcdef")
	dpopNow    = time.Unix(1_800_000_000, 0)
)

func dpopEncode(b []byte) string { return base64.RawURLEncoding.EncodeToString(b) }

// dpopKey is a client's key. Its thumbprint is worked out here, by RFC 7638 §3.
type dpopKey struct {
	alg        string
	private    crypto.Signer
	jwk        map[string]any
	thumbprint string
}

func dpopNewKey(t testing.TB, alg string) *dpopKey {
	t.Helper()
	k := &dpopKey{alg: alg}
	var members string
	must := func(err error) {
		if err != nil {
			t.Fatal(err)
		}
	}
	var err error
	switch alg {
	case "ES256", "ES384", "ES512":
		curve := map[string]elliptic.Curve{"ES256": elliptic.P256(), "ES384": elliptic.P384(), "ES512": elliptic.P521()}[alg]
		var private *ecdsa.PrivateKey
		private, err = ecdsa.GenerateKey(curve, rand.Reader)
		must(err)
		point, err := private.PublicKey.Bytes()
		must(err)
		half := len(point) / 2
		x, y, name := dpopEncode(point[1:half+1]), dpopEncode(point[half+1:]), curve.Params().Name
		k.private, k.jwk = private, map[string]any{"kty": "EC", "crv": name, "x": x, "y": y}
		members = fmt.Sprintf(`{"crv":"%s","kty":"EC","x":"%s","y":"%s"}`, name, x, y)
	case "EdDSA", "Ed25519":
		public, private, err := ed25519.GenerateKey(rand.Reader)
		must(err)
		k.private, k.jwk = private, map[string]any{"kty": "OKP", "crv": "Ed25519", "x": dpopEncode(public)}
		members = fmt.Sprintf(`{"crv":"Ed25519","kty":"OKP","x":"%s"}`, dpopEncode(public))
	default:
		private, err := rsa.GenerateKey(rand.Reader, 2048)
		must(err)
		n := dpopEncode(private.N.Bytes())
		e := dpopEncode(big.NewInt(int64(private.E)).Bytes())
		k.private, k.jwk = private, map[string]any{"kty": "RSA", "n": n, "e": e}
		members = fmt.Sprintf(`{"e":"%s","kty":"RSA","n":"%s"}`, e, n)
	}
	sum := sha256.Sum256([]byte(members))
	k.thumbprint = dpopEncode(sum[:])
	return k
}

// sign makes a JWT of the two documents as they are.
func (k *dpopKey) sign(t testing.TB, header, claims string) string {
	t.Helper()
	signed := dpopEncode([]byte(header)) + "." + dpopEncode([]byte(claims))
	method := jwt.GetSigningMethod(strings.Replace(k.alg, "Ed25519", "EdDSA", 1))
	signature, err := method.Sign(signed, k.private)
	if err != nil {
		t.Fatal(err)
	}
	return signed + "." + dpopEncode(signature)
}

// dpopMembers are members to set, and with nil to take away.
type dpopMembers map[string]any

type dpopNull struct{}

func (m dpopMembers) over(base map[string]any) string {
	out := maps.Clone(base)
	for name, v := range m {
		switch v.(type) {
		case nil:
			delete(out, name)
		case dpopNull:
			out[name] = nil
		default:
			out[name] = v
		}
	}
	b, _ := json.Marshal(out)
	return string(b)
}

var dpopProofs atomic.Int64

// proof makes a proof for a request with the token, changed as header and claims say.
func (k *dpopKey) proof(t testing.TB, method, url, token string, header, claims dpopMembers) string {
	t.Helper()
	sum := sha256.Sum256([]byte(token))
	return k.sign(t,
		header.over(map[string]any{"typ": "dpop+jwt", "alg": k.alg, "jwk": k.jwk}),
		claims.over(map[string]any{"jti": fmt.Sprint("proof-", dpopProofs.Add(1)), "htm": method, "htu": url, "iat": dpopNow.Unix(), "ath": dpopEncode(sum[:])}))
}

// dpopToken is an access token that is bound as cnf says.
func dpopToken(t testing.TB, cnf map[string]any) string {
	t.Helper()
	claims := jwt.MapClaims{"iss": dpopIssuer, "aud": dpopOrigin, "sub": "ana", "exp": dpopNow.Add(time.Hour).Unix()}
	if cnf != nil {
		claims["cnf"] = cnf
	}
	token := jwt.NewWithClaims(jwt.SigningMethodHS256, claims)
	token.Header["typ"] = "at+jwt"
	s, err := token.SignedString(dpopSecret)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func dpopBound(t testing.TB, k *dpopKey) string {
	return dpopToken(t, map[string]any{"jkt": k.thumbprint})
}

var dpopJWT = authn.JWT[authn.NoClaims]{
	Issuer: dpopIssuer, Audience: dpopOrigin, Algorithms: []string{"HS256"}, Keys: authn.Keys{{Key: dpopSecret}},
}

// dpopService serves all paths, and tells the reasons of its refusals.
type dpopService struct {
	http.Handler
	auth    *authn.Authenticator
	reasons chan authn.Reason
}

func dpopServe(t testing.TB, d authn.DPoP, change ...func(*authn.Options)) *dpopService {
	t.Helper()
	if d.Origin == "" {
		d.Origin = dpopOrigin
	}
	s := &dpopService{reasons: make(chan authn.Reason, 1000)}
	problems, err := problem.NewWriter(problem.Options{Logger: slog.New(slog.DiscardHandler)})
	if err != nil {
		t.Fatal(err)
	}
	o := authn.Options{
		Schemes:    []authn.Scheme{dpopJWT, d},
		Now:        func() time.Time { return dpopNow },
		Problems:   problems,
		OnDecision: func(e authn.Event) { s.reasons <- e.Reason },
	}
	for _, f := range change {
		f(&o)
	}
	if s.auth, err = authn.New(o); err != nil {
		t.Fatal(err)
	}
	s.Handler = conformtest.Handler(t, s.auth.Handler(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header()["Content-Type"], w.Header()["Etag"] = []string{"text/plain"}, []string{`"1"`}
		if w.Header()["Cache-Control"] == nil {
			w.Header()["Cache-Control"] = []string{"private, no-cache"}
		}
		w.Write([]byte(authn.From(r.Context()).Scheme + " " + authn.From(r.Context()).Subject))
	})))
	return s
}

// send sends a request by the DPoP scheme; the URL's host is the Host field.
func (s *dpopService) send(method, url, authorization string, proofs ...string) (*httptest.ResponseRecorder, authn.Reason) {
	r := httptest.NewRequest(method, url, nil)
	if authorization != "" {
		r.Header.Set("Authorization", authorization)
	}
	for _, p := range proofs {
		r.Header.Add("DPoP", p)
	}
	w := httptest.NewRecorder()
	s.ServeHTTP(w, r)
	return w, <-s.reasons
}

// dpopWant fails unless the answer has the status and, for a refusal, the error on
// the DPoP challenge alone.
func dpopWant(t *testing.T, w *httptest.ResponseRecorder, status int, code string) {
	t.Helper()
	if w.Code != status {
		t.Fatalf("status %d, want %d: %s", w.Code, status, w.Body)
	}
	if status != http.StatusUnauthorized {
		return
	}
	challenges, err := authn.ParseChallenges(w.Header()["Www-Authenticate"])
	if err != nil {
		t.Fatal(err)
	}
	var found bool
	for _, c := range challenges {
		have, has := c.Param("error")
		switch c.Scheme {
		case "DPoP":
			found = true
			if algs, _ := c.Param("algs"); algs == "" {
				t.Errorf("no algs in %v", c)
			}
			if have != code {
				t.Errorf("error=%q on DPoP, want %q", have, code)
			}
		default:
			if has {
				t.Errorf("error=%q on %s", have, c.Scheme)
			}
		}
	}
	if !found {
		t.Errorf("no DPoP challenge in %v", challenges)
	}
}

const (
	dpopBadProof = "invalid_dpop_proof"
	dpopBadToken = "invalid_token"
)

func (m dpopMembers) plus(base map[string]any) map[string]any {
	out := maps.Clone(base)
	maps.Copy(out, m)
	return out
}

func dpopHash(s string) string {
	sum := sha256.Sum256([]byte(s))
	return dpopEncode(sum[:])
}

// dpopSpare sets a bit of the last character that encodes nothing (RFC 4648 §3.5):
// of 64 bytes, the last one has four.
func dpopSpare(c byte) string {
	const alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"
	return string(alphabet[strings.IndexByte(alphabet, c)|1])
}

type dpopStore func(context.Context, [32]byte, time.Time) (bool, error)

func (f dpopStore) Add(ctx context.Context, key [32]byte, until time.Time) (bool, error) {
	return f(ctx, key, until)
}

var errDPoPStore = errors.New("redis: connection refused")
