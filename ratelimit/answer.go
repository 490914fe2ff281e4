package ratelimit

import (
	"net/http"
	"strconv"
	"strings"
	"time"

	"github.com/forthright-http/forthright/problem"
)

// The problem types of this package's answers, those of the draft among them
// (draft-ietf-httpapi-ratelimit-headers, section "Problem Types"). [Types] lists them.
var (
	// QuotaExceeded is the type of a 429: the quota of the policies that the member
	// violated-policies names is used up.
	QuotaExceeded = problem.NewType("quota-exceeded", http.StatusTooManyRequests, "The quota is exceeded",
		problem.At("https://iana.org/assignments/http-problem-types#quota-exceeded"),
		problem.Doc("More was asked for than a policy allows in its window (RFC 6585 §4). Retry-After says when to come back; RateLimit-Policy lists the policies."),
		problem.Member("violated-policies", "the names of the policies that denied"))
	// ReducedCapacity is the type of a 503: limits cannot be decided, or there is
	// too much to do.
	ReducedCapacity = problem.NewType("temporary-reduced-capacity", http.StatusServiceUnavailable, "The capacity is reduced for a while",
		problem.At("https://iana.org/assignments/http-problem-types#temporary-reduced-capacity"),
		problem.Doc("The service cannot take this request at the moment, whoever asks (RFC 9110 §15.6.4). Retry-After says when to come back."))
	// AbnormalUsage is the type of a 429 for use that looks like abuse. It is for
	// authors: no limiter of this package answers it.
	AbnormalUsage = problem.NewType("abnormal-usage-detected", http.StatusTooManyRequests, "Abnormal usage was detected",
		problem.At("https://iana.org/assignments/http-problem-types#abnormal-usage-detected"),
		problem.Doc("The pattern of the requests is not that of normal use."),
		problem.Member("violated-policies", "the names of the policies that denied"))
	// CostTooHigh is the type of a 422: the request costs more than a policy ever has
	// at once (its Burst). It has no Retry-After, since to wait does not help (RFC 9110
	// §15.5.21).
	CostTooHigh = problem.NewType("cost-too-high", http.StatusUnprocessableEntity, "The request costs too much",
		problem.Doc("The request costs more than a policy ever has at once, so that it will never be let in as it is. Ask for less in one request. Nothing was charged."),
		problem.Member("cost", "what the request costs"),
		problem.Member("policies", "the names of the policies that never have as much"))
)

// Types returns the problem types of all answers of this package, and AbnormalUsage,
// for problem.Catalog and for problem.FromResponse.
func Types() []*problem.Type {
	return []*problem.Type{QuotaExceeded, ReducedCapacity, AbnormalUsage, CostTooHigh}
}

// refusal makes the answer, and sets its fields.
func (l *Limiter) refusal(h http.Header, s *state) *problem.Problem {
	switch {
	case s.verdict.Unavailable:
		dropLater(h, l.options.RetryAfter) // of limiters around
		l.writeFields(h, s, true)
		return l.unavailable
	case s.verdict.Never:
		return l.tooHigh(h, s)
	}
	delete(h, rateLimit) // of limiters around: a t may be later than this Retry-After
	l.writeFields(h, s, true)
	h[retryAfter] = []string{strconv.FormatInt(l.retrySeconds(s), 10)}
	return s.plan.exceeded(s.plan.denials(s.decisions[:]))
}

// tooHigh answers a cost that never fits. Its fields are those of a success that was
// not charged.
func (l *Limiter) tooHigh(h http.Header, s *state) *problem.Problem {
	var names []string
	for i := range s.plan.policies {
		d, p := &s.decisions[i], &s.plan.policies[i]
		if !d.Allowed && !p.Shadow && s.cost > p.Burst {
			names = append(names, p.Name)
		}
		d.Allowed, d.RetryAfter = true, 0
	}
	l.writeFields(h, s, false)
	return CostTooHigh.New("The request costs more than is ever there at once: "+strings.Join(names, ", ")+". To wait does not help; ask for less.").
		With("cost", s.cost).With("policies", names)
}

// maxJitter is the most that is added to a wait.
const maxJitter = time.Minute

// retrySeconds is a wait as Retry-After has it (RFC 9110 §10.2.3): whole seconds,
// rounded up, at least 1, and more by a share that is the same each time for a key.
func (l *Limiter) retrySeconds(s *state) int64 {
	wait := s.verdict.RetryAfter
	if l.options.Jitter > 0 {
		more := l.options.Jitter * spread(s.key) * float64(wait)
		wait += time.Duration(min(more, float64(maxJitter))).Truncate(time.Second)
	}
	return max(1, ceilSeconds(wait))
}

// spread is a number from 0 to 1 that every process finds for a key.
func spread(key string) float64 {
	h := uint32(2166136261) // FNV-1a
	for i := range len(key) {
		h = (h ^ uint32(key[i])) * 16777619
	}
	h ^= h >> 16 // and mixed, for keys that differ only in their ends
	h *= 0x7feb352d
	h ^= h >> 15
	h *= 0x846ca68b
	h ^= h >> 16
	return float64(h) / (1 << 32)
}

// ceilSeconds is a wait in whole seconds, so that who waits as long is not early.
func ceilSeconds(d time.Duration) int64 {
	return int64((d + time.Second - 1) / time.Second)
}
