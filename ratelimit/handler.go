package ratelimit

import (
	"net/http"
	"slices"
	"sync"

	"github.com/forthright-http/forthright/internal/commit"
)

// state is what one request needs. It is pooled, so that a decision allocates
// nothing.
type state struct {
	plan      *Plan
	key       string
	cost      int64
	at        int64 // the limiter's clock before the charge, where it may be given back
	verdict   Verdict
	decisions [maxPolicies]Decision
	line, pk  []byte
}

var states = sync.Pool{New: func() any { return &state{line: make([]byte, 0, 256)} }}

func (s *state) free() {
	s.plan, s.key, s.verdict = nil, "", Verdict{}
	states.Put(s)
}

// Handler lets requests through that no policy denies, and answers the others: by
// 429 where a quota is used up, by 422 ([CostTooHigh]) where the cost is more than a
// policy ever has at once, by 503 where a store is down and a policy is [Closed]. All
// answers to what is limited have the fields of [Options.Fields]. On a 503, also of a
// [Concurrency] within, RateLimit has no t that would be later than Retry-After.
//
// A CORS preflight request (OPTIONS with Origin and Access-Control-Request-Method, and
// without Authorization) passes and is not charged: a browser sends it for a request
// that is, with no credentials to find a Key by. So let what is behind answer it
// cheaply.
func (l *Limiter) Handler(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		s, err := l.hold(r)
		switch {
		case err != nil:
			l.options.Problems.Write(w, r, err)
		case s == nil:
			next.ServeHTTP(w, r)
		case !s.verdict.Allowed:
			refusal := l.refusal(w.Header(), s)
			s.free()
			l.options.Problems.Write(w, r, refusal)
		default:
			if !l.options.Quiet {
				l.writeFields(w.Header(), s, false)
			}
			if l.options.settles() {
				l.serveAndSettle(w, r, next, s)
				return
			}
			s.free()
			next.ServeHTTP(w, r)
		}
	})
}

// Check holds a request against the policies without answering it: the error is
// nil, or what answers the request when a [problem.Writer] writes it. The fields of
// an answer that is let through are for the caller, and so is what Count and Settle
// do: see [Limiter.Adjust].
func (l *Limiter) Check(r *http.Request) (Verdict, error) {
	s, err := l.hold(r)
	if err != nil {
		return Verdict{}, err
	}
	if s == nil {
		return Verdict{Allowed: true}, nil
	}
	defer s.free()
	v := s.verdict
	v.Decisions = slices.Clone(v.Decisions)
	if v.Allowed {
		return v, nil
	}
	h := http.Header{}
	p := l.refusal(h, s)
	for name, values := range h {
		p = p.WithHeader(name, values...)
	}
	return v, p
}

// KeyOf is the key whose buckets a request is held against, for [Limiter.Peek],
// [Limiter.Reset] and the like: what the [Key] finds, or what stands in for it.
func (l *Limiter) KeyOf(r *http.Request) string {
	key, _ := keyOf(l.options.Key, r)
	return key
}

// isPreflight tells a CORS preflight request (Fetch, "CORS-preflight fetch") from any
// other OPTIONS.
func isPreflight(r *http.Request) bool {
	return r.Method == http.MethodOptions && r.Header["Authorization"] == nil &&
		r.Header.Get("Origin") != "" && r.Header.Get("Access-Control-Request-Method") != ""
}

// hold decides on a request. It returns nil for one that is not limited, and the
// error of a request whose context ended.
func (l *Limiter) hold(r *http.Request) (*state, error) {
	if isPreflight(r) {
		return nil, nil
	}
	cost := int64(1)
	if l.options.Cost != nil {
		if cost = l.options.Cost(r); cost < 1 {
			return nil, nil
		}
	}
	plan := l.plan
	if l.options.Choose != nil {
		if chosen := l.options.Choose(r); chosen != nil {
			plan = chosen
		}
	}
	if plan == nil {
		return nil, nil
	}
	key, fallback := keyOf(l.options.Key, r)
	s := states.Get().(*state)
	s.plan, s.key, s.cost = plan, key, cost
	s.verdict = Verdict{Policies: plan.policies, Decisions: s.decisions[:len(plan.policies)]}
	if l.options.settles() {
		s.at = l.clock()
	}
	if err := l.decide(r.Context(), plan, key, cost, &s.verdict); err != nil {
		s.free()
		return nil, err
	}
	if l.options.OnDecision != nil {
		l.options.OnDecision(Event{
			Request: r, Key: key, Fallback: fallback,
			Policies: plan.policies, Decisions: s.verdict.Decisions,
			Allowed: s.verdict.Allowed, Err: s.verdict.Err,
		})
	}
	return s, nil
}

// serveAndSettle calls the handler, and gives back what it did not use.
func (l *Limiter) serveAndSettle(w http.ResponseWriter, r *http.Request, next http.Handler, s *state) {
	reserved := l.reserve(s)
	s.free()
	ctx := r.Context()
	track := commit.Track(w)
	used := &usage{Context: ctx, cost: reserved.cost}
	if l.options.Settle {
		r = r.WithContext(used)
	}
	returned := false
	defer func() {
		real := used.settled()
		if l.options.Count != nil && !l.options.Count(finalStatus(ctx, track, returned)) {
			real = 0
		}
		l.settle(ctx, reserved, real)
	}()
	next.ServeHTTP(track, r)
	returned = true
}
