package ratelimit_test

import (
	"context"
	"net/http"
	"testing"
	"time"

	"github.com/forthright-http/forthright/problem"
	"github.com/forthright-http/forthright/ratelimit"
)

// heldOpen is a request that stays in its handler until it is let go.
type heldOpen struct {
	entered chan bool
	release chan int64 // what it uses; 0: a good login, nothing
	done    chan int   // its status
	began   time.Time
	cost    int64
}

type heldKey struct{}

// heldServer keeps requests open behind limiters. Each request is of one client.
type heldServer struct {
	t     *testing.T
	clock *httpClock
	h     []http.Handler
	uses  []heldUse // what was counted
}

// heldUse is a cost that was counted, and when it was let in.
type heldUse struct {
	at   time.Time
	cost int64
}

// heldServerOf has n limiters that share one store, as processes do.
func heldServerOf(t *testing.T, n int, o ratelimit.Options) *heldServer {
	s := &heldServer{t: t, clock: newHTTPClock()}
	store := memoryOf(t, ratelimit.MemoryOptions{Now: s.clock.Now})
	o.Settle, o.Count, o.Cost = true, ratelimit.Failures, costOf
	for range n {
		s.h = append(s.h, httpLimiterOf(t, store, s.clock, o).Handler(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			h := r.Context().Value(heldKey{}).(*heldOpen)
			close(h.entered)
			used := <-h.release
			if used == 0 {
				w.WriteHeader(http.StatusNoContent)
				return
			}
			ratelimit.Settle(r.Context(), used)
			httpQuiet.Write(w, r, problem.Unauthorized(`Basic realm="a"`))
		})))
	}
	return s
}

// begin sends a request to one of the limiters. It returns nil where that denies.
func (s *heldServer) begin(to int, cost int64) *heldOpen {
	s.t.Helper()
	h := &heldOpen{make(chan bool), make(chan int64), make(chan int, 1), s.clock.Now(), cost}
	go func() {
		h.done <- httpServe(s.h[to], costing(cost), func(r *http.Request) {
			*r = *r.WithContext(context.WithValue(r.Context(), heldKey{}, h))
		}).Code
	}()
	select {
	case <-h.entered:
		return h
	case status := <-h.done:
		if status != 429 && status != 422 {
			s.t.Fatalf("status %d", status)
		}
		return nil
	}
}

// end lets a request go, which used that much.
func (s *heldServer) end(h *heldOpen, used int64) {
	h.release <- used
	<-h.done
	if used > 0 {
		s.uses = append(s.uses, heldUse{h.began, used})
	}
}

// bad sends requests that fail until one is denied.
func (s *heldServer) bad(to int) {
	for {
		h := s.begin(to, 1)
		if h == nil {
			return
		}
		s.end(h, 1)
	}
}

// bound: over any time t, not more than Burst + Quota*t/Window + extra was counted.
func (s *heldServer) bound(p ratelimit.Policy, extra int64) {
	s.t.Helper()
	for _, first := range s.uses {
		var last time.Time
		for _, u := range s.uses {
			if u.at.After(last) {
				last = u.at
			}
		}
		for end := first.at; !end.After(last); {
			var sum int64
			next := last.Add(1)
			for _, u := range s.uses {
				switch {
				case u.at.After(end) && u.at.Before(next):
					next = u.at
				case !u.at.Before(first.at) && !u.at.After(end):
					sum += u.cost
				}
			}
			t := end.Sub(first.at)
			if most := p.Burst + extra + int64(t)*p.Quota/int64(p.Window); sum > most {
				s.t.Fatalf("%+v: %d in %v, which is more than %d", p, sum, t, most)
			}
			end = next
		}
	}
}
