package authn_test

import (
	"context"
	"encoding/base64"
	"fmt"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/forthright-http/forthright/authn"
	"github.com/forthright-http/forthright/problem"
	"github.com/forthright-http/forthright/respond/conform/conformtest"
)

// Hashes of "password" and of "abc" that others made: the argon2 reference
// implementation's test suite, and that of jBCrypt.
const (
	argon2Password = "$argon2id$v=19$m=256,t=2,p=1$c29tZXNhbHQ$nf65EOgLrQMR/uIPnA4rEsF5h7TKyQwu9U1bMCHGi/4"
	bcryptABC      = "$2a$06$If6bvum7DFjUnE9p2uDeDu0YHzrHM6tf.iqN8.yx.jNN1ILEf7h0i"
)

// basicOK shows who came in.
var basicOK = http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
	p := authn.From(r.Context())
	w.Header()["Content-Type"], w.Header()["Cache-Control"] = []string{"text/plain; charset=utf-8"}, []string{"no-store"}
	fmt.Fprintf(w, "%s %s", p.Scheme, p.Owner())
})

// basicStore is a store that is a function.
type basicStore func(ctx context.Context, name string) (authn.User, error)

func (f basicStore) User(ctx context.Context, name string) (authn.User, error) { return f(ctx, name) }

// basicService is a route with its decisions.
type basicService struct {
	http.Handler
	auth   *authn.Authenticator
	events []authn.Event
}

func newBasicService(t testing.TB, o authn.Options) *basicService {
	t.Helper()
	s := &basicService{}
	problems, err := problem.NewWriter(problem.Options{Logger: slog.New(slog.DiscardHandler)})
	if err != nil {
		t.Fatal(err)
	}
	o.Problems, o.OnDecision = problems, func(e authn.Event) { s.events = append(s.events, e) }
	auth, err := authn.New(o)
	if err != nil {
		t.Fatal(err)
	}
	s.auth, s.Handler = auth, conformtest.Handler(t, auth.Handler(basicOK))
	return s
}

// send sends header lines "Name: value", and returns the answer and the reason.
func (s *basicService) send(lines ...string) (*httptest.ResponseRecorder, authn.Reason) {
	r := httptest.NewRequest("GET", "/", nil)
	for _, line := range lines {
		name, value, _ := strings.Cut(line, ": ")
		r.Header.Add(name, value)
	}
	s.events = nil
	w := httptest.NewRecorder()
	s.ServeHTTP(w, r)
	if len(s.events) != 1 {
		return w, "no single event"
	}
	return w, s.events[0].Reason
}

func basicLine(name, password string) string {
	return "Authorization: Basic " + base64.StdEncoding.EncodeToString([]byte(name+":"+password))
}

func basicHash(t testing.TB, password string) string {
	t.Helper()
	hash, err := authn.HashPassword(password)
	if err != nil {
		t.Fatal(err)
	}
	return hash
}

func TestRFC7617Section2_Examples(t *testing.T) {
	s := newBasicService(t, authn.Options{Schemes: []authn.Scheme{authn.Basic{Users: authn.Users{
		"Aladdin": {Hash: basicHash(t, "open sesame")},
		"test":    {Hash: basicHash(t, "123\u00a3")},
	}}}, Realm: "foo"})
	for _, tt := range []struct{ line, body string }{
		{"Authorization: Basic QWxhZGRpbjpvcGVuIHNlc2FtZQ==", "Basic  Aladdin"}, // §2
		{"Authorization: Basic dGVzdDoxMjPCow==", "Basic  test"},                // §2.1
		{"Authorization: bAsIc   dGVzdDoxMjPCow==", "Basic  test"},
	} {
		if w, reason := s.send(tt.line); w.Code != 200 || w.Body.String() != tt.body || reason != authn.Accepted {
			t.Errorf("%s: %d %s %q", tt.line, w.Code, reason, w.Body)
		}
	}
	w, _ := s.send()
	if got, want := w.Header()["Www-Authenticate"], []string{`Basic realm="foo", charset="UTF-8"`}; w.Code != 401 || !reflect.DeepEqual(got, want) {
		t.Errorf("%d, challenges %q, want %q", w.Code, got, want) // §2.1
	}
}

// basicRaw encodes what is no proper user-pass.
func basicRaw(userPass string) string {
	return "Authorization: Basic " + base64.StdEncoding.EncodeToString([]byte(userPass))
}

func TestRFC7617Section2_FailuresAreOneAnswer(t *testing.T) {
	hashes := 0
	s := newBasicService(t, authn.Options{Schemes: []authn.Scheme{authn.WatchedBasic{
		Basic: authn.Basic{Users: authn.Users{"ana": {Hash: argon2Password}, "bob": {Hash: bcryptABC}}},
		Compare: func(_, _ string, compute func() bool) bool {
			hashes++
			return compute()
		},
	}}})
	var first *httptest.ResponseRecorder
	for _, tt := range []struct {
		line   string
		reason authn.Reason
		hashes int
	}{
		{basicLine("ana", "wrong"), authn.PasswordWrong, 1},
		{basicLine("bob", "wrong"), authn.PasswordWrong, 1},
		{basicLine("bob", strings.Repeat("abc", 30)), authn.PasswordWrong, 1},
		{basicLine("ana", ""), authn.PasswordWrong, 1},
		{basicLine("ana", "password "), authn.PasswordWrong, 1},
		{basicLine("carol", "password"), authn.UserUnknown, 1},
		{basicLine("carol", "abc"), authn.UserUnknown, 1},
		{basicLine("Ana", "password"), authn.UserUnknown, 1},
		{basicLine("", "password"), authn.UserUnknown, 1},
		{basicLine("", ""), authn.UserUnknown, 1},
		{basicLine("a:na", "password"), authn.UserUnknown, 1}, // the password is "na:password"
		{basicLine("ana", "pass\x00word"), authn.BasicMalformed, 1},
		{basicLine("ana", "password\n"), authn.BasicMalformed, 1},
		{basicLine("ana\x7f", "password"), authn.BasicMalformed, 1},
		{basicLine("ana\t", "password"), authn.BasicMalformed, 1},
		{basicLine("ana", "\xa3"), authn.BasicMalformed, 1}, // ISO-8859-1
		{basicLine("an\xe1", "password"), authn.BasicMalformed, 1},
		{basicRaw("ana"), authn.BasicMalformed, 0},
		{basicRaw(""), authn.BasicMalformed, 0},
		{"Authorization: Basic", authn.BasicMalformed, 0},
		{"Authorization: Basic YW5hOnBhc3N3b3Jk YW5hOnBhc3N3b3Jk", authn.BasicMalformed, 0},
		{"Authorization: Basic YW5hOnBhc3N3b3Jk,", authn.BasicMalformed, 0},
		{"Authorization: Basic realm=\"api\"", authn.BasicMalformed, 0},
		{"Authorization: Basic ana:password", authn.BasicMalformed, 0},
		{"Authorization: Basic YW5hOnBhc3N3b3JkIA", authn.BasicMalformed, 0},     // no padding
		{"Authorization: Basic YW5hOnBhc3N3b3JkIB==", authn.BasicMalformed, 0},   // bits beyond the last byte
		{"Authorization: Basic YW5hOnBhc3\r\nN3b3Jk", authn.BasicMalformed, 0},   // what encoding/base64 skips
		{"Authorization: Basic YW5hOl9-X35ffl9-X35f", authn.BasicMalformed, 0},   // the other alphabet
		{basicLine("ana", strings.Repeat("a", 4000)), authn.BasicMalformed, 0},   // too long
		{basicLine(strings.Repeat("a", 1<<20), "a"), authn.BasicMalformed, 0},    // far too long
		{basicLine("ana", strings.Repeat("a", 3000)), authn.PasswordWrong, 1},    // not too long
		{basicLine(strings.Repeat("a", 3000), "password"), authn.UserUnknown, 1}, // not too long
		{"Authorization: Basic " + strings.Repeat("A", 4097), "basic_malformed", 0},
	} {
		hashes = 0
		w, reason := s.send(tt.line)
		if w.Code != 401 || reason != tt.reason || hashes != tt.hashes {
			t.Errorf("%.60q: %d %s with %d hashes, want 401 %s with %d", tt.line, w.Code, reason, hashes, tt.reason, tt.hashes)
		}
		if first == nil {
			first = w
		}
		if w.Body.String() != first.Body.String() || !reflect.DeepEqual(w.Header(), first.Header()) {
			t.Errorf("%.60q: another answer: %v %s", tt.line, w.Header(), w.Body)
		}
	}
	if !strings.Contains(first.Body.String(), "invalid-credentials") {
		t.Errorf("the answer is %s", first.Body)
	}
}

// A name that nobody has costs one of the hashes that users have, and always the
// same one, on all instances.
func TestBasicDecoys(t *testing.T) {
	weak := strings.Replace(argon2Password, "t=2", "t=1", 1)
	for _, tt := range []struct {
		name  string
		basic authn.Basic
		want  []string
	}{
		{"those of Users", authn.Basic{Users: authn.Users{"ana": {Hash: argon2Password}, "bob": {Hash: bcryptABC}}}, []string{argon2Password, bcryptABC}},
		{"given for Users", authn.Basic{Users: authn.Users{"ana": {Hash: argon2Password}}, Decoys: []string{bcryptABC}}, []string{bcryptABC}},
		{"given for a store", authn.Basic{Users: basicNobody, Decoys: []string{weak, bcryptABC}}, []string{weak, bcryptABC}},
		{"for a store", authn.Basic{Users: basicNobody}, []string{"$argon2id$v=19$m=19456,t=2,p=1$AAAAAAAAAAAAAAAAAAAAAA$AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"}},
	} {
		var seen [2]map[string]string
		for i := range seen {
			seen[i] = map[string]string{}
			s := newBasicService(t, authn.Options{Schemes: []authn.Scheme{authn.WatchedBasic{Basic: tt.basic,
				Compare: func(hash, name string, _ func() bool) bool {
					if old, ok := seen[i][name]; ok && old != hash {
						t.Errorf("%s: %q costs now %s, now %s", tt.name, name, old, hash)
					}
					seen[i][name] = hash
					return true // whatever comes of it
				}}}})
			for n := range 64 {
				name := fmt.Sprint("nobody", n/2)
				if w, reason := s.send(basicLine(name, name)); w.Code != 401 || reason != authn.UserUnknown {
					t.Fatalf("%s: %d %s", tt.name, w.Code, reason)
				}
			}
		}
		if !reflect.DeepEqual(seen[0], seen[1]) {
			t.Errorf("%s: another instance has other decoys", tt.name)
		}
		used := map[string]bool{}
		for _, hash := range seen[0] {
			used[hash] = true
		}
		for _, want := range tt.want {
			if !used[want] || len(used) != len(tt.want) {
				t.Errorf("%s: decoys %v, want %v", tt.name, used, tt.want)
			}
		}
	}
}

var basicNobody = basicStore(func(context.Context, string) (authn.User, error) { return authn.User{}, authn.ErrNoUser })

func TestBasicPrincipal(t *testing.T) {
	now := time.Date(2026, 2, 3, 4, 5, 6, 0, time.UTC)
	users := authn.Users{
		"ana": {Hash: argon2Password, Subject: "u-1", Issuer: "https://i.example", Scopes: []string{"orders:read"}, ACR: "pwd"},
		"bob": {Hash: argon2Password},
	}
	s := newBasicService(t, authn.Options{Schemes: []authn.Scheme{authn.Basic{Users: users}}, Now: func() time.Time { return now }})
	users["ana"].Scopes[0] = "changed"
	delete(users, "bob")
	for _, tt := range []struct {
		name string
		want authn.Principal
	}{
		{"ana", authn.Principal{Scheme: "Basic", Subject: "u-1", Issuer: "https://i.example", Scopes: []string{"orders:read"}, ACR: "pwd", AuthTime: now}},
		{"bob", authn.Principal{Scheme: "Basic", Subject: "bob", AuthTime: now}},
	} {
		s.send(basicLine(tt.name, "password"))
		got := s.events[0].Principal
		if owner := tt.want.Owner(); got.Owner() != owner {
			t.Errorf("%s: owner %q, want %q", tt.name, got.Owner(), owner)
		}
		if fmt.Sprintf("%+v", basicShown(got)) != fmt.Sprintf("%+v", basicShown(tt.want)) {
			t.Errorf("%+v, want %+v", got, tt.want)
		}
		if len(got.Scopes) > 0 {
			got.Scopes[0] = "changed" // by a handler
		}
		if s.send(basicLine(tt.name, "password")); len(got.Scopes) > 0 && !s.events[0].Principal.Has("orders:read") {
			t.Error("a handler changed the user's scopes")
		}
	}

	require := conformtest.Handler(t, s.auth.Require(authn.MaxAge(time.Minute), authn.ACR("pwd"), authn.Scope("orders:read"))(basicOK))
	r := httptest.NewRequest("GET", "/", nil)
	r.SetBasicAuth("ana", "password")
	w := httptest.NewRecorder()
	if require.ServeHTTP(w, r); w.Code != 200 {
		t.Errorf("a password is a fresh login: %d %s", w.Code, w.Body)
	}
}

// basicShown is what others can see of a principal.
func basicShown(p authn.Principal) []any {
	return []any{p.Scheme, p.Issuer, p.Subject, p.Client, p.Scopes, p.AuthTime, p.ACR, p.Expires, p.TokenID}
}

func TestBasicSettings(t *testing.T) {
	good := authn.Users{"ana": {Hash: argon2Password}}
	for _, tt := range []struct {
		want    string
		schemes []authn.Scheme
	}{
		{"no store", []authn.Scheme{authn.Basic{}}},
		{"no users", []authn.Scheme{authn.Basic{Users: authn.Users{}}}},
		{"no users", []authn.Scheme{authn.Basic{Users: authn.Users(nil)}}},
		{"colon", []authn.Scheme{authn.Basic{Users: authn.Users{"a:b": {Hash: argon2Password}}}}},
		{"empty", []authn.Scheme{authn.Basic{Users: authn.Users{"": {Hash: argon2Password}}}}},
		{"control", []authn.Scheme{authn.Basic{Users: authn.Users{"a\tb": {Hash: argon2Password}}}}},
		{"UTF-8", []authn.Scheme{authn.Basic{Users: authn.Users{"a\xff": {Hash: argon2Password}}}}},
		{"Normalization", []authn.Scheme{authn.Basic{Users: authn.Users{"e\u0301": {Hash: argon2Password}}}}},
		{"neither", []authn.Scheme{authn.Basic{Users: authn.Users{"ana": {Hash: "hunter2"}}}}},
		{"neither", []authn.Scheme{authn.Basic{Users: authn.Users{"ana": {}}}}},
		{"issuer", []authn.Scheme{authn.Basic{Users: authn.Users{"ana": {Hash: argon2Password, Issuer: "a b"}}}}},
		{"scope", []authn.Scheme{authn.Basic{Users: authn.Users{"ana": {Hash: argon2Password, Scopes: []string{"a b"}}}}}},
		{"decoy 1", []authn.Scheme{authn.Basic{Users: good, Decoys: []string{bcryptABC, "x"}}}},
		{"Hashes", []authn.Scheme{authn.Basic{Users: good, Hashes: -1}}},
		{"Remember", []authn.Scheme{authn.Basic{Users: good, Remember: -1}}},
		{"Remember", []authn.Scheme{authn.Basic{Users: good, Remember: 5*time.Minute + 1}}},
		{"two schemes", []authn.Scheme{authn.Basic{Users: good}, authn.Basic{Users: good}}},
	} {
		_, err := authn.New(authn.Options{Schemes: tt.schemes})
		if err == nil || !strings.Contains(err.Error(), tt.want) {
			t.Errorf("%s: %v", tt.want, err)
		}
		if err != nil && strings.Contains(err.Error(), "hunter2") {
			t.Errorf("the error shows the hash: %v", err)
		}
	}
}
