package ratelimittest

import (
	"context"
	"fmt"
	"math"
	"runtime"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/forthright-http/forthright/ratelimit"
)

type (
	policies  = []ratelimit.Policy
	decisions = []ratelimit.Decision
	takeFunc  = func(ctx context.Context, key string, cost int64, p policies, d decisions) error
)

// faulty is a store whose methods may be replaced by wrong ones.
type faulty struct {
	*model
	take, adjust takeFunc
	peek         func(ctx context.Context, key string, p policies, d decisions) error
	reset        func(ctx context.Context, key string, p policies) error
	lose         func()
	restart      func()
}

func (f *faulty) Take(ctx context.Context, key string, cost int64, p []ratelimit.Policy, d []ratelimit.Decision) error {
	if f.take != nil {
		return f.take(ctx, key, cost, p, d)
	}
	return f.model.Take(ctx, key, cost, p, d)
}

func (f *faulty) Adjust(ctx context.Context, key string, cost int64, p []ratelimit.Policy, d []ratelimit.Decision) error {
	if f.adjust != nil {
		return f.adjust(ctx, key, cost, p, d)
	}
	return f.model.Adjust(ctx, key, cost, p, d)
}

func (f *faulty) Peek(ctx context.Context, key string, p []ratelimit.Policy, d []ratelimit.Decision) error {
	if f.peek != nil {
		return f.peek(ctx, key, p, d)
	}
	return f.model.Peek(ctx, key, p, d)
}

func (f *faulty) Reset(ctx context.Context, key string, p []ratelimit.Policy) error {
	if f.reset != nil {
		return f.reset(ctx, key, p)
	}
	return f.model.Reset(ctx, key, p)
}

// named replaces what a bucket is named by, in all methods.
func (f *faulty) named(key func(string) string, policy func(ratelimit.Policy) ratelimit.Policy) {
	renamed := func(p policies) policies {
		out := make(policies, len(p))
		for i := range p {
			out[i] = policy(p[i])
		}
		return out
	}
	f.take = func(ctx context.Context, k string, cost int64, p policies, d decisions) error {
		return f.model.Take(ctx, key(k), cost, renamed(p), d)
	}
	f.adjust = func(ctx context.Context, k string, cost int64, p policies, d decisions) error {
		return f.model.Adjust(ctx, key(k), cost, renamed(p), d)
	}
	f.peek = func(ctx context.Context, k string, p policies, d decisions) error {
		return f.model.Peek(ctx, key(k), renamed(p), d)
	}
	f.reset = func(ctx context.Context, k string, p policies) error { return f.model.Reset(ctx, key(k), renamed(p)) }
}

func (f *faulty) keyed(key func(string) string) {
	f.named(key, func(p ratelimit.Policy) ratelimit.Policy { return p })
}

// after changes what Take decided.
func (f *faulty) after(change func(cost int64, p *ratelimit.Policy, d *ratelimit.Decision)) {
	f.take = func(ctx context.Context, key string, cost int64, p policies, d decisions) error {
		err := f.model.Take(ctx, key, cost, p, d)
		for i := range p {
			change(cost, &p[i], &d[i])
		}
		return err
	}
}

// faults are ways to be wrong, each with a check that sees it.
var faults = []struct {
	name, seenBy string
	make         func(f *faulty)
}{
	{"some are charged where one denies", "AllOrNothing", func(f *faulty) {
		f.take = func(ctx context.Context, key string, cost int64, p policies, d decisions) error {
			for i := range p {
				if err := f.model.Take(ctx, key, cost, p[i:i+1], d[i:i+1]); err != nil {
					return err
				}
			}
			return nil
		}
	}},
	{"a denied cost is charged", "RetryAfter", func(f *faulty) {
		f.take = func(ctx context.Context, key string, cost int64, p policies, d decisions) error {
			err := f.model.Take(ctx, key, cost, p, d)
			if err == nil && !passes(p, d) && cost < 10 {
				return f.model.Adjust(ctx, key, cost, p, make(decisions, len(p)))
			}
			return err
		}
	}},
	{"a shadow policy denies", "Shadow", func(f *faulty) {
		f.named(strings.Clone, func(p ratelimit.Policy) ratelimit.Policy { p.Shadow = false; return p })
	}},
	{"a shadow policy has a bucket of its own", "Shadow", func(f *faulty) {
		f.named(strings.Clone, func(p ratelimit.Policy) ratelimit.Policy { p.Name += fmt.Sprint(p.Shadow); return p })
	}},
	{"Peek charges", "Peek", func(f *faulty) {
		f.peek = func(ctx context.Context, key string, p policies, d decisions) error {
			return f.model.Take(ctx, key, 1, p, d)
		}
	}},
	{"RetryAfter in whole seconds, rounded down", "RetryAfter", func(f *faulty) {
		f.after(func(_ int64, _ *ratelimit.Policy, d *ratelimit.Decision) {
			d.RetryAfter = d.RetryAfter.Truncate(time.Second)
		})
	}},
	{"RetryAfter in whole seconds, rounded up", "RetryAfter", func(f *faulty) {
		f.after(func(_ int64, _ *ratelimit.Policy, d *ratelimit.Decision) {
			d.RetryAfter = (d.RetryAfter + time.Second - 1).Truncate(time.Second)
		})
	}},
	{"RetryAfter a nanosecond short", "RetryAfter", func(f *faulty) {
		f.after(func(_ int64, _ *ratelimit.Policy, d *ratelimit.Decision) {
			d.RetryAfter = max(0, d.RetryAfter-1)
		})
	}},
	{"Full a nanosecond short", "Model", func(f *faulty) {
		f.after(func(_ int64, _ *ratelimit.Policy, d *ratelimit.Decision) { d.Full = max(0, d.Full-1) })
	}},
	{"RetryAfter of a cost that never fits", "Overflow", func(f *faulty) {
		f.after(func(cost int64, p *ratelimit.Policy, d *ratelimit.Decision) {
			if cost > p.Burst {
				d.RetryAfter = math.MaxInt64
			}
		})
	}},
	{"a negative Remaining", "AllOrNothing", func(f *faulty) {
		f.after(func(_ int64, _ *ratelimit.Policy, d *ratelimit.Decision) {
			if !d.Allowed {
				d.Remaining = -1
			}
		})
	}},
	{"a field that is not set", "Peek", func(f *faulty) {
		f.peek = func(ctx context.Context, key string, p policies, d decisions) error {
			was := d[0].RetryAfter
			err := f.model.Peek(ctx, key, p, d)
			d[0].RetryAfter = was
			return err
		}
	}},
	{"Adjust gives nothing back", "Adjust", func(f *faulty) {
		f.adjust = func(ctx context.Context, key string, cost int64, p policies, d decisions) error {
			return f.model.Adjust(ctx, key, max(cost, 0), p, d)
		}
	}},
	{"Adjust stops at an empty bucket", "Adjust", func(f *faulty) {
		f.adjust = func(ctx context.Context, key string, cost int64, p policies, d decisions) error {
			for i := range p {
				if err := f.model.Peek(ctx, key, p[i:i+1], d[i:i+1]); err != nil {
					return err
				}
				if err := f.model.Adjust(ctx, key, min(cost, d[i].Remaining), p[i:i+1], d[i:i+1]); err != nil {
					return err
				}
			}
			return nil
		}
	}},
	{"Adjust gives more than a bucket holds", "Adjust", func(f *faulty) {
		spare := map[string]int64{}
		f.adjust = func(ctx context.Context, key string, cost int64, p policies, d decisions) error {
			if cost < 0 {
				_ = f.model.Peek(ctx, key, p[:1], d[:1])
				spare[key] = max(0, -cost-(p[0].Burst-d[0].Remaining))
			} else {
				cost = max(0, cost-spare[key])
			}
			return f.model.Adjust(ctx, key, cost, p, d)
		}
	}},
	{"Reset does nothing", "Reset", func(f *faulty) {
		f.reset = func(context.Context, string, policies) error { return nil }
	}},
	{"Reset empties", "Reset", func(f *faulty) {
		f.reset = func(ctx context.Context, key string, p policies) error {
			return f.model.Adjust(ctx, key, p[0].Burst, p, make(decisions, len(p)))
		}
	}},
	{"Reset of all policies of a key", "Reset", func(f *faulty) {
		f.reset = func(_ context.Context, key string, _ policies) error {
			for b := range f.buckets {
				if b.key == key {
					delete(f.buckets, b)
				}
			}
			return nil
		}
	}},
	{"a cost of 0 is let in", "Cost", func(f *faulty) {
		f.take = func(ctx context.Context, key string, cost int64, p policies, d decisions) error {
			if cost == 0 {
				return f.model.Peek(ctx, key, p, d)
			}
			return f.model.Take(ctx, key, cost, p, d)
		}
	}},
	{"a negative cost gives back", "Cost", func(f *faulty) {
		f.take = func(ctx context.Context, key string, cost int64, p policies, d decisions) error {
			if cost < 0 {
				return f.model.Adjust(ctx, key, cost, p, d)
			}
			return f.model.Take(ctx, key, cost, p, d)
		}
	}},
	{"costs wrap at 32 bits", "Overflow", func(f *faulty) {
		f.take = func(ctx context.Context, key string, cost int64, p policies, d decisions) error {
			return f.model.Take(ctx, key, max(min(cost, 1), int64(int32(cost))), p, d)
		}
	}},
	{"costs wrap at 64 bits", "Overflow", func(f *faulty) {
		var used int64
		f.after(func(cost int64, p *ratelimit.Policy, d *ratelimit.Decision) {
			if used += cost; used < p.Burst {
				d.Allowed, d.RetryAfter = true, 0
			}
		})
	}},
	{"the key leaves the Window out", "PoliciesApart", func(f *faulty) {
		f.named(strings.Clone, func(p ratelimit.Policy) ratelimit.Policy { p.Window = time.Hour; return p })
	}},
	{"numbers are joined", "PoliciesApart", func(f *faulty) {
		f.named(strings.Clone, func(p ratelimit.Policy) ratelimit.Policy {
			s := fmt.Sprint(p.Quota, "/") + fmt.Sprint(int64(p.Window))
			return ratelimit.Policy{Name: p.Name + strings.ReplaceAll(s, "/", ""), Quota: 1, Window: time.Hour, Burst: p.Burst, Shadow: p.Shadow}
		})
	}},
	{"the name is left out", "PoliciesApart", func(f *faulty) {
		f.named(strings.Clone, func(p ratelimit.Policy) ratelimit.Policy { p.Name = "p"; return p })
	}},
	{"key and name are joined", "Names", func(f *faulty) {
		f.take = func(ctx context.Context, key string, cost int64, p policies, d decisions) error {
			one := p[0]
			one.Name = "p"
			return f.model.Take(ctx, key+":"+p[0].Name, cost, policies{one}, d)
		}
	}},
	{"keys end at NUL", "KeysApart", func(f *faulty) {
		f.keyed(func(k string) string { k, _, _ = strings.Cut(k, "\x00"); return k })
	}},
	{"keys are trimmed", "KeysApart", func(f *faulty) { f.keyed(strings.TrimSpace) }},
	{"keys are folded", "KeysApart", func(f *faulty) { f.keyed(strings.ToLower) }},
	{"keys are made valid UTF-8", "KeysApart", func(f *faulty) {
		f.keyed(func(k string) string { return strings.ToValidUTF8(k, "\ufffd") })
	}},
	{"long keys are cut", "KeysApart", func(f *faulty) { f.keyed(func(k string) string { return k[:min(len(k), 9_999)] }) }},
	{"keys are cut to a hash tag", "KeysApart", func(f *faulty) {
		f.keyed(func(k string) string {
			if _, after, ok := strings.Cut(k, "{"); ok {
				if tag, _, ok := strings.Cut(after, "}"); ok && tag != "" {
					return tag
				}
			}
			return k
		})
	}},
	{"asks, then charges", "Parallel", func(f *faulty) {
		f.take = func(ctx context.Context, key string, cost int64, p policies, d decisions) error {
			if err := f.model.Peek(ctx, key, p, d); err != nil || !passes(p, d) {
				return err
			}
			if d[0].Remaining <= 40 { // the others ask meanwhile
				time.Sleep(time.Millisecond)
			}
			return f.model.Adjust(ctx, key, cost, p, make(decisions, len(p)))
		}
	}},
	{"the clock is not that of the test", "Model", func(f *faulty) { f.clock = &Clock{real: true} }},
	{"a clock that goes back refills", "ClockBack", func(f *faulty) {
		last := f.clock.Now()
		f.take = func(ctx context.Context, key string, cost int64, p policies, d decisions) error {
			if now := f.clock.Now(); now.Before(last) {
				clear(f.buckets)
			}
			last = f.clock.Now()
			return f.model.Take(ctx, key, cost, p, d)
		}
	}},
	{"a fixed window", "Bound", func(f *faulty) {
		type window struct{ number, used int64 }
		used := map[bucket]window{}
		f.take = func(_ context.Context, key string, cost int64, p policies, d decisions) error {
			number := f.clock.Now().UnixNano() / int64(p[0].Window)
			w := used[bucketOf(key, &p[0])]
			if w.number != number {
				w = window{number, 0}
			}
			d[0] = ratelimit.Decision{}
			if w.used+cost <= p[0].Quota {
				w.used += cost
				d[0].Allowed = true
			}
			used[bucketOf(key, &p[0])] = w
			return nil
		}
	}},
	{"a policy is completed in place", "Slices", func(f *faulty) {
		f.take = func(ctx context.Context, key string, cost int64, p policies, d decisions) error {
			p[0].Quota++
			return f.model.Take(ctx, key, cost, p, d)
		}
	}},
	{"the policies are kept", "Slices", func(f *faulty) {
		kept := map[string]policies{}
		f.take = func(ctx context.Context, key string, cost int64, p policies, d decisions) error {
			if kept[key] == nil {
				kept[key] = p
			}
			return f.model.Take(ctx, key, cost, kept[key], d)
		}
		f.peek = func(ctx context.Context, key string, p policies, d decisions) error {
			return f.model.Peek(ctx, key, kept[key][:1], d)
		}
	}},
	{"the decisions are kept", "Slices", func(f *faulty) {
		var kept decisions
		f.take = func(ctx context.Context, key string, cost int64, p policies, d decisions) error {
			err := f.model.Take(ctx, key, cost, p, d)
			copy(kept, d)
			kept = d
			return err
		}
	}},
	{"a context that is over empties", "Cancelled", func(f *faulty) {
		f.take = func(ctx context.Context, key string, cost int64, p policies, d decisions) error {
			if err := ctx.Err(); err != nil {
				_ = f.model.Adjust(ctx, key, 3*cost, p, d)
				return err
			}
			return f.model.Take(ctx, key, cost, p, d)
		}
	}},
	{"a lost bucket is an empty one", "Lost", func(f *faulty) {
		f.lose = func() {
			for b, l := range f.buckets {
				l.units.SetInt64(0)
				l.at = f.clock.Now().Add(year)
				f.buckets[b] = l
			}
		}
	}},
	{"a restart refills", "Restart", func(f *faulty) { f.restart = func() { clear(f.buckets) } }},
}

// TestFaults: the kit sees each of the faults.
func TestFaults(t *testing.T) {
	for _, fault := range faults {
		t.Run(fault.name, func(t *testing.T) {
			t.Parallel()
			if f := judge(t, fault.seenBy, fault.make); len(f.errors) == 0 {
				t.Errorf("%s does not see it", fault.seenBy)
			} else {
				t.Log(f.errors[0])
			}
		})
	}
}

// TestNoFault: what is right is not seen as wrong by a report to the same place.
func TestNoFault(t *testing.T) {
	for _, c := range checks {
		if f := judge(t, c.name, func(*faulty) {}); len(f.errors) > 0 {
			t.Errorf("%s: %s", c.name, f.errors[0])
		}
	}
}

// TestNoStore: an open that returns nil is said to.
func TestNoStore(t *testing.T) {
	var f fake
	f.run(func() { newCheck(&f, nil, func(*testing.T, *Clock) ratelimit.Store { return nil }, Options{}) })
	if len(f.errors) != 1 {
		t.Errorf("the errors are %q", f.errors)
	}
}

// judge runs a check on a faulty store.
func judge(t *testing.T, name string, spoil func(*faulty)) *fake {
	t.Helper()
	o := Options{Scripts: 20}
	o.Lose = func(_ *testing.T, s ratelimit.Store) {
		if lose := s.(*faulty).lose; lose != nil {
			lose()
			return
		}
		clear(s.(*faulty).buckets)
	}
	o.Reopen = func(_ *testing.T, s ratelimit.Store, _ *Clock) ratelimit.Store {
		if restart := s.(*faulty).restart; restart != nil {
			restart()
		}
		return s
	}
	o.setDefaults()
	open := func(_ *testing.T, clock *Clock) ratelimit.Store {
		f := &faulty{model: newModel(clock)}
		spoil(f)
		return f
	}
	for _, c := range checks {
		if c.name == name {
			var f fake
			f.run(func() { c.run(newCheck(&f, nil, open, o)) })
			return &f
		}
	}
	t.Fatalf("there is no check %s", name)
	return nil
}

// fake stands in for the test of a user.
type fake struct {
	mu     sync.Mutex
	errors []string
}

func (f *fake) run(check func()) {
	done := make(chan struct{})
	go func() {
		defer close(done)
		check()
	}()
	<-done
}

func (f *fake) Helper() {}

func (f *fake) Errorf(format string, args ...any) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.errors = append(f.errors, fmt.Sprintf(format, args...))
}

func (f *fake) Fatalf(format string, args ...any) {
	f.Errorf(format, args...)
	runtime.Goexit()
}

func (f *fake) Skipf(string, ...any) { runtime.Goexit() }
