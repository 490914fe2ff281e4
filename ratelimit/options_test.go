package ratelimit_test

import (
	"math"
	"strings"
	"testing"
	"time"

	"github.com/forthright-http/forthright/ratelimit"
)

// Each wrong setting is an error when a limiter is made.
func TestWrongOptions(t *testing.T) {
	good := []ratelimit.Policy{{Name: "p", Quota: 1, Window: time.Second}}
	many := make([]ratelimit.Policy, 9)
	for i := range many {
		many[i] = ratelimit.Policy{Name: string(rune('a' + i)), Quota: 1, Window: time.Second}
	}
	of := func(change func(*ratelimit.Policy)) ratelimit.Options {
		p := good[0]
		change(&p)
		return ratelimit.Options{Policies: []ratelimit.Policy{p}}
	}
	for _, c := range []struct {
		o    ratelimit.Options
		want string
	}{
		{ratelimit.Options{}, "neither Policies nor Choose"},
		{ratelimit.Options{Policies: many}, "9 policies"},
		{ratelimit.Options{Policies: []ratelimit.Policy{good[0], good[0]}}, "two policies"},
		{ratelimit.Options{Policies: good, Fields: 4}, "Fields"},
		{ratelimit.Options{Policies: good, PartitionSecret: make([]byte, 15)}, "PartitionSecret"},
		{ratelimit.Options{Policies: good, Jitter: 1.01}, "Jitter"},
		{ratelimit.Options{Policies: good, Jitter: math.NaN()}, "Jitter"},
		{ratelimit.Options{Policies: good, Jitter: math.Inf(1)}, "Jitter"},
		{ratelimit.Options{Policies: good, Machines: -1}, "Machines"},
		{ratelimit.Options{Policies: good, RetryAfter: -1}, "RetryAfter"},
		{of(func(p *ratelimit.Policy) { p.Name = "" }), "name"},
		{of(func(p *ratelimit.Policy) { p.Name = "two words" }), "name"},
		{of(func(p *ratelimit.Policy) { p.Name = `quo"te` }), "name"},
		{of(func(p *ratelimit.Policy) { p.Name = "a,b" }), "name"},
		{of(func(p *ratelimit.Policy) { p.Name = "a;b" }), "name"},
		{of(func(p *ratelimit.Policy) { p.Name = "ümlaut" }), "name"},
		{of(func(p *ratelimit.Policy) { p.Name = strings.Repeat("a", 65) }), "name"},
		{of(func(p *ratelimit.Policy) { p.Quota = 0 }), "quota"},
		{of(func(p *ratelimit.Policy) { p.Quota = -1 }), "quota"},
		{of(func(p *ratelimit.Policy) { p.Quota = 1e15 }), "quota"},
		{of(func(p *ratelimit.Policy) { p.Burst = -1 }), "burst"},
		{of(func(p *ratelimit.Policy) { p.Burst = 1e15 }), "burst"},
		{of(func(p *ratelimit.Policy) { p.Window = 0 }), "window"},
		{of(func(p *ratelimit.Policy) { p.Window = -time.Second }), "window"},
		{of(func(p *ratelimit.Policy) { p.Window = 999 }), "window"},
		{of(func(p *ratelimit.Policy) { p.Window = 367 * 24 * time.Hour }), "window"},
		{of(func(p *ratelimit.Policy) { p.Window = time.Second + 1 }), "microseconds"},
		{of(func(p *ratelimit.Policy) { p.WhenDown = 3 }), "WhenDown"},
		{of(func(p *ratelimit.Policy) { p.Window, p.Burst = 365*24*time.Hour, 11 }), "fill"},
	} {
		l, err := ratelimit.New(memoryOf(t, ratelimit.MemoryOptions{}), c.o)
		if err == nil || l != nil {
			t.Errorf("%s: no error for %+v", c.want, c.o)
			continue
		}
		if !strings.HasPrefix(err.Error(), "ratelimit: ") || strings.Count(err.Error(), "ratelimit: ") != 1 || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%q does not say %q", err, c.want)
		}
		if len(c.o.Policies) > 0 && (strings.Contains("name quota burst window microseconds WhenDown fill", c.want) || c.want == "two policies") {
			if _, err := ratelimit.NewPlan(c.o.Policies...); err == nil {
				t.Errorf("NewPlan: no error for %+v", c.o.Policies)
			}
		}
	}
	if _, err := ratelimit.New(nil, ratelimit.Options{Policies: good}); err == nil {
		t.Error("no error without a store")
	}
	if _, err := ratelimit.NewPlan(); err == nil {
		t.Error("no error for a plan of nothing")
	}
}

// What is at the edge of a limit is no error.
func TestEdgesOfOptions(t *testing.T) {
	for _, p := range []ratelimit.Policy{
		{Name: strings.Repeat("a", 64), Quota: 1, Window: time.Microsecond},
		{Name: "AZaz09-_.:", Quota: 999_999_999_999_999, Window: 366 * 24 * time.Hour, WhenDown: ratelimit.Local},
		{Name: "p", Quota: 1, Window: 366 * 24 * time.Hour, Burst: 10},
		{Name: "p", Quota: 999_999_999_999_999, Window: time.Second, Burst: 999_999_999_999_999},
	} {
		if _, err := ratelimit.New(memoryOf(t, ratelimit.MemoryOptions{}), ratelimit.Options{Policies: []ratelimit.Policy{p}, Jitter: 1, Deadline: -1, PartitionSecret: make([]byte, 16)}); err != nil {
			t.Error(err)
		}
	}
}

// The limiter keeps its own copy of the policies.
func TestPoliciesAreCopied(t *testing.T) {
	policies := []ratelimit.Policy{{Name: "p", Quota: 1, Window: time.Minute}}
	l := httpLimiter(t, newHTTPClock(), ratelimit.Options{Policies: policies})
	policies[0].Quota, policies[0].Name = 100, "changed"
	httpFields(t, httpServe(l.Handler(httpOK)), "p q=1 w=60", "p r=0 t=60")
}

// Functions that put keys and statuses together refuse what makes no sense.
func TestWrongArguments(t *testing.T) {
	for name, f := range map[string]func(){
		"By(nil)":       func() { ratelimit.By(nil) },
		"Join(nil)":     func() { ratelimit.Join(ratelimit.Everyone, nil) },
		"Join()":        func() { ratelimit.Join() },
		"Statuses(0)":   func() { ratelimit.Statuses(0) },
		"Statuses(100)": func() { ratelimit.Statuses(401, 100) },
		"Statuses(600)": func() { ratelimit.Statuses(600) },
	} {
		func() {
			defer func() {
				if s, ok := recover().(string); !ok || !strings.HasPrefix(s, "ratelimit: ") {
					t.Errorf("%s: no panic that tells of it", name)
				}
			}()
			f()
		}()
	}
}
