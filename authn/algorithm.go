package authn

import (
	"bytes"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/rsa"
	"errors"
	"fmt"

	"github.com/golang-jwt/jwt/v5"
)

// algorithm is a signature algorithm (RFC 7518 §3.1, RFC 8037, RFC 9864). What
// makes and checks signatures is golang-jwt; which key may be used for which
// algorithm is decided here: a public key taken as an HMAC secret is the oldest
// hole of JWT (RFC 8725 §2.1).
type algorithm struct {
	name   string
	method jwt.SigningMethod
	// typed reports whether the key has the algorithm's type and strength.
	typed func(key any) error
	// secret: signatures are made and checked with the same key.
	secret bool
}

// minRSA is the size in bits that RFC 7518 §3.3 and §3.5 demand.
const minRSA = 2048

var supported = func() map[string]*algorithm {
	all := map[string]*algorithm{}
	add := func(name string, method jwt.SigningMethod, typed func(any) error) {
		_, secret := method.(*jwt.SigningMethodHMAC)
		all[name] = &algorithm{name, method, typed, secret}
	}
	for _, m := range []*jwt.SigningMethodHMAC{jwt.SigningMethodHS256, jwt.SigningMethodHS384, jwt.SigningMethodHS512} {
		add(m.Name, m, secretOf(m.Hash.Size()))
	}
	for _, m := range []*jwt.SigningMethodRSA{jwt.SigningMethodRS256, jwt.SigningMethodRS384, jwt.SigningMethodRS512} {
		add(m.Name, m, isRSA)
	}
	for _, m := range []*jwt.SigningMethodRSAPSS{jwt.SigningMethodPS256, jwt.SigningMethodPS384, jwt.SigningMethodPS512} {
		// RFC 7518 §3.5: the salt is as long as the hash. The method itself would
		// take any length.
		add(m.Name, &jwt.SigningMethodRSAPSS{SigningMethodRSA: m.SigningMethodRSA, Options: m.Options}, isRSA)
	}
	add("ES256", jwt.SigningMethodES256, isECDSA(elliptic.P256()))
	add("ES384", jwt.SigningMethodES384, isECDSA(elliptic.P384()))
	add("ES512", jwt.SigningMethodES512, isECDSA(elliptic.P521()))
	add("EdDSA", jwt.SigningMethodEdDSA, isEd25519)
	add("Ed25519", jwt.SigningMethodEdDSA, isEd25519) // RFC 9864 §2.2
	return all
}()

// fits reports whether signatures by this algorithm may be checked with the key.
func (a *algorithm) fits(k Key) error {
	if k.Algorithm != "" && k.Algorithm != a.name && !(isEdDSA(k.Algorithm) && isEdDSA(a.name)) {
		return fmt.Errorf("the key is for %q, not for %s", k.Algorithm, a.name)
	}
	return a.typed(k.Key)
}

// fitsAmong is fits where secrets and public keys may both be taken (mixed): a
// secret must then say what it is for (RFC 8725 §3.1: one key, one algorithm), so
// that none is a public key in disguise.
func (a *algorithm) fitsAmong(k Key, mixed bool) error {
	if mixed && a.secret && k.Algorithm == "" {
		return errSecretUnnamed
	}
	return a.fits(k)
}

// mixed: there are algorithms with secrets, and such with public keys.
func mixed(algorithms []string) bool {
	secrets := 0
	for _, name := range algorithms {
		if supported[name] != nil && supported[name].secret {
			secrets++
		}
	}
	return secrets > 0 && secrets < len(algorithms)
}

func isEdDSA(name string) bool { return name == "EdDSA" || name == "Ed25519" }

func (a *algorithm) verify(signed string, signature []byte, k Key) bool {
	return a.method.Verify(signed, signature, k.Key) == nil
}

var (
	errKeyType       = errors.New("the key is of another type than the algorithm's")
	errSecretUnnamed = errors.New("a secret must have its Algorithm where public keys are taken too")
	errPublicSecret  = errors.New("the secret is a public key or a certificate, which everybody knows (RFC 8725 §2.1)")
)

func secretOf(size int) func(any) error {
	return func(key any) error {
		secret, ok := key.([]byte)
		if !ok {
			return errKeyType
		}
		if len(secret) < size {
			return fmt.Errorf("the secret has %d bytes and needs %d (RFC 7518 §3.2)", len(secret), size)
		}
		if isPublic(secret) {
			return errPublicSecret
		}
		return nil
	}
}

// isPublic reports whether what is meant to be a secret is a key as keys are written
// in files: PEM, SSH, a JWK, or DER.
func isPublic(secret []byte) bool {
	text := bytes.TrimLeft(secret, " \t\r\n")
	switch {
	case bytes.HasPrefix(text, []byte("-----BEGIN ")), bytes.HasPrefix(text, []byte("ssh-")), bytes.HasPrefix(text, []byte("ecdsa-sha2-")):
		return true
	case len(text) > 0 && text[0] == '{':
		return bytes.Contains(text, []byte(`"kty"`))
	}
	return isDER(secret)
}

// isDER: a key or a certificate begins with the tag of a sequence and a length
// which is that of the rest. Of random secrets one in millions does.
func isDER(secret []byte) bool {
	if len(secret) < 4 || secret[0] != 0x30 {
		return false
	}
	switch n := int(secret[1]); {
	case n < 0x80:
		return n == len(secret)-2 && (secret[2] == 0x30 || secret[2] == 0x02)
	case n == 0x81:
		return int(secret[2]) == len(secret)-3
	case n == 0x82:
		return int(secret[2])<<8|int(secret[3]) == len(secret)-4
	}
	return false
}

func isRSA(key any) error {
	public, ok := key.(*rsa.PublicKey)
	if !ok || public == nil || public.N == nil {
		return errKeyType
	}
	if bits := public.N.BitLen(); bits < minRSA {
		return fmt.Errorf("the RSA key has %d bits and needs %d (RFC 7518 §3.3)", bits, minRSA)
	}
	if public.E < 3 || public.E%2 == 0 {
		return errors.New("the RSA key's exponent is not odd and more than 1 (RFC 8017 §3.1)")
	}
	return nil
}

func isECDSA(curve elliptic.Curve) func(any) error {
	return func(key any) error {
		public, ok := key.(*ecdsa.PublicKey)
		if !ok || public == nil || public.Curve != curve || *public == (ecdsa.PublicKey{Curve: curve}) {
			return errKeyType
		}
		return nil
	}
}

func isEd25519(key any) error {
	if public, ok := key.(ed25519.PublicKey); !ok || len(public) != ed25519.PublicKeySize {
		return errKeyType
	}
	return nil
}

// checkAlgorithms refuses an empty list and names that are not known, such as
// "none".
func checkAlgorithms(names []string) error {
	if len(names) == 0 {
		return errors.New("there are no algorithms: name those that the issuer signs with, such as ES256")
	}
	for _, name := range names {
		if supported[name] == nil {
			return fmt.Errorf("the algorithm %q is not known here", name)
		}
	}
	return nil
}
