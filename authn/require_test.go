package authn_test

import (
	"errors"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/golang-jwt/jwt/v5"

	"github.com/forthright-http/forthright/authn"
	"github.com/forthright-http/forthright/problem"
	"github.com/forthright-http/forthright/respond/conform/conformtest"
)

// The row "scope missing": 403, the Bearer challenge with insufficient_scope and
// the scope that is needed, for the scheme that has such an error.
func TestRFC6750Section3_1_ScopeMissing(t *testing.T) {
	for _, tt := range []struct {
		name   string
		have   string
		need   string // "" where it suffices
		demand []authn.Requirement
	}{
		{"none", "", "orders:read", []authn.Requirement{authn.Scope("orders:read")}},
		{"that one", "orders:read", "", []authn.Requirement{authn.Scope("orders:read")}},
		{"one of many", "a orders:read b", "", []authn.Requirement{authn.Scope("orders:read")}},
		{"another", "orders:write", "orders:read", []authn.Requirement{authn.Scope("orders:read")}},
		{"a longer one", "orders:reader", "orders:read", []authn.Requirement{authn.Scope("orders:read")}},
		{"a shorter one", "orders", "orders:read", []authn.Requirement{authn.Scope("orders:read")}},
		{"another case", "Orders:Read", "orders:read", []authn.Requirement{authn.Scope("orders:read")}},
		{"one of two", "a", "a b", []authn.Requirement{authn.Scope("a", "b")}},
		{"both", "b a", "", []authn.Requirement{authn.Scope("a", "b")}},
		{"two requirements, one", "a", "a b", []authn.Requirement{authn.Scope("a"), authn.Scope("b")}},
		{"two requirements, both", "a b", "", []authn.Requirement{authn.Scope("a"), authn.Scope("b")}},
		{"one twice", "", "a b", []authn.Requirement{authn.Scope("a", "b", "a")}},
		{"any: none", "c", "a", []authn.Requirement{authn.AnyScope("a", "b")}},
		{"any: the first", "a", "", []authn.Requirement{authn.AnyScope("a", "b")}},
		{"any: the last", "b", "", []authn.Requirement{authn.AnyScope("a", "b")}},
		{"two any: one", "b", "a c", []authn.Requirement{authn.AnyScope("a", "b"), authn.AnyScope("c", "d")}},
		{"two any: both", "d b", "", []authn.Requirement{authn.AnyScope("a", "b"), authn.AnyScope("c", "d")}},
		{"all and any: any is in all", "", "b", []authn.Requirement{authn.Scope("b"), authn.AnyScope("a", "b")}},
		{"all and any: all", "c", "c a", []authn.Requirement{authn.Scope("c"), authn.AnyScope("a", "b")}},
		{"all and any: any", "b", "c a", []authn.Requirement{authn.Scope("c"), authn.AnyScope("a", "b")}},
		{"all and any: both", "c b", "", []authn.Requirement{authn.Scope("c"), authn.AnyScope("a", "b")}},
		{"nothing is demanded", "", "", nil},
	} {
		g := newGate(t, func(o *authn.Options) {
			o.Schemes[1] = authn.Basic{Users: authn.Users{"ana": {Hash: gateHash(), Scopes: strings.Fields(tt.have)}}}
		})
		h := g.Require(tt.demand...)(gateOpen)
		for _, by := range []struct{ scheme, authorization, challenge string }{
			{"Bearer", gateBearer(t, jwt.MapClaims{"scope": tt.have}), `Bearer realm="api", error="insufficient_scope", scope="` + tt.need + `"`},
			{"Basic", gateBasic("ana"), ""},
		} {
			w := gateGet(t, h, by.authorization)
			if tt.need == "" {
				if w.Code != 200 || !slices.Equal(g.take(), []authn.Reason{authn.Accepted}) {
					t.Errorf("%s, %s: %d %s", tt.name, by.scheme, w.Code, w.Body)
				}
				continue
			}
			if got := gateType(t, w); w.Code != 403 || got != "insufficient-scope" {
				t.Errorf("%s, %s: %d %s", tt.name, by.scheme, w.Code, got)
				continue
			}
			if got := gateChallenges(t, w); got != by.challenge {
				t.Errorf("%s, %s: %s, not %s", tt.name, by.scheme, got, by.challenge)
			}
			if got := gateProblem(t, w)["scope"]; got != tt.need {
				t.Errorf("%s, %s: the member scope is %v, not %s", tt.name, by.scheme, got, tt.need)
			}
			if got := g.take(); !slices.Equal(got, []authn.Reason{authn.ScopeMissing}) {
				t.Errorf("%s, %s: the reasons are %v", tt.name, by.scheme, got)
			}
		}
	}
}

// The row "role or ownership denies": 403 without a challenge.
func TestRFC9110Section15_5_4_RoleDenies(t *testing.T) {
	for _, by := range []struct{ scheme, authorization string }{
		{"Bearer", gateBearer(t, nil)}, {"Basic", gateBasic("ana")},
	} {
		for _, tt := range []struct {
			first, second bool
			status        int
			asked         string
		}{
			{true, true, 200, "first second "},
			{true, false, 403, "first second "},
			{false, true, 403, "first "},
		} {
			g := newGate(t)
			var asked string
			ask := func(name string, yes bool) authn.Requirement {
				return authn.Allow(name, func(r *http.Request, p authn.Principal) bool {
					asked += name + " "
					return yes && r.URL.Path == "/" && p.Subject == "ana" && p.Scheme == by.scheme
				})
			}
			w := gateGet(t, g.Require(ask("first", tt.first), ask("second", tt.second))(gateOpen), by.authorization)
			if w.Code != tt.status || asked != tt.asked || w.Header()["Www-Authenticate"] != nil {
				t.Errorf("%s %v: %d, asked %q, challenges %q", by.scheme, tt, w.Code, asked, w.Header()["Www-Authenticate"])
			}
			if tt.status == 200 {
				continue
			}
			if got := gateType(t, w); got != "access-denied" || strings.Contains(w.Body.String(), "first") {
				t.Errorf("%s %v: %s", by.scheme, tt, w.Body)
			}
			last := strings.Fields(asked)[len(strings.Fields(asked))-1]
			if log := g.log.String(); !strings.Contains(log, "not allowed: "+last) || !strings.Contains(log, "reason=access_denied") {
				t.Errorf("%s %v: the log is %s", by.scheme, tt, log)
			}
		}
	}
}

// What is told first: what a new authentication mends, then scopes, then what
// nothing mends. Without credentials nothing is asked at all.
func TestRequireOrder(t *testing.T) {
	g := newGate(t)
	asked := 0
	h := g.Require(
		authn.Allow("never", func(*http.Request, authn.Principal) bool { asked++; return false }),
		authn.Scope("orders:write"),
		authn.MaxAge(5*time.Minute),
	)(gateOpen)
	fresh, stale := gateNow.Unix()-10, gateNow.Unix()-1000
	for _, tt := range []struct {
		authorization string
		status        int
		typ           string
		asked         int
	}{
		{"", 401, "authentication-required", 0},
		{gateBearer(t, jwt.MapClaims{"exp": stale, "auth_time": stale}), 401, "token-expired", 0},
		{gateBearer(t, jwt.MapClaims{"auth_time": stale}), 401, "insufficient-user-authentication", 0},
		{gateBearer(t, jwt.MapClaims{"auth_time": stale, "scope": "orders:write"}), 401, "insufficient-user-authentication", 0},
		{gateBearer(t, jwt.MapClaims{"auth_time": fresh}), 403, "insufficient-scope", 0},
		{gateBearer(t, jwt.MapClaims{"auth_time": fresh, "scope": "orders:write"}), 403, "access-denied", 1},
		{gateBasic("reader"), 403, "insufficient-scope", 0},
		{gateBasic("writer"), 403, "access-denied", 1},
	} {
		asked = 0
		w := gateGet(t, h, tt.authorization)
		if got := gateType(t, w); w.Code != tt.status || got != tt.typ || asked != tt.asked {
			t.Errorf("%d %s asked %d, not %d %s %d", w.Code, got, asked, tt.status, tt.typ, tt.asked)
		}
	}
}

func TestRequirePanics(t *testing.T) {
	g := newGate(t)
	yes := func(*http.Request, authn.Principal) bool { return true }
	for _, tt := range []struct {
		name string
		bad  []authn.Requirement
	}{
		{"empty", []authn.Requirement{{}}},
		{"Scope of none", []authn.Requirement{authn.Scope()}},
		{"Scope empty", []authn.Requirement{authn.Scope("")}},
		{"Scope with a space", []authn.Requirement{authn.Scope("a b")}},
		{"Scope with a quote", []authn.Requirement{authn.Scope(`a"b`)}},
		{"Scope with a backslash", []authn.Requirement{authn.Scope(`a\b`)}},
		{"Scope with a line", []authn.Requirement{authn.Scope("a\r\nb")}},
		{"Scope beyond ASCII", []authn.Requirement{authn.Scope("é")}},
		{"Scope: the second", []authn.Requirement{authn.Scope("a", "")}},
		{"AnyScope of none", []authn.Requirement{authn.AnyScope()}},
		{"AnyScope: the second", []authn.Requirement{authn.AnyScope("a", "b c")}},
		{"MaxAge below zero", []authn.Requirement{authn.MaxAge(-time.Second)}},
		{"MaxAge of a fraction", []authn.Requirement{authn.MaxAge(1500 * time.Millisecond)}},
		{"MaxAge twice", []authn.Requirement{authn.MaxAge(time.Minute), authn.MaxAge(time.Minute)}},
		{"MaxAge of zero twice", []authn.Requirement{authn.MaxAge(0), authn.MaxAge(time.Minute)}},
		{"ACR of none", []authn.Requirement{authn.ACR()}},
		{"ACR empty", []authn.Requirement{authn.ACR("gold", "")}},
		{"ACR with a space", []authn.Requirement{authn.ACR("gold silver")}},
		{"ACR with a line", []authn.Requirement{authn.ACR("gold\nsilver")}},
		{"ACR twice", []authn.Requirement{authn.ACR("gold"), authn.ACR("silver")}},
		{"Allow without a name", []authn.Requirement{authn.Allow("", yes)}},
		{"Allow without a function", []authn.Requirement{authn.Allow("admin", nil)}},
		{"the last", []authn.Requirement{authn.Scope("a"), authn.ACR("b"), authn.Scope("")}},
	} {
		for name, build := range map[string]func(){
			"Require": func() { g.Require(tt.bad...) },
			"Checker": func() { g.Checker(tt.bad...) },
		} {
			func() {
				defer func() {
					if text, ok := recover().(string); !ok || !strings.HasPrefix(text, "authn: Require: ") {
						t.Errorf("%s: %s: the panic is %q", tt.name, name, text)
					}
				}()
				build()
			}()
		}
	}
}

// Scopes and values that are handed over may change afterwards.
func TestRequireKeepsCopies(t *testing.T) {
	g := newGate(t)
	all, some, ways := []string{"a"}, []string{"b"}, []string{"gold"}
	h := g.Require(authn.Scope(all...), authn.AnyScope(some...), authn.ACR(ways...))(gateOpen)
	all[0], some[0], ways[0] = "x", "x", "x"
	if w := gateGet(t, h, gateBearer(t, jwt.MapClaims{"scope": "a b", "acr": "gold"})); w.Code != 200 {
		t.Errorf("%d %s", w.Code, w.Body)
	}
	if w := gateGet(t, h, gateBearer(t, jwt.MapClaims{"scope": "x", "acr": "x"})); w.Code != 401 {
		t.Errorf("%d %s", w.Code, w.Body)
	}
}

// A Checker decides as Require does, and its error answers as Require does.
func TestCheckerAnswersAsRequire(t *testing.T) {
	g := newGate(t)
	quiet, err := problem.NewWriter(problem.Options{Logger: slog.New(slog.DiscardHandler)})
	if err != nil {
		t.Fatal(err)
	}
	demand := []authn.Requirement{authn.Scope("a"), authn.MaxAge(time.Minute), authn.Allow("not eve", func(_ *http.Request, p authn.Principal) bool { return p.Subject != "eve" })}
	check, enforce := g.Checker(demand...), conformtest.Handler(t, g.Require(demand...)(gateOpen))
	now := gateNow.Unix()
	for _, tt := range []struct {
		authorization string
		reason        authn.Reason
	}{
		{"", authn.CredentialsMissing},
		{"Bearer", authn.TokenFieldMalformed},
		{"Bearer a", authn.TokenMalformed},
		{gateBearer(t, jwt.MapClaims{"scope": "a"}), authn.LoginTooOld},
		{gateBearer(t, jwt.MapClaims{"auth_time": now}), authn.ScopeMissing},
		{gateBearer(t, jwt.MapClaims{"auth_time": now, "scope": "a", "sub": "eve"}), authn.AccessDenied},
		{gateBearer(t, jwt.MapClaims{"auth_time": now, "scope": "a"}), authn.Accepted},
	} {
		g.take()
		want := gateSend(enforce, "GET", "/", "Authorization", tt.authorization)
		g.take()
		r := httptest.NewRequest("GET", "/", nil)
		if tt.authorization != "" {
			r.Header.Set("Authorization", tt.authorization)
		}
		p, err := check(r)
		if got := g.take(); !slices.Equal(got, []authn.Reason{tt.reason}) {
			t.Errorf("%s: the reasons are %v", tt.reason, got)
		}
		if tt.reason == authn.Accepted {
			if err != nil || p.Subject != "ana" || want.Code != 200 {
				t.Errorf("%v %v %d", p, err, want.Code)
			}
			continue
		}
		e, ok := errors.AsType[*authn.Error](err)
		if !ok || e.Reason != tt.reason || p.Known() || p.Subject != "" {
			t.Errorf("%s: %v, %v", tt.reason, err, p)
			continue
		}
		w := httptest.NewRecorder()
		quiet.Write(w, r, err)
		if w.Code != want.Code || w.Body.String() != want.Body.String() || gateChallenges(t, w) != gateChallenges(t, want) {
			t.Errorf("%s: %d %s %q, not %d %s %q", tt.reason, w.Code, w.Body, w.Header(), want.Code, want.Body, want.Header())
		}
	}
}

// One middleware, many requests at once, each with its own answer.
func TestRequireConcurrently(t *testing.T) {
	g := newGate(t)
	h := g.Require(authn.Scope("a"), authn.MaxAge(time.Minute))(gateOpen)
	now := gateNow.Unix()
	for i, tt := range []struct {
		authorization string
		status        int
	}{
		{"", 401},
		{gateBearer(t, jwt.MapClaims{"auth_time": now}), 403},
		{gateBearer(t, jwt.MapClaims{"auth_time": now - 61}), 401},
		{gateBearer(t, jwt.MapClaims{"auth_time": now, "scope": "a"}), 200},
	} {
		t.Run(string(rune('a'+i)), func(t *testing.T) {
			t.Parallel()
			var wg sync.WaitGroup
			for range 8 {
				wg.Go(func() {
					for range 50 {
						if w := gateSend(h, "GET", "/", "Authorization", tt.authorization); w.Code != tt.status {
							t.Errorf("%d, not %d", w.Code, tt.status)
						}
					}
				})
			}
			wg.Wait()
		})
	}
}
