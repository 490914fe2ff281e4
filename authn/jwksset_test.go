package authn_test

import (
	"crypto/rand"
	"crypto/rsa"
	"encoding/base64"
	"errors"
	"io"
	"math/big"
	"net/http"
	"strings"
	"testing"

	"github.com/forthright-http/forthright/authn"
)

// jwksOf serves a set and returns its source.
func jwksOf(set string) *authn.RemoteKeys {
	keys := authn.JWKS("https://issuer.example/jwks.json")
	keys.Client = &http.Client{Transport: jwksTransport(func(r *http.Request) (*http.Response, error) {
		return &http.Response{StatusCode: 200, ContentLength: -1, Body: io.NopCloser(strings.NewReader(set)), Request: r}, nil
	})}
	return keys
}

func jwksB64(b []byte) string { return base64.RawURLEncoding.EncodeToString(b) }

// jwksRSA is a JWK of a modulus of this size, which need not be a product of primes.
func jwksRSA(t *testing.T, bits int, more string) string {
	t.Helper()
	n, err := rand.Int(rand.Reader, new(big.Int).Lsh(big.NewInt(1), uint(bits-1)))
	if err != nil {
		t.Fatal(err)
	}
	n.SetBit(n, bits-1, 1).SetBit(n, 0, 1)
	return `{"kty":"RSA","n":"` + jwksB64(n.Bytes()) + `"` + more + `}`
}

// Keys that cannot serve are left out, and the one beside them is not.
func TestRFC7517Section5_Members(t *testing.T) {
	good := newJWKSSigner(t, "good")
	with := func(more ...string) string { return newJWKSSigner(t, "x").jwk(t, more...) }
	point, err := good.key.PublicKey.Bytes()
	if err != nil {
		t.Fatal(err)
	}
	x, y := jwksB64(point[1:33]), jwksB64(point[33:])
	ed := jwksB64(make([]byte, 31)) // one byte short of a key
	for _, tt := range []struct {
		name, jwk string
		taken     bool
	}{
		{"EC", with(), true},
		{"RFC 8037 A.2", `{"kid":"x","kty":"OKP","crv":"Ed25519","x":"11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo"}`, true},
		{"RSA of 2048 bits", jwksRSA(t, 2048, `,"e":"AQAB","kid":"x"`), true},
		{"RSA of 16384 bits", jwksRSA(t, 16384, `,"e":"AQAB","kid":"x"`), true},
		{"use sig", with(`"use":"sig"`), true},
		{"key_ops verify", with(`"key_ops":["verify"]`), true},
		{"key_ops verify and an unknown one", with(`"key_ops":["verify","example.com/audit"]`), true},
		{"use and key_ops", with(`"use":"sig","key_ops":["verify"]`), true},
		{"alg", with(`"alg":"ES256"`), true},
		{"null members", with(`"alg":null,"use":null,"key_ops":null,"x5c":null`), true},
		{"members that are not known", with(`"nbf":1,"example":{"a":[1]}`), true},
		{"x5u that leads nowhere", with(`"x5u":"https://127.0.0.1:1/chain.pem"`), true},
		{"x5u that is no URL", with(`"x5u":"\\\\"`), true},
		{"x5c that is no certificate", with(`"x5c":["AAAA"]`), true},

		{"unknown kty", `{"kty":"AKP","alg":"ML-DSA-65","pub":"AAAA","kid":"x"}`, false},
		{"no kty", `{"kid":"x"}`, false},
		{"kty in other case", strings.Replace(with(), `"EC"`, `"ec"`, 1), false},
		{"no object", `"x"`, false},
		{"null", `null`, false},
		{"a number for kid", strings.Replace(with(), `"x"`, `1`, 1), false},
		{"a string for key_ops", with(`"key_ops":"verify"`), false},
		{"use enc", with(`"use":"enc"`), false},
		{"unknown use", with(`"use":"tls"`), false},
		{"key_ops without verify", with(`"key_ops":["encrypt","sign"]`), false},
		{"no key_ops", with(`"key_ops":[]`), false},
		{"use sig and key_ops without verify", with(`"use":"sig","key_ops":["deriveKey"]`), false},
		{"alg of another use", with(`"alg":"ECDH-ES"`), false},
		{"alg of another curve", with(`"alg":"ES384"`), false},
		{"alg none", with(`"alg":"none"`), false},
		{"a secret", `{"kty":"oct","kid":"x","alg":"HS256","k":"AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8"}`, false},
		{"a private key", with(`"d":"` + jwksB64(point[1:33]) + `"`), false},
		{"a private key's prime", jwksRSA(t, 2048, `,"e":"AQAB","kid":"x","p":"AQ"`), false},
		{"RSA of 2047 bits", jwksRSA(t, 2047, `,"e":"AQAB","kid":"x"`), false},
		{"RSA of 1024 bits", jwksRSA(t, 1024, `,"e":"AQAB","kid":"x"`), false},
		{"RSA of 16385 bits", jwksRSA(t, 16385, `,"e":"AQAB","kid":"x"`), false},
		{"RSA without e", jwksRSA(t, 2048, `,"kid":"x"`), false},
		{"RSA with e 1", jwksRSA(t, 2048, `,"e":"AQ","kid":"x"`), false},
		{"RSA with e of 2^64+65537", jwksRSA(t, 2048, `,"e":"AQAAAAAAAQAB","kid":"x"`), false},
		{"EC off the curve", `{"kty":"EC","crv":"P-256","kid":"x","x":"` + y + `","y":"` + x + `"}`, false},
		{"EC at (0, 0)", `{"kty":"EC","crv":"P-256","kid":"x","x":"AA","y":"AA"}`, false},
		{"EC without y", `{"kty":"EC","crv":"P-256","kid":"x","x":"` + x + `"}`, false},
		{"EC with base64 that is none", `{"kty":"EC","crv":"P-256","kid":"x","x":"` + x + `","y":"` + y[:42] + `*"}`, false},
		{"EC of an unknown curve", `{"kty":"EC","crv":"secp256k1","kid":"x","x":"` + x + `","y":"` + y + `"}`, false},
		{"EC of another curve", `{"kty":"EC","crv":"P-384","kid":"x","x":"` + x + `","y":"` + y + `"}`, false},
		{"Ed25519 too short", `{"kty":"OKP","crv":"Ed25519","kid":"x","x":"` + ed + `"}`, false},
		{"X25519", `{"kty":"OKP","crv":"X25519","kid":"x","x":"3p7bfXt9wbTTW2HC7OQ1Nz-DQ8hbeGdNrfx-FG-IK08"}`, false},
		{"Ed448", `{"kty":"OKP","crv":"Ed448","kid":"x","x":"` + ed + `"}`, false},
	} {
		keys := jwksOf(jwksSet(tt.jwk, good.jwk(t)))
		if found, err := keys.Keys(t.Context(), "good"); err != nil || len(found) != 1 {
			t.Errorf("%s: the good key beside it: %v", tt.name, err)
		}
		found, err := keys.Keys(t.Context(), "x")
		if tt.taken && (err != nil || len(found) != 1) || !tt.taken && !errors.Is(err, authn.ErrUnknownKey) {
			t.Errorf("%s: %d keys, %v; want it taken: %v", tt.name, len(found), err, tt.taken)
		}
	}
}

// Members of a set that are not understood are ignored.
func TestRFC7517Section5_SetMembers(t *testing.T) {
	a := newJWKSSigner(t, "a")
	if _, err := jwksOf(`{"version":1,"keys":[`+a.jwk(t)+`],"more":{"keys":[]}}`).Keys(t.Context(), "a"); err != nil {
		t.Error(err)
	}
}

// RFC 7517 appendix A.1: an EC key for encryption, and an RSA key for RS256.
func TestRFC7517AppendixA_1(t *testing.T) {
	keys := jwksOf(`{"keys":[
		{"kty":"EC","crv":"P-256",
		 "x":"MKBCTNIcKUSDii11ySs3526iDZ8AiTo7Tu6KPAqv7D4",
		 "y":"4Etl6SRW2YiLUrN5vfvVHuhp7x8PxltmWWlbbM4IFyM",
		 "use":"enc","kid":"1"},
		{"kty":"RSA",
		 "n":"0vx7agoebGcQSuuPiLJXZptN9nndrQmbXEps2aiAFbWhM78LhWx4cbbfAAtVT86zwu1RK7aPFFxuhDR1L6tSoc_BJECPebWKRXjBZCiFV4n3oknjhMstn64tZ_2W-5JsGY4Hc5n9yBXArwl93lqt7_RN5w6Cf0h4QyQ5v-65YGjQR0_FDW2QvzqY368QQMicAtaSqzs8KJZgnYb9c7d0zgdAZHzu6qMQvRL5hajrn1n91CbOpbISD08qNLyrdkt-bFTWhAI4vMQFh6WeZu0fM4lFd2NcRwr3XPksINHaQ-G_xBniIqbw0Ls1jF44-csFCur-kEgU8awapJzKnqDKgw",
		 "e":"AQAB","alg":"RS256","kid":"2011-04-29"}]}`)
	found, err := keys.Keys(t.Context(), "2011-04-29")
	if err != nil || len(found) != 1 || found[0].Algorithm != "RS256" || found[0].ID != "2011-04-29" {
		t.Fatalf("%v, %v", found, err)
	}
	if key, ok := found[0].Key.(*rsa.PublicKey); !ok || key.E != 65537 || key.N.BitLen() != 2048 {
		t.Errorf("%T", found[0].Key)
	}
	if _, err := keys.Keys(t.Context(), "1"); !errors.Is(err, authn.ErrUnknownKey) {
		t.Errorf("the key for encryption: %v", err)
	}
}

// Keys of one id are all tried (RFC 7517 §4.5: they "SHOULD" be distinct), and so
// are those without an id; a token without one is tried with all.
func TestRFC7517Section4_5(t *testing.T) {
	one, two, anonymous := newJWKSSigner(t, "a"), newJWKSSigner(t, "a"), newJWKSSigner(t, "")
	other := newJWKSSigner(t, "b")
	server := newJWKSServer(t, jwksSet(one.jwk(t), two.jwk(t), other.jwk(t), anonymous.jwk(t)))
	s := newJWKSService(t, authn.JWKS(server.URL), newJWKSClock())
	for _, tt := range []struct {
		by   jwksSigner
		kid  string
		want string
	}{
		{one, "a", jwksGood}, {two, "a", jwksGood}, {anonymous, "a", jwksGood}, {anonymous, "c", jwksGood},
		{one, "", jwksGood}, {two, "", jwksGood}, {other, "", jwksGood}, {anonymous, "", jwksGood},
		{other, "a", "401 token-signature"}, {one, "b", "401 token-signature"}, {one, "c", "401 token-signature"},
	} {
		if got := s.ask(t, tt.by.token(t, jwksIssuer, tt.kid)); got != tt.want {
			t.Errorf("signed by the key %q, kid %q: %s, want %s", tt.by.id, tt.kid, got, tt.want)
		}
	}
}

// A key is for the algorithms of the JWT scheme alone.
func TestJWKSOfOtherAlgorithms(t *testing.T) {
	a := newJWKSSigner(t, "a")
	server := newJWKSServer(t, jwksSet(a.jwk(t), `{"kid":"x","kty":"OKP","crv":"Ed25519","x":"11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo"}`))
	s := newJWKSService(t, authn.JWKS(server.URL), newJWKSClock()) // ES256
	s.expect(t, server, a.token(t, jwksIssuer, "x"), jwksUnknown, 1)
	s.expect(t, server, a.token(t, jwksIssuer, "a"), jwksGood, 1)
}

func FuzzJWKSet(f *testing.F) {
	a := newJWKSSigner(f, "a").jwk(f)
	for _, seed := range []string{jwksSet(), jwksSet(a), jwksSet(a, "null", "1"), `{"keys":null}`, `{"keys":[{"kty":"RSA","n":"AQ","e":"AQAB"}]}`,
		`{"keys":[{"kty":"OKP","crv":"Ed25519","x":"=="}]}`, `{"keys":[{}],"keys":[]}`, "\ufeff{}", ""} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, set string) {
		found, err := jwksOf(set).Keys(t.Context(), "")
		if err != nil && strings.Contains(err.Error(), "panic") {
			t.Error(err)
		}
		if (err == nil) != (len(found) > 0) {
			t.Errorf("%d keys, %v", len(found), err)
		}
		for _, k := range found {
			if key, ok := k.Key.(*rsa.PublicKey); ok && key.N.BitLen() < 2048 {
				t.Errorf("an RSA key of %d bits", key.N.BitLen())
			}
		}
	})
}
