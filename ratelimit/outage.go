package ratelimit

import (
	"context"
	"log/slog"
	"sync/atomic"
	"time"
)

// outage tells the log when a store begins to fail and when it is back: not for each
// request, nor each time that one of many calls is late.
type outage struct {
	logger *slog.Logger // nil: slog.Default()
	now    func() time.Time

	lasts atomic.Bool
	last  atomic.Pointer[time.Time] // failure
}

// calm is how long no call may have failed until a store is back.
const calm = time.Second

func (o *outage) note(ctx context.Context, err error) {
	if err == nil && !o.lasts.Load() {
		return
	}
	now := o.now()
	if err != nil {
		o.last.Store(&now)
		if o.lasts.CompareAndSwap(false, true) {
			o.log().WarnContext(ctx, "ratelimit: the store fails; until it is back, each policy does what it chose (WhenDown)", "error", err)
		}
		return
	}
	if last := o.last.Load(); now.Sub(*last) >= calm && o.lasts.CompareAndSwap(true, false) {
		o.log().InfoContext(ctx, "ratelimit: the store is back")
	}
}

func (o *outage) log() *slog.Logger {
	if o.logger != nil {
		return o.logger
	}
	return slog.Default()
}
