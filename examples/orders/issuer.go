package main

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/hkdf"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"maps"
	"net/http"
	"time"

	"github.com/golang-jwt/jwt/v5"

	"github.com/forthright-http/forthright/authn"
	"github.com/forthright-http/forthright/problem"
	"github.com/forthright-http/forthright/respond"
)

// issuer makes tokens for the demonstration, good ones and bad ones, for whoever
// asks. A real service has none: it takes the tokens of an issuer that asks who
// somebody is.
type issuer struct {
	url     string
	now     func() time.Time
	current signer
	retired signer // was in the key set once
	unknown signer // never was
}

type signer struct {
	id  string
	key *ecdsa.PrivateKey
}

// newIssuer derives its keys from the secret, so that all processes of the service
// are one issuer.
func newIssuer(url string, secret []byte, now func() time.Time) (*issuer, error) {
	i := &issuer{url: url, now: now}
	for id, s := range map[string]*signer{"current": &i.current, "retired": &i.retired, "unknown": &i.unknown} {
		seed, err := hkdf.Key(sha256.New, secret, nil, "issuer "+id, 32)
		if err != nil {
			return nil, err
		}
		key, err := ecdsa.ParseRawPrivateKey(elliptic.P256(), seed) // one in 2^32 is none
		if err != nil {
			return nil, err
		}
		*s = signer{id, key}
	}
	return i, nil
}

// keys are those that tokens are verified with.
func (i *issuer) keys() authn.Keys {
	return authn.Keys{{ID: i.current.id, Algorithm: "ES256", Key: &i.current.key.PublicKey}}
}

// keySet answers with the same keys, as a JWK Set (RFC 7517 §5).
func (i *issuer) keySet(*http.Request) (respond.Response, error) {
	point, err := i.current.key.PublicKey.Bytes() // 4, x, y (SEC 1 §2.3.3)
	if err != nil {
		return respond.Fail(err)
	}
	x, y := point[1:33], point[33:]
	key := map[string]string{
		"kty": "EC", "crv": "P-256", "kid": i.current.id, "use": "sig", "alg": "ES256",
		"x": base64.RawURLEncoding.EncodeToString(x), "y": base64.RawURLEncoding.EncodeToString(y),
	}
	return respond.OK(map[string]any{"keys": []any{key}}).ComputeETag().CacheControl(respond.MaxAge(5 * time.Minute)), nil
}

// tokenRequest says what the token is to be like. Subject is required.
type tokenRequest struct {
	Subject   string    `json:"subject" validate:"required,max=100"`
	Scope     string    `json:"scope" validate:"max=1000"`
	TTL       *duration `json:"ttl"` // 5m by default; a negative one has run out
	Audience  *string   `json:"audience"`
	Issuer    *string   `json:"issuer"`
	NotBefore *duration `json:"not_before"` // from now
	Type      *string   `json:"typ"`
	AuthAge   *duration `json:"auth_age"` // how long ago the user has logged in
	Key       string    `json:"key" validate:"omitempty,oneof=current retired unknown"`
}

// duration is written as time.ParseDuration reads it: "5m".
type duration time.Duration

func (d *duration) UnmarshalText(text []byte) error {
	parsed, err := time.ParseDuration(string(text))
	*d = duration(parsed)
	return err
}

func (d *duration) or(other time.Duration) time.Duration {
	if d == nil {
		return other
	}
	return time.Duration(*d)
}

const (
	tokenTTL    = 5 * time.Minute
	maxDuration = 10 * 365 * 24 * time.Hour
)

// Validate keeps the times within what a token can hold.
func (t tokenRequest) Validate() error {
	var errs problem.Items
	for name, d := range map[string]*duration{"ttl": t.TTL, "not_before": t.NotBefore, "auth_age": t.AuthAge} {
		if d.or(0).Abs() > maxDuration {
			errs.Add("range", "must be at most ten years.", name)
		}
	}
	return errs.Err()
}

// token is POST /demo/token.
func (s *service) token(r *http.Request) (respond.Response, error) {
	in, err := s.tokenRequest.Decode(r)
	if err != nil {
		return respond.Fail(err)
	}
	signed, err := s.issuer.sign(in)
	if err != nil {
		return respond.Fail(err)
	}
	return respond.OK(map[string]any{
		"access_token": signed,
		"token_type":   "Bearer",
		"expires_in":   int64(in.TTL.or(tokenTTL) / time.Second),
	}).CacheControl(respond.NoStore), nil // RFC 6749 §5.1
}

// sign makes the token as it was asked for.
func (i *issuer) sign(in tokenRequest) (string, error) {
	now := i.now()
	claims := jwt.MapClaims{
		"iss": i.url, "aud": i.url, "sub": in.Subject, "scope": in.Scope, "client_id": "demo", "jti": rand.Text(),
		"iat": now.Unix(), "exp": now.Add(in.TTL.or(tokenTTL)).Unix(), "auth_time": now.Add(-in.AuthAge.or(0)).Unix(),
	}
	maps.Copy(claims, optional("iss", in.Issuer))
	maps.Copy(claims, optional("aud", in.Audience))
	if in.NotBefore != nil {
		claims["nbf"] = now.Add(in.NotBefore.or(0)).Unix()
	}
	token := jwt.NewWithClaims(jwt.SigningMethodES256, claims)
	token.Header["typ"] = "at+jwt" // RFC 9068 §2.1
	maps.Copy(token.Header, optional("typ", in.Type))
	with := map[string]signer{"": i.current, "current": i.current, "retired": i.retired, "unknown": i.unknown}[in.Key]
	token.Header["kid"] = with.id
	return token.SignedString(with.key)
}

func optional(name string, value *string) map[string]any {
	if value == nil {
		return nil
	}
	return map[string]any{name: *value}
}
