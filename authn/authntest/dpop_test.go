package authntest_test

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rsa"
	"encoding/base64"
	"io"
	"log"
	"math/big"
	"net/http"
	"net/http/httptest"
	"testing"

	"github.com/golang-jwt/jwt/v5"

	"github.com/forthright-http/forthright/authn/authntest"
)

func decode(t *testing.T, s string) []byte {
	t.Helper()
	b, err := base64.RawURLEncoding.DecodeString(s)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

// The key of RFC 9449 §4.1, whose thumbprint is the "jkt" of §6.1.
func TestRFC9449Section6_1_Thumbprint(t *testing.T) {
	point := append(append([]byte{4}, decode(t, "l8tFrhx-34tV3hRICRDY9zCkDlpBhF42UQUfWVAWBFs")...), decode(t, "9VE4jf_Ok_o64zbTTlcuNJajHmt6v9TDVrU0CdvGRDA")...)
	key, err := ecdsa.ParseUncompressedPublicKey(elliptic.P256(), point)
	if err != nil {
		t.Fatal(err)
	}
	if got, want := authntest.Thumbprint(key), "0ZcOCORZNYy-DWpqq30jZyJGHTN0d2HglBV3uiguA4I"; got != want {
		t.Errorf("the thumbprint is %s, want %s", got, want)
	}
}

func TestRFC7638Section3_1_Thumbprint(t *testing.T) {
	n := decode(t, "0vx7agoebGcQSuuPiLJXZptN9nndrQmbXEps2aiAFbWhM78LhWx4cbbfAAtVT86zwu1RK7aPFFxuhDR1L6tSoc_BJECPebWKRXjBZCiFV4n3oknjhMstn64tZ_2W-5JsGY4Hc5n9yBXArwl93lqt7_RN5w6Cf0h4QyQ5v-65YGjQR0_FDW2QvzqY368QQMicAtaSqzs8KJZgnYb9c7d0zgdAZHzu6qMQvRL5hajrn1n91CbOpbISD08qNLyrdkt-bFTWhAI4vMQFh6WeZu0fM4lFd2NcRwr3XPksINHaQ-G_xBniIqbw0Ls1jF44-csFCur-kEgU8awapJzKnqDKgw")
	key := &rsa.PublicKey{N: new(big.Int).SetBytes(n), E: 65537}
	if got, want := authntest.Thumbprint(key), "NzbLsXh8uDCcd-6MNwXF4W_7noWXFZAfHkxZsRGC9Xs"; got != want {
		t.Errorf("the thumbprint is %s, want %s", got, want)
	}
}

// RFC 9449 §4.2: what a proof has.
func TestRFC9449Section4_2_Proof(t *testing.T) {
	iss := authntest.NewIssuer(t)
	for _, algorithm := range []string{"ES256", "EdDSA", "RS256"} {
		key := iss.NewProofKey(algorithm)
		proof := key.Proof("POST", "https://api.example.com/a?b=c#d", "abc", "n-1")
		got, _, err := jwt.NewParser().ParseUnverified(proof, jwt.MapClaims{})
		if err != nil {
			t.Fatal(err)
		}
		claims, jwk := got.Claims.(jwt.MapClaims), got.Header["jwk"].(map[string]any)
		if got.Header["typ"] != "dpop+jwt" || got.Header["alg"] != algorithm || got.Header["kid"] != nil || jwk["kty"] == nil || jwk["d"] != nil {
			t.Errorf("%s: the header is %v", algorithm, got.Header)
		}
		// The SHA-256 of "abc" is that of FIPS 180-2 appendix B.1.
		if claims["htm"] != "POST" || claims["htu"] != "https://api.example.com/a" || claims["nonce"] != "n-1" || claims["jti"] == "" ||
			claims["iat"] != float64(iss.Now().Unix()) || claims["ath"] != "ungWv48Bz-pBQUDeXa4iI7ADYaOWF3qctBD_YfIAFa0" {
			t.Errorf("%s: the claims are %v", algorithm, claims)
		}
	}
}

// TestCA: a client shows its certificate, or none, and one of another authority is
// not taken.
func TestCA(t *testing.T) {
	ca, other := authntest.NewIssuer(t).CA(), authntest.NewIssuer(t).CA()
	server := httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		for _, c := range r.TLS.PeerCertificates {
			w.Header().Add("X-Client", c.Subject.CommonName)
		}
	}))
	server.TLS, server.Config.ErrorLog = ca.Server(), log.New(io.Discard, "", 0)
	server.StartTLS()
	defer server.Close()
	client := &http.Client{Transport: &http.Transport{TLSClientConfig: ca.Config(ca.Client("a"))}}
	res, err := client.Get(server.URL)
	if err != nil || res.Header.Get("X-Client") != "a" {
		t.Errorf("with a certificate: %v, %v", res, err)
	}
	client = &http.Client{Transport: &http.Transport{TLSClientConfig: ca.Config()}}
	if res, err = client.Get(server.URL); err != nil || res.Header.Get("X-Client") != "" {
		t.Errorf("without a certificate: %v, %v", res, err)
	}
	client = &http.Client{Transport: &http.Transport{TLSClientConfig: other.Config()}}
	if _, err = client.Get(server.URL); err == nil {
		t.Error("a client of another authority trusts the server")
	}
}
