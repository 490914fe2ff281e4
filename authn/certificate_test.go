package authn_test

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/sha256"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"io"
	"log"
	"math/big"
	"net/http"
	"net/http/httptest"
	"testing"
	"time"

	"github.com/forthright-http/forthright/authn"
	"github.com/forthright-http/forthright/respond/conform/conformtest"
)

// certificateMake makes a self-signed certificate: RFC 8705 §3 does not ask who
// issued it.
func certificateMake(t *testing.T, serial int64) (pair tls.Certificate, thumbprint string) {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	template := &x509.Certificate{
		SerialNumber: big.NewInt(serial), Subject: pkix.Name{CommonName: "client"},
		NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(time.Hour),
		ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageClientAuth},
	}
	der, err := x509.CreateCertificate(rand.Reader, template, template, key.Public(), key)
	if err != nil {
		t.Fatal(err)
	}
	sum := sha256.Sum256(der)
	leaf, err := x509.ParseCertificate(der)
	if err != nil {
		t.Fatal(err)
	}
	return tls.Certificate{Certificate: [][]byte{der}, PrivateKey: key, Leaf: leaf}, dpopEncode(sum[:])
}

func TestRFC8705Section3_CertificateBound(t *testing.T) {
	client, thumbprint := certificateMake(t, 1)
	other, _ := certificateMake(t, 2)
	k := dpopNewKey(t, "ES256")
	s := dpopServe(t, authn.DPoP{})
	server := httptest.NewUnstartedServer(s)
	server.TLS = &tls.Config{ClientAuth: tls.RequestClientCert}
	server.Config.ErrorLog = log.New(io.Discard, "", 0)
	server.StartTLS()
	defer server.Close()

	bound := dpopToken(t, map[string]any{"x5t#S256": thumbprint})
	both := dpopToken(t, map[string]any{"x5t#S256": thumbprint, "jkt": k.thumbprint})
	otherKey := dpopToken(t, map[string]any{"x5t#S256": thumbprint, "jkt": dpopHash("other")})
	rfc := dpopToken(t, map[string]any{"x5t#S256": "bwcK0esc3ACC3DB2Y5_lESsXE8o9ltc05O89jdN-dg2"}) // the example of §3.1
	proof := func(token string) string { return k.proof(t, "GET", dpopOrigin+"/v1", token, nil, nil) }
	for _, tt := range []struct {
		name          string
		certificate   *tls.Certificate
		authorization string
		proof         string
		status        int
		code          string // on the challenge of the scheme that was used
		reason        authn.Reason
	}{
		{"its certificate", &client, "Bearer " + bound, "", 200, "", authn.Accepted},
		{"another", &other, "Bearer " + bound, "", 401, dpopBadToken, authn.CertificateMismatch},
		{"none", nil, "Bearer " + bound, "", 401, dpopBadToken, authn.CertificateMissing},
		{"a token that is not bound", &client, "Bearer " + dpopToken(t, nil), "", 200, "", authn.Accepted},
		{"the example", &client, "Bearer " + rfc, "", 401, dpopBadToken, authn.CertificateMismatch},
		{"padding (§3.1)", &client, "Bearer " + dpopToken(t, map[string]any{"x5t#S256": thumbprint + "="}), "", 401, dpopBadToken, authn.CertificateMismatch},
		{"half of it", &client, "Bearer " + dpopToken(t, map[string]any{"x5t#S256": thumbprint[:20]}), "", 401, dpopBadToken, authn.CertificateMismatch},
		{"a certificate in place of a key, as DPoP", &client, "DPoP " + bound, proof(bound), 401, dpopBadToken, authn.BindingMissing},
		{"both hold", &client, "DPoP " + both, proof(both), 200, "", authn.Accepted},
		{"the certificate alone", &client, "DPoP " + otherKey, proof(otherKey), 401, dpopBadToken, authn.ProofKeyMismatch},
		{"the certificate alone, as Bearer", &client, "Bearer " + both, "", 401, dpopBadToken, authn.BoundToKey},
		{"the key alone", &other, "DPoP " + both, proof(both), 401, dpopBadToken, authn.CertificateMismatch},
		{"the key alone, no certificate", nil, "DPoP " + both, proof(both), 401, dpopBadToken, authn.CertificateMissing},
	} {
		t.Run(tt.name, func(t *testing.T) {
			transport := server.Client().Transport.(*http.Transport).Clone()
			defer transport.CloseIdleConnections()
			if tt.certificate != nil {
				transport.TLSClientConfig.Certificates = []tls.Certificate{*tt.certificate}
			}
			r, _ := http.NewRequest("GET", server.URL+"/v1", nil)
			r.Header.Set("Authorization", tt.authorization)
			if tt.proof != "" {
				r.Header.Set("DPoP", tt.proof)
			}
			res, err := transport.RoundTrip(r)
			if err != nil {
				t.Fatal(err)
			}
			res.Body.Close()
			if reason := <-s.reasons; res.StatusCode != tt.status || reason != tt.reason {
				t.Fatalf("%d %s, want %d %s", res.StatusCode, reason, tt.status, tt.reason)
			}
			if tt.status != 401 {
				return
			}
			challenges, err := authn.ParseChallenges(res.Header["Www-Authenticate"])
			if err != nil {
				t.Fatal(err)
			}
			for _, c := range challenges {
				code, _ := c.Param("error")
				if used := c.Scheme == tt.authorization[:len(c.Scheme)]; used && code != tt.code || !used && code != "" {
					t.Errorf("%s has error=%q", c.Scheme, code)
				}
			}
		})
	}
}

// A proxy that ends TLS hands the certificate on; that of its own connection, and a
// field that is not looked at, do not count.
func TestCertificateFromProxy(t *testing.T) {
	client, thumbprint := certificateMake(t, 1)
	proxy, _ := certificateMake(t, 2)
	a, err := authn.New(authn.Options{
		Schemes: []authn.Scheme{dpopJWT},
		Now:     func() time.Time { return dpopNow },
		Certificate: func(r *http.Request) *x509.Certificate {
			if r.Header.Get("Client-Cert") == "1" {
				return client.Leaf
			}
			return nil
		},
	})
	if err != nil {
		t.Fatal(err)
	}
	h := conformtest.Handler(t, a.Handler(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(204) })))
	bound := dpopToken(t, map[string]any{"x5t#S256": thumbprint})
	for _, tt := range []struct {
		field  string
		status int
	}{{"1", 204}, {"2", 401}, {"", 401}} {
		r := httptest.NewRequest("GET", "/v1", nil)
		r.Header.Set("Authorization", "Bearer "+bound)
		r.Header.Set("Client-Cert", tt.field)
		r.TLS = &tls.ConnectionState{PeerCertificates: []*x509.Certificate{proxy.Leaf}}
		w := httptest.NewRecorder()
		h.ServeHTTP(w, r)
		if w.Code != tt.status {
			t.Errorf("Client-Cert %q: %d, want %d", tt.field, w.Code, tt.status)
		}
	}
}
