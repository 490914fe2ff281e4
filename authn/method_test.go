package authn_test

import (
	"context"
	"encoding/json"
	"errors"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/golang-jwt/jwt/v5"

	"github.com/forthright-http/forthright/authn"
)

// The decision table on a route that takes Bearer, Basic and API keys.
func TestSchemesOnOneRoute(t *testing.T) {
	secret := []byte("0123456789abcdef0123456789abcdef")
	token := func(subject string) string {
		s, err := jwt.NewWithClaims(jwt.SigningMethodHS256, jwt.MapClaims{
			"iss": "https://i.example", "aud": "a", "sub": subject, "exp": time.Now().Add(time.Hour).Unix(),
		}).SignedString(secret)
		if err != nil {
			t.Fatal(err)
		}
		return s
	}
	var down error
	users := authn.Users{"ana": {Hash: argon2Password, Issuer: "https://i.example"}, "gone": {Hash: argon2Password}}
	keys := authn.APIKeys{apiKeySum(apiKeyGood): {Subject: "billing"}, apiKeySum(apiKeyRevoked): {Subject: "r", Revoked: true}, apiKeySum("gone-gone-gone-gone-gone"): {Subject: "gone"}}
	s := newBasicService(t, authn.Options{
		Schemes: []authn.Scheme{
			authn.Basic{Users: basicStore(func(ctx context.Context, name string) (authn.User, error) {
				user, err := users.User(ctx, name)
				if down != nil {
					err = down
				}
				return user, err
			})},
			authn.APIKey{Header: "X-API-Key", Keys: apiKeyStore(func(ctx context.Context, hash [32]byte) (authn.APIKeyOwner, error) {
				owner, err := keys.APIKey(ctx, hash)
				if down != nil {
					err = down
				}
				return owner, err
			})},
			authn.JWT[authn.NoClaims]{Issuer: "https://i.example", Audience: "a", Algorithms: []string{"HS256"}, Keys: authn.Keys{{Key: secret}}, Types: []string{"JWT"}},
		},
		Revoked: func(_ context.Context, p authn.Principal) (bool, error) { return p.Subject == "gone", nil },
	})
	bearer, all := `Bearer realm="api"`, []string{`Bearer realm="api"`, `Basic realm="api", charset="UTF-8"`, `ApiKey realm="api", header="X-API-Key"`}
	bearerError := func(code, says string) []string {
		return append([]string{bearer + `, error="` + code + `", error_description="` + says + `"`}, all[1:]...)
	}
	unavailable := errors.New("connection refused")
	for _, tt := range []struct {
		name       string
		lines      []string
		down       error
		status     int
		reason     authn.Reason
		typ        string
		challenges []string
	}{
		{"none", nil, nil, 401, authn.CredentialsMissing, "authentication-required", all},
		{"unknown scheme", []string{"Authorization: Digest username=\"ana\""}, nil, 401, authn.SchemeUnknown, "unsupported-authentication-scheme", all},
		{"no scheme", []string{"Authorization: :"}, nil, 401, authn.AuthorizationMalformed, "unsupported-authentication-scheme", all},
		{"Basic: base64", []string{"Authorization: Basic %%%"}, nil, 401, authn.BasicMalformed, "invalid-credentials", all},
		{"Basic: no colon", []string{basicRaw("ana")}, nil, 401, authn.BasicMalformed, "invalid-credentials", all},
		{"Basic: unknown user", []string{basicLine("bob", "password")}, nil, 401, authn.UserUnknown, "invalid-credentials", all},
		{"Basic: wrong password", []string{basicLine("ana", "wrong")}, nil, 401, authn.PasswordWrong, "invalid-credentials", all},
		{"Basic: revoked", []string{basicLine("gone", "password")}, nil, 401, authn.UserRevoked, "invalid-credentials", all},
		{"API key: unknown", []string{"X-API-Key: " + apiKeyGood + "x"}, nil, 401, authn.APIKeyUnknown, "invalid-api-key", all},
		{"API key: revoked", []string{"X-API-Key: " + apiKeyRevoked}, nil, 401, authn.APIKeyRevoked, "invalid-api-key", all},
		{"API key: malformed", []string{"X-API-Key: x"}, nil, 401, authn.APIKeyMalformed, "invalid-api-key", all},
		{"API key: Revoked", []string{"X-API-Key: gone-gone-gone-gone-gone"}, nil, 401, authn.APIKeyRevoked, "invalid-api-key", all},
		{"Bearer: revoked", []string{"Authorization: Bearer " + token("gone")}, nil, 401, authn.TokenRevoked, "token-revoked", bearerError("invalid_token", "The token was revoked.")},
		{"Bearer: malformed", []string{"Authorization: Bearer x y"}, nil, 400, authn.TokenFieldMalformed, "malformed-credentials",
			[]string{bearer + `, error="invalid_request", error_description="The scheme must be followed by one token, of the characters that RFC 6750 allows."`}},
		{"users down", []string{basicLine("ana", "password")}, unavailable, 503, authn.UsersUnavailable, "authentication-unavailable", nil},
		{"keys down", []string{"X-API-Key: " + apiKeyGood}, unavailable, 503, authn.APIKeysUnavailable, "authentication-unavailable", nil},
		{"Basic", []string{basicLine("ana", "password")}, nil, 200, authn.Accepted, "Basic https://i.example ana", nil},
		{"Bearer", []string{"Authorization: Bearer " + token("ana")}, nil, 200, authn.Accepted, "Bearer https://i.example ana", nil},
		{"API key", []string{"X-API-Key: " + apiKeyGood}, nil, 200, authn.Accepted, "ApiKey  billing", nil},
		{"stores down, a token", []string{"Authorization: Bearer " + token("ana")}, unavailable, 200, authn.Accepted, "Bearer https://i.example ana", nil},
	} {
		down = tt.down
		w, reason := s.send(tt.lines...)
		if w.Code != tt.status || reason != tt.reason || !reflect.DeepEqual(w.Header()["Www-Authenticate"], tt.challenges) {
			t.Errorf("%s: %d %s %q", tt.name, w.Code, reason, w.Header()["Www-Authenticate"])
		}
		if w.Header().Get("Vary") != "X-Api-Key" || (w.Code == 503) != (w.Header().Get("Retry-After") == "5") {
			t.Errorf("%s: %v", tt.name, w.Header())
		}
		if w.Code == 200 {
			if w.Body.String() != tt.typ {
				t.Errorf("%s: %s", tt.name, w.Body)
			}
			continue
		}
		var body struct {
			Type   string
			Status int
		}
		if err := json.Unmarshal(w.Body.Bytes(), &body); err != nil || !strings.HasSuffix(body.Type, tt.typ) || body.Status != tt.status {
			t.Errorf("%s: %v %s", tt.name, err, w.Body)
		}
	}
}
