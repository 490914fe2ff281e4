package authn_test

import (
	"context"
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/forthright-http/forthright/authn"
)

// Wrong settings fail when the authenticator is made.
func TestJWKSSettings(t *testing.T) {
	const url = "https://issuer.example/jwks.json"
	var none *authn.RemoteKeys
	for _, tt := range []struct {
		name string
		keys *authn.RemoteKeys
		want string // in the error, "" for none
	}{
		{"the defaults", authn.JWKS(url), ""},
		{"discovery", authn.Discover(), ""},
		{"a port, a query", authn.JWKS("https://issuer.example:8443/keys?v=1"), ""},
		{"loopback", authn.JWKS("http://127.0.0.1:8080/jwks.json"), ""},
		{"loopback, IPv6", authn.JWKS("http://[::1]:8080/jwks.json"), ""},
		{"localhost", authn.JWKS("http://LocalHost/jwks.json"), ""},
		{"nil", none, "nil"},
		{"empty", authn.JWKS(""), "empty"},
		{"two ways", &authn.RemoteKeys{URL: url, Discovery: true}, "both"},
		{"http", authn.JWKS("http://issuer.example/jwks.json"), "not https"},
		{"http, a name like localhost", authn.JWKS("http://localhost.example/"), "not https"},
		{"http, an address like loopback", authn.JWKS("http://128.0.0.1/"), "not https"},
		{"ftp on loopback", authn.JWKS("ftp://127.0.0.1/"), "not https"},
		{"file", authn.JWKS("file:///etc/keys.json"), "not absolute"},
		{"relative", authn.JWKS("/jwks.json"), "not absolute"},
		{"no scheme", authn.JWKS("issuer.example/jwks.json"), "not absolute"},
		{"no host", authn.JWKS("https:///jwks.json"), "not absolute"},
		{"a port alone", authn.JWKS("https://:443/jwks.json"), "not absolute"},
		{"opaque", authn.JWKS("https:issuer.example"), "not absolute"},
		{"user information", authn.JWKS("https://ana:secret@issuer.example/"), "user information"},
		{"a fragment", authn.JWKS(url + "#keys"), "fragment"},
		{"no URL", authn.JWKS("https://issuer.example/\x00secret"), "cannot be read"},
		{"MaxStale", &authn.RemoteKeys{URL: url, MaxStale: 24 * time.Hour}, ""},
		{"MaxStale too long", &authn.RemoteKeys{URL: url, MaxStale: 24*time.Hour + 1}, "MaxStale"},
		{"MaxStale too short", &authn.RemoteKeys{URL: url, MaxStale: time.Minute}, "MaxStale"},
		{"Refresh", &authn.RemoteKeys{URL: url, Refresh: 20 * time.Hour}, ""},
		{"Refresh too long", &authn.RemoteKeys{URL: url, Refresh: 25 * time.Hour}, "MaxStale"},
		{"Refresh negative", &authn.RemoteKeys{URL: url, Refresh: -1}, "Refresh"},
		{"CoolDown", &authn.RemoteKeys{URL: url, CoolDown: time.Second}, ""},
		{"CoolDown too short", &authn.RemoteKeys{URL: url, CoolDown: time.Second - 1}, "CoolDown"},
		{"Timeout negative", &authn.RemoteKeys{URL: url, Timeout: -1}, "Timeout"},
		{"Wait negative", &authn.RemoteKeys{URL: url, Wait: -1}, "Wait"},
		{"MaxBytes negative", &authn.RemoteKeys{URL: url, MaxBytes: -1}, "MaxBytes"},
	} {
		err := jwksBuild(tt.keys, jwksIssuer, "ES256")
		switch {
		case tt.want == "" && err != nil:
			t.Errorf("%s: %v", tt.name, err)
		case tt.want != "" && (err == nil || !strings.Contains(err.Error(), tt.want)):
			t.Errorf("%s: the error is %v, want one with %q", tt.name, err, tt.want)
		case err != nil && strings.Contains(err.Error(), "secret"):
			t.Errorf("%s: the error has the secret: %v", tt.name, err)
		}
	}
}

func jwksBuild(keys *authn.RemoteKeys, issuer string, algorithms ...string) error {
	_, err := authn.New(authn.Options{Schemes: []authn.Scheme{authn.JWT[authn.NoClaims]{
		Issuer: issuer, Audience: "a", Algorithms: algorithms, Keys: keys,
	}}})
	return err
}

// What is published is no secret.
func TestJWKSNoSecrets(t *testing.T) {
	if err := jwksBuild(authn.JWKS("https://issuer.example/"), jwksIssuer, "ES256", "HS256"); err == nil {
		t.Error("HS256 is taken")
	}
}

// Keys by itself, without a JWT around it.
func TestJWKSAlone(t *testing.T) {
	a := newJWKSSigner(t, "a")
	server := newJWKSServer(t, jwksSet(a.jwk(t)))
	keys := authn.JWKS(server.URL)
	if v := keys.Version(); v != 0 {
		t.Errorf("the version is %d before the first fetch", v)
	}
	if err := keys.Ready(t.Context()); err != nil {
		t.Fatal(err)
	}
	if found, err := keys.Keys(t.Context(), "a"); err != nil || len(found) != 1 || !a.key.PublicKey.Equal(found[0].Key) {
		t.Errorf("%v, %v", found, err)
	}
	if _, err := keys.Keys(t.Context(), "b"); !errors.Is(err, authn.ErrUnknownKey) {
		t.Errorf("an unknown key: %v", err)
	}
	for _, wrong := range []*authn.RemoteKeys{authn.Discover(), authn.JWKS("")} {
		if _, err := wrong.Keys(t.Context(), "a"); err == nil || errors.Is(err, authn.ErrUnknownKey) {
			t.Errorf("%+v: %v", wrong.URL, err)
		}
		if wrong.Ready(t.Context()) == nil || wrong.Version() != 0 {
			t.Error("it is ready")
		}
	}
}

// A known key of a fresh set costs nothing.
func TestJWKSKnownKeyAllocatesNothing(t *testing.T) {
	a, b := newJWKSSigner(t, "a"), newJWKSSigner(t, "")
	server := newJWKSServer(t, jwksSet(a.jwk(t), b.jwk(t)))
	keys := authn.JWKS(server.URL)
	for _, kid := range []string{"a", ""} {
		if _, err := keys.Keys(t.Context(), kid); err != nil {
			t.Fatal(err)
		}
		ctx := context.Background()
		if n := testing.AllocsPerRun(100, func() { keys.Keys(ctx, kid) }); n != 0 {
			t.Errorf("kid %q: %v allocations", kid, n)
		}
	}
}

func BenchmarkJWKSKnownKey(b *testing.B) {
	a := newJWKSSigner(b, "a")
	keys := authn.JWKS(newJWKSServer(b, jwksSet(a.jwk(b))).URL)
	ctx := b.Context()
	b.ReportAllocs()
	b.RunParallel(func(pb *testing.PB) {
		for pb.Next() {
			if _, err := keys.Keys(ctx, "a"); err != nil {
				b.Error(err)
			}
		}
	})
}
