package authn_test

import (
	"crypto/rand"
	"crypto/rsa"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/forthright-http/forthright/authn"
)

func TestDPoPAlgorithms(t *testing.T) {
	all := []string{"ES256", "ES384", "ES512", "EdDSA", "Ed25519", "RS256", "RS384", "RS512", "PS256", "PS384", "PS512"}
	for _, alg := range all {
		k := dpopNewKey(t, alg)
		token := dpopBound(t, k)
		w, _ := dpopServe(t, authn.DPoP{Algorithms: all}).send("GET", "/v1", "DPoP "+token, k.proof(t, "GET", dpopOrigin+"/v1", token, nil, nil))
		dpopWant(t, w, 200, "")
	}
	small, err := rsa.GenerateKey(rand.Reader, 1024)
	if err != nil {
		t.Skip("no RSA key of 1024 bits can be made here")
	}
	k := dpopNewKey(t, "RS256")
	k.private, k.jwk = small, map[string]any{"kty": "RSA", "n": dpopEncode(small.N.Bytes()), "e": "AQAB"}
	k.thumbprint = dpopHash(fmt.Sprintf(`{"e":"AQAB","kty":"RSA","n":"%s"}`, k.jwk["n"]))
	token := dpopBound(t, k)
	_, reason := dpopServe(t, authn.DPoP{Algorithms: all}).send("GET", "/v1", "DPoP "+token, k.proof(t, "GET", dpopOrigin+"/v1", token, nil, nil))
	if reason != authn.ProofMalformed {
		t.Errorf("an RSA key of 1024 bits: %s", reason)
	}
}

func TestDPoPSettings(t *testing.T) {
	secret := []byte(strings.Repeat("s", 32))
	for _, tt := range []struct {
		scheme authn.DPoP
		want   string // in the error, "" for none
	}{
		{authn.DPoP{Origin: dpopOrigin}, ""},
		{authn.DPoP{Origin: dpopOrigin, Nonces: &authn.Nonces{Secret: secret}}, ""},
		{authn.DPoP{Origin: dpopOrigin, Nonces: &authn.Nonces{PerProcess: true}}, ""},
		{authn.DPoP{}, "no Origin"},
		{authn.DPoP{Origin: "api.example.com"}, "not a URL"},
		{authn.DPoP{Origin: "https://"}, "not a URL"},
		{authn.DPoP{Origin: "https://:443"}, "not a URL"},
		{authn.DPoP{Origin: "https:api.example.com"}, "not a URL"},
		{authn.DPoP{Origin: "ftp://api.example.com"}, "neither https"},
		{authn.DPoP{Origin: "http://api.example.com"}, "neither https"},
		{authn.DPoP{Origin: "https://api.example.com?a"}, "query"},
		{authn.DPoP{Origin: "https://api.example.com/#"}, "fragment"},
		{authn.DPoP{Origin: "https://ana@api.example.com"}, "user"},
		{authn.DPoP{Origin: dpopOrigin, Algorithms: []string{}}, "no algorithms"},
		{authn.DPoP{Origin: dpopOrigin, Algorithms: []string{"none"}}, "not known"},
		{authn.DPoP{Origin: dpopOrigin, Algorithms: []string{"ES256", "HS256"}}, "symmetric"},
		{authn.DPoP{Origin: dpopOrigin, Algorithms: []string{"ES256", "ES256"}}, "twice"},
		{authn.DPoP{Origin: dpopOrigin, MaxAge: -1}, "MaxAge"},
		{authn.DPoP{Origin: dpopOrigin, MaxAge: time.Millisecond}, "MaxAge"},
		{authn.DPoP{Origin: dpopOrigin, MaxAge: 2 * time.Hour}, "MaxAge"},
		{authn.DPoP{Origin: dpopOrigin, MaxReplays: -1}, "MaxReplays"},
		{authn.DPoP{Origin: dpopOrigin, MaxReplays: 5, Replays: dpopStore(nil)}, "MaxReplays"},
		{authn.DPoP{Origin: dpopOrigin, Nonces: &authn.Nonces{}}, "0 bytes and needs 32"},
		{authn.DPoP{Origin: dpopOrigin, Nonces: &authn.Nonces{Secret: secret[:31]}}, "31 bytes and needs 32"},
		{authn.DPoP{Origin: dpopOrigin, Nonces: &authn.Nonces{Secret: secret, PerProcess: true}}, "choose one"},
		{authn.DPoP{Origin: dpopOrigin, Nonces: &authn.Nonces{Secret: secret, Lifetime: time.Second}}, "Lifetime"},
		{authn.DPoP{Origin: dpopOrigin, Nonces: &authn.Nonces{Secret: secret, Lifetime: -time.Hour}}, "Lifetime"},
		{authn.DPoP{Origin: dpopOrigin, Nonces: &authn.Nonces{Secret: secret, Lifetime: 25 * time.Hour}}, "Lifetime"},
	} {
		_, err := authn.New(authn.Options{Schemes: []authn.Scheme{dpopJWT, tt.scheme}})
		switch {
		case tt.want == "" && err != nil, tt.want != "" && (err == nil || !strings.Contains(err.Error(), tt.want)):
			t.Errorf("%+v: %v, want %q", tt.scheme, err, tt.want)
		case err != nil && strings.Contains(err.Error(), string(secret[:8])):
			t.Errorf("the secret is in %q", err)
		}
	}
	d := authn.DPoP{Origin: dpopOrigin}
	for _, schemes := range [][]authn.Scheme{{dpopJWT, d, d}, {d}} {
		if _, err := authn.New(authn.Options{Schemes: schemes}); err == nil {
			t.Errorf("%d schemes: no error", len(schemes))
		}
	}
}
