package authn_test

import (
	"slices"
	"testing"

	"github.com/golang-jwt/jwt/v5"

	"github.com/forthright-http/forthright/authn"
)

// The row "bad token on a route where authentication is optional": as on a
// required route, byte by byte. Only a request without credentials passes as nobody.
func TestOptional(t *testing.T) {
	g := newGate(t)
	optional, required := g.Optional(gateOpen), g.Handler(gateOpen)
	for _, tt := range []struct {
		name, target, authorization string
		status                      int
		reason                      authn.Reason
	}{
		{"no credentials", "/", "", 200, authn.Accepted},
		{"a token", "/", gateBearer(t, nil), 200, authn.Accepted},
		{"a password", "/", gateBasic("ana"), 200, authn.Accepted},
		{"an unknown scheme", "/", "Digest username=ana", 401, authn.SchemeUnknown},
		{"no scheme", "/", "=", 401, authn.AuthorizationMalformed},
		{"a scheme alone", "/", "Bearer", 400, authn.TokenFieldMalformed},
		{"no token", "/", "Bearer a b", 400, authn.TokenFieldMalformed},
		{"not a JWT", "/", "Bearer a.b.c", 401, authn.TokenMalformed},
		{"expired", "/", gateBearer(t, jwt.MapClaims{"exp": gateNow.Unix() - 10}), 401, authn.TokenExpired},
		{"another audience", "/", gateBearer(t, jwt.MapClaims{"aud": "b"}), 401, authn.AudienceWrong},
		{"a wrong name", "/", gateBasic("eve"), 401, authn.UserUnknown},
		{"bad base64", "/", "Basic ====", 401, authn.BasicMalformed},
		{"a token in the query", "/?access_token=a", "", 401, authn.TokenInQuery},
		{"one in each", "/?access_token=a", gateBearer(t, nil), 400, authn.TokenSentTwice},
	} {
		g.take()
		w := gateSend(optional, "GET", tt.target, "Authorization", tt.authorization)
		if got := g.take(); w.Code != tt.status || !slices.Equal(got, []authn.Reason{tt.reason}) {
			t.Errorf("%s: %d %v", tt.name, w.Code, got)
		}
		if vary := w.Header()["Vary"]; !slices.Equal(vary, []string{"Authorization"}) {
			t.Errorf("%s: Vary is %q", tt.name, vary)
		}
		if tt.authorization == "" && tt.status == 200 {
			if w.Body.String() != "owner= scheme=" {
				t.Errorf("%s: %s", tt.name, w.Body)
			}
			continue
		}
		other := gateSend(required, "GET", tt.target, "Authorization", tt.authorization)
		if other.Code != w.Code || other.Body.String() != w.Body.String() || gateChallenges(t, w) != gateChallenges(t, other) {
			t.Errorf("%s: %d %s %q, where the required route has %d %s %q", tt.name, w.Code, w.Body, w.Header(), other.Code, other.Body, other.Header())
		}
		if other.Header()["Vary"] != nil {
			t.Errorf("%s: a route that nobody passes varies: %q", tt.name, other.Header()["Vary"])
		}
	}
}

// Vary that is there already stays.
func TestOptionalKeepsVary(t *testing.T) {
	g := newGate(t)
	for _, authorization := range []string{"", "Bearer a.b.c"} {
		w := gateSend(gateHeader("Vary", []string{"Origin", "Accept"}, g.Optional(gateOpen)), "GET", "/", "Authorization", authorization)
		if got := w.Header()["Vary"]; !slices.Equal(got, []string{"Origin, Accept, Authorization"}) {
			t.Errorf("%q: %q", authorization, got)
		}
	}
}
