package bench

import (
	"context"
	"crypto"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/hmac"
	"crypto/rsa"
	"crypto/sha256"
	"encoding/base64"
	"errors"
	"log/slog"
	"math/big"
	"net/http"
	"strings"

	jwtmiddleware2 "github.com/auth0/go-jwt-middleware/v2"
	validator2 "github.com/auth0/go-jwt-middleware/v2/validator"
	jwtmiddleware3 "github.com/auth0/go-jwt-middleware/v3"
	validator3 "github.com/auth0/go-jwt-middleware/v3/validator"
	"github.com/go-chi/jwtauth/v5"
	"github.com/golang-jwt/jwt/v5"
	jwx2 "github.com/lestrrat-go/jwx/v2/jwt"

	"github.com/forthright-http/forthright/authn"
	"github.com/forthright-http/forthright/problem"
)

// authnContender is a middleware around authnNext that takes tokens of one
// algorithm and key. All of them can do all four algorithms.
type authnContender struct {
	name    string
	handler func(authnKey) http.Handler
	// missing is its answer to a request without a token. RFC 6750 §3.1 has 401.
	missing int
	// challenge: its 401 has WWW-Authenticate, as RFC 9110 §15.5.2 demands.
	challenge bool
}

var authnContenders = []authnContender{
	{"forthright", func(k authnKey) http.Handler { return authnOurs(authnSettings(k, 0)) }, 401, true},
	{"forthright-claims", authnTyped, 401, true},
	{"golang-jwt", authnGolangJWT, 401, true},
	{"auth0-v2", authnAuth0v2, 400, false},
	{"auth0-v3", authnAuth0v3, 401, true},
	{"jwtauth", authnJWTAuth, 401, false},
}

// authnSettings take the type JWT, since that is what the peers' tokens have.
func authnSettings(k authnKey, cache int) authn.JWT[authn.NoClaims] {
	return authn.JWT[authn.NoClaims]{
		Issuer: authnIssuer, Audience: authnAudience, Algorithms: []string{k.algorithm}, Types: []string{"JWT"},
		Keys: authn.Keys{{ID: authnKeyID, Key: k.public}}, Cache: cache,
	}
}

// authnOurs has the scopes in the principal.
func authnOurs(s authn.Scheme) http.Handler {
	problems, err := problem.NewWriter(problem.Options{Logger: slog.New(slog.DiscardHandler)})
	if err != nil {
		panic(err)
	}
	a, err := authn.New(authn.Options{Schemes: []authn.Scheme{s}, Problems: problems})
	if err != nil {
		panic(err)
	}
	return a.Handler(authnNext)
}

// authnClaims is what golang-jwt decodes into.
type authnClaims struct {
	jwt.RegisteredClaims
	Scope string `json:"scope"`
}

// authnTyped decodes the claims a second time, into a type of the service.
func authnTyped(k authnKey) http.Handler {
	type claims struct {
		Scope string `json:"scope"`
	}
	s := authnSettings(k, 0)
	return authnOurs(authn.JWT[claims]{
		Issuer: s.Issuer, Audience: s.Audience, Algorithms: s.Algorithms, Types: s.Types, Keys: s.Keys,
	})
}

// authnGolangJWT is the parser with the settings that it must be given, and as
// little around it as can be: it does not even pass on whose token it is.
func authnGolangJWT(k authnKey) http.Handler {
	parser := jwt.NewParser(jwt.WithValidMethods([]string{k.algorithm}), jwt.WithIssuer(authnIssuer),
		jwt.WithAudience(authnAudience), jwt.WithExpirationRequired())
	key := func(*jwt.Token) (any, error) { return k.public, nil }
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		token, ok := strings.CutPrefix(r.Header.Get("Authorization"), "Bearer ")
		if ok {
			_, err := parser.ParseWithClaims(token, &authnClaims{}, key)
			ok = err == nil
		}
		if !ok {
			w.Header().Set("WWW-Authenticate", `Bearer realm="api"`)
			http.Error(w, http.StatusText(http.StatusUnauthorized), http.StatusUnauthorized)
			return
		}
		authnNext.ServeHTTP(w, r)
	})
}

var errNoExpiry = errors.New("no exp")

// auth0v2Claims has exp too: the validator lets a token without one pass.
type auth0v2Claims struct {
	Scope   string `json:"scope"`
	Expires int64  `json:"exp"`
}

func (c *auth0v2Claims) Validate(context.Context) error {
	if c.Expires == 0 {
		return errNoExpiry
	}
	return nil
}

// authnAuth0v2 answers 400 where there is no token, and 500 to an Authorization
// of another scheme.
func authnAuth0v2(k authnKey) http.Handler {
	v, err := validator2.New(func(context.Context) (any, error) { return k.public, nil },
		validator2.SignatureAlgorithm(k.algorithm), authnIssuer, []string{authnAudience},
		validator2.WithCustomClaims(func() validator2.CustomClaims { return &auth0v2Claims{} }))
	if err != nil {
		panic(err)
	}
	return jwtmiddleware2.New(v.ValidateToken).CheckJWT(authnNext)
}

type auth0v3Claims struct {
	Scope string `json:"scope"`
}

func (c *auth0v3Claims) Validate(context.Context) error { return nil }

// authnAuth0v3 answers 400 to an Authorization of another scheme.
func authnAuth0v3(k authnKey) http.Handler {
	v, err := validator3.New(
		validator3.WithKeyFunc(func(context.Context) (any, error) { return k.public, nil }),
		validator3.WithAlgorithm(validator3.SignatureAlgorithm(k.algorithm)),
		validator3.WithIssuer(authnIssuer), validator3.WithAudience(authnAudience),
		validator3.WithCustomClaims(func() *auth0v3Claims { return &auth0v3Claims{} }),
		validator3.WithRegisteredClaimsValidator(func(c validator3.RegisteredClaims) error {
			if c.Expiry == 0 {
				return errNoExpiry
			}
			return nil
		}))
	if err != nil {
		panic(err)
	}
	m, err := jwtmiddleware3.New(jwtmiddleware3.WithValidator(v))
	if err != nil {
		panic(err)
	}
	return m.CheckJWT(authnNext)
}

// authnJWTAuth keeps all claims as a map, the scope among them.
func authnJWTAuth(k authnKey) http.Handler {
	a := jwtauth.New(k.algorithm, k.private, k.public,
		jwx2.WithIssuer(authnIssuer), jwx2.WithAudience(authnAudience), jwx2.WithRequiredClaim("exp"))
	return jwtauth.Verifier(a)(jwtauth.Authenticator(a)(authnNext))
}

// authnRaw checks the signature of a token, which is split and decoded
// already.
func authnRaw(k authnKey, token string) func() bool {
	dot := strings.LastIndexByte(token, '.')
	signed := []byte(token[:dot])
	signature, err := base64.RawURLEncoding.DecodeString(token[dot+1:])
	if err != nil {
		panic(err)
	}
	switch key := k.public.(type) {
	case []byte:
		return func() bool {
			m := hmac.New(sha256.New, key)
			m.Write(signed)
			return hmac.Equal(m.Sum(nil), signature)
		}
	case *rsa.PublicKey:
		return func() bool {
			sum := sha256.Sum256(signed)
			return rsa.VerifyPKCS1v15(key, crypto.SHA256, sum[:], signature) == nil
		}
	case *ecdsa.PublicKey:
		return func() bool {
			sum := sha256.Sum256(signed)
			r, s := new(big.Int).SetBytes(signature[:32]), new(big.Int).SetBytes(signature[32:])
			return ecdsa.Verify(key, sum[:], r, s)
		}
	case ed25519.PublicKey:
		return func() bool { return ed25519.Verify(key, signed, signature) }
	}
	panic("no such key")
}
