package authntest

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/sha256"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"math/big"
	"net"
	"testing"
	"time"
)

// CA is a certificate authority of a test, for both sides of a connection. Its
// certificates hold from 2000 to 2100.
type CA struct {
	t    testing.TB
	cert *x509.Certificate
	key  *ecdsa.PrivateKey
}

// CA is the authority that the rows have their client certificates from.
func (i *Issuer) CA() *CA {
	i.mu.Lock()
	defer i.mu.Unlock()
	if i.ca == nil {
		i.ca = &CA{t: i.t}
		made := i.ca.issue(&x509.Certificate{
			Subject: pkix.Name{CommonName: "authntest"}, IsCA: true, BasicConstraintsValid: true, KeyUsage: x509.KeyUsageCertSign,
		})
		i.ca.cert, i.ca.key = made.Leaf, made.PrivateKey.(*ecdsa.PrivateKey)
	}
	return i.ca
}

// Client makes a client's certificate.
func (c *CA) Client(name string) tls.Certificate {
	return c.issue(&x509.Certificate{
		Subject: pkix.Name{CommonName: name}, KeyUsage: x509.KeyUsageDigitalSignature, ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageClientAuth},
	})
}

// Server is a configuration for a server on loopback, or of one of the names, which
// asks for client certificates of this authority and takes requests without.
func (c *CA) Server(names ...string) *tls.Config {
	cert := c.issue(&x509.Certificate{
		Subject: pkix.Name{CommonName: "server"}, KeyUsage: x509.KeyUsageDigitalSignature, ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth},
		DNSNames: append([]string{"localhost"}, names...), IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1), net.IPv6loopback},
	})
	return &tls.Config{Certificates: []tls.Certificate{cert}, ClientAuth: tls.VerifyClientCertIfGiven, ClientCAs: c.pool()}
}

// Config is a configuration for a client that trusts the authority and has these
// certificates of its own.
func (c *CA) Config(certificates ...tls.Certificate) *tls.Config {
	return &tls.Config{RootCAs: c.pool(), Certificates: certificates}
}

// Confirmation is the "cnf" of a token that is bound to a certificate (RFC 8705
// §3.1):
//
//	iss.Token(authntest.Claims{"cnf": authntest.Confirmation(cert)})
func Confirmation(cert tls.Certificate) map[string]any {
	sum := sha256.Sum256(cert.Certificate[0])
	return map[string]any{"x5t#S256": encode(sum[:])}
}

func (c *CA) pool() *x509.CertPool {
	pool := x509.NewCertPool()
	pool.AddCert(c.cert)
	return pool
}

// issue makes a certificate, which signs itself where there is no authority yet.
func (c *CA) issue(template *x509.Certificate) tls.Certificate {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		c.t.Fatalf("authntest: a key cannot be made: %v", err)
	}
	serial, err := rand.Int(rand.Reader, big.NewInt(1<<62))
	if err != nil {
		c.t.Fatalf("authntest: a serial number cannot be made: %v", err)
	}
	template.SerialNumber = serial
	template.NotBefore = time.Date(2000, 1, 1, 0, 0, 0, 0, time.UTC)
	template.NotAfter = time.Date(2100, 1, 1, 0, 0, 0, 0, time.UTC)
	parent, by := c.cert, c.key
	if parent == nil {
		parent, by = template, key
	}
	der, err := x509.CreateCertificate(rand.Reader, template, parent, key.Public(), by)
	if err != nil {
		c.t.Fatalf("authntest: a certificate cannot be made: %v", err)
	}
	leaf, err := x509.ParseCertificate(der)
	if err != nil {
		c.t.Fatalf("authntest: a certificate cannot be read: %v", err)
	}
	return tls.Certificate{Certificate: [][]byte{der}, PrivateKey: key, Leaf: leaf}
}
