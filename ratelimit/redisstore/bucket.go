package redisstore

import (
	"math/bits"
	"time"

	"github.com/forthright-http/forthright/ratelimit"
)

// amount is a time: whole microseconds, and a fraction of one in parts of a policy's
// quota, since a unit refills in Window/Quota, which seldom is a whole number. The
// state of a bucket is the time until it is full.
type amount struct{ us, part int64 }

// longest is 71 years: only debts of Adjust are ever cut. The sum of two is exact in
// the doubles of Lua.
const longest = 1 << 51

func (a amount) after(b amount) bool {
	return a.us > b.us || a.us == b.us && a.part > b.part
}

// units is how long n units of a policy take to refill: exact, and cut at longest.
func units(p *ratelimit.Policy, n uint64) amount {
	quota := uint64(p.Quota)
	hi, lo := bits.Mul64(n, uint64(p.Window/time.Microsecond))
	if hi >= quota {
		return amount{longest, 0}
	}
	us, part := bits.Div64(hi, lo, quota)
	if us >= longest {
		return amount{longest, 0}
	}
	return amount{int64(us), int64(part)}
}

// plus adds two amounts of one policy.
func (a amount) plus(b amount, p *ratelimit.Policy) amount {
	sum := amount{a.us + b.us, a.part + b.part}
	if sum.part >= p.Quota {
		sum.us, sum.part = sum.us+1, sum.part-p.Quota
	}
	return sum
}

// less is the state a while later.
func (a amount) less(us int64) amount {
	if a.us < us {
		return amount{}
	}
	return amount{a.us - us, a.part}
}

// until is the time from a to b, rounded up to the microsecond.
func until(a, b amount) time.Duration {
	us := b.us - a.us
	if b.part > a.part {
		us++
	}
	return time.Duration(max(us, 0)) * time.Microsecond
}

// remaining is how many whole units a bucket has.
func remaining(p *ratelimit.Policy, state, limit amount) int64 {
	if state.after(limit) {
		return 0
	}
	us, part := limit.us-state.us, limit.part-state.part
	if part < 0 {
		us, part = us-1, part+p.Quota
	}
	// (us + part/Quota) * Quota / Window, which is not above Burst
	hi, lo := bits.Mul64(uint64(us), uint64(p.Quota))
	lo, carry := bits.Add64(lo, uint64(part), 0)
	n, _ := bits.Div64(hi+carry, lo, uint64(p.Window/time.Microsecond))
	return int64(n)
}

// charged is the decision of a bucket that was charged, and has that state since.
func charged(p *ratelimit.Policy, state amount) ratelimit.Decision {
	return ratelimit.Decision{
		Allowed:   true,
		Remaining: remaining(p, state, units(p, uint64(p.Burst))),
		Full:      until(amount{}, state),
	}
}

// asked is the decision of a bucket with that state, which was not charged.
func asked(p *ratelimit.Policy, state amount, cost int64) ratelimit.Decision {
	d := charged(p, state)
	limit := units(p, uint64(p.Burst))
	switch next := state.plus(units(p, uint64(cost)), p); {
	case !next.after(limit):
	case cost > p.Burst: // never fits: the best that can be is a full bucket
		d.Allowed, d.RetryAfter = false, d.Full
	default:
		d.Allowed, d.RetryAfter = false, until(limit, next)
	}
	return d
}
