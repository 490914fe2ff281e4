package ratelimit_test

import (
	"context"
	"math/rand/v2"
	"net/http"
	"slices"
	"strconv"
	"testing"
	"time"

	"github.com/forthright-http/forthright/ratelimit"
)

func loginPolicy(quota int64) ratelimit.Policy {
	return ratelimit.Policy{Name: "login", Quota: quota, Window: time.Minute, Burst: quota}
}

// A hundred requests, held open over twenty minutes as fast as they are let in, and then
// let go one after the other at one moment, with wrong passwords between.
func TestHeldRequestsDoNotSaveUpLogins(t *testing.T) {
	p := loginPolicy(5)
	s := heldServerOf(t, 1, ratelimit.Options{Policies: policiesOf(p)})
	var open []*heldOpen
	for range 5 {
		open = append(open, s.begin(0, 1))
	}
	for range 95 {
		s.clock.Add(12 * time.Second)
		h := s.begin(0, 1)
		if h == nil || s.begin(0, 1) != nil {
			t.Fatal("one in 12 s is let in")
		}
		open = append(open, h)
	}
	for _, h := range open {
		s.end(h, 0)
		s.bad(0)
	}
	if len(s.uses) != 5 { // the last five were in the bucket
		t.Errorf("%d failures passed at one moment, not 5", len(s.uses))
	}
}

// To let a request go and send another one at the same moment does not make the first
// one's units young again: in any order, at each moment that a unit is there.
func TestRenewedRequestsDoNotSaveUpLogins(t *testing.T) {
	for _, order := range []string{"oldest first", "newest first", "any"} {
		p := loginPolicy(5)
		s := heldServerOf(t, 1, ratelimit.Options{Policies: policiesOf(p)})
		random := rand.New(rand.NewPCG(1, 2))
		var open []*heldOpen
		begin := func() {
			if h := s.begin(0, 1); h != nil {
				open = append(open, h)
			}
		}
		for range 100 {
			for range 6 {
				begin()
			}
			for i := range len(open) {
				at := 0
				switch order {
				case "newest first":
					at = len(open) - 1 - i
				case "any":
					at = random.IntN(len(open))
				}
				h := open[at]
				open = append(open[:at], open[at+1:]...)
				s.end(h, 0)
				begin()
			}
			s.clock.Add(12 * time.Second)
		}
		for _, h := range open {
			s.end(h, 0)
			s.bad(0)
		}
		if len(s.uses) > 6 {
			t.Errorf("%s: %d failures passed at one moment, of %d that were held", order, len(s.uses), len(open))
		}
	}
}

// Whatever is held open, let go and used, the bound of Options.Count holds; of several
// limiters on one bucket, with a Burst for each other one.
func TestBoundOfWhatIsGivenBack(t *testing.T) {
	for seed := range uint64(60) {
		random := rand.New(rand.NewPCG(seed, 1))
		p := ratelimit.Policy{Name: "p", Quota: 1 + random.Int64N(7), Window: time.Minute, Burst: 1 + random.Int64N(9)}
		other := ratelimit.Policy{Name: "other", Quota: 40, Window: time.Minute, Shadow: random.IntN(2) == 0}
		policies := policiesOf(p, other)
		if random.IntN(2) == 0 {
			policies = policiesOf(other, p)
		}
		limiters := 1 + int(seed%3)
		s := heldServerOf(t, limiters, ratelimit.Options{Policies: policies})
		var open []*heldOpen
		for range 250 {
			switch n := random.IntN(10); {
			case n < 4:
				if h := s.begin(random.IntN(limiters), 1+random.Int64N(3)); h != nil {
					open = append(open, h)
				}
			case n < 8 && len(open) > 0:
				i := random.IntN(len(open))
				if random.IntN(2) == 0 {
					i = 0
				}
				h := open[i]
				open = append(open[:i], open[i+1:]...)
				s.end(h, max(random.Int64N(h.cost+2)-1, 0))
			case n == 8:
				s.clock.Add(time.Duration(random.Int64N(int64(2 * p.Window / time.Duration(p.Quota)))))
			default:
				s.clock.Add(p.Window / time.Duration(p.Quota))
			}
		}
		for _, h := range open {
			s.end(h, 0)
			s.bad(random.IntN(limiters))
		}
		s.bound(p, 1+int64(limiters-1)*p.Burst)
	}
}

// What succeeds never uses anything up, however many there are at once and however
// slow they are: when all are done, the bucket is full.
func TestSuccessesUseNothing(t *testing.T) {
	for seed := range uint64(20) {
		random := rand.New(rand.NewPCG(seed, 2))
		p := ratelimit.Policy{Name: "p", Quota: 1 + random.Int64N(7), Window: time.Minute, Burst: 6}
		s := heldServerOf(t, 1, ratelimit.Options{Policies: policiesOf(p)})
		var open []*heldOpen
		for range 200 {
			switch n := random.IntN(3); {
			case n == 0:
				if h := s.begin(0, 1+random.Int64N(3)); h != nil {
					open = append(open, h)
				}
			case n == 1 && len(open) > 0:
				i := random.IntN(len(open))
				s.end(open[i], 0)
				open = append(open[:i], open[i+1:]...)
			default:
				s.clock.Add(time.Duration(random.Int64N(int64(40 * time.Second))))
			}
		}
		for _, h := range open {
			s.end(h, 0)
		}
		h := s.begin(0, p.Burst)
		if h == nil {
			t.Fatalf("%d: the bucket is not full", seed)
		}
		s.end(h, 0)
	}
}

// What is left of 10 (one in 6 s) for each policy, when a cost of 4 uses less and takes a
// time: a unit that has begun to refill is given back, one that has refilled is not.
func TestGivenBackByAge(t *testing.T) {
	slow := ratelimit.Policy{Name: "slow", Quota: 10, Window: time.Minute}
	fast := ratelimit.Policy{Name: "fast", Quota: 10, Window: 10 * time.Second}
	for _, c := range []struct {
		used       int64
		took       time.Duration
		slow, fast int64
	}{
		{0, 0, 10, 10},
		{1, 0, 9, 9},
		{3, 0, 7, 7},
		{4, 0, 6, 6},
		{1, 5 * time.Second, 9, 10},
		{0, 30 * time.Second, 10, 10},
		{4, 30 * time.Second, 10, 10},
	} {
		clock := newHTTPClock()
		l := httpLimiter(t, clock, ratelimit.Options{Policies: policiesOf(slow, fast), Cost: costOf, Settle: true})
		h := httpChecked(t, l.Handler(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			clock.Add(c.took)
			ratelimit.Settle(r.Context(), c.used)
			httpOK(w, r)
		})))
		httpCode(t, httpServe(h, costing(4)), 200)
		v, err := l.Peek(t.Context(), "192.0.2.1")
		if err != nil || v.Decisions[0].Remaining != c.slow || v.Decisions[1].Remaining != c.fast {
			t.Errorf("%d after %v: %+v, %v", c.used, c.took, v.Decisions, err)
		}
	}
	// A bucket that others use meanwhile: of 4 units, the first of which refills at
	// 6 s, 3 are there after 13 s; they are the first in the line.
	clock := newHTTPClock()
	l := httpLimiter(t, clock, ratelimit.Options{Policies: policiesOf(slow), Cost: costOf, Settle: true})
	h := l.Handler(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if _, err := l.Take(r.Context(), "192.0.2.1", 6); err != nil {
			t.Error(err)
		}
		clock.Add(13 * time.Second)
		ratelimit.Settle(r.Context(), 0)
	}))
	httpServe(h, costing(4))
	// 60 s were missing, 47 are after 13 s; 2 of the 4 units are given back: 35 s, which
	// is 4 units in 60 s, and a bit.
	if v, err := l.Peek(t.Context(), "192.0.2.1"); err != nil || v.Decisions[0].Remaining != 4 || v.Decisions[0].Full != 35*time.Second {
		t.Errorf("%+v, %v", v.Decisions, err)
	}
}

// A Shadow policy that would have denied was not charged, and gets nothing back.
func TestShadowThatDeniedGetsNothingBack(t *testing.T) {
	clock := newHTTPClock()
	tried := ratelimit.Policy{Name: "tried", Quota: 4, Window: time.Hour, Shadow: true}
	l := httpLimiter(t, clock, ratelimit.Options{Policies: policiesOf(tried, tenPerHour), Cost: costOf, Count: ratelimit.Failures})
	failed := l.Handler(httpStatus(404))
	httpServe(failed, costing(3))
	httpServe(l.Handler(httpOK), costing(2)) // one is left of tried
	if v, err := l.Peek(t.Context(), "192.0.2.1"); err != nil || v.Decisions[0].Remaining != 1 || v.Decisions[1].Remaining != 7 {
		t.Errorf("%+v, %v", v.Decisions, err)
	}
}

// In one call of the store, but where policies get back unlike amounts.
func TestGivenBackInOneCall(t *testing.T) {
	for took, want := range map[time.Duration]int{0: 1, 5500 * time.Millisecond: 2, 30 * time.Second: 0} {
		clock := newHTTPClock()
		calls := 0
		store := &httpStore{memoryOf(t, ratelimit.MemoryOptions{Now: clock.Now}), func(_ context.Context, method string) error {
			if method == "Adjust" {
				calls++
			}
			return nil
		}}
		l := httpLimiterOf(t, store, clock, ratelimit.Options{
			Policies: policiesOf(ratelimit.Policy{Name: "a", Quota: 10, Window: time.Minute}, ratelimit.Policy{Name: "b", Quota: 10, Window: 50 * time.Second}, ratelimit.Policy{Name: "c", Quota: 1000, Window: time.Minute}),
			Cost:     costOf, Count: ratelimit.Failures,
		})
		httpServe(l.Handler(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { clock.Add(took) })), costing(4))
		if calls != want {
			t.Errorf("%v: %d calls, not %d", took, calls, want)
		}
	}
}

// 64 at once, again and again: what was reserved is all given back.
func TestReservationsInParallel(t *testing.T) {
	l, err := ratelimit.New(memoryOf(t, ratelimit.MemoryOptions{}), ratelimit.Options{Policies: policiesOf(ratelimit.Policy{Name: "p", Quota: 64, Window: time.Hour}), Count: ratelimit.Failures})
	if err != nil {
		t.Fatal(err)
	}
	h := l.Handler(httpOK)
	done := make(chan bool)
	for range 64 {
		go func() {
			for range 50 {
				if w := httpServe(h); w.Code != 200 {
					t.Error(strconv.Itoa(w.Code))
				}
			}
			done <- true
		}()
	}
	for range 64 {
		<-done
	}
	if v, err := l.Peek(t.Context(), "192.0.2.1"); err != nil || v.Decisions[0].Remaining < 63 {
		t.Errorf("%+v, %v", v, err)
	}
}

// What is given back moves what was charged later to an earlier time: that then has
// refilled sooner than was said when it was charged.
func TestGivenBackMovesTheLine(t *testing.T) {
	p := loginPolicy(5) // one in 12 s
	s := heldServerOf(t, 1, ratelimit.Options{Policies: policiesOf(p)})
	first := []*heldOpen{s.begin(0, 1), s.begin(0, 1), s.begin(0, 1)}
	last := s.begin(0, 1) // from 36 to 48 s
	s.end(s.begin(0, 1), 1)
	for _, h := range first {
		s.end(h, 0)
	} // last is from 0 to 12 s now, and the failure from 12 to 24
	s.clock.Add(13 * time.Second)
	s.end(last, 0)
	if h := s.begin(0, 5); h != nil {
		t.Error("the failure was given back")
	}
	if h := s.begin(0, 4); h == nil {
		t.Error("more than the failure is missing")
	} else {
		s.end(h, 0)
	}
}

// Of a machine's share, which is all that was charged while the store is down, no more
// is given back than was not used.
func TestGivenBackOfAShare(t *testing.T) {
	for used, want := range map[int64]int{0: 200, 1: 200, 2: 429, 3: 429, 4: 429} {
		clock := newHTTPClock()
		store := newDownStore(t, clock)
		store.down.Store(true)
		l := httpLimiterOf(t, store, clock, ratelimit.Options{Policies: policiesOf(downPolicy("p", 4, ratelimit.Local)), Machines: 2, Cost: costOf, Settle: true})
		h := l.Handler(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { ratelimit.Settle(r.Context(), used) }))
		httpCode(t, httpServe(h, costing(4)), 200)
		httpCode(t, httpServe(h, costing(1)), want)
	}
}

// What another process gives back moves the line too, which is seen at the next charge:
// five requests that were each charged when the bucket was full otherwise are one behind
// the other.
func TestGivenBackElsewhereMovesTheLine(t *testing.T) {
	s := heldServerOf(t, 2, ratelimit.Options{Policies: policiesOf(loginPolicy(5))})
	var here []*heldOpen
	for n := 4; n >= 0; n-- {
		var elsewhere []*heldOpen
		for range n {
			elsewhere = append(elsewhere, s.begin(1, 1))
		}
		here = append(here, s.begin(0, 1))
		for _, h := range elsewhere {
			s.end(h, 0)
		}
	}
	s.clock.Add(59 * time.Second)
	s.bad(0)
	for _, h := range slices.Backward(here) { // the last is in the bucket for a second more
		s.end(h, 0)
		s.bad(0)
	}
	if len(s.uses) != 5 {
		t.Errorf("%d failures passed at one moment, not 5", len(s.uses))
	}
}
