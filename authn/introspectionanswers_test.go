package authn_test

import (
	"encoding/json"
	"errors"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/forthright-http/forthright/authn"
	"github.com/forthright-http/forthright/problem"
	"github.com/forthright-http/forthright/problem/problemtest"
)

// What an answer says of a token, and what comes of it. Of the members that a case
// does not name, those that must be there are added.
func TestIntrospectionAnswers(t *testing.T) {
	const iss, aud = `"iss":"https://server.example.com/"`, `"aud":"https://protected.example.net/resource"`
	const ok = `{"active":true,"sub":"ana",` + iss + `,` + aud
	for _, tt := range []struct {
		name, answer string
		status       int
		reason       authn.Reason
		want         string // the body of a 200, the problem's name of a refusal
	}{
		{"no scope, no exp", ok + `}`, 200, authn.Accepted, "https://server.example.com/ ana  []"},
		{"no iss: it is the server's", `{"active":true,"sub":"ana",` + aud + `}`, 200, authn.Accepted, "https://server.example.com/ ana  []"},
		{"no sub: a client alone", `{"active":true,"username":"ana","client_id":"app",` + aud + `}`, 200, authn.Accepted, "https://server.example.com/  app []"},
		{"no sub, and no client: a username does not take its place", `{"active":true,"username":"ana",` + aud + `}`, 401, authn.ClaimsWrong, "token-claims"},
		{"sub with a control character", `{"active":true,"sub":"a\r\nb",` + aud + `}`, 401, authn.ClaimsWrong, "token-claims"},
		{"client_id with a control character", ok + `,"client_id":"\u0007"}`, 401, authn.ClaimsWrong, "token-claims"},
		{"scope as an array", ok + `,"scope":["a","b"]}`, 200, authn.Accepted, "https://server.example.com/ ana  [a b]"},
		{"azp", ok + `,"azp":"web"}`, 200, authn.Accepted, "https://server.example.com/ ana web []"},
		{"aud as an array", `{"active":true,"sub":"ana","aud":["x","https://protected.example.net/resource"]}`, 200, authn.Accepted, "https://server.example.com/ ana  []"},
		{"token_type bearer in any case", ok + `,"token_type":"bearer"}`, 200, authn.Accepted, "https://server.example.com/ ana  []"},
		{"token_use access_token", ok + `,"token_type":"Bearer","token_use":"access_token"}`, 200, authn.Accepted, "https://server.example.com/ ana  []"},
		{"exp null", ok + `,"exp":null}`, 200, authn.Accepted, "https://server.example.com/ ana  []"},
		{"exp just within the leeway", ok + `,"exp":1419350291}`, 200, authn.Accepted, "https://server.example.com/ ana  []"},
		{"nbf just within the leeway", ok + `,"nbf":1419350310}`, 200, authn.Accepted, "https://server.example.com/ ana  []"},
		{"expired", ok + `,"exp":1419350290}`, 401, authn.TokenExpired, "token-expired"},
		{"exp 0", ok + `,"exp":0}`, 401, authn.TokenExpired, "token-expired"},
		{"not yet valid", ok + `,"nbf":1419350311}`, 401, authn.TokenNotYetValid, "token-not-yet-valid"},
		{"inactive, whatever else", `{"active":false,"sub":"ana",` + iss + `,` + aud + `,"exp":"never"}`, 401, authn.TokenInactive, "token-inactive"},
		{"another issuer", `{"active":true,"sub":"ana","iss":"https://server.example.com",` + aud + `}`, 401, authn.IssuerWrong, "token-issuer"},
		{"another audience", `{"active":true,"sub":"ana",` + iss + `,"aud":"https://other.example.net"}`, 401, authn.AudienceWrong, "token-audience"},
		{"no audience", `{"active":true,"sub":"ana",` + iss + `}`, 401, authn.AudienceWrong, "token-audience"},
		{"an audience that is none", `{"active":true,"sub":"ana","aud":[1]}`, 401, authn.ClaimsWrong, "token-claims"},
		{"a scope that is none", ok + `,"scope":{}}`, 401, authn.ClaimsWrong, "token-claims"},
		{"sub is a number", `{"active":true,"sub":7,` + aud + `}`, 401, authn.ClaimsWrong, "token-claims"},
		{"exp is a string", ok + `,"exp":"1419356238"}`, 401, authn.ClaimsWrong, "token-claims"},
		{"a refresh token", ok + `,"token_type":"refresh_token"}`, 401, authn.TypeWrong, "token-type"},
		{"a refresh token in token_use", ok + `,"token_type":"Bearer","token_use":"refresh_token"}`, 401, authn.TypeWrong, "token-type"},
		{"a token that is for no resource (RFC 8693 §2.2.1)", ok + `,"token_type":"N_A"}`, 401, authn.TypeWrong, "token-type"},
		{"bound to a key (RFC 9449 §6.2)", ok + `,"token_type":"DPoP","cnf":{"jkt":"0ZcOCORZNYy-DWpqq30jZyJGHTN0d2HglBV3uiguA4I"}}`, 401, authn.BoundToKey, "token-bound-to-key"},
		{"bound to a key that nobody names", ok + `,"token_type":"DPoP"}`, 401, authn.ConfirmationUnknown, "token-confirmation"},
		{"bound to a certificate (RFC 8705 §3.2)", ok + `,"cnf":{"x5t#S256":"bwcK0esc3ACC3DB2Y5_lESsXE8o9ltc05O89jdN-dg2"}}`, 401, authn.CertificateMissing, "token-bound-to-certificate"},
		{"bound by what is not known", ok + `,"cnf":{"kid":"1"}}`, 401, authn.ConfirmationUnknown, "token-confirmation"},

		{"active is missing", `{"sub":"ana",` + aud + `}`, 503, authn.IntrospectionDown, ""},
		{"active is a string", `{"active":"true","sub":"ana",` + aud + `}`, 503, authn.IntrospectionDown, ""},
		{"active is a number", `{"active":1,"sub":"ana",` + aud + `}`, 503, authn.IntrospectionDown, ""},
		{"active is null", `{"active":null,"sub":"ana",` + aud + `}`, 503, authn.IntrospectionDown, ""},
		{"active in other letters", `{"Active":true,"sub":"ana",` + aud + `}`, 503, authn.IntrospectionDown, ""},
		{"active twice", `{"active":false,"active":true,"sub":"ana",` + aud + `}`, 503, authn.IntrospectionDown, ""},
		{"sub twice", ok + `,"sub":"eve"}`, 503, authn.IntrospectionDown, ""},
		{"sub in other letters", ok + `,"SUB":"eve"}`, 503, authn.IntrospectionDown, ""},
		{"something after it", ok + `}{}`, 503, authn.IntrospectionDown, ""},
		{"an array", `[{"active":true}]`, 503, authn.IntrospectionDown, ""},
		{"null", `null`, 503, authn.IntrospectionDown, ""},
		{"nothing", ``, 503, authn.IntrospectionDown, ""},
		{"cut off", ok, 503, authn.IntrospectionDown, ""},
		{"too deep", ok + `,"x":` + strings.Repeat("[", 40) + strings.Repeat("]", 40) + `}`, 503, authn.IntrospectionDown, ""},
	} {
		t.Run(tt.name, func(t *testing.T) {
			g := newIntrospectRig(t, introspectJSON(tt.answer), introspectOne)
			res := g.want(t, "abc", tt.status, tt.reason, 1)
			switch {
			case tt.status == 503:
				problemtest.Want(t, res, 503, introspectType(t, "authentication-unavailable"))
			case tt.status == 401:
				problemtest.Want(t, res, 401, introspectType(t, tt.want))
			case string(problemtest.Body(t, res)) != tt.want:
				t.Errorf("the service saw %q, want %q", problemtest.Body(t, res), tt.want)
			}
		})
	}
}

// Whatever the endpoint sends: nobody is let in but by "active": true for this
// service, and every refusal is one of three.
func FuzzIntrospectionAnswer(f *testing.F) {
	for _, seed := range []string{introspectActive, `{"active":false}`, `{"active":true,"aud":["https://protected.example.net/resource"],"exp":1e99}`, `{"active":true,"ACTIVE":false}`, `{"cnf":{"jkt":0}}`, `[`, ``} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, body string) {
		i := introspectScheme("https://server.example.com/introspect")
		i.Client = &http.Client{Transport: introspectRoundTrip(func(*http.Request) (*http.Response, error) { return introspectResponse(200, body), nil })}
		a, err := authn.New(authn.Options{Schemes: []authn.Scheme{i}, Now: func() time.Time { return time.Unix(introspectStart, 0) }})
		if err != nil {
			t.Fatal(err)
		}
		r := httptest.NewRequest("GET", "/", nil)
		r.Header.Set("Authorization", "Bearer abc")
		p, err := a.Verify(r)
		if err == nil {
			var answer struct {
				Active bool   `json:"active"`
				Sub    string `json:"sub"`
				Aud    any    `json:"aud"`
			}
			if e := json.Unmarshal([]byte(body), &answer); e != nil || !answer.Active || answer.Aud == nil || answer.Sub != p.Subject {
				t.Errorf("%q let %+v in", body, p)
			}
			return
		}
		var e *authn.Error
		var answer *problem.Problem
		if !errors.As(err, &e) || !errors.As(err, &answer) || answer.Status() != 401 && (answer.Status() != 503 || e.Reason != authn.IntrospectionDown) {
			t.Errorf("%q: %v", body, err)
		}
	})
}
