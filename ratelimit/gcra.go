package ratelimit

import (
	"math/bits"
	"time"
)

// The state of a bucket is the time at which it will be full again (the
// "theoretical arrival time" of the generic cell rate algorithm). It is kept
// exactly: as nanoseconds and a fraction whose denominator is the policy's quota,
// since a unit refills in Window/Quota, which seldom is a whole number.

// instant is a time in nanoseconds since the store's own beginning, and a
// fraction of one, in parts of the policy's quota. It is not after maxNS.
type instant struct {
	ns   int64
	part int64 // 0 <= part < Quota
}

// maxNS is 146 years. The clock is held to half of it, and no bucket takes more
// than ten years to fill, so that only debts of [Store.Adjust] are ever cut.
const maxNS = 1 << 62

// never is a time before all others: when a bucket that is not kept was full.
var never = instant{-maxNS, 0}

func (a instant) after(b instant) bool {
	return a.ns > b.ns || a.ns == b.ns && a.part > b.part
}

// units returns how long cost units take to refill, which may be negative: exact,
// and cut at maxNS.
func units(p *Policy, cost int64) instant {
	if cost == p.Quota {
		return instant{int64(p.Window), 0}
	}
	amount := uint64(cost)
	if cost < 0 {
		amount = -amount // also of the least int64
	}
	hi, ns := bits.Mul64(amount, uint64(p.Window))
	quota := uint64(p.Quota)
	var part uint64
	switch {
	case hi >= quota:
		ns = maxNS
	case hi == 0: // a processor divides one word faster than two
		ns, part = ns/quota, ns%quota
	default:
		ns, part = bits.Div64(hi, ns, quota)
	}
	if ns >= maxNS {
		ns, part = maxNS, 0
	}
	switch {
	case cost >= 0:
		return instant{int64(ns), int64(part)}
	case part == 0:
		return instant{-int64(ns), 0}
	}
	return instant{-int64(ns) - 1, p.Quota - int64(part)}
}

// plus adds two instants of one policy, and cuts the sum at maxNS.
func (a instant) plus(b instant, p *Policy) instant {
	ns, part := a.ns+b.ns, a.part+b.part
	if a.ns > 0 && b.ns > 0 && uint64(ns) >= maxNS { // also a sum that is negative
		return instant{maxNS, 0}
	}
	if part >= p.Quota {
		ns, part = ns+1, part-p.Quota
	}
	return instant{ns, part}
}

// fillTime is how long an empty bucket of that many units takes to fill, rounded
// up to the nanosecond.
func fillTime(p Policy, burst int64) time.Duration {
	t := units(&p, burst)
	return time.Duration(t.ns + min(t.part, 1))
}

// take decides one policy at a time now (in nanoseconds) for a bucket that is full
// at full. It returns when it would be full after the cost. The decision is as if
// the cost were charged where it fits.
func take(p *Policy, full instant, now, cost int64, d *Decision) instant {
	at := instant{now, 0}
	if at.after(full) {
		full = at
	}
	next := full.plus(units(p, cost), p)
	limit := at.plus(units(p, p.Burst), p)
	after := next
	d.Allowed, d.RetryAfter = true, 0
	if next.after(limit) {
		after = full
		d.Allowed, d.RetryAfter = false, until(limit, next)
		if cost > p.Burst { // never fits: the best that can be is a full bucket
			d.RetryAfter = until(at, full)
		}
	}
	d.Remaining, d.Full = remaining(p, after, limit), until(at, after)
	return next
}

// look reports on a bucket as it is, and what a cost of 1 would be told.
func look(p *Policy, full instant, now int64, d *Decision) {
	take(p, full, now, 1, d)
	rest(p, full, now, d)
}

// rest reports how much is in a bucket.
func rest(p *Policy, full instant, now int64, d *Decision) {
	at := instant{now, 0}
	if at.after(full) {
		full = at
	}
	limit := at.plus(units(p, p.Burst), p)
	d.Remaining, d.Full = remaining(p, full, limit), until(at, full)
}

// until is the time from a to b, rounded up to the nanosecond; none where b is not
// after a.
func until(a, b instant) time.Duration {
	if !b.after(a) {
		return 0
	}
	ns := b.ns - a.ns
	if b.part > a.part {
		ns++
	}
	return time.Duration(ns)
}

// remaining is how many whole units fit between full and limit.
func remaining(p *Policy, full, limit instant) int64 {
	if full.after(limit) {
		return 0
	}
	ns, part := limit.ns-full.ns, limit.part-full.part
	if part < 0 {
		ns, part = ns-1, part+p.Quota
	}
	// (ns + part/Quota) * Quota / Window
	hi, lo := bits.Mul64(uint64(ns), uint64(p.Quota))
	lo, carry := bits.Add64(lo, uint64(part), 0)
	hi += carry
	if hi == 0 {
		return int64(min(lo/uint64(p.Window), uint64(p.Burst)))
	}
	if hi >= uint64(p.Window) {
		return p.Burst
	}
	n, _ := bits.Div64(hi, lo, uint64(p.Window))
	return int64(min(n, uint64(p.Burst)))
}
