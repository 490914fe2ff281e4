package ratelimittest

import (
	"sync/atomic"
	"time"
)

// Clock is a clock that stands still until a test moves it. The zero value is ready
// to use, and safe for concurrent use.
type Clock struct {
	offset atomic.Int64
	real   bool
}

// start is when a Clock begins: a moment without monotonic part.
var start = time.Date(2026, time.January, 1, 0, 0, 0, 0, time.UTC)

// Now returns the time of the clock.
func (c *Clock) Now() time.Time {
	if c.real {
		return time.Now()
	}
	return start.Add(time.Duration(c.offset.Load()))
}

// Advance moves the clock, back where d is negative. With [Options.RealTime] it waits
// instead.
func (c *Clock) Advance(d time.Duration) {
	if c.real {
		time.Sleep(d)
		return
	}
	c.offset.Add(int64(d))
}
