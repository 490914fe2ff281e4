package ratelimit_test

import (
	"context"
	"testing"

	"github.com/forthright-http/forthright/ratelimit"
)

// freshStore counts what is asked of it, and has another one that remembers nothing.
type freshStore struct {
	*httpStore
	asked int
	fresh ratelimit.Store
}

func (s *freshStore) Fresh() ratelimit.Store { return s.fresh }

// A limiter that gives back by itself asks the store that remembers nothing; another
// one asks the store that it was given.
func TestFresh(t *testing.T) {
	for name, c := range map[string]struct {
		o                  ratelimit.Options
		remembering, fresh int
	}{
		"plain":  {ratelimit.Options{}, 1, 0},
		"Count":  {ratelimit.Options{Count: ratelimit.Failures}, 0, 2}, // the charge, and what is given back
		"Settle": {ratelimit.Options{Settle: true}, 0, 1},
	} {
		clock := newHTTPClock()
		of := func() *freshStore {
			s := &freshStore{}
			s.httpStore = &httpStore{memoryOf(t, ratelimit.MemoryOptions{Now: clock.Now}), func(context.Context, string) error { s.asked++; return nil }}
			return s
		}
		store, fresh := of(), of()
		store.fresh = fresh
		c.o.Policies = policiesOf(fivePerTen)
		httpServe(httpLimiterOf(t, store, clock, c.o).Handler(httpOK))
		if store.asked != c.remembering || fresh.asked != c.fresh {
			t.Errorf("%s: %d and %d calls", name, store.asked, fresh.asked)
		}
	}
}
