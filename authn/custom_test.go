package authn_test

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"reflect"
	"strings"
	"testing"

	"github.com/forthright-http/forthright/authn"
)

// customSession is a session cookie.
func customSession(verify func(value string) (authn.Principal, error)) authn.Custom {
	return authn.Custom{Scheme: "Session", Header: "cookie", Params: []authn.Param{{Name: "login", Value: "https://example.com/login"}},
		Verify: func(r *http.Request, credentials string) (authn.Principal, error) {
			if credentials != strings.Join(r.Header["Cookie"], "; ") { // RFC 9113 §8.2.3
				return authn.Principal{}, errors.New("the cookies are not one value")
			}
			c, err := r.Cookie("session")
			if err != nil {
				return authn.Principal{}, authn.ErrNoCredentials
			}
			return verify(c.Value)
		}}
}

func TestCustomErrors(t *testing.T) {
	const all = `Sig realm="api"`
	for _, tt := range []struct {
		p         authn.Principal
		err       error
		status    int
		reason    authn.Reason
		challenge []string
	}{
		{authn.Principal{Subject: "ana", Scheme: "Bearer"}, nil, 200, authn.Accepted, nil},
		{authn.Principal{Client: "app"}, nil, 200, authn.Accepted, nil},
		{authn.Principal{}, nil, 503, authn.CustomUnavailable, nil},
		{authn.Principal{Issuer: "https://i.example", Scopes: []string{"a"}}, nil, 503, authn.CustomUnavailable, nil},
		{authn.Principal{Subject: "ana"}, authn.ErrRefused, 401, authn.CustomRefused, []string{all}},
		{authn.Principal{}, fmt.Errorf("signature: %w", authn.ErrRefused), 401, authn.CustomRefused, []string{all}},
		{authn.Principal{}, authn.ErrNoCredentials, 401, authn.CustomRefused, []string{all}}, // there is no going on from Authorization
		{authn.Principal{}, errors.New("secret of the database"), 503, authn.CustomUnavailable, nil},
		{authn.Principal{}, context.DeadlineExceeded, 503, authn.CustomUnavailable, nil},
		{authn.Principal{}, context.Canceled, 503, authn.CustomUnavailable, nil},
	} {
		s := newBasicService(t, authn.Options{Schemes: []authn.Scheme{authn.Custom{Scheme: "Sig", Verify: func(_ *http.Request, credentials string) (authn.Principal, error) {
			if credentials != `keyId="a", signature="b"` {
				t.Errorf("credentials %q", credentials)
			}
			return tt.p, tt.err
		}}}})
		w, reason := s.send(`Authorization: sig  keyId="a", signature="b" `)
		if w.Code != tt.status || reason != tt.reason || !reflect.DeepEqual(w.Header()["Www-Authenticate"], tt.challenge) {
			t.Errorf("%v: %d %s %q", tt.err, w.Code, reason, w.Header()["Www-Authenticate"])
		}
		if (w.Code == 503) != (w.Header().Get("Retry-After") != "") || strings.Contains(w.Body.String(), "secret") {
			t.Errorf("%v: %v %s", tt.err, w.Header(), w.Body)
		}
		if w.Code == 200 && s.events[0].Principal.Scheme != "Sig" {
			t.Errorf("the scheme is %q", s.events[0].Principal.Scheme)
		}
		if w.Code == 503 && s.events[0].Err == nil {
			t.Errorf("%v: there is no cause", tt.p)
		}
		if tt.err != nil && !errors.Is(s.events[0].Err, tt.err) {
			t.Errorf("%v: the cause is %v", tt.err, s.events[0].Err)
		}
	}
}

// Cookies of others are no credentials, and those of two lines are one value.
func TestCustomCookie(t *testing.T) {
	session := customSession(func(value string) (authn.Principal, error) {
		if value != "good" {
			return authn.Principal{}, authn.ErrRefused
		}
		return authn.Principal{Subject: "ana"}, nil
	})
	keys := authn.APIKey{Header: "X-Key", Keys: authn.APIKeys{apiKeySum(apiKeyGood): {Subject: "billing"}}}
	s := newBasicService(t, authn.Options{Schemes: []authn.Scheme{session, keys}})
	all := []string{`Session realm="api", login="https://example.com/login"`, `ApiKey realm="api", header="X-Key"`}
	for _, tt := range []struct {
		lines  []string
		status int
		reason authn.Reason
	}{
		{nil, 401, authn.CredentialsMissing},
		{[]string{"Cookie: theme=dark"}, 401, authn.CredentialsMissing},
		{[]string{"Cookie: theme=dark; session=good"}, 200, authn.Accepted},
		{[]string{"Cookie: theme=dark", "Cookie: session=good"}, 200, authn.Accepted},
		{[]string{"Cookie: theme=dark; session=bad"}, 401, authn.CustomRefused},
		{[]string{"Cookie: theme=dark", "X-Key: " + apiKeyGood}, 200, authn.Accepted},
		{[]string{"Cookie: theme=dark", "X-Key: bad"}, 401, authn.APIKeyMalformed},
		{[]string{"Cookie: session=bad", "X-Key: " + apiKeyGood}, 401, authn.CustomRefused},
		{[]string{"Authorization: Session good"}, 401, authn.SchemeUnknown},
	} {
		w, reason := s.send(tt.lines...)
		if w.Code != tt.status || reason != tt.reason {
			t.Errorf("%q: %d %s, want %d %s", tt.lines, w.Code, reason, tt.status, tt.reason)
		}
		if w.Code == 401 && !reflect.DeepEqual(w.Header()["Www-Authenticate"], all) {
			t.Errorf("%q: challenges %q", tt.lines, w.Header()["Www-Authenticate"])
		}
		if got := w.Header()["Vary"]; !reflect.DeepEqual(got, []string{"Cookie, X-Key"}) {
			t.Errorf("%q: Vary %q", tt.lines, got)
		}
	}
}

// Where authentication is optional, a cookie of others is nobody's.
func TestCustomCookieOptional(t *testing.T) {
	auth, err := authn.New(authn.Options{Schemes: []authn.Scheme{customSession(func(string) (authn.Principal, error) {
		return authn.Principal{}, authn.ErrRefused
	})}})
	if err != nil {
		t.Fatal(err)
	}
	for _, tt := range []struct {
		cookie string
		status int
	}{{"theme=dark", 200}, {"session=bad", 401}} {
		r := httptest.NewRequest("GET", "/", nil)
		r.Header.Set("Cookie", tt.cookie)
		w := httptest.NewRecorder()
		if auth.Optional(basicOK).ServeHTTP(w, r); w.Code != tt.status {
			t.Errorf("%s: %d", tt.cookie, w.Code)
		}
	}
}

func TestCustomHeader(t *testing.T) {
	got := ""
	s := newBasicService(t, authn.Options{Schemes: []authn.Scheme{authn.Custom{Scheme: "Legacy", Header: "x-USER", Verify: func(_ *http.Request, credentials string) (authn.Principal, error) {
		got = credentials
		return authn.Principal{Subject: "ana"}, nil
	}}}})
	for _, tt := range []struct {
		lines []string
		got   string
		code  int
	}{
		{[]string{"X-User: a b"}, "a b", 200},
		{[]string{"X-User: "}, "-", 401}, // as if it were not there
		{[]string{"X-User: \t "}, "-", 401},
		{[]string{"X-User: a", "X-User: b"}, "-", 401},
		{[]string{"X-User: a", "X-User: "}, "-", 401},
	} {
		got = "-"
		if w, _ := s.send(tt.lines...); w.Code != tt.code || got != tt.got {
			t.Errorf("%q: %d, %q", tt.lines, w.Code, got)
		}
	}
}

// A Principal that was made from another one has an owner of its own.
func TestCustomOwner(t *testing.T) {
	s := newBasicService(t, authn.Options{Schemes: []authn.Scheme{authn.Basic{Users: authn.Users{"ana": {Hash: argon2Password}}}}})
	s.send(basicLine("ana", "password"))
	p := s.events[0].Principal
	p.Subject = "bob"
	on := newBasicService(t, authn.Options{Schemes: []authn.Scheme{authn.Custom{Scheme: "As", Verify: func(*http.Request, string) (authn.Principal, error) {
		return p, nil
	}}}})
	if w, _ := on.send("Authorization: As x"); w.Body.String() != "As  bob" {
		t.Errorf("the owner is %q", w.Body)
	}
}

// What Options.Revoked takes back is refused like credentials that do not hold.
func TestCustomRevoked(t *testing.T) {
	s := newBasicService(t, authn.Options{
		Schemes: []authn.Scheme{authn.Custom{Scheme: "Sig", Verify: func(_ *http.Request, credentials string) (authn.Principal, error) {
			if credentials != "good" {
				return authn.Principal{}, authn.ErrRefused
			}
			return authn.Principal{Subject: "ana"}, nil
		}}},
		Revoked: func(context.Context, authn.Principal) (bool, error) { return true, nil },
	})
	gone, reason := s.send("Authorization: Sig good")
	bad, _ := s.send("Authorization: Sig bad")
	if gone.Code != 401 || reason != authn.CustomRefused || gone.Body.String() != bad.Body.String() || !reflect.DeepEqual(gone.Header(), bad.Header()) {
		t.Errorf("%d %s %v %s", gone.Code, reason, gone.Header(), gone.Body)
	}
}

func TestCustomPanic(t *testing.T) {
	auth, err := authn.New(authn.Options{Schemes: []authn.Scheme{authn.Custom{Scheme: "Sig", Verify: func(*http.Request, string) (authn.Principal, error) {
		panic("boom")
	}}}})
	if err != nil {
		t.Fatal(err)
	}
	defer func() {
		if recover() != "boom" {
			t.Error("the panic did not pass")
		}
	}()
	r := httptest.NewRequest("GET", "/", nil)
	r.Header.Set("Authorization", "Sig x")
	auth.Handler(basicOK).ServeHTTP(httptest.NewRecorder(), r)
}

func TestCustomSettings(t *testing.T) {
	verify := func(*http.Request, string) (authn.Principal, error) { return authn.Principal{}, nil }
	one := func(c authn.Custom) []authn.Scheme { c.Verify = verify; return []authn.Scheme{c} }
	for _, tt := range []struct {
		want    string
		schemes []authn.Scheme
	}{
		{"Verify", []authn.Scheme{authn.Custom{Scheme: "Sig"}}},
		{"not a token", one(authn.Custom{})},
		{"not a token", one(authn.Custom{Scheme: "a b"})},
		{"Basic", one(authn.Custom{Scheme: "BASIC"})},
		{"Bearer", one(authn.Custom{Scheme: "bearer"})},
		{"DPoP", one(authn.Custom{Scheme: "DPOP"})},
		{"Authorization", one(authn.Custom{Scheme: "Sig", Header: "Authorization"})},
		{"not a token", one(authn.Custom{Scheme: "Sig", Header: "a b"})},
		{"realm", one(authn.Custom{Scheme: "Sig", Params: []authn.Param{{Name: "Realm", Value: "x"}}})},
		{"", one(authn.Custom{Scheme: "Sig", Params: []authn.Param{{Name: "a b", Value: "x"}}})},
		{"", one(authn.Custom{Scheme: "Sig", Params: []authn.Param{{Name: "a", Value: "x\r\ny"}}})},
		{"", one(authn.Custom{Scheme: "Sig", Params: []authn.Param{{Name: "a", Value: "x"}, {Name: "A", Value: "y"}}})},
		{"name sig", append(one(authn.Custom{Scheme: "Sig"}), one(authn.Custom{Scheme: "sig"})...)},
		{"field X", append(one(authn.Custom{Scheme: "A", Header: "X"}), one(authn.Custom{Scheme: "B", Header: "x"})...)},
	} {
		if _, err := authn.New(authn.Options{Schemes: tt.schemes}); err == nil || !strings.Contains(err.Error(), tt.want) {
			t.Errorf("%s: %v", tt.want, err)
		}
	}
}
