package authntest_test

import (
	"bytes"
	"context"
	"encoding/json"
	"io"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/golang-jwt/jwt/v5"

	"github.com/forthright-http/forthright/authn"
	"github.com/forthright-http/forthright/authn/authntest"
)

// parse verifies a token with another implementation, by the issuer's first key.
func parse(t *testing.T, iss *authntest.Issuer, token string) *jwt.Token {
	t.Helper()
	keys := iss.Keys()
	got, err := jwt.Parse(token, func(*jwt.Token) (any, error) { return keys[0].Key, nil },
		jwt.WithTimeFunc(iss.Now), jwt.WithExpirationRequired(), jwt.WithIssuer(iss.URL()), jwt.WithAudience(authntest.Audience))
	if err != nil {
		t.Fatalf("%s: %v", token, err)
	}
	return got
}

func TestTokenOfEachAlgorithm(t *testing.T) {
	for _, algorithm := range []string{"ES256", "ES384", "ES512", "RS256", "PS384", "EdDSA", "HS256", "HS384", "HS512"} {
		iss := authntest.NewIssuer(t, algorithm)
		got := parse(t, iss, iss.Token(authntest.Claims{"scope": "a b"}))
		claims := got.Claims.(jwt.MapClaims)
		if got.Header["alg"] != algorithm || got.Header["typ"] != "at+jwt" || got.Header["kid"] != iss.Kid() || claims["sub"] != authntest.Subject || claims["scope"] != "a b" {
			t.Errorf("%s: the token has %v and %v", algorithm, got.Header, claims)
		}
	}
}

func TestTokenClaims(t *testing.T) {
	iss := authntest.NewIssuer(t)
	iss.Claims = authntest.Claims{"tenant": "acme", "client_id": nil, "sub": "bert"}
	claims := parse(t, iss, iss.Token(authntest.Claims{"sub": "carla", "jti": nil})).Claims.(jwt.MapClaims)
	if _, ok := claims["client_id"]; ok || claims["tenant"] != "acme" || claims["sub"] != "carla" || claims["jti"] != nil {
		t.Errorf("the claims are %v", claims)
	}
	if token := iss.Token(nil); token == iss.Token(nil) {
		t.Errorf("two tokens are the same: %s", token)
	}
}

func TestNow(t *testing.T) {
	iss := authntest.NewIssuer(t)
	if got := iss.Now(); !got.Equal(time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)) || !got.Equal(iss.Now()) {
		t.Errorf("the clock shows %v at first", got)
	}
	iss.Advance(90 * time.Second)
	if got := iss.Now(); !got.Equal(time.Date(2026, 1, 2, 3, 5, 35, 0, time.UTC)) {
		t.Errorf("the clock shows %v", got)
	}
}

// get asks an endpoint.
func get(t *testing.T, url string) (status int, body []byte) {
	t.Helper()
	res, err := http.Get(url)
	if err != nil {
		t.Fatal(err)
	}
	defer res.Body.Close()
	if body, err = io.ReadAll(res.Body); err != nil {
		t.Fatal(err)
	}
	return res.StatusCode, body
}

// kids are the ids of the keys that are published.
func kids(t *testing.T, iss *authntest.Issuer) (ids []string) {
	t.Helper()
	_, body := get(t, iss.KeySet.URL())
	var set struct{ Keys []map[string]any }
	if err := json.Unmarshal(body, &set); err != nil || set.Keys == nil {
		t.Fatalf("the key set is %s: %v", body, err)
	}
	for _, k := range set.Keys {
		if k["d"] != nil || k["k"] != nil {
			t.Errorf("a secret is published: %v", k)
		}
		ids = append(ids, k["kid"].(string))
	}
	return ids
}

func TestKeySet(t *testing.T) {
	iss := authntest.NewIssuer(t, "ES256", "RS256", "EdDSA", "HS256")
	first := iss.Kid()
	if got := kids(t, iss); len(got) != 3 || got[0] != first {
		t.Errorf("published are %q, want three keys of which %q is the first", got, first)
	}
	second := iss.Rotate()
	if got := kids(t, iss); len(got) != 4 || iss.Kid() != second || second == first {
		t.Errorf("published are %q, and %q signs", got, iss.Kid())
	}
	iss.Retire(first)
	if got := strings.Join(kids(t, iss), " "); strings.Contains(got, first) || !strings.Contains(got, second) {
		t.Errorf("published are %q", got)
	}
	if iss.KeySet.Calls() != 3 {
		t.Errorf("%d calls were counted, want 3", iss.KeySet.Calls())
	}
	iss.Retire(second)
	if words := complaints(t, func(tb testing.TB) { authntest.NewIssuer(tb).Retire("x") }); words != "" {
		t.Errorf("a key that is not there: %s", words)
	}
}

func TestMetadata(t *testing.T) {
	iss := authntest.NewIssuer(t)
	for _, path := range []string{"/.well-known/openid-configuration", "/.well-known/oauth-authorization-server"} {
		_, body := get(t, iss.URL()+path)
		var m struct {
			Issuer  string
			JWKSURI string `json:"jwks_uri"`
		}
		if err := json.Unmarshal(body, &m); err != nil || m.Issuer != iss.URL() || m.JWKSURI != iss.KeySet.URL() {
			t.Errorf("%s is %s: %v", path, body, err)
		}
	}
}

func TestEndpointStates(t *testing.T) {
	iss := authntest.NewIssuer(t)
	for _, tt := range []struct {
		state  authntest.State
		status int
		starts string
		size   int // at least
	}{
		{authntest.Down, 500, "", 0},
		{authntest.HTML, 200, "<!doctype html>", 0},
		{authntest.Empty, 200, `{"keys":[]}`, 0},
		{authntest.Huge, 200, `{"keys":[`, 200 << 20},
		{authntest.Up, 200, `{"keys":[{`, 0},
	} {
		iss.KeySet.Set(tt.state)
		res, err := http.Get(iss.KeySet.URL())
		if err != nil {
			t.Fatal(err)
		}
		start := make([]byte, len(tt.starts))
		if _, err := io.ReadFull(res.Body, start); err != nil || res.StatusCode != tt.status || string(start) != tt.starts {
			t.Errorf("%s: %d %q: %v", tt.state, res.StatusCode, start, err)
		}
		if n, err := io.Copy(io.Discard, res.Body); int(n) < tt.size || err != nil {
			t.Errorf("%s: %d bytes: %v", tt.state, n, err)
		}
		res.Body.Close()
	}
	iss.Introspection.Set(authntest.Empty)
	if _, body := get(t, iss.Introspection.URL()); string(body) != "{}" {
		t.Errorf("an empty answer is %q", body)
	}
}

func TestHangingEndpoint(t *testing.T) {
	iss := authntest.NewIssuer(t)
	iss.KeySet.Set(authntest.Hanging)
	ctx, cancel := context.WithCancel(t.Context())
	go func() {
		for iss.KeySet.Calls() == 0 {
			time.Sleep(time.Millisecond)
		}
		cancel()
	}()
	r, _ := http.NewRequestWithContext(ctx, "GET", iss.KeySet.URL(), nil)
	if res, err := http.DefaultClient.Do(r); err == nil {
		t.Errorf("got %d from an endpoint that hangs", res.StatusCode)
	}

	released := make(chan int)
	go func() {
		status, _ := get(t, iss.KeySet.URL())
		released <- status
	}()
	for iss.KeySet.Calls() < 2 {
		time.Sleep(time.Millisecond)
	}
	iss.KeySet.Set(authntest.Up)
	if status := <-released; status != 200 {
		t.Errorf("the status is %d after the release", status)
	}
	iss.KeySet.Set(authntest.Hanging) // the end of the test waits for nobody
	go http.Get(iss.KeySet.URL())
	for iss.KeySet.Calls() < 3 {
		time.Sleep(time.Millisecond)
	}
}

// introspect asks about a token (RFC 7662 §2.1).
func introspect(t *testing.T, iss *authntest.Issuer, token, secret string) (status int, body []byte) {
	t.Helper()
	r, err := http.NewRequestWithContext(t.Context(), "POST", iss.Introspection.URL(), strings.NewReader(url.Values{"token": {token}}.Encode()))
	if err != nil {
		t.Fatal(err)
	}
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	r.SetBasicAuth(authntest.ClientID, secret)
	res, err := http.DefaultClient.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	defer res.Body.Close()
	body, _ = io.ReadAll(res.Body)
	return res.StatusCode, bytes.TrimSpace(body)
}

func TestRFC7662Section2_2_Introspection(t *testing.T) {
	iss := authntest.NewIssuer(t)
	token := iss.Opaque(authntest.Claims{"scope": "a"})
	var got map[string]any
	if status, body := introspect(t, iss, token, authntest.ClientSecret); status != 200 || json.Unmarshal(body, &got) != nil || got["active"] != true || got["scope"] != "a" || got["iss"] != iss.URL() {
		t.Errorf("active: %d %s", status, body)
	}
	iss.Deactivate(token)
	for _, token := range []string{token, "unknown", ""} {
		if status, body := introspect(t, iss, token, authntest.ClientSecret); status != 200 || string(body) != `{"active":false}` {
			t.Errorf("not active: %d %s", status, body)
		}
	}
	if status, _ := introspect(t, iss, token, "wrong"); status != 401 {
		t.Errorf("the wrong secret: %d", status)
	}
	if status, _ := get(t, iss.Introspection.URL()); status != 405 {
		t.Errorf("GET: %d", status)
	}
}

func TestRevoked(t *testing.T) {
	iss := authntest.NewIssuer(t)
	iss.Revoke("ana")
	for _, tt := range []struct {
		subject string
		want    bool
	}{{"ana", true}, {"bert", false}} {
		if got, err := iss.Revoked(t.Context(), authn.Principal{Subject: tt.subject}); got != tt.want || err != nil {
			t.Errorf("%s: %v, %v", tt.subject, got, err)
		}
	}
}

func TestMistakes(t *testing.T) {
	for _, tt := range []struct {
		words string
		f     func(testing.TB)
	}{
		{`the algorithm "none" is not known`, func(tb testing.TB) { authntest.NewIssuer(tb, "none") }},
		{`no fault "odd" of a token`, func(tb testing.TB) { authntest.NewIssuer(tb).Token(nil, "odd") }},
		{`no fault "odd" of a proof`, func(tb testing.TB) { authntest.NewIssuer(tb).NewProofKey("ES256").Proof("GET", target, "t", "", "odd") }},
		{`"bad signature" is none of claims`, func(tb testing.TB) { authntest.NewIssuer(tb).Opaque(nil, authntest.WrongSignature) }},
		{"are of one type", func(tb testing.TB) { authntest.NewIssuer(tb).Token(nil, authntest.KeyOfOtherType) }},
		{"no second algorithm", func(tb testing.TB) { authntest.NewIssuer(tb).Token(nil, authntest.KeyOfOtherAlgorithm) }},
		{"are secrets", func(tb testing.TB) { authntest.NewIssuer(tb, "HS256").Token(nil, authntest.PublicKeyAsSecret) }},
		{"cannot be made", func(tb testing.TB) { authntest.NewIssuer(tb).Token(authntest.Claims{"f": func() {}}) }},
		{"is retired", func(tb testing.TB) {
			iss := authntest.NewIssuer(tb)
			iss.Retire(iss.Kid())
			iss.Token(nil)
		}},
	} {
		if words := complaints(t, tt.f); !strings.Contains(words, tt.words) {
			t.Errorf("got %q, want words that say %q", words, tt.words)
		}
	}
}
