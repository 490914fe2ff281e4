package ululestore_test

import (
	"context"
	"errors"
	"net/http"
	"net/http/httptest"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/ulule/limiter/v3"
	"github.com/ulule/limiter/v3/drivers/store/memory"
	"github.com/ulule/limiter/v3/drivers/store/tests"

	"github.com/forthright-http/forthright/ratelimit"
	"github.com/forthright-http/forthright/ratelimit/ululestore"
	"github.com/forthright-http/forthright/respond/conform/conformtest"
)

func ofMemory(t *testing.T) limiter.Store {
	t.Helper()
	m, err := ratelimit.NewMemory(ratelimit.MemoryOptions{})
	if err != nil {
		t.Fatal(err)
	}
	s, err := ululestore.Of(m)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// limiter's own tests of its stores.
func TestUluleSequentialAccess(t *testing.T) { tests.TestStoreSequentialAccess(t, ofMemory(t)) }
func TestUluleConcurrentAccess(t *testing.T) { tests.TestStoreConcurrentAccess(t, ofMemory(t)) }

// What differs: a steady refill, nothing charged for what is denied, a rate of its own
// for each count.
func TestOfDiffers(t *testing.T) {
	now := time.Unix(1_000_000, 0)
	clock := func() time.Time { return now }
	m, err := ratelimit.NewMemory(ratelimit.MemoryOptions{Now: clock})
	if err != nil {
		t.Fatal(err)
	}
	s, err := ululestore.Of(m, ululestore.Options{Now: clock})
	if err != nil {
		t.Fatal(err)
	}
	ctx := context.Background()
	rate := limiter.Rate{Limit: 4, Period: 20 * time.Second}
	want := func(name string, got limiter.Context, err error, remaining, reset int64, reached bool) {
		t.Helper()
		if err != nil || got != (limiter.Context{Limit: 4, Remaining: remaining, Reset: 1_000_000 + reset, Reached: reached}) {
			t.Errorf("%s: %+v, %v", name, got, err)
		}
	}
	got, err := s.Increment(ctx, "a", 3, rate)
	want("three of four", got, err, 1, 15, false)
	got, err = s.Increment(ctx, "a", 2, rate)
	want("two more are denied, and not charged", got, err, 1, 15, true)
	got, err = s.Get(ctx, "a", rate)
	want("one more", got, err, 0, 20, false)
	got, err = s.Get(ctx, "a", rate)
	want("denied", got, err, 0, 20, true)
	now = now.Add(5 * time.Second)
	got, err = s.Peek(ctx, "a", rate)
	want("one has come back", got, err, 1, 20, false)
	got, err = s.Increment(ctx, "a", -2, rate)
	want("two given back", got, err, 3, 10, false)
	got, err = s.Increment(ctx, "a", -9, rate)
	want("no more than all", got, err, 4, 5, false)
	other, err := s.Get(ctx, "a", limiter.Rate{Limit: 4, Period: time.Second})
	if err != nil || other.Remaining != 3 {
		t.Errorf("another rate shares the count: %+v, %v", other, err)
	}
	for _, bad := range []limiter.Rate{{}, {Limit: -1, Period: time.Second}, {Limit: 1}, {Limit: 1, Period: time.Nanosecond}} {
		if _, err := s.Get(ctx, "a", bad); err == nil {
			t.Errorf("%+v is taken", bad)
		}
	}
}

func fromMemory(t *testing.T) ratelimit.Store {
	t.Helper()
	s, err := ululestore.From(memory.NewStoreWithOptions(limiter.StoreOptions{Prefix: "t", CleanUpInterval: time.Hour}))
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// The answers of package ratelimit in front of limiter's own store.
func TestFromOverHTTP(t *testing.T) {
	l, err := ratelimit.New(fromMemory(t), ratelimit.Options{Policies: []ratelimit.Policy{
		{Name: "hour", Quota: 3, Window: time.Hour}, {Name: "day", Quota: 100, Window: 24 * time.Hour},
	}})
	if err != nil {
		t.Fatal(err)
	}
	h := conformtest.Handler(t, l.Handler(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { w.WriteHeader(http.StatusNoContent) })))
	for i, status := range []int{204, 204, 204, 429, 429} {
		w := httptest.NewRecorder()
		h.ServeHTTP(w, httptest.NewRequest("GET", "/", nil))
		if w.Code != status {
			t.Errorf("%d: %d %v", i, w.Code, w.Header())
		}
	}
	v, err := l.Peek(context.Background(), "another")
	if err != nil || v.Decisions[0].Remaining != 3 {
		t.Errorf("%+v, %v", v, err)
	}
}

// Where one policy denies, the other is not charged, also with many at once.
func TestFromAllOrNothing(t *testing.T) {
	s := fromMemory(t)
	policies := []ratelimit.Policy{{Name: "wide", Quota: 1000, Window: time.Hour}, {Name: "narrow", Quota: 5, Window: time.Hour}}
	var allowed atomic.Int64
	var all sync.WaitGroup
	for range 64 {
		all.Go(func() {
			d := make([]ratelimit.Decision, 2)
			if err := s.Take(context.Background(), "k", 1, policies, d); err != nil {
				t.Error(err)
			}
			if d[0].Allowed && d[1].Allowed {
				allowed.Add(1)
			}
		})
	}
	all.Wait()
	d := make([]ratelimit.Decision, 2)
	if err := s.Peek(context.Background(), "k", policies, d); err != nil || allowed.Load() > 5 || d[0].Remaining != 1000-allowed.Load() || d[1].Remaining != 5-allowed.Load() {
		t.Errorf("%d passed, %+v, %v", allowed.Load(), d, err)
	}
}

func TestFromAdjustAndReset(t *testing.T) {
	s, ctx := fromMemory(t), context.Background()
	policies := []ratelimit.Policy{{Name: "p", Quota: 10, Window: time.Hour}}
	d := make([]ratelimit.Decision, 1)
	for _, tt := range []struct {
		cost, left int64
	}{{4, 6}, {20, 0}, {-4, 4}, {-1 << 62, 10}, {3, 7}, {-1, 8}, {0, 8}} {
		if err := s.Adjust(ctx, "k", tt.cost, policies, d); err != nil || d[0].Remaining != tt.left || d[0].Allowed != (tt.left > 0) {
			t.Errorf("%d: %+v, %v", tt.cost, d[0], err)
		}
	}
	if err := s.Reset(ctx, "k", policies); err != nil {
		t.Error(err)
	}
	if err := s.Take(ctx, "k", 10, policies, d); err != nil || !d[0].Allowed {
		t.Errorf("%+v, %v", d[0], err)
	}
	if err := s.Take(ctx, "k", 1, policies, d); err != nil || d[0].Allowed || d[0].RetryAfter <= 0 || d[0].RetryAfter > time.Hour+time.Second {
		t.Errorf("%+v, %v", d[0], err)
	}
	if err := s.Take(ctx, "k", 0, policies, d); !errors.Is(err, ratelimit.ErrCost) {
		t.Error(err)
	}
	if err := s.Take(ctx, "k", 1, []ratelimit.Policy{{Name: "p", Quota: 10, Burst: 20, Window: time.Hour}}, d); !errors.Is(err, ululestore.ErrBurst) {
		t.Error(err)
	}
	if err := s.Peek(ctx, "k", policies, nil); err == nil {
		t.Error("no decisions are taken")
	}
}

// failing is a store whose second charge fails.
type failing struct {
	limiter.Store
	left int
}

func (f *failing) Increment(ctx context.Context, key string, n int64, r limiter.Rate) (limiter.Context, error) {
	if f.left--; f.left < 0 && n > 0 {
		return limiter.Context{}, errors.New("down")
	}
	return f.Store.Increment(ctx, key, n, r)
}

func TestFromGivesBackWhatHalfFailed(t *testing.T) {
	inner := memory.NewStoreWithOptions(limiter.StoreOptions{CleanUpInterval: time.Hour})
	s, err := ululestore.From(&failing{inner, 1})
	if err != nil {
		t.Fatal(err)
	}
	policies := []ratelimit.Policy{{Name: "a", Quota: 10, Window: time.Hour}, {Name: "b", Quota: 10, Window: time.Hour}}
	d := make([]ratelimit.Decision, 2)
	if err := s.Take(context.Background(), "k", 3, policies, d); err == nil {
		t.Error("no error")
	}
	if err := s.Peek(context.Background(), "k", policies, d); err != nil || d[0].Remaining != 10 || d[1].Remaining != 10 {
		t.Errorf("%+v, %v", d, err)
	}
}

func TestSettings(t *testing.T) {
	if _, err := ululestore.From(nil); err == nil {
		t.Error("From(nil)")
	}
	if _, err := ululestore.Of(nil); err == nil {
		t.Error("Of(nil)")
	}
	if r := ululestore.Rate(ratelimit.Policy{Quota: 3, Window: 1500 * time.Microsecond}); r.Period != 2*time.Millisecond || r.Limit != 3 {
		t.Errorf("%+v", r)
	}
}
