package ratelimit_test

import (
	"math/rand/v2"
	"strings"
	"testing"
	"time"

	"github.com/forthright-http/forthright/ratelimit"
)

func TestParsePolicy(t *testing.T) {
	for _, c := range []struct {
		text   string
		name   string
		quota  int64
		window time.Duration
		burst  int64
	}{
		{"burst=10/1s", "burst", 10, time.Second, 10},
		{"hour=5000/1h", "hour", 5000, time.Hour, 5000},
		{"hour=5000/1h+50", "hour", 5000, time.Hour, 50},
		{"day=1/1d", "day", 1, 24 * time.Hour, 1},
		{"year=1/366d", "year", 1, 366 * 24 * time.Hour, 1},
		{"a=1/1h30m", "a", 1, 90 * time.Minute, 1},
		{"a=1/1.5s", "a", 1, 1500 * time.Millisecond, 1},
		{"a=7/100ms+9", "a", 7, 100 * time.Millisecond, 9},
		{"a=1/1us", "a", 1, time.Microsecond, 1},
		{"a=999999999999999/1s", "a", 999_999_999_999_999, time.Second, 999_999_999_999_999},
		{"a=007/1s", "a", 7, time.Second, 7},
		// ulule/limiter: QUOTA-UNIT, in either case.
		{"login=5-S", "login", 5, time.Second, 5},
		{"login=5-M", "login", 5, time.Minute, 5},
		{"login=1000-H", "login", 1000, time.Hour, 1000},
		{"login=2000-D", "login", 2000, 24 * time.Hour, 2000},
		{"login=5-s", "login", 5, time.Second, 5},
		{"login=5-m", "login", 5, time.Minute, 5},
		{"login=5-h", "login", 5, time.Hour, 5},
		{"login=5-d", "login", 5, 24 * time.Hour, 5},
		{"a-b.c:d_1=5-S", "a-b.c:d_1", 5, time.Second, 5},
	} {
		p, err := ratelimit.ParsePolicy(c.text)
		if want := (ratelimit.Policy{Name: c.name, Quota: c.quota, Window: c.window, Burst: c.burst}); err != nil || p != want {
			t.Errorf("%s: %+v, %v", c.text, p, err)
		}
	}
}

func TestParsePolicyErrors(t *testing.T) {
	for _, c := range []struct{ text, want string }{
		{"", "is not NAME=QUOTA/WINDOW"},
		{"10/1s", "is not NAME=QUOTA/WINDOW"},
		{"=10/1s", "name"},
		{"two words=10/1s", "name"},
		{"a=b=10/1s", `the quota "b=10"`},
		{"a=", "nor QUOTA-UNIT"},
		{"a=10", "nor QUOTA-UNIT"},
		{"a=10 per second", "nor QUOTA-UNIT"},
		{"a=/1s", `the quota ""`},
		{"a=0/1s", `the quota "0"`},
		{"a=-1/1s", `the quota "-1"`},
		{"a=+1/1s", `the quota "+1"`},
		{"a=1.5/1s", `the quota "1.5"`},
		{"a=1e3/1s", `the quota "1e3"`},
		{"a= 1/1s", `the quota " 1"`},
		{"a=1_000/1s", `the quota "1_000"`},
		{"a=1000000000000000/1s", "from 1 to 999999999999999"},
		{"a=9223372036854775808/1s", "from 1 to 999999999999999"},
		{"a=99999999999999999999999/1s", "from 1 to 999999999999999"},
		{"a=10/", `the window ""`},
		{"a=10/1", `the window "1"`},
		{"a=10/s", `the window "s"`},
		{"a=10/0s", `the window "0s"`},
		{"a=10/-1s", `the window "-1s"`},
		{"a=10/1w", `the window "1w"`},
		{"a=10/d", `the window "d"`},
		{"a=10/0d", `the window "0d"`},
		{"a=10/367d", "up to 366"},
		{"a=10/99999999999999999999d", "up to 366"},
		{"a=10/1.5d", "up to 366"},
		{"a=10/9000h", "window of 9000h0m0s"},
		{"a=10/3000000h", `the window "3000000h"`},
		{"a=10/1ns", "window of 1ns"},
		{"a=10/1500ns", "microseconds"},
		{"a=10/1s+", `the burst ""`},
		{"a=10/1s+0", `the burst "0"`},
		{"a=10/1s+-1", `the burst "-1"`},
		{"a=10/1s+5+5", `the burst "5+5"`},
		{"a=10/+1s", `the burst "1s"`},
		{"a=10/1s/2", `the window "1s/2"`},
		{"a=1/366d+11", "fill"},
		{"a=10-", `the unit ""`},
		{"a=10-X", `the unit "X"`},
		{"a=10-SS", `the unit "SS"`},
		{"a=10-S-M", `the unit "S-M"`},
		{"a=-S", `the quota ""`},
		{"a=0-S", `the quota "0"`},
		{"a=-5-S", `the quota ""`},
	} {
		p, err := ratelimit.ParsePolicy(c.text)
		if err == nil {
			t.Errorf("%s: %+v", c.text, p)
			continue
		}
		if s := err.Error(); !strings.HasPrefix(s, "ratelimit: ") || !strings.Contains(s, c.want) || strings.Contains(s, "strconv") || p != (ratelimit.Policy{}) {
			t.Errorf("%s: %v; %+v", c.text, err, p)
		}
	}
}

// What String writes, ParsePolicy reads.
func TestPolicyRoundTrip(t *testing.T) {
	for _, c := range []struct {
		p    ratelimit.Policy
		want string
	}{
		{ratelimit.Policy{Name: "a", Quota: 10, Window: time.Second}, "a=10/1s"},
		{ratelimit.Policy{Name: "a", Quota: 10, Window: 10 * time.Minute, Burst: 10}, "a=10/10m"},
		{ratelimit.Policy{Name: "a", Quota: 10, Window: 24 * time.Hour, Burst: 3}, "a=10/24h+3"},
		{ratelimit.Policy{Name: "a", Quota: 10, Window: 90 * time.Minute}, "a=10/1h30m"},
		{ratelimit.Policy{Name: "a", Quota: 10, Window: 20*time.Hour + 20*time.Second}, "a=10/20h0m20s"},
	} {
		if got := c.p.String(); got != c.want {
			t.Errorf("%q, not %q", got, c.want)
		}
	}
	random := rand.New(rand.NewPCG(3, 4))
	for range 5000 {
		p := ratelimit.Policy{
			Name:   strings.Repeat("n", 1+random.IntN(64)),
			Quota:  1 + random.Int64N(int64(1)<<random.IntN(49)),
			Window: time.Duration(1+random.Int64N(int64(1)<<random.IntN(44))) * time.Microsecond,
		}
		p.Burst = p.Quota
		if random.IntN(2) == 0 {
			p.Burst = 1 + random.Int64N(p.Quota)
		}
		if got, err := ratelimit.ParsePolicy(p.String()); err != nil || got != p {
			t.Fatalf("%+v: %s: %+v, %v", p, p, got, err)
		}
	}
}

func TestParsePolicies(t *testing.T) {
	if ps, err := ratelimit.ParsePolicies("burst=10/1s", "hour=5000-H"); err != nil || len(ps) != 2 || ps[0].Name != "burst" || ps[1].Window != time.Hour {
		t.Errorf("%+v, %v", ps, err)
	}
	for _, c := range []struct {
		list []string
		want string
	}{
		{nil, "no policies"},
		{[]string{"a=1/1s", "a=2/1m"}, "two policies"},
		{[]string{"a=1/1s", "b"}, `"b" is not`},
		{strings.Split("a=1-S b=1-S c=1-S d=1-S e=1-S f=1-S g=1-S h=1-S i=1-S", " "), "9 policies"},
	} {
		if ps, err := ratelimit.ParsePolicies(c.list...); err == nil || ps != nil || !strings.HasPrefix(err.Error(), "ratelimit: ") || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%q: %v, %v", c.list, ps, err)
		}
	}
}

// FuzzParsePolicy: what parses is a policy that a plan takes, and round trips.
func FuzzParsePolicy(f *testing.F) {
	for _, s := range []string{"a=1/1s", "a=10-S", "hour=5000/1h+50", "a=1/1.5h", "a=1/1d", "=", "a=1/9d+9"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		p, err := ratelimit.ParsePolicy(s)
		if err != nil {
			return
		}
		if _, err := ratelimit.NewPlan(p); err != nil {
			t.Errorf("%q: %v", s, err)
		}
		if again, err := ratelimit.ParsePolicy(p.String()); err != nil || again != p {
			t.Errorf("%q: %+v, %v", p, again, err)
		}
	})
}
