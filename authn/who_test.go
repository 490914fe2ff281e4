package authn_test

import (
	"context"
	"errors"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/golang-jwt/jwt/v5"

	"github.com/forthright-http/forthright/authn"
)

// Whoever is known is named by the event and by the log record of a refusal; a name
// that the client alone says is not.
func TestWhoIsRefused(t *testing.T) {
	var gone bool
	var failure error
	g := newGate(t, func(o *authn.Options) {
		o.Schemes = append(o.Schemes, authn.APIKey{Keys: authn.APIKeys{
			apiKeySum(apiKeyGood):    {Subject: "job", Issuer: "keys", Client: "cron"},
			apiKeySum(apiKeyRevoked): {Subject: "old job", Issuer: "keys", Revoked: true},
			apiKeySum(apiKeyExpired): {Subject: "older job", Expires: gateNow},
		}}, authn.Custom{Scheme: "Own", Verify: func(_ *http.Request, s string) (authn.Principal, error) {
			return authn.Principal{Subject: s}, nil
		}})
		o.Revoked = func(context.Context, authn.Principal) (bool, error) { return gone, failure }
	})
	scope, age := authn.Scope("a"), authn.MaxAge(time.Minute)
	acr := authn.ACR("gold")
	deny := authn.Allow("never", func(*http.Request, authn.Principal) bool { return false })
	const ana = ` issuer=https://issuer.example.com subject=ana client=app`
	bearer := gateBearer(t, jwt.MapClaims{"client_id": "app", "auth_time": gateNow.Unix()})
	for _, tt := range []struct {
		authorization string
		gone          bool
		failure       error
		demand        authn.Requirement
		reason        authn.Reason
		log           string // after the reason
		subject       string
	}{
		{bearer, false, nil, scope, authn.ScopeMissing, " scheme=Bearer" + ana, "ana"},
		{bearer, false, nil, acr, authn.ACRTooLow, " scheme=Bearer" + ana, "ana"},
		{bearer, false, nil, deny, authn.AccessDenied, " scheme=Bearer" + ana, "ana"},
		{gateBearer(t, nil), false, nil, age, authn.LoginTooOld, " scheme=Bearer issuer=https://issuer.example.com subject=ana", "ana"},
		{bearer, true, nil, scope, authn.TokenRevoked, " scheme=Bearer" + ana, "ana"},
		{bearer, true, errors.New("down"), scope, authn.RevocationsUnavailable, " scheme=Bearer" + ana, "ana"},
		{gateBasic("ana"), true, nil, scope, authn.UserRevoked, " scheme=Basic subject=ana", "ana"},
		{"ApiKey " + apiKeyGood, true, nil, scope, authn.APIKeyRevoked, " scheme=ApiKey issuer=keys subject=job client=cron", "job"},
		{"ApiKey " + apiKeyRevoked, false, nil, scope, authn.APIKeyRevoked, ` scheme=ApiKey issuer=keys subject="old job"`, "old job"},
		{"ApiKey " + apiKeyExpired, false, nil, scope, authn.APIKeyRevoked, ` scheme=ApiKey subject="older job"`, "older job"},
		{"Own bert", true, nil, scope, authn.CustomRefused, " scheme=Own subject=bert", "bert"},

		{gateBasic("eve"), false, nil, scope, authn.UserUnknown, " scheme=Basic", ""},
		{strings.Replace(bearer, ".", "x.", 1), false, nil, scope, authn.TokenMalformed, " scheme=Bearer", ""},
		{gateBearer(t, jwt.MapClaims{"exp": 1}), false, nil, scope, authn.TokenExpired, " scheme=Bearer", ""},
		{"", false, nil, scope, authn.CredentialsMissing, "", ""},
	} {
		gone, failure = tt.gone, tt.failure
		g.events = nil
		g.log.all.Reset()
		w := gateGet(t, g.Require(tt.demand)(gateOpen), tt.authorization)
		if w.Code < 400 || len(g.events) != 1 || g.events[0].Reason != tt.reason || g.events[0].Principal.Subject != tt.subject ||
			g.events[0].Principal.Scheme != g.events[0].Scheme && tt.subject != "" {
			t.Errorf("%s: %d %+v", tt.reason, w.Code, g.events)
		}
		if got, want := g.log.String(), " reason="+string(tt.reason)+tt.log+"\n"; !strings.HasSuffix(got, want) {
			t.Errorf("the log is %swant%s", got, want)
		}
		for _, name := range []string{"ana", "eve", "bert", "job", "app", "cron"} {
			if strings.Contains(w.Body.String()+strings.Join(w.Header()["Www-Authenticate"], ""), name) {
				t.Errorf("%s: the client is told %s: %s", tt.reason, name, w.Body)
			}
		}
		if p, err := g.Checker(tt.demand)(gateRequest(tt.authorization)); err == nil || p.Known() {
			t.Errorf("%s: Checker returns %v, %v", tt.reason, p, err)
		}
	}
}

func gateRequest(authorization string) *http.Request {
	r, _ := http.NewRequest("GET", "/", nil)
	if authorization != "" {
		r.Header.Set("Authorization", authorization)
	}
	return r
}

// A user whom Options.Revoked knows is answered like one that nobody knows.
func TestUserRevokedIsOneAnswer(t *testing.T) {
	g := newGate(t, func(o *authn.Options) {
		o.Revoked = func(context.Context, authn.Principal) (bool, error) { return true, nil }
	})
	revoked, unknown := gateGet(t, g.Handler(gateOpen), gateBasic("ana")), gateGet(t, g.Handler(gateOpen), gateBasic("eve"))
	if revoked.Code != 401 || revoked.Body.String() != unknown.Body.String() || gateChallenges(t, revoked) != gateChallenges(t, unknown) {
		t.Errorf("%s, and %s", revoked.Body, unknown.Body)
	}
}

// The log names the claim that another differs from, and not how the client spelt it.
func TestLogOfANameInOtherLetters(t *testing.T) {
	type claims struct {
		Tenant string // its name is "Tenant"
	}
	g := newGate(t, func(o *authn.Options) {
		o.Schemes = []authn.Scheme{authn.JWT[claims]{Issuer: gateIssuer, Audience: gateAudience, Algorithms: []string{"HS256"}, Keys: authn.Keys{{Key: gateSecret}}}}
	})
	for _, tt := range []struct{ name, known string }{
		{"EXP", "exp"}, {"Client_ID", "client_id"}, {"tenant", "Tenant"}, {"TENANT", "Tenant"},
	} {
		g.log.all.Reset()
		w := gateGet(t, g.Handler(gateOpen), gateBearer(t, jwt.MapClaims{tt.name: "x"}))
		if log := g.log.String(); w.Code != 401 || !strings.Contains(log, `differs in case alone from \"`+tt.known+`\"`) || strings.Contains(log, tt.name) {
			t.Errorf("%s: %d %s", tt.name, w.Code, log)
		}
		if strings.Contains(w.Body.String(), tt.known+`"`) {
			t.Errorf("the client is told: %s", w.Body)
		}
	}
	api := newJWTAPI(t, jwtScheme())
	api.want("the header", jwtHS256(`{"alg":"HS256","Typ":"at+jwt"}`, jwtClaims), authn.TokenMalformed)
	if err := api.event.Err; err == nil || !strings.Contains(err.Error(), `from "typ"`) {
		t.Errorf("the cause is %v", err)
	}
}

// Claims are of the one type that the scheme was given: no pointer to it.
func TestClaimsOfAPointer(t *testing.T) {
	type claims struct {
		Tenant string `json:"tenant"`
	}
	p := authn.WithClaims(authn.Principal{}, claims{"acme"})
	if c, ok := authn.Claims[claims](p); !ok || c.Tenant != "acme" {
		t.Errorf("%v %v", c, ok)
	}
	if c, ok := authn.Claims[*claims](p); ok || c != nil {
		t.Errorf("a pointer: %v", c)
	}
	if _, ok := authn.Claims[map[string]any](p); ok {
		t.Error("a map")
	}
}

// C may be a struct that golang-jwt's users have, once its fields have tags.
func TestClaimsOfGolangJWT(t *testing.T) {
	type claims struct {
		Tenant string `json:"tenant"`
		jwt.RegisteredClaims
	}
	api := newJWTAPI(t, authn.JWT[claims]{Issuer: jwtIssuer, Audience: jwtAudience, Algorithms: []string{"HS256"}, Keys: authn.Keys{{Key: jwtSecret}}})
	api.want("with RegisteredClaims", jwtHS256(jwtHeader, jwtWith(`"tenant":"acme"`)), authn.Accepted)
	if c, ok := authn.Claims[claims](api.seen); !ok || c.Tenant != "acme" || c.Subject != "ana" || c.ExpiresAt.Unix() != 1772367000 {
		t.Errorf("%+v", c)
	}
}

func TestSecretAsString(t *testing.T) {
	_, err := authn.New(authn.Options{Schemes: []authn.Scheme{jwtScheme(func(j *authn.JWT[authn.NoClaims]) {
		j.Keys = authn.Keys{{Key: string(jwtSecret)}}
	})}})
	if err == nil || !strings.Contains(err.Error(), "give a secret as []byte") || strings.Contains(err.Error(), string(jwtSecret)) {
		t.Errorf("%v", err)
	}
}
