package ratelimit_test

import (
	"bytes"
	"context"
	"io"
	"log/slog"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/forthright-http/forthright/ratelimit"
)

var outageSilent = slog.New(slog.NewTextHandler(io.Discard, nil))

// An outage is logged when it begins and when it is over, whatever the policy chooses,
// and without the key.
func TestOutageIsLoggedOnce(t *testing.T) {
	for _, choice := range []ratelimit.WhenDown{ratelimit.Open, ratelimit.Closed, ratelimit.Local} {
		var log bytes.Buffer
		clock := newHTTPClock()
		store := newDownStore(t, clock)
		l := httpLimiterOf(t, store, clock, ratelimit.Options{
			Policies: policiesOf(downPolicy("p", 100, choice)), Key: keyHeader("User"),
			Logger: slog.New(slog.NewTextHandler(&log, nil)),
		})
		h := httpChecked(t, l.Handler(httpOK))
		logged := func(want ...string) {
			t.Helper()
			for range 5 {
				httpServe(h, keyWith("User", "alice"))
			}
			lines := strings.Split(strings.TrimSpace(log.String()), "\n")
			log.Reset()
			if len(want) == 0 && lines[0] == "" {
				return
			}
			if len(lines) != len(want) {
				t.Fatalf("%d: %q", choice, lines)
			}
			for i := range want {
				if !strings.Contains(lines[i], want[i]) || strings.Contains(lines[i], "alice") {
					t.Errorf("%d: %q is not %q", choice, lines[i], want[i])
				}
			}
		}
		logged()
		store.down.Store(true)
		logged("level=WARN")
		logged()
		store.down.Store(false)
		clock.Add(time.Second - 1)
		logged() // it may fail again at once
		store.down.Store(true)
		logged()
		store.down.Store(false)
		clock.Add(time.Second)
		logged("level=INFO")
		logged()
		store.down.Store(true)
		logged("level=WARN")
	}
}

// What says nothing of the store is not logged: a client that went away.
func TestClientGoneIsNoOutage(t *testing.T) {
	var log bytes.Buffer
	clock := newHTTPClock()
	store := newDownStore(t, clock)
	l := httpLimiterOf(t, store, clock, ratelimit.Options{Policies: policiesOf(downPolicy("p", 9, ratelimit.Closed)), Logger: slog.New(slog.NewTextHandler(&log, nil))})
	store.down.Store(true)
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	h := l.Handler(httpOK)
	func() {
		defer func() { _ = recover() }()
		h.ServeHTTP(httptest.NewRecorder(), httptest.NewRequest("GET", "/", nil).WithContext(ctx))
	}()
	if log.Len() > 0 {
		t.Errorf("%s", &log)
	}
}
