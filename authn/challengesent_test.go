package authn_test

import (
	"context"
	"encoding/json"
	"maps"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/golang-jwt/jwt/v5"

	"github.com/forthright-http/forthright/authn"
	"github.com/forthright-http/forthright/problem"
)

// The middleware sends the challenges of the RFCs' examples where its settings are
// theirs: the same parameters, with a realm before them, which Bearer needs one
// parameter for (RFC 6750 §3), and with a description of its own behind them.
func TestChallengesOfTheRFCsAreSent(t *testing.T) {
	bearer := func(realm, metadata string) func(*authn.Options) {
		return func(o *authn.Options) {
			o.Realm, o.Schemes = realm, o.Schemes[:1]
			if metadata != "" {
				o.Metadata = &authn.Metadata{Resource: metadata}
			}
		}
	}
	dpop := func(o *authn.Options) {
		o.Schemes[1] = authn.DPoP{Origin: gateAudience, Algorithms: []string{"ES256", "PS256"}, Required: true}
	}
	both := func(o *authn.Options) {
		o.Schemes[1] = authn.DPoP{Origin: gateAudience, Algorithms: []string{"ES256", "PS256"}}
	}
	for _, tt := range []struct {
		section       string
		settings      func(*authn.Options)
		demand        authn.Requirement
		authorization string
		want          string
	}{
		{"RFC 6750 §3, no credentials", bearer("example", ""), authn.Scope("a"), "", `Bearer realm="example"`},
		{
			"RFC 6750 §3, expired", bearer("example", ""), authn.Scope("a"), gateBearer(t, jwt.MapClaims{"exp": gateNow.Unix() - 10}),
			`Bearer realm="example", error="invalid_token"`,
		},
		{
			"RFC 9470 §3, acr_values", bearer("", ""), authn.ACR("myACR"), gateBearer(t, nil),
			`Bearer realm="api", error="insufficient_user_authentication", acr_values="myACR"`,
		},
		{
			"RFC 9470 §3, max_age", bearer("", ""), authn.MaxAge(5 * time.Second), gateBearer(t, nil),
			`Bearer realm="api", error="insufficient_user_authentication", max_age="5"`,
		},
		{
			"RFC 9728 §5.1", bearer("", "https://resource.example.com"), authn.Scope("a"), "",
			`Bearer realm="api", resource_metadata="https://resource.example.com/.well-known/oauth-protected-resource"`,
		},
		{
			"RFC 9728 §5.1, with max_age", bearer("", "https://resource.example.com/mcp"), authn.MaxAge(5 * time.Second), gateBearer(t, nil),
			`Bearer realm="api", error="insufficient_user_authentication", max_age="5", resource_metadata="https://resource.example.com/.well-known/oauth-protected-resource/mcp"`,
		},
		{"RFC 9449 §7.1", dpop, authn.Scope("a"), "", `DPoP realm="api", algs="ES256 PS256"`},
		{"RFC 9449 §7.2", both, authn.Scope("a"), "", `Bearer realm="api" | DPoP realm="api", algs="ES256 PS256"`},
		{
			"RFC 9449 §7.2, a bound token", both, authn.Scope("a"), gateBearer(t, jwt.MapClaims{"cnf": map[string]string{"jkt": "0ZcOCORZNYy-DWpqq30jZyJGHTN0d2HglBV3uiguA4I"}}),
			`Bearer realm="api", error="invalid_token" | DPoP realm="api", algs="ES256 PS256"`,
		},
		{"a realm to be quoted", bearer(`the "api"`, ""), authn.Scope("a"), "", `Bearer realm="the \"api\""`},
	} {
		g := newGate(t, tt.settings)
		w := gateGet(t, g.Require(tt.demand)(gateOpen), tt.authorization)
		if got := gateChallenges(t, w); w.Code != 401 || got != tt.want {
			t.Errorf("%s: %d %s, not %s", tt.section, w.Code, got, tt.want)
		}
	}
}

// challengeCodes says for each problem type its status and the code that the
// challenge of the scheme that was used has: the decision table.
var challengeCodes = map[string]struct {
	status int
	code   string
}{
	"authentication-required":           {401, ""},
	"unsupported-authentication-scheme": {401, ""},
	"token-in-query":                    {401, ""},
	"malformed-credentials":             {400, "invalid_request"},
	"repeated-authorization":            {400, "invalid_request"},
	"token-sent-twice":                  {400, "invalid_request"},
	"invalid-credentials":               {401, ""},
	"invalid-api-key":                   {401, ""},
	"invalid-custom-credentials":        {401, ""},
	"malformed-token":                   {401, "invalid_token"},
	"token-algorithm":                   {401, "invalid_token"},
	"token-critical-header":             {401, "invalid_token"},
	"token-type":                        {401, "invalid_token"},
	"unknown-key":                       {401, "invalid_token"},
	"token-signature":                   {401, "invalid_token"},
	"token-expired":                     {401, "invalid_token"},
	"token-revoked":                     {401, "invalid_token"},
	"token-not-yet-valid":               {401, "invalid_token"},
	"token-issuer":                      {401, "invalid_token"},
	"token-audience":                    {401, "invalid_token"},
	"token-without-expiry":              {401, "invalid_token"},
	"token-claims":                      {401, "invalid_token"},
	"token-inactive":                    {401, "invalid_token"},
	"token-confirmation":                {401, "invalid_token"},
	"token-not-bound":                   {401, "invalid_token"},
	"token-bound-to-key":                {401, "invalid_token"},
	"token-key-binding":                 {401, "invalid_token"},
	"token-bound-to-certificate":        {401, "invalid_token"},
	"invalid-dpop-proof":                {401, "invalid_dpop_proof"},
	"dpop-nonce-required":               {401, "use_dpop_nonce"},
	"insufficient-scope":                {403, "insufficient_scope"},
	"access-denied":                     {403, ""},
	"insufficient-user-authentication":  {401, "insufficient_user_authentication"},
	"authentication-unavailable":        {503, ""},
}

func TestTypesAreThoseOfTheDecisionTable(t *testing.T) {
	var got []string
	for _, typ := range authn.Types() {
		got = append(got, typ.Name())
		if row, ok := challengeCodes[typ.Name()]; !ok || row.status != typ.Status() {
			t.Errorf("%s: %d, not %d", typ.Name(), typ.Status(), row.status)
		}
	}
	if want := slices.Sorted(maps.Keys(challengeCodes)); !slices.Equal(slices.Sorted(slices.Values(got)), want) {
		t.Errorf("%v, not %v", got, want)
	}
}

// The challenge of an answer and the problem's type say the same.
func TestChallengesAgreeWithTypes(t *testing.T) {
	g := newGate(t, func(o *authn.Options) {
		o.Schemes[0] = authn.JWT[struct {
			Tenant string `json:"tenant"`
		}]{Issuer: gateIssuer, Audience: gateAudience, Algorithms: []string{"HS256"}, Keys: authn.Keys{{Key: gateSecret}}}
		o.Schemes = append(o.Schemes, authn.DPoP{Origin: gateAudience})
		o.Revoked = func(_ context.Context, p authn.Principal) (bool, error) { return p.Subject == "gone", nil }
	})
	h := g.Require(authn.Scope("a"), authn.MaxAge(time.Minute), authn.Allow("not eve", func(_ *http.Request, p authn.Principal) bool { return p.Subject != "eve" }))(gateOpen)
	now := gateNow.Unix()
	other := func(change func(*jwt.Token)) string {
		token := jwt.NewWithClaims(jwt.SigningMethodHS256, jwt.MapClaims{"iss": gateIssuer})
		token.Header["typ"] = "at+jwt"
		change(token)
		s, err := token.SignedString(gateSecret)
		if err != nil {
			t.Fatal(err)
		}
		return "Bearer " + s
	}
	for _, tt := range []struct{ authorization, typ string }{
		{"", "authentication-required"},
		{"Digest a=b", "unsupported-authentication-scheme"},
		{"Bearer", "malformed-credentials"},
		{"DPoP a b", "malformed-credentials"},
		{"Basic", "invalid-credentials"},
		{gateBasic("eve"), "invalid-credentials"},
		{"Bearer a.b.c", "malformed-token"},
		{"DPoP a.b.c", "malformed-token"},
		{other(func(t *jwt.Token) { t.Method, t.Header["alg"] = jwt.SigningMethodHS512, "HS512" }), "token-algorithm"},
		{other(func(t *jwt.Token) { t.Header["crit"] = []string{"exp"} }), "token-critical-header"},
		{other(func(t *jwt.Token) { t.Header["typ"] = "JWT" }), "token-type"},
		{gateBearer(t, nil) + "=", "malformed-token"},
		{gateBearer(t, nil)[:len(gateBearer(t, nil))-43] + strings.Repeat("A", 43), "token-signature"},
		{gateBearer(t, jwt.MapClaims{"exp": now - 10}), "token-expired"},
		{gateBearer(t, jwt.MapClaims{"sub": "gone"}), "token-revoked"},
		{gateBearer(t, jwt.MapClaims{"nbf": now + 11}), "token-not-yet-valid"},
		{gateBearer(t, jwt.MapClaims{"iss": "b"}), "token-issuer"},
		{gateBearer(t, jwt.MapClaims{"aud": "b"}), "token-audience"},
		{gateBearer(t, jwt.MapClaims{"exp": nil}), "token-without-expiry"},
		{gateBearer(t, jwt.MapClaims{"tenant": 1}), "token-claims"},
		{gateBearer(t, jwt.MapClaims{"cnf": map[string]string{"kid": "a"}}), "token-confirmation"},
		{gateBearer(t, jwt.MapClaims{"cnf": map[string]string{"jkt": "a"}}), "token-bound-to-key"},
		{gateBearer(t, jwt.MapClaims{"cnf": map[string]string{"x5t#S256": "a"}}), "token-bound-to-certificate"},
		{"DPoP " + gateToken(t, jwt.MapClaims{"cnf": map[string]string{"jkt": "a"}}), "invalid-dpop-proof"},
		{gateBearer(t, jwt.MapClaims{"auth_time": now}), "insufficient-scope"},
		{gateBearer(t, jwt.MapClaims{"auth_time": now, "scope": "a", "sub": "eve"}), "access-denied"},
		{gateBearer(t, nil), "insufficient-user-authentication"},
	} {
		w := gateGet(t, h, tt.authorization)
		row := challengeCodes[tt.typ]
		if got := gateType(t, w); got != tt.typ || w.Code != row.status {
			t.Errorf("%.30s: %d %s, not %d %s", tt.authorization, w.Code, got, row.status, tt.typ)
			continue
		}
		used, _, _ := strings.Cut(tt.authorization, " ")
		schemes := []string{}
		for _, line := range w.Header()["Www-Authenticate"] {
			list, err := authn.ParseChallenges([]string{line})
			if err != nil {
				t.Fatal(err)
			}
			c := list[0]
			schemes = append(schemes, c.Scheme)
			code, _ := c.Param("error")
			want := ""
			if c.Scheme == used && used != "Basic" {
				want = row.code
			}
			description, described := c.Param("error_description")
			if code != want || described != (want != "") || described && description != gateProblem(t, w)["detail"] {
				t.Errorf("%s: %s, where %s was used: %s", tt.typ, c, used, w.Body)
			}
			if c.Params[0].Name != "realm" || strings.ContainsAny(description, `"\`) {
				t.Errorf("%s: %s", tt.typ, c)
			}
		}
		want := []string{}
		switch {
		case row.status == 401:
			want = []string{"Bearer", "DPoP", "Basic"}
		case row.code != "":
			want = []string{used}
		}
		if !slices.Equal(schemes, want) {
			t.Errorf("%s: %v, not %v", tt.typ, schemes, want)
		}
	}
}

// The members of a problem are in the catalogue of types.
func TestMembersAreDocumented(t *testing.T) {
	h := problem.Catalog(authn.Types()...)
	for name, want := range map[string]string{
		"insufficient-scope": "scope", "insufficient-user-authentication": "max_age acr_values scope", "token-expired": "",
	} {
		w := gateSend(h, "GET", "/problems/"+name, "Accept", "application/json")
		var page struct {
			Members []struct{ Name, Description string }
		}
		if err := json.Unmarshal(w.Body.Bytes(), &page); err != nil {
			t.Fatal(err)
		}
		var got []string
		for _, m := range page.Members {
			if got = append(got, m.Name); m.Description == "" {
				t.Errorf("%s: %s is not described", name, m.Name)
			}
		}
		if strings.Join(got, " ") != want {
			t.Errorf("%s: %q, want %q", name, got, want)
		}
	}
}
