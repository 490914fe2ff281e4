package redisstore

import (
	"sync"
	"time"
)

// breaker keeps calls from a Redis that fails: after limit failures in a row it is
// open, and lets one call through each rest to try.
type breaker struct {
	limit int // negative: never open
	rest  time.Duration
	tell  func(open bool)

	mu      sync.Mutex
	failed  int
	open    bool
	again   time.Time // when the next may try
	told    bool      // what tell knows
	telling bool
}

// outcome is what a call says of Redis.
type outcome int

const (
	worked outcome = iota
	failed
	nothing // its caller went away
)

func (b *breaker) enter(now time.Time) bool {
	if b.limit < 0 {
		return true
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	if !b.open {
		return true
	}
	if now.Before(b.again) {
		return false
	}
	b.again = now.Add(b.rest)
	return true
}

func (b *breaker) leave(now time.Time, o outcome) {
	if b.limit < 0 {
		return
	}
	b.mu.Lock()
	switch o {
	case worked:
		b.failed, b.open = 0, false
	case nothing:
		if b.open { // the next may try at once
			b.again = now
		}
	case failed:
		if b.failed++; b.failed >= b.limit {
			b.open, b.again = true, now.Add(b.rest)
		}
	}
	b.mu.Unlock()
	b.report()
}

// report tells of changes: in their order, one at a time, and without the lock.
func (b *breaker) report() {
	if b.tell == nil {
		return
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	for !b.telling && b.told != b.open {
		b.telling, b.told = true, b.open
		b.telling = b.call(b.open)
	}
}

// call calls tell with the lock released. It returns false: nobody is telling.
func (b *breaker) call(open bool) bool {
	b.mu.Unlock()
	defer b.mu.Lock()
	b.tell(open)
	return false
}
