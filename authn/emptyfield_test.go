package authn_test

import (
	"net/http"
	"net/http/httptest"
	"slices"
	"testing"

	"github.com/forthright-http/forthright/authn"
)

// A field for credentials that is empty is as one that is not there: the next one is
// looked at, and without any there are no credentials.
func TestEmptyFields(t *testing.T) {
	g := newGate(t, func(o *authn.Options) {
		o.Schemes = append(o.Schemes,
			authn.APIKey{Keys: authn.APIKeys{apiKeySum(apiKeyGood): {Subject: "job"}}, Header: "X-Api-Key"},
			authn.Custom{Scheme: "Own", Header: "X-Own", Verify: func(_ *http.Request, s string) (authn.Principal, error) {
				if s == "" {
					t.Error("it is asked about nothing")
				}
				return authn.Principal{Subject: s}, nil
			}})
	})
	for _, tt := range []struct {
		target string
		header http.Header
		reason authn.Reason
		scheme string
	}{
		{"/", http.Header{"Authorization": {""}}, authn.CredentialsMissing, ""},
		{"/", http.Header{"Authorization": {" \t"}}, authn.CredentialsMissing, ""},
		{"/", http.Header{"X-Api-Key": {""}}, authn.CredentialsMissing, ""},
		{"/", http.Header{"X-Own": {""}}, authn.CredentialsMissing, ""},
		{"/", http.Header{"Authorization": {""}, "X-Api-Key": {""}, "X-Own": {""}}, authn.CredentialsMissing, ""},
		{"/?access_token=a", http.Header{"Authorization": {""}}, authn.TokenInQuery, ""},
		{"/", http.Header{"Authorization": {""}, "X-Api-Key": {apiKeyGood}}, authn.Accepted, "ApiKey"},
		{"/", http.Header{"X-Api-Key": {""}, "X-Own": {"ana"}}, authn.Accepted, "Own"},
		// Two lines are two, whatever is in them.
		{"/", http.Header{"Authorization": {"", ""}}, authn.AuthorizationRepeated, "Bearer"},
		{"/", http.Header{"X-Api-Key": {"", ""}}, authn.APIKeyMalformed, "ApiKey"},
		{"/", http.Header{"X-Api-Key": {"", apiKeyGood}}, authn.APIKeyMalformed, "ApiKey"},
		// A scheme is something.
		{"/", http.Header{"Authorization": {"Bearer"}}, authn.TokenFieldMalformed, "Bearer"},
	} {
		for _, optional := range []bool{false, true} {
			h, reason := g.Handler(gateOpen), tt.reason
			if optional {
				h = g.Optional(gateOpen)
				if reason == authn.CredentialsMissing {
					reason = authn.Accepted
				}
			}
			r := httptest.NewRequest("GET", tt.target, nil)
			r.Header = tt.header
			g.events = nil
			h.ServeHTTP(httptest.NewRecorder(), r)
			if len(g.events) != 1 || g.events[0].Reason != reason || g.events[0].Scheme != tt.scheme {
				t.Errorf("%v: %+v, want %s", tt.header, g.events, reason)
			}
		}
	}
}

// Of several credentials, Authorization counts, and then the fields in the order of
// the schemes; what is beside them is not looked at.
func TestSeveralCredentials(t *testing.T) {
	key := func(header string) authn.Scheme {
		return authn.APIKey{Scheme: header, Keys: authn.APIKeys{apiKeySum(apiKeyGood): {Subject: "job"}}, Header: header}
	}
	g := newGate(t, func(o *authn.Options) { o.Schemes = append([]authn.Scheme{key("B"), key("A")}, o.Schemes...) })
	for _, tt := range []struct {
		authorization, a, b string
		reason              authn.Reason
		scheme              string
	}{
		{gateBasic("ana"), "bad", "bad", authn.Accepted, "Basic"},
		{gateBasic("eve"), apiKeyGood, apiKeyGood, authn.UserUnknown, "Basic"},
		{"Digest a=b", apiKeyGood, apiKeyGood, authn.SchemeUnknown, ""},
		{"", "bad", apiKeyGood, authn.Accepted, "B"},
		{"", apiKeyGood, "bad", authn.APIKeyMalformed, "B"},
		{"", apiKeyGood, "", authn.Accepted, "A"},
	} {
		g.events = nil
		gateSend(g.Handler(gateOpen), "GET", "/", "Authorization", tt.authorization, "A", tt.a, "B", tt.b)
		if len(g.events) != 1 || g.events[0].Reason != tt.reason || g.events[0].Scheme != tt.scheme {
			t.Errorf("%v: %+v", tt, slices.Clone(g.events))
		}
	}
}
