package authn

import (
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/rsa"
	"crypto/sha256"
	"errors"
	"math/big"
)

// proofJWK is a key as JSON (RFC 7517), as far as a public key needs it.
type proofJWK struct {
	Type      string `json:"kty"`
	Curve     string `json:"crv"`
	X         string `json:"x"`
	Y         string `json:"y"`
	Modulus   string `json:"n"`
	Exponent  string `json:"e"`
	Use       string `json:"use"`
	Algorithm string `json:"alg"`

	// What only a private or a symmetric key has (RFC 7518 §6.2.2, §6.3.2, §6.4,
	// RFC 8037 §2).
	D     any `json:"d"`
	P     any `json:"p"`
	Q     any `json:"q"`
	DP    any `json:"dp"`
	DQ    any `json:"dq"`
	QI    any `json:"qi"`
	Other any `json:"oth"`
	K     any `json:"k"`
}

// maxProofRSA is the size in bits beyond which an RSA key that a client made is not
// used: a signature takes time with the square of it.
const maxProofRSA = 8192

var (
	errPrivateJWK = errors.New("the jwk has a private key")
	errJWKType    = errors.New("the jwk is of a type that is not known here")
	errJWKValue   = errors.New("the jwk has a value that is no part of a key")
	errJWKUse     = errors.New("the jwk is not for signatures")
)

// public returns the key. Its values have the one spelling that RFC 7518 §6 and RFC
// 8037 §2 give them, so that no key has two thumbprints.
func (j *proofJWK) public() (Key, error) {
	for _, private := range [...]any{j.D, j.P, j.Q, j.DP, j.DQ, j.QI, j.Other, j.K} {
		if private != nil {
			return Key{}, errPrivateJWK
		}
	}
	if j.Use != "" && j.Use != "sig" {
		return Key{}, errJWKUse
	}
	var key any
	var err error
	switch j.Type {
	case "EC":
		key, err = j.ecdsa()
	case "OKP":
		key, err = j.ed25519()
	case "RSA":
		key, err = j.rsa()
	default:
		err = errJWKType
	}
	return Key{Algorithm: j.Algorithm, Key: key}, err
}

// ecdsa: both coordinates have the full size of the curve (RFC 7518 §6.2.1), and
// the point is on it.
func (j *proofJWK) ecdsa() (*ecdsa.PublicKey, error) {
	var curve elliptic.Curve
	switch j.Curve {
	case "P-256":
		curve = elliptic.P256()
	case "P-384":
		curve = elliptic.P384()
	case "P-521":
		curve = elliptic.P521()
	default:
		return nil, errJWKType
	}
	size := (curve.Params().BitSize + 7) / 8
	x, ok1 := decodeBase64url(j.X)
	y, ok2 := decodeBase64url(j.Y)
	if !ok1 || !ok2 || len(x) != size || len(y) != size {
		return nil, errJWKValue
	}
	point := append(append([]byte{4}, x...), y...) // SEC 1 §2.3.3, uncompressed
	key, err := ecdsa.ParseUncompressedPublicKey(curve, point)
	if err != nil {
		return nil, errJWKValue
	}
	return key, nil
}

func (j *proofJWK) ed25519() (ed25519.PublicKey, error) {
	if j.Curve != "Ed25519" {
		return nil, errJWKType
	}
	x, ok := decodeBase64url(j.X)
	if !ok || len(x) != ed25519.PublicKeySize {
		return nil, errJWKValue
	}
	return x, nil
}

// rsa: both numbers have no octet that is not needed (RFC 7518 §2, Base64urlUInt).
func (j *proofJWK) rsa() (*rsa.PublicKey, error) {
	n, ok1 := decodeBase64url(j.Modulus)
	e, ok2 := decodeBase64url(j.Exponent)
	if !ok1 || !ok2 || n[0] == 0 || e[0] == 0 || len(n) > maxProofRSA/8 || len(e) > 4 {
		return nil, errJWKValue
	}
	exponent := new(big.Int).SetBytes(e).Int64()
	if exponent < 3 || exponent > 1<<31-1 || exponent%2 == 0 || n[len(n)-1]%2 == 0 {
		return nil, errJWKValue
	}
	return &rsa.PublicKey{N: new(big.Int).SetBytes(n), E: int(exponent)}, nil
}

// thumbprint is that of RFC 7638 §3, with SHA-256: over the members that a key of
// the type must have, in lexicographic order. It is for a key that public took,
// whose values need no escapes.
func (j *proofJWK) thumbprint() [32]byte {
	var members []byte
	switch j.Type {
	case "EC":
		members = jwkMembers("crv", j.Curve, "kty", j.Type, "x", j.X, "y", j.Y)
	case "OKP":
		members = jwkMembers("crv", j.Curve, "kty", j.Type, "x", j.X) // RFC 8037 §2
	case "RSA":
		members = jwkMembers("e", j.Exponent, "kty", j.Type, "n", j.Modulus)
	}
	return sha256.Sum256(members)
}

func jwkMembers(pairs ...string) []byte {
	size := 2
	for _, s := range pairs {
		size += len(s) + 3
	}
	b := make([]byte, 0, size)
	for i := 0; i < len(pairs); i += 2 {
		b = append(b, `,"`...)
		b = append(b, pairs[i]...)
		b = append(b, `":"`...)
		b = append(b, pairs[i+1]...)
		b = append(b, '"')
	}
	b[0] = '{'
	return append(b, '}')
}
