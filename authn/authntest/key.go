package authntest

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"math/big"
	"strings"
	"testing"

	"github.com/golang-jwt/jwt/v5"
)

// signer is a key to sign with by one algorithm.
type signer struct {
	id, algorithm string
	private       any // a crypto.Signer, or a secret
}

// newSigner makes a key for an algorithm.
func newSigner(t testing.TB, algorithm string) *signer {
	t.Helper()
	s := &signer{id: rand.Text()[:12], algorithm: algorithm}
	var err error
	switch algorithm {
	case "ES256":
		s.private, err = ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	case "ES384":
		s.private, err = ecdsa.GenerateKey(elliptic.P384(), rand.Reader)
	case "ES512":
		s.private, err = ecdsa.GenerateKey(elliptic.P521(), rand.Reader)
	case "RS256", "RS384", "RS512", "PS256", "PS384", "PS512":
		s.private, err = rsa.GenerateKey(rand.Reader, 2048)
	case "EdDSA", "Ed25519":
		_, s.private, err = ed25519.GenerateKey(rand.Reader)
	case "HS256", "HS384", "HS512":
		secret := make([]byte, 64) // enough for each of them (RFC 7518 §3.2)
		_, err = rand.Read(secret)
		s.private = secret
	default:
		err = fmt.Errorf("the algorithm %q is not known", algorithm)
	}
	if err != nil {
		t.Fatalf("authntest: a key cannot be made: %v", err)
	}
	return s
}

// public is the key to verify with: of a secret the secret itself.
func (s *signer) public() any {
	if key, ok := s.private.(crypto.Signer); ok {
		return key.Public()
	}
	return s.private
}

// by is the same key under another algorithm.
func (s *signer) by(algorithm string) *signer {
	return &signer{id: s.id, algorithm: algorithm, private: s.private}
}

// sign returns the signature over input. It is empty for "none".
func (s *signer) sign(input string) ([]byte, error) {
	name := s.algorithm
	if name == "Ed25519" { // the name of RFC 9864 for what EdDSA is with this key
		name = "EdDSA"
	}
	if strings.EqualFold(name, "none") {
		return nil, nil
	}
	method := jwt.GetSigningMethod(name)
	if method == nil {
		return nil, fmt.Errorf("the algorithm %q is not known", name)
	}
	return method.Sign(input, s.private)
}

// jwk is the public key as a JWK (RFC 7517), with its id, use and algorithm; nil
// for a secret, which nobody publishes.
func (s *signer) jwk() map[string]any {
	jwk := bareJWK(s.public())
	if jwk != nil {
		jwk["kid"], jwk["use"], jwk["alg"] = s.id, "sig", s.algorithm
	}
	return jwk
}

// bareJWK has the members that RFC 7638 §3.2 makes a thumbprint of, and no other.
func bareJWK(public any) map[string]any {
	switch key := public.(type) {
	case *ecdsa.PublicKey:
		point, err := key.Bytes() // 4, X, Y
		if err != nil {
			return nil
		}
		size := (len(point) - 1) / 2
		return map[string]any{"kty": "EC", "crv": key.Curve.Params().Name, "x": encode(point[1 : 1+size]), "y": encode(point[1+size:])}
	case *rsa.PublicKey:
		return map[string]any{"kty": "RSA", "n": encode(key.N.Bytes()), "e": encode(big.NewInt(int64(key.E)).Bytes())}
	case ed25519.PublicKey:
		return map[string]any{"kty": "OKP", "crv": "Ed25519", "x": encode(key)}
	}
	return nil
}

// thumbprint is that of RFC 7638, by SHA-256.
func thumbprint(public any) string {
	b, _ := json.Marshal(bareJWK(public)) // strings alone; the members come sorted, as §3 wants them
	sum := sha256.Sum256(b)
	return encode(sum[:])
}

func encode(b []byte) string { return base64.RawURLEncoding.EncodeToString(b) }
