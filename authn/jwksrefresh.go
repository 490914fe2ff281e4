package authn

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"sync/atomic"
	"time"
)

// remoteSource is a [RemoteKeys] in use. What it has is in state, which is replaced
// as a whole; mu guards who replaces it.
type remoteSource struct {
	load                                       func(context.Context) (*keySet, error)
	now                                        func() time.Time
	refresh, maxStale, coolDown, timeout, wait time.Duration
	onFetch                                    func(error) // nil for none

	state atomic.Pointer[remoteState]

	mu     sync.Mutex
	flight *flight // the fetch that is running
	misses misses
}

// remoteState is what came of the fetches so far. It is not changed.
type remoteState struct {
	set     *keySet // nil before the first success
	version uint64  // of set
	fetched time.Time
	// ended is when the last fetch did, and err what went wrong with it. Where none
	// was made yet, there is no set and no err.
	ended time.Time
	err   error
	pause time.Duration // after err
}

// flight is a fetch that is running.
type flight struct {
	began time.Time
	kid   string        // what it was started for, where it was not due
	due   bool          // it would have been made without that id too
	fresh bool          // the id was new
	done  chan struct{} // closed at its end
	late  chan struct{} // closed when it has run for so long that nobody waits any more
}

// wait waits for the end, but not for long, and reports whether that has come.
func (f *flight) wait(ctx context.Context) (landed bool, err error) {
	select {
	case <-f.done:
		return true, nil
	case <-ctx.Done():
		return false, ctx.Err()
	case <-f.late:
	}
	select {
	case <-f.done:
		return true, nil
	default:
		return false, nil
	}
}

func newRemoteSource(now func() time.Time) *remoteSource {
	s := &remoteSource{now: now}
	s.state.Store(&remoteState{})
	return s
}

var (
	errSourceLate  = errors.New("the issuer's keys are being fetched, and that takes long")
	errNoUsableKey = errors.New("the issuer's key set has no key for the algorithms")
)

// Version changes with the keys, and not with a fetch that brings the same ones.
func (s *remoteSource) Version() uint64 { return s.state.Load().version }

// Keys returns the keys of this id. It does not wait for a fetch unless the answer
// depends on it, and never for long.
func (s *remoteSource) Keys(ctx context.Context, kid string) ([]Key, error) {
	st := s.state.Load()
	now := s.now()
	if s.fresh(st, now) {
		if keys := st.set.byID[kid]; keys != nil {
			return keys, nil
		}
	}
	return s.find(ctx, kid, now)
}

// find is Keys where keys are not fresh or have no such id.
func (s *remoteSource) find(ctx context.Context, kid string, now time.Time) ([]Key, error) {
	st, f := s.begin(kid, now)
	if s.usable(st, now) && !s.idle(st, now) {
		if keys := st.set.byID[kid]; keys != nil {
			return keys, nil
		}
	}
	landed := true
	if f != nil {
		var err error
		if landed, err = f.wait(ctx); err != nil {
			return nil, err
		}
		st, now = s.state.Load(), s.now()
	}
	if !s.usable(st, now) {
		return nil, s.unavailable(st, now)
	}
	switch keys := st.set.byID[kid]; {
	case keys != nil:
		return keys, nil
	case len(st.set.anonymous) > 0:
		return st.set.anonymous, nil
	case !landed || st.err != nil:
		return nil, s.unavailable(st, now)
	case f != nil:
		s.missed(kid, now)
	}
	return nil, ErrUnknownKey
}

// Ready returns nil where there are keys that can be used. Where there are none, it
// fetches them, if the last fetch is long enough ago.
func (s *remoteSource) Ready(ctx context.Context) error {
	st, now := s.state.Load(), s.now()
	if s.usable(st, now) && !st.set.empty() {
		return nil
	}
	st, f := s.begin("", now)
	if f != nil {
		select {
		case <-f.done:
		case <-ctx.Done():
			return ctx.Err()
		}
		st, now = s.state.Load(), s.now()
	}
	switch {
	case !s.usable(st, now):
		return s.unavailable(st, now)
	case !st.set.empty():
		return nil
	case f != nil:
		s.missed("", now)
	}
	return errNoUsableKey
}

// fresh: the keys can be used as they are. A time before that of the fetch is one
// of a clock that was set back: what it says of the age is not believed.
func (s *remoteSource) fresh(st *remoteState, now time.Time) bool {
	age := now.Sub(st.fetched)
	return st.set != nil && age >= 0 && age < s.refresh
}

// usable: the keys may be used where there is nothing better.
func (s *remoteSource) usable(st *remoteState, now time.Time) bool {
	return st.set != nil && now.Sub(st.fetched) < s.maxStale
}

// idle: nobody has asked for so long that the keys are not used before the source
// was asked for new ones.
func (s *remoteSource) idle(st *remoteState, now time.Time) bool {
	return now.Sub(st.ended) >= 2*s.refresh
}

// begin starts a fetch if one is due, or may be made for the id. It returns the
// state that it decided by and the fetch that is running, nil for none.
func (s *remoteSource) begin(kid string, now time.Time) (*remoteState, *flight) {
	s.mu.Lock()
	defer s.mu.Unlock()
	st := s.state.Load()
	if s.flight != nil {
		return st, s.flight
	}
	if pause := now.Sub(st.ended); st.err != nil && pause >= 0 && pause < st.pause {
		return st, nil
	}
	f := &flight{began: now, kid: kid, due: !s.fresh(st, now), done: make(chan struct{}), late: make(chan struct{})}
	if !f.due {
		var may bool
		if may, f.fresh = s.misses.may(kid, now, st.ended); !may {
			return st, nil
		}
	}
	s.flight = f
	go s.run(f)
	return st, f
}

// run fetches, on a context of its own: a request that leaves does not end it.
func (s *remoteSource) run(f *flight) {
	late := time.AfterFunc(s.wait, func() { close(f.late) })
	defer late.Stop()
	ctx, cancel := context.WithTimeout(context.Background(), s.timeout)
	defer cancel()
	set, err := s.loadSafely(ctx)
	s.report(err)
	s.land(f, set, err)
}

// report tells the hook of a fetch. A panic in this goroutine would end the service.
func (s *remoteSource) report(err error) {
	if s.onFetch != nil {
		defer func() { _ = recover() }()
		s.onFetch(err)
	}
}

// loadSafely: a panic in this goroutine would end the service.
func (s *remoteSource) loadSafely(ctx context.Context) (set *keySet, err error) {
	defer func() {
		if v := recover(); v != nil {
			set, err = nil, fmt.Errorf("panic while the keys were fetched: %v", v)
		}
	}()
	return s.load(ctx)
}

// land replaces the state by what came of a fetch.
func (s *remoteSource) land(f *flight, set *keySet, err error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	next := *s.state.Load()
	next.ended, next.err = s.now(), err
	switch {
	case err == nil:
		next.pause = 0
	case next.set == nil:
		next.pause = min(max(2*next.pause, minCoolDown), s.coolDown)
	default:
		next.pause = s.coolDown
	}
	if err == nil {
		// The age counts from the request: what came after that may be missing.
		next.fetched = f.began
		changed := next.set == nil || next.set.sum != set.sum
		if changed {
			next.set = set
			next.version++
		}
		switch {
		case changed || f.due:
			s.misses.reset()
		case f.fresh:
			s.misses.fruitless()
		}
	}
	s.state.Store(&next)
	s.flight = nil
	close(f.done)
}

// missed notes that a fetch that was waited for did not bring the id.
func (s *remoteSource) missed(kid string, now time.Time) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.misses.add(kid, now)
}

// unavailable is the cause of a 503, which says when the next fetch may be made.
func (s *remoteSource) unavailable(st *remoteState, now time.Time) error {
	after, cause := min(st.pause-now.Sub(st.ended), st.pause), st.err
	if cause == nil {
		after, cause = min(s.timeout, s.coolDown), errSourceLate
	}
	return &unavailable{max(after, time.Second), cause}
}
