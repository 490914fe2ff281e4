package bench

import (
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"net/http"
	"sync"
	"testing"
	"time"

	"github.com/golang-jwt/jwt/v5"
)

const (
	authnIssuer   = "https://issuer.example.com"
	authnAudience = "https://api.example.com"
	authnSubject  = "user-5f3c9a"
	authnScope    = "orders:read orders:write"
	authnKeyID    = "2026-01"
	authnPath     = "/orders/1"
)

// authnKey is an algorithm with a key to sign with and one to verify with.
type authnKey struct {
	algorithm string
	method    jwt.SigningMethod
	private   any
	public    any
}

// authnKeys are made once: an RSA key takes a while.
var authnKeys = sync.OnceValue(func() []authnKey {
	secret := make([]byte, 32)
	_, _ = rand.Read(secret) // never fails
	r, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		panic(err)
	}
	e, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		panic(err)
	}
	public, private, err := ed25519.GenerateKey(rand.Reader)
	if err != nil {
		panic(err)
	}
	return []authnKey{
		{"HS256", jwt.SigningMethodHS256, secret, secret},
		{"RS256", jwt.SigningMethodRS256, r, &r.PublicKey},
		{"ES256", jwt.SigningMethodES256, e, &e.PublicKey},
		{"EdDSA", jwt.SigningMethodEdDSA, private, public},
	}
})

// authnToken is a token with the claims that a service looks at, but for those
// that are changed; nil leaves one out.
func authnToken(k authnKey, changes jwt.MapClaims) string {
	claims := jwt.MapClaims{
		"iss": authnIssuer, "aud": authnAudience, "sub": authnSubject, "scope": authnScope,
		"exp": time.Now().Add(time.Hour).Unix(),
	}
	for name, v := range changes {
		if claims[name] = v; v == nil {
			delete(claims, name)
		}
	}
	t := jwt.NewWithClaims(k.method, claims) // typ is JWT
	t.Header["kid"] = authnKeyID
	signed, err := t.SignedString(k.private)
	if err != nil {
		panic(err)
	}
	return signed
}

func authnExpired(k authnKey) string {
	return authnToken(k, jwt.MapClaims{"exp": time.Now().Add(-time.Hour).Unix()})
}

// authnNext is what the middleware protects.
var authnNext = http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { _, _ = w.Write(authnAnswer) })

var authnAnswer = []byte("in\n")

// authnExchange asks with a token, or without one where it is "".
func authnExchange(token string) *exchange {
	x := newExchange("GET", authnPath)
	if token != "" {
		x.r.Header.Set("Authorization", "Bearer "+token)
	}
	return x
}

// BenchmarkAuthn lets in who has a token of each algorithm, with the signature
// alone beside it, and refuses who has none, or one that has expired. Last,
// forthright lets in who sends a token that it remembers: no peer does that.
func BenchmarkAuthn(b *testing.B) {
	for _, k := range authnKeys() {
		token := authnToken(k, nil)
		b.Run(k.algorithm+"/raw", func(b *testing.B) {
			b.ReportAllocs()
			holds := authnRaw(k, token)
			for b.Loop() {
				if !holds() {
					b.Fatal("the signature does not hold")
				}
			}
		})
		for _, c := range authnContenders {
			b.Run(k.algorithm+"/"+c.name, func(b *testing.B) {
				authnExchange(token).measure(b, c.handler(k), http.StatusOK)
			})
		}
	}
	k := authnKeys()[0]
	for _, c := range authnContenders {
		b.Run("missing/"+c.name, func(b *testing.B) {
			authnExchange("").measure(b, c.handler(k), c.missing)
		})
	}
	expired := authnExpired(k)
	for _, c := range authnContenders {
		b.Run("expired/"+c.name, func(b *testing.B) {
			authnExchange(expired).measure(b, c.handler(k), http.StatusUnauthorized)
		})
	}
	b.Run("cached/forthright", func(b *testing.B) {
		if !authnRemembers(k) {
			b.Skip("tokens are not remembered yet")
		}
		authnExchange(authnToken(k, nil)).measure(b, authnOurs(authnSettings(k, 1024)), http.StatusOK)
	})
}
