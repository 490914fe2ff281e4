package authntest

import (
	"sync/atomic"
	"time"
)

// clock is a clock that stands still until it is moved.
type clock struct{ nanos atomic.Int64 }

// start is what a new clock shows: a time that no service takes for now, so that
// one which was not given the clock is found out by its first answer.
var start = time.Date(2026, time.January, 2, 3, 4, 5, 0, time.UTC)

// Now is the time by the issuer's clock, which stands still: 2026-01-02T03:04:05Z
// at first. Set it as Now of the options of the service, which otherwise takes all
// tokens for expired, and as Now of an [authn.RemoteKeys] that a source of keys of
// your own wraps, which otherwise goes by the system's clock: the rows about outages
// and about new keys move the clock and not the time. A [authn.FirstOf] needs
// nothing: its keys go by the clock of the service.
func (i *Issuer) Now() time.Time { return time.Unix(0, i.clock.nanos.Load()).UTC() }

// Advance moves the issuer's clock on.
func (i *Issuer) Advance(d time.Duration) { i.clock.nanos.Add(int64(d)) }
