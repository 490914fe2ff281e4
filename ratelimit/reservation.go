package ratelimit

import (
	"math"
	"math/bits"
	"slices"
	"sync"
)

// reservation is what a request was charged before its handler ran, and may get back
// after it.
//
// What was charged refills while the handler runs, and what has refilled must not be
// given back: it was there for others already. So of each policy a reservation knows
// when all of it will have refilled: the units of a bucket refill one after the other,
// in the order in which they were charged, and its own are the last when it is made.
// When one before it is given back, it is that much earlier.
type reservation struct {
	account
	cost  int64
	until [maxPolicies]int64 // by the limiter's clock; uncharged: not charged
}

const uncharged = math.MinInt64

// account is whose reservations are in one line. A line that knows less than the
// bucket, as one of several processes does, never has more units in it than fill the
// bucket all the same.
type account struct {
	plan *Plan
	key  string
	down bool // the store was
}

// reservations are those of the requests in flight.
type reservations struct {
	mu    sync.Mutex
	lines map[account][]*reservation // in the order of their charges
}

// clock is the time since the limiter was made.
func (l *Limiter) clock() int64 { return int64(l.options.Now().Sub(l.began)) }

// reserve remembers what was charged. The clock was read before that.
func (l *Limiter) reserve(s *state) *reservation {
	r := &reservation{account: account{s.plan, s.key, s.verdict.Err != nil}, cost: s.cost}
	for i := range r.until {
		r.until[i] = uncharged
	}
	for i := range s.plan.policies {
		if d := &s.decisions[i]; d.Allowed && s.verdict.known(i) {
			r.until[i] = s.at + int64(d.Full)
		}
	}
	rs := l.reserved
	rs.mu.Lock()
	defer rs.mu.Unlock()
	line := rs.lines[r.account]
	for len(line) > 0 && line[0].over(s.at) {
		line = slices.Delete(line, 0, 1)
	}
	at := len(line)
	for at > 0 && r.before(line[at-1]) { // one that was charged later came first
		at--
	}
	line = slices.Insert(line, at, r)
	for i := range s.plan.policies {
		l.align(line, at, i)
	}
	rs.lines[r.account] = line
	return r
}

// over: all of it has refilled.
func (r *reservation) over(now int64) bool {
	for _, u := range r.until {
		if u > now {
			return false
		}
	}
	return true
}

// before: r was charged before other was.
func (r *reservation) before(other *reservation) bool {
	for i, u := range r.until {
		if u != uncharged && other.until[i] != uncharged {
			return u < other.until[i]
		}
	}
	return false
}

// align sees to it that, for policy i, what stands before place at and the one behind
// it has refilled before that begins to. It may not be so where others gave back, or
// filled the bucket.
func (l *Limiter) align(line []*reservation, at, i int) {
	limit := int64(math.MaxInt64)
	for n := min(at+1, len(line)-1); n >= 0; n-- {
		r := line[n]
		if r.until[i] == uncharged {
			continue
		}
		if n < at && r.until[i] <= limit {
			return
		}
		r.until[i] = min(r.until[i], limit)
		limit = r.until[i] - int64(fillTime(*l.held(r.plan, i, r.down), l.charged(r, i, r.cost)))
	}
}

// charged is what a cost is to policy i.
func (l *Limiter) charged(r *reservation, i int, cost int64) int64 {
	if r.down {
		return l.localCost(&r.plan.policies[i], cost)
	}
	return cost
}

// release ends a reservation that really cost less or as much. It returns how many
// units of each policy are to be given back: of those that were not used those that
// have not refilled, a begun one with them.
func (l *Limiter) release(r *reservation, real int64) (back [maxPolicies]int64) {
	rs := l.reserved
	rs.mu.Lock()
	defer rs.mu.Unlock()
	now := l.clock()
	line := rs.lines[r.account]
	at := slices.Index(line, r)
	if at < 0 { // it was over
		return back
	}
	for i := range r.plan.policies {
		if r.until[i] <= now {
			continue
		}
		p := l.held(r.plan, i, r.down)
		unused := l.charged(r, i, r.cost) - l.charged(r, i, real)
		if back[i] = min(unused, unitsIn(p, r.until[i]-now)); back[i] == 0 {
			continue
		}
		earlier := int64(fillTime(*p, back[i]))
		for _, later := range line[at+1:] {
			if later.until[i] != uncharged {
				later.until[i] -= earlier
			}
		}
	}
	if line = slices.Delete(line, at, at+1); len(line) == 0 {
		delete(rs.lines, r.account)
	} else {
		rs.lines[r.account] = line
	}
	return back
}

// unitsIn is how many units refill in a time, rounded up.
func unitsIn(p *Policy, ns int64) int64 {
	hi, lo := bits.Mul64(uint64(ns), uint64(p.Quota))
	lo, carry := bits.Add64(lo, uint64(p.Window)-1, 0)
	if hi += carry; hi >= uint64(p.Window) {
		return math.MaxInt64
	}
	n, _ := bits.Div64(hi, lo, uint64(p.Window))
	return int64(min(n, math.MaxInt64))
}

// held is policy i as it is decided: that of this machine while the store is down.
func (l *Limiter) held(plan *Plan, i int, down bool) *Policy {
	p := &plan.policies[i]
	if down && p.WhenDown == Local {
		own := l.localPolicy(p)
		return &own
	}
	return p
}
