package authn_test

import (
	"encoding/json"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/golang-jwt/jwt/v5"

	"github.com/forthright-http/forthright/authn"
)

// The rows "auth_time too old, acr too low" and "stale and lacking scope", with
// times in seconds from now.
func TestRFC9470Section3_StepUp(t *testing.T) {
	const none = -1 << 40
	maxAge := authn.MaxAge(5 * time.Minute)
	for _, tt := range []struct {
		name     string
		authTime int64
		acr      string
		scope    string
		demand   []authn.Requirement
		reason   authn.Reason
		params   string // of the Bearer challenge, behind the error
	}{
		{"exactly max_age old", -300, "", "", []authn.Requirement{maxAge}, authn.Accepted, ""},
		{"one second older", -301, "", "", []authn.Requirement{maxAge}, authn.LoginTooOld, `max_age="300"`},
		{"just now", 0, "", "", []authn.Requirement{maxAge}, authn.Accepted, ""},
		{"no auth_time", none, "", "", []authn.Requirement{maxAge}, authn.LoginTooOld, `max_age="300"`},
		{"1970", -gateNow.Unix(), "", "", []authn.Requirement{maxAge}, authn.LoginTooOld, `max_age="300"`},
		{"the future, within the leeway", 10, "", "", []authn.Requirement{maxAge}, authn.Accepted, ""},
		{"the future, beyond the leeway", 11, "", "", []authn.Requirement{maxAge}, authn.LoginTooOld, `max_age="300"`},
		{"the far future", 1 << 33, "", "", []authn.Requirement{maxAge}, authn.LoginTooOld, `max_age="300"`},
		{"max_age 0, just now", 0, "", "", []authn.Requirement{authn.MaxAge(0)}, authn.Accepted, ""},
		{"max_age 0, a second ago", -1, "", "", []authn.Requirement{authn.MaxAge(0)}, authn.LoginTooOld, `max_age="0"`},
		{"no max_age, no auth_time", none, "", "", nil, authn.Accepted, ""},
		{"the preferred acr", none, "gold", "", []authn.Requirement{authn.ACR("gold", "silver")}, authn.Accepted, ""},
		{"another that is named", none, "silver", "", []authn.Requirement{authn.ACR("gold", "silver")}, authn.Accepted, ""},
		{"one that is not named", none, "bronze", "", []authn.Requirement{authn.ACR("gold", "silver")}, authn.ACRTooLow, `acr_values="gold silver"`},
		{"an acr in another case", none, "Gold", "", []authn.Requirement{authn.ACR("gold")}, authn.ACRTooLow, `acr_values="gold"`},
		{"no acr", none, "", "", []authn.Requirement{authn.ACR("gold")}, authn.ACRTooLow, `acr_values="gold"`},
		{"both are right", -1, "gold", "", []authn.Requirement{maxAge, authn.ACR("gold")}, authn.Accepted, ""},
		{"both: too old", -301, "gold", "", []authn.Requirement{maxAge, authn.ACR("gold")}, authn.LoginTooOld, `max_age="300", acr_values="gold"`},
		{"both: too low", -1, "bronze", "", []authn.Requirement{maxAge, authn.ACR("gold")}, authn.ACRTooLow, `max_age="300", acr_values="gold"`},
		{"both: neither", -301, "bronze", "", []authn.Requirement{authn.ACR("gold"), maxAge}, authn.LoginTooOld, `max_age="300", acr_values="gold"`},
		{"stale and lacking scope", -301, "", "orders:read", []authn.Requirement{authn.Scope("orders:write"), maxAge}, authn.LoginTooOld, `max_age="300", scope="orders:write"`},
		{"stale, with the scope", -301, "", "orders:write", []authn.Requirement{authn.Scope("orders:write"), maxAge}, authn.LoginTooOld, `max_age="300"`},
		{"too low and lacking scope", -1, "bronze", "", []authn.Requirement{authn.Scope("a"), authn.ACR("gold"), authn.AnyScope("b", "c")}, authn.ACRTooLow, `acr_values="gold", scope="a b"`},
	} {
		g := newGate(t)
		claims := jwt.MapClaims{"auth_time": gateNow.Unix() + tt.authTime}
		if tt.authTime == none {
			claims = jwt.MapClaims{}
		}
		for name, v := range map[string]string{"acr": tt.acr, "scope": tt.scope} {
			if v != "" {
				claims[name] = v
			}
		}
		w := gateGet(t, g.Require(tt.demand...)(gateOpen), gateBearer(t, claims))
		if got := g.take(); !slices.Equal(got, []authn.Reason{tt.reason}) {
			t.Errorf("%s: %v, not %s", tt.name, got, tt.reason)
		}
		if tt.reason == authn.Accepted {
			if w.Code != 200 {
				t.Errorf("%s: %d %s", tt.name, w.Code, w.Body)
			}
			continue
		}
		// Every scheme is listed, the error is on the one that was used.
		want := `Bearer realm="api", error="insufficient_user_authentication", ` + tt.params + " | " + gateBasicAll
		if got := gateChallenges(t, w); w.Code != 401 || got != want {
			t.Errorf("%s: %d %s, not %s", tt.name, w.Code, got, want)
		}
		if got := gateType(t, w); got != "insufficient-user-authentication" {
			t.Errorf("%s: %s", tt.name, got)
		}
		sameMembers(t, tt.name, gateProblem(t, w), tt.params)
	}
}

// sameMembers: the problem has what the challenge has, as JSON: a number of
// seconds, an array of values, the scope as it is.
func sameMembers(t *testing.T, name string, problem map[string]any, params string) {
	t.Helper()
	want := map[string]any{}
	if params != "" {
		list, err := authn.ParseChallenges([]string{"Bearer " + params})
		if err != nil {
			t.Fatal(err)
		}
		for _, p := range list[0].Params {
			switch p.Name {
			case "max_age":
				want["max_age"] = json.Number(p.Value)
			case "acr_values":
				want["acr_values"] = strings.Fields(p.Value)
			case "scope":
				want["scope"] = p.Value
			}
		}
	}
	for _, member := range []string{"max_age", "acr_values", "scope"} {
		a, _ := json.Marshal(want[member])
		b, _ := json.Marshal(problem[member])
		if string(a) != string(b) {
			t.Errorf("%s: the member %s is %s, not %s", name, member, b, a)
		}
	}
}

// A password is a login at the time of the request, whatever little time passes
// between two looks at the clock. What it cannot be is another acr: then it takes
// another scheme, and no scheme has an error.
func TestStepUpOfBasic(t *testing.T) {
	ticks := gateNow
	g := newGate(t, func(o *authn.Options) {
		o.Now = func() time.Time { ticks = ticks.Add(time.Microsecond); return ticks }
		o.Schemes[1] = authn.Basic{Users: authn.Users{
			"ana": {Hash: gateHash(), ACR: "password"},
		}}
	})
	if w := gateGet(t, g.Require(authn.MaxAge(0))(gateOpen), gateBasic("ana")); w.Code != 200 {
		t.Errorf("%d %s", w.Code, w.Body)
	}
	if w := gateGet(t, g.Require(authn.ACR("gold", "password"))(gateOpen), gateBasic("ana")); w.Code != 200 {
		t.Errorf("%d %s", w.Code, w.Body)
	}
	w := gateGet(t, g.Require(authn.ACR("gold"))(gateOpen), gateBasic("ana"))
	if got := gateChallenges(t, w); w.Code != 401 || got != gateAll || gateType(t, w) != "insufficient-user-authentication" {
		t.Errorf("%d %s %s", w.Code, got, w.Body)
	}
	sameMembers(t, "Basic", gateProblem(t, w), `acr_values="gold"`)
}

// auth_time is in whole seconds, the clock is not.
func TestMaxAgeWithinASecond(t *testing.T) {
	for _, tt := range []struct {
		now    time.Duration
		status int
	}{{0, 200}, {999 * time.Millisecond, 200}, {time.Second, 401}} {
		g := newGate(t, func(o *authn.Options) { o.Now = func() time.Time { return gateNow.Add(tt.now) } })
		h := g.Require(authn.MaxAge(time.Minute))(gateOpen)
		if w := gateGet(t, h, gateBearer(t, jwt.MapClaims{"auth_time": gateNow.Unix() - 60})); w.Code != tt.status {
			t.Errorf("%v later: %d, not %d", tt.now, w.Code, tt.status)
		}
	}
}

// The leeway for a time in the future is that of the options.
func TestMaxAgeLeeway(t *testing.T) {
	for _, tt := range []struct {
		leeway time.Duration
		ahead  int64
		status int
	}{{-1, 0, 200}, {-1, 1, 401}, {0, 10, 200}, {0, 11, 401}, {5 * time.Minute, 300, 200}, {5 * time.Minute, 301, 401}} {
		g := newGate(t, func(o *authn.Options) { o.Leeway = tt.leeway })
		h := g.Require(authn.MaxAge(time.Minute))(gateOpen)
		if w := gateGet(t, h, gateBearer(t, jwt.MapClaims{"auth_time": gateNow.Unix() + tt.ahead})); w.Code != tt.status {
			t.Errorf("leeway %v, %d s ahead: %d, not %d", tt.leeway, tt.ahead, w.Code, tt.status)
		}
	}
}
