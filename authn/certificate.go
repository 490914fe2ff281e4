package authn

import (
	"crypto/sha256"
	"crypto/subtle"
	"crypto/x509"
	"net/http"
)

// checkCertificate compares the client certificate of the connection with the
// thumbprint that a token is bound to: the base64url of a SHA-256 over the DER
// encoding (RFC 8705 §3.1). Who issued the certificate does not matter here (§3):
// that is for the TLS configuration.
func (a *Authenticator) checkCertificate(r *http.Request, thumbprint string) error {
	cert := a.clientCertificate(r)
	if cert == nil {
		return refuse(CertificateMissing, nil)
	}
	sum := sha256.Sum256(cert.Raw)
	var have [(sha256.Size*8 + 5) / 6]byte
	base64url.Encode(have[:], sum[:])
	if subtle.ConstantTimeCompare(have[:], []byte(thumbprint)) != 1 {
		return refuse(CertificateMismatch, nil)
	}
	return nil
}

// clientCertificate is that which the client proved to have the key of, nil where
// there is none.
func (a *Authenticator) clientCertificate(r *http.Request) *x509.Certificate {
	if a.options.Certificate != nil {
		return a.options.Certificate(r)
	}
	if r.TLS == nil || len(r.TLS.PeerCertificates) == 0 {
		return nil
	}
	return r.TLS.PeerCertificates[0]
}
