package authn_test

import (
	"math/rand/v2"
	"net/http"
	"net/http/httptest"
	"reflect"
	"slices"
	"strings"
	"testing"

	"github.com/forthright-http/forthright/authn"
	"github.com/forthright-http/forthright/problem"
	"github.com/forthright-http/forthright/respond/conform/conformtest"
)

// challengeOf makes a challenge of names and values in turn.
func challengeOf(scheme string, params ...string) authn.Challenge {
	c := authn.Challenge{Scheme: scheme}
	for pair := range slices.Chunk(params, 2) {
		c.Params = append(c.Params, authn.Param{Name: pair[0], Value: pair[1]})
	}
	return c
}

// The examples of the RFCs, folded lines joined.
func TestParseChallengesOfTheRFCs(t *testing.T) {
	for _, tt := range []struct {
		section string
		lines   []string
		want    []authn.Challenge
	}{
		{
			"RFC 9110 §11.6.1", []string{`Basic realm="simple", Newauth realm="apps", type=1, title="Login to \"apps\""`},
			[]authn.Challenge{challengeOf("Basic", "realm", "simple"), challengeOf("Newauth", "realm", "apps", "type", "1", "title", `Login to "apps"`)},
		},
		{"RFC 6750 §3, no credentials", []string{`Bearer realm="example"`}, []authn.Challenge{challengeOf("Bearer", "realm", "example")}},
		{
			"RFC 6750 §3, expired", []string{`Bearer realm="example", error="invalid_token", error_description="The access token expired"`},
			[]authn.Challenge{challengeOf("Bearer", "realm", "example", "error", "invalid_token", "error_description", "The access token expired")},
		},
		{
			"RFC 9470 §3, acr_values", []string{`Bearer error="insufficient_user_authentication", error_description="A different authentication level is required", acr_values="myACR"`},
			[]authn.Challenge{challengeOf("Bearer", "error", "insufficient_user_authentication", "error_description", "A different authentication level is required", "acr_values", "myACR")},
		},
		{
			"RFC 9470 §3, max_age", []string{`Bearer error="insufficient_user_authentication", error_description="More recent authentication is required", max_age="5"`},
			[]authn.Challenge{challengeOf("Bearer", "error", "insufficient_user_authentication", "error_description", "More recent authentication is required", "max_age", "5")},
		},
		{
			"RFC 9728 §5.1", []string{`Bearer resource_metadata= "https://resource.example.com/.well-known/oauth-protected-resource"`},
			[]authn.Challenge{challengeOf("Bearer", "resource_metadata", "https://resource.example.com/.well-known/oauth-protected-resource")},
		},
		{
			"RFC 9449 §7.1", []string{`DPoP algs="ES256 PS256"`}, []authn.Challenge{challengeOf("DPoP", "algs", "ES256 PS256")},
		},
		{
			"RFC 9449 §7.2", []string{`Bearer, DPoP algs="ES256 PS256"`},
			[]authn.Challenge{challengeOf("Bearer"), challengeOf("DPoP", "algs", "ES256 PS256")},
		},
		{"a token68, and several lines", []string{"Negotiate YWJj==", `Basic realm="a"`}, []authn.Challenge{{Scheme: "Negotiate", Token68: "YWJj=="}, challengeOf("Basic", "realm", "a")}},
		{"empty elements", []string{"", ` , Basic realm=a,, ,`}, []authn.Challenge{challengeOf("Basic", "realm", "a")}},
	} {
		got, err := authn.ParseChallenges(tt.lines)
		if err != nil || !reflect.DeepEqual(got, tt.want) {
			t.Errorf("%s: %v, %v", tt.section, got, err)
		}
	}
}

func TestParseChallengesErrors(t *testing.T) {
	for _, lines := range [][]string{
		nil, {}, {""}, {","}, {`realm="a"`}, {`Bearer realm="secret`}, {`Bearer realm="secret", realm="b"`}, {`Bearer realm="secret", REALM="b"`},
		{"Bearer realm=secret secret"}, {"Bearer secret secret"}, {`Basic realm="a"`, `Bearer realm="a" b`}, {"Bearer\x00"}, {`Bearer realm="sec` + "\n" + `ret"`},
	} {
		got, err := authn.ParseChallenges(lines)
		if err == nil || got != nil || strings.Contains(err.Error(), "secret") {
			t.Errorf("%q: %v, %v", lines, got, err)
		}
	}
}

func TestChallengeFormat(t *testing.T) {
	for _, tt := range []struct {
		c    authn.Challenge
		want string // "" for an error
	}{
		{challengeOf("Bearer"), "Bearer"},
		{challengeOf("Bearer", "realm", "example"), `Bearer realm="example"`},
		{challengeOf("Newauth", "realm", "apps", "type", "1", "title", `Login to "apps"`), `Newauth realm="apps", type="1", title="Login to \"apps\""`},
		{challengeOf("Basic", "realm", `a\b`), `Basic realm="a\\b"`},
		{challengeOf("Basic", "realm", ""), `Basic realm=""`},
		{challengeOf("Basic", "realm", "é"), `Basic realm="é"`},
		{authn.Challenge{Scheme: "Negotiate", Token68: "YWJj=="}, "Negotiate YWJj=="},
		{authn.Challenge{}, ""},
		{challengeOf("Bear er"), ""},
		{challengeOf("Bearer", "", "a"), ""},
		{challengeOf("Bearer", "re alm", "a"), ""},
		{challengeOf("Bearer", "realm", "a\r\nSet-Cookie: a=b"), ""},
		{challengeOf("Bearer", "realm", "a\x00"), ""},
		{challengeOf("Bearer", "realm", "a", "Realm", "b"), ""},
		{authn.Challenge{Scheme: "Negotiate", Token68: "a b"}, ""},
		{authn.Challenge{Scheme: "Negotiate", Token68: "a", Params: []authn.Param{{Name: "b", Value: "c"}}}, ""},
	} {
		got, err := tt.c.Format()
		if got != tt.want || (err == nil) != (tt.want != "") || tt.c.String() != tt.want {
			t.Errorf("%v: %q, %v, not %q", tt.c, got, err, tt.want)
		}
	}
}

func TestChallengeParam(t *testing.T) {
	c := challengeOf("Bearer", "Realm", "a", "scope", "")
	for _, tt := range []struct {
		name, want string
		ok         bool
	}{{"realm", "a", true}, {"REALM", "a", true}, {"scope", "", true}, {"error", "", false}, {"\u017fcope", "", false}} {
		if got, ok := c.Param(tt.name); got != tt.want || ok != tt.ok {
			t.Errorf("%s: %q %v", tt.name, got, ok)
		}
	}
}

// What Format writes, ParseChallenges reads, alone and among others.
func TestChallengeRoundTrip(t *testing.T) {
	random := rand.New(rand.NewPCG(1, 2))
	pick := func(from []string) string { return from[random.IntN(len(from))] }
	schemes, names := []string{"Bearer", "basic", "X!#$%&'*+-.^_`|~9"}, []string{"realm", "error", "a-b", "scope", "x9"}
	values := []string{"", "a", `"`, `\`, `\"`, "a, b=c", `, Basic realm="x"`, "=", "\t", " ", "é", "\xff", "a\\"}
	var all []authn.Challenge
	var lines []string
	for range 2000 {
		c := authn.Challenge{Scheme: pick(schemes)}
		switch random.IntN(3) {
		case 0:
			c.Token68 = pick([]string{"a", "YWJj==", "a.b_c~d/e+f-"})
		case 1:
			random.Shuffle(len(names), func(i, j int) { names[i], names[j] = names[j], names[i] })
			for _, name := range names[:1+random.IntN(len(names))] {
				c.Params = append(c.Params, authn.Param{Name: name, Value: pick(values) + pick(values)})
			}
		}
		line, err := c.Format()
		if err != nil {
			t.Fatalf("%v: %v", c, err)
		}
		got, err := authn.ParseChallenges([]string{line})
		if err != nil || len(got) != 1 || !reflect.DeepEqual(got[0], c) {
			t.Fatalf("%q: %v, %v", line, got, err)
		}
		all, lines = append(all, c), append(lines, line)
	}
	for _, joined := range [][]string{lines, {strings.Join(lines, ", ")}} {
		if got, err := authn.ParseChallenges(joined); err != nil || !reflect.DeepEqual(got, all) {
			t.Errorf("%d lines: %v", len(joined), err)
		}
	}
}

// A challenge of one's own makes a 401; one that cannot be written a 500.
func TestChallengeInAProblem(t *testing.T) {
	for _, tt := range []struct {
		c      authn.Challenge
		status int
	}{{challengeOf("Newauth", "realm", `"apps"`), 401}, {challengeOf("New auth"), 500}} {
		w := httptest.NewRecorder()
		h := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { problem.Write(w, r, problem.Unauthorized(tt.c.String())) })
		if conformtest.Handler(t, h).ServeHTTP(w, httptest.NewRequest("GET", "/", nil)); w.Code != tt.status {
			t.Errorf("%v: %d %s", tt.c, w.Code, w.Body)
		}
	}
}
