package ratelimit

import (
	"net/http"
	"strconv"
	"time"
)

// writeLegacy reports the one policy that is nearest to its end, unless another
// limiter has reported one that is nearer.
func (l *Limiter) writeLegacy(h http.Header, s *state, denied bool) {
	i := l.tightest(s)
	if i < 0 {
		return
	}
	p, d := l.held(s.plan, i, s.verdict.Err != nil), &s.decisions[i]
	if have := h[legacyRemaining]; len(have) == 1 && !denied {
		if n, err := strconv.ParseInt(have[0], 10, 64); err == nil && n <= d.Remaining {
			return
		}
	}
	wait := d.Full
	if denied {
		wait = time.Duration(l.retrySeconds(s)) * time.Second
	}
	reset := l.options.Now().Add(wait + time.Second - 1).Unix() // rounded up
	h[legacyLimit] = []string{strconv.FormatInt(max(p.Quota, p.Burst), 10)}
	h[legacyRemaining] = []string{strconv.FormatInt(d.Remaining, 10)}
	h[legacyReset] = []string{strconv.FormatInt(reset, 10)}
}

// tightest is the policy that is nearest to its end, -1 where nothing is known.
func (l *Limiter) tightest(s *state) int {
	found := -1
	if s.verdict.Unavailable {
		return found
	}
	for _, i := range s.plan.reported {
		if s.verdict.known(i) && (found < 0 || l.tighter(s, i, found)) {
			found = i
		}
	}
	return found
}

// tighter reports whether policy i is nearer to its end than policy j.
func (l *Limiter) tighter(s *state, i, j int) bool {
	a, b := &s.decisions[i], &s.decisions[j]
	if a.Allowed != b.Allowed {
		return !a.Allowed
	}
	if !a.Allowed {
		return a.RetryAfter > b.RetryAfter
	}
	left := func(d *Decision, i int) float64 {
		return float64(d.Remaining) / float64(l.held(s.plan, i, s.verdict.Err != nil).Burst)
	}
	return left(a, i) < left(b, j)
}
