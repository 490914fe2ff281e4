package authn_test

import (
	"bytes"
	"context"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"fmt"
	"math/big"
	"strings"
	"testing"
	"time"

	"github.com/golang-jwt/jwt/v5"

	"github.com/forthright-http/forthright/authn"
)

// Every algorithm with every kind of key: signatures are taken where the key is
// one for the algorithm, and nowhere else.
func TestRFC7518Section3_1_AlgorithmsAndKeys(t *testing.T) {
	es384 := must(ecdsa.GenerateKey(elliptic.P384(), rand.Reader))
	es512 := must(ecdsa.GenerateKey(elliptic.P521(), rand.Reader))
	es224 := must(ecdsa.GenerateKey(elliptic.P224(), rand.Reader))
	long := bytes.Repeat([]byte{1, 2, 3, 4}, 16)
	keys := []struct {
		name      string
		sign, key any
		algs      string // that it is for
	}{
		{"secret of 64 bytes", long, long, "HS256 HS384 HS512"},
		{"secret of 63 bytes", long[:63], long[:63], "HS256 HS384"},
		{"secret of 48 bytes", long[:48], long[:48], "HS256 HS384"},
		{"secret of 47 bytes", long[:47], long[:47], "HS256"},
		{"secret of 32 bytes", long[:32], long[:32], "HS256"},
		{"secret of 31 bytes", long[:31], long[:31], ""}, // RFC 7518 §3.2
		{"secret of 1 byte", long[:1], long[:1], ""},
		{"secret of 0 bytes", long[:0], long[:0], ""},
		{"secret as a string", nil, string(long), ""},
		{"RSA", jwtRSA(), &jwtRSA().PublicKey, "RS256 RS384 RS512 PS256 PS384 PS512"},
		{"RSA, private", jwtRSA(), jwtRSA(), ""},
		{"RSA, not a pointer", nil, jwtRSA().PublicKey, ""},
		{"RSA, nil", nil, (*rsa.PublicKey)(nil), ""},
		{"RSA, empty", nil, new(rsa.PublicKey), ""},
		{"RSA of exponent 1", nil, &rsa.PublicKey{N: jwtRSA().N, E: 1}, ""},
		{"RSA of even exponent", nil, &rsa.PublicKey{N: jwtRSA().N, E: 4}, ""},
		{"RSA of 2047 bits", nil, &rsa.PublicKey{N: new(big.Int).Rsh(jwtRSA().N, 1), E: 65537}, ""}, // §3.3
		{"P-256", jwtECDSA(), &jwtECDSA().PublicKey, "ES256"},
		{"P-384", es384, &es384.PublicKey, "ES384"},
		{"P-521", es512, &es512.PublicKey, "ES512"},
		{"P-224", es224, &es224.PublicKey, ""},
		{"P-256, nil", nil, (*ecdsa.PublicKey)(nil), ""},
		{"P-256, empty", nil, &ecdsa.PublicKey{Curve: elliptic.P256()}, ""},
		{"no curve", nil, &ecdsa.PublicKey{}, ""},
		{"Ed25519", jwtEd25519(), jwtEd25519().Public(), "EdDSA Ed25519"},
		{"Ed25519, private", jwtEd25519(), jwtEd25519(), ""},
		{"Ed25519, short", nil, ed25519.PublicKey(long[:31]), ""},
		{"nil", nil, nil, ""},
	}
	names := []string{"HS256", "HS384", "HS512", "RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256", "ES384", "ES512", "EdDSA", "Ed25519"}
	for _, name := range names {
		header := `{"alg":"` + name + `","typ":"at+jwt"}`
		signer := strings.Replace(name, "Ed25519", "EdDSA", 1)
		for _, k := range keys {
			fits := strings.Contains(" "+k.algs+" ", " "+name+" ")
			scheme := jwtScheme(func(j *authn.JWT[authn.NoClaims]) {
				j.Algorithms = []string{name}
				j.Keys = jwtSource(func(context.Context, string) ([]authn.Key, error) { return []authn.Key{{Key: k.key}}, nil })
			})
			token, want := jwtEncode(header)+"."+jwtEncode(jwtClaims)+".AAAA", authn.KeyMismatch
			if fits {
				token, want = jwtSign(header, jwtClaims, jwt.GetSigningMethod(signer), k.sign), authn.Accepted
			}
			api := newJWTAPI(t, scheme)
			api.want(name+" with "+k.name, token, want)
			if fits {
				h, c, _ := jwtParts(token)
				api.want(name+" by nobody", h+"."+c+".AAAA", authn.SignatureWrong)
			}
			// Of keys that are known when the service starts, one that is of no use
			// is an error then.
			scheme.Keys = authn.Keys{{Key: k.key}}
			if _, err := authn.New(authn.Options{Schemes: []authn.Scheme{scheme}}); (err == nil) != fits {
				t.Errorf("%s with %s: New returns %v", name, k.name, err)
			}
		}
	}
}

// RFC 7518 §3.5: "The size of the salt value is the same size as the hash function
// output."
func TestRFC7518Section3_5_Salt(t *testing.T) {
	api := newJWTAPI(t, jwtScheme(func(j *authn.JWT[authn.NoClaims]) {
		j.Algorithms, j.Keys = []string{"PS256"}, authn.Keys{{Key: &jwtRSA().PublicKey}}
	}))
	for salt, want := range map[int]authn.Reason{32: authn.Accepted, 20: authn.SignatureWrong, 64: authn.SignatureWrong, rsa.PSSSaltLengthAuto: authn.SignatureWrong} {
		method := &jwt.SigningMethodRSAPSS{SigningMethodRSA: jwt.SigningMethodPS256.SigningMethodRSA, Options: &rsa.PSSOptions{SaltLength: salt}}
		api.want(fmt.Sprint("a salt of ", salt), jwtSign(`{"alg":"PS256","typ":"at+jwt"}`, jwtClaims, method, jwtRSA()), want)
	}
}

// RFC 8725 §2.1: the attacker signs by HMAC with what everybody knows.
func TestRFC8725Section2_1_PublicKeyAsSecret(t *testing.T) {
	public := &jwtRSA().PublicKey
	pkix, pkcs1 := must(x509.MarshalPKIXPublicKey(public)), x509.MarshalPKCS1PublicKey(public)
	block := func(name string, der []byte) []byte { return pem.EncodeToMemory(&pem.Block{Type: name, Bytes: der}) }
	known := map[string][]byte{
		"PKIX":                pkix,
		"PKIX in PEM":         block("PUBLIC KEY", pkix),
		"PEM after space":     append([]byte(" \n"), block("PUBLIC KEY", pkix)...),
		"PEM, trimmed":        bytes.TrimSpace(block("PUBLIC KEY", pkix)),
		"PKCS #1":             pkcs1,
		"PKCS #1 in PEM":      block("RSA PUBLIC KEY", pkcs1),
		"P-256":               must(x509.MarshalPKIXPublicKey(&jwtECDSA().PublicKey)),
		"Ed25519":             must(x509.MarshalPKIXPublicKey(jwtEd25519().Public())),
		"certificate":         jwtCertificate(),
		"certificate in PEM":  block("CERTIFICATE", jwtCertificate()),
		"SSH":                 []byte("ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIAABAgMEBQYHCAkKCwwNDg8QERITFBUWFxgZGhscHR4f user@host"),
		"SSH ECDSA":           []byte("ecdsa-sha2-nistp256 AAAAE2VjZHNhLXNoYTItbmlzdHAyNTYAAAAIbmlzdHAyNTYAAABBBA user@host"),
		"JWK":                 []byte(`{"kty":"OKP","crv":"Ed25519","x":"11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo"}`),
		"JWK of another form": []byte("\n{ \"x\": \"11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo\", \"kty\": \"OKP\" }"),
	}
	for name, secret := range known {
		forged := jwtSign(jwtHeader, jwtClaims, jwt.SigningMethodHS256, secret)
		source := func(key any, alg string) func(*authn.JWT[authn.NoClaims]) {
			return func(j *authn.JWT[authn.NoClaims]) {
				j.Keys = jwtSource(func(context.Context, string) ([]authn.Key, error) {
					return []authn.Key{{Key: key, Algorithm: alg}}, nil
				})
			}
		}
		allow := func(algs ...string) func(*authn.JWT[authn.NoClaims]) {
			return func(j *authn.JWT[authn.NoClaims]) { j.Algorithms = algs }
		}
		for _, tt := range []struct {
			name    string
			allowed func(*authn.JWT[authn.NoClaims])
			keys    func(*authn.JWT[authn.NoClaims])
			want    authn.Reason
		}{
			{"the key, for RS256", allow("RS256"), source(public, ""), authn.AlgorithmNotAllowed},
			{"bytes, for RS256", allow("RS256"), source(secret, ""), authn.AlgorithmNotAllowed},
			{"the key, for both", allow("RS256", "HS256"), source(public, ""), authn.KeyMismatch},
			{"the key for RS256, for both", allow("RS256", "HS256"), source(public, "RS256"), authn.KeyMismatch},
			{"bytes, for both", allow("RS256", "HS256"), source(secret, ""), authn.KeyMismatch},
			{"bytes for RS256, for both", allow("RS256", "HS256"), source(secret, "RS256"), authn.KeyMismatch},
			{"bytes for HS256, for both", allow("RS256", "HS256"), source(secret, "HS256"), authn.KeyMismatch},
			{"bytes, for HS256", allow("HS256"), source(secret, ""), authn.KeyMismatch},
		} {
			newJWTAPI(t, jwtScheme(tt.allowed, tt.keys)).want(name+": "+tt.name, forged, tt.want)
		}
		for _, algs := range [][]string{{"HS256"}, {"HS256", "RS256"}} {
			for _, alg := range []string{"", "HS256"} {
				_, err := authn.New(authn.Options{Schemes: []authn.Scheme{jwtScheme(allow(algs...), func(j *authn.JWT[authn.NoClaims]) {
					j.Keys = authn.Keys{{Key: secret, Algorithm: alg}}
				})}})
				if err == nil || strings.Contains(err.Error(), string(secret)) {
					t.Errorf("%s for %v: %v", name, algs, err)
				}
			}
		}
	}
	// What only looks like one.
	for _, secret := range []string{"0123456789abcdef0123456789abcdef", "{not a key but a secret of 32 bytes}", "-----a secret of 32 bytes in dashes-----",
		"\x30\x82 a secret that begins as a key does", "\x300123456789abcdef0123456789abcdef"} {
		newJWTAPI(t, jwtScheme(func(j *authn.JWT[authn.NoClaims]) { j.Keys = authn.Keys{{Key: []byte(secret)}} })).
			want(secret, jwtSign(jwtHeader, jwtClaims, jwt.SigningMethodHS256, []byte(secret)), authn.Accepted)
	}
}

// Where secrets and public keys are both taken, a secret says what it is for (RFC
// 8725 §3.1).
func TestJWTSecretsBesidePublicKeys(t *testing.T) {
	both := func(keys authn.Keys) authn.JWT[authn.NoClaims] {
		return jwtScheme(func(j *authn.JWT[authn.NoClaims]) {
			j.Algorithms, j.Keys = []string{"HS256", "ES256"}, keys
		})
	}
	if _, err := authn.New(authn.Options{Schemes: []authn.Scheme{both(authn.Keys{{Key: jwtSecret}, {Key: &jwtECDSA().PublicKey}})}}); err == nil {
		t.Error("a secret without an algorithm: no error")
	}
	// Even public bytes that do not look like a key.
	modulus := jwtRSA().N.Bytes()
	newJWTAPI(t, jwtScheme(func(j *authn.JWT[authn.NoClaims]) {
		j.Algorithms = []string{"HS256", "RS256"}
		j.Keys = jwtSource(func(context.Context, string) ([]authn.Key, error) { return []authn.Key{{Key: modulus}}, nil })
	})).want("by the modulus", jwtSign(jwtHeader, jwtClaims, jwt.SigningMethodHS256, modulus), authn.KeyMismatch)
	api := newJWTAPI(t, both(authn.Keys{{Key: jwtSecret, Algorithm: "HS256"}, {Key: &jwtECDSA().PublicKey}}))
	api.want("secret", jwtHS256(jwtHeader, jwtClaims), authn.Accepted)
	api.want("public key", jwtSign(`{"alg":"ES256","typ":"at+jwt"}`, jwtClaims, jwt.SigningMethodES256, jwtECDSA()), authn.Accepted)
}

func jwtCertificate() []byte {
	template := &x509.Certificate{SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "x"}, NotAfter: time.Unix(jwtNow, 0)}
	return must(x509.CreateCertificate(rand.Reader, template, template, &jwtECDSA().PublicKey, jwtECDSA()))
}

func TestRFC8725Section3_1_Algorithm(t *testing.T) {
	api := newJWTAPI(t, jwtScheme())
	for _, alg := range []string{"none", "None", "NONE", "nOnE", "", "hs256", "HS384", "HS512", "RS256", "ES256", "EdDSA", "HS256 ", "dir"} {
		header := `{"alg":"` + alg + `","typ":"at+jwt"}`
		api.want(alg+" signed", jwtHS256(header, jwtClaims), authn.AlgorithmNotAllowed)
		api.want(alg+" unsigned", jwtEncode(header)+"."+jwtEncode(jwtClaims)+".", authn.AlgorithmNotAllowed)
	}
	api.want("absent", jwtHS256(`{"typ":"at+jwt"}`, jwtClaims), authn.AlgorithmNotAllowed)
	api.want("null", jwtHS256(`{"alg":null,"typ":"at+jwt"}`, jwtClaims), authn.TokenMalformed)
	api.want("by HS512 under the name of HS256", jwtSign(jwtHeader, jwtClaims, jwt.SigningMethodHS512, jwtSecret), authn.SignatureWrong)
	api.want("no signature", jwtEncode(jwtHeader)+"."+jwtEncode(jwtClaims)+".", authn.SignatureWrong)
}
