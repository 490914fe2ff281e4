package async_test

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/forthright-http/forthright/async"
	"github.com/forthright-http/forthright/async/asynctest"
)

func replayClaim(key byte, token string, now time.Time) async.Claim {
	return async.Claim{Key: [32]byte{key}, Fingerprint: [32]byte{1}, Token: token, Now: now, Until: now.Add(time.Minute)}
}

func replayState(t *testing.T, m async.ReplayStore, c async.Claim, want async.ReplayState) async.Answer {
	t.Helper()
	got, err := m.Begin(context.Background(), c)
	if err != nil || got.State != want {
		t.Fatalf("Begin: state %d, %v; want %d", got.State, err, want)
	}
	return got.Answer
}

// A claim that was taken over cannot finish or abandon the key of its successor.
func TestMemoryReplaysTokens(t *testing.T) {
	m := newReplays(t, async.MemoryReplayOptions{})
	ctx := context.Background()
	first, later := replayClaim(1, "first", webNow), webNow.Add(time.Minute)
	replayState(t, m, first, async.ReplayFresh)
	second := replayClaim(1, "second", later)
	replayState(t, m, second, async.ReplayFresh)
	if err := m.Finish(ctx, first, async.Answer{Status: 201}, later.Add(time.Hour)); !errors.Is(err, async.ErrLost) {
		t.Errorf("Finish of the first: %v", err)
	}
	if err := m.Abandon(ctx, first); !errors.Is(err, async.ErrLost) {
		t.Errorf("Abandon of the first: %v", err)
	}
	replayState(t, m, replayClaim(1, "third", later), async.ReplayInFlight)
	if err := m.Finish(ctx, second, async.Answer{Status: 202}, later.Add(time.Hour)); err != nil {
		t.Error(err)
	}
	if err := m.Finish(ctx, second, async.Answer{Status: 203}, later.Add(time.Hour)); !errors.Is(err, async.ErrLost) {
		t.Errorf("Finish again: %v", err)
	}
	if err := m.Abandon(ctx, second); !errors.Is(err, async.ErrLost) {
		t.Errorf("Abandon of what is finished: %v", err)
	}
	if a := replayState(t, m, replayClaim(1, "third", later), async.ReplayAnswered); a.Status != 202 {
		t.Errorf("the answer is %d", a.Status)
	}
	other := replayClaim(1, "other", later)
	other.Fingerprint = [32]byte{2}
	replayState(t, m, other, async.ReplayReused)
}

func TestMemoryReplaysAreBounded(t *testing.T) {
	ctx := context.Background()
	m := newReplays(t, async.MemoryReplayOptions{MaxKeys: 3, MaxBytes: 100})
	until := webNow.Add(time.Hour)
	answer := func(key byte, size int) {
		t.Helper()
		c := replayClaim(key, fmt.Sprint(key), webNow)
		replayState(t, m, c, async.ReplayFresh)
		if err := m.Finish(ctx, c, async.Answer{Status: 200, Header: http.Header{"A": {"b"}}, Body: make([]byte, size-2)}, until); err != nil {
			t.Fatal(err)
		}
	}
	known := func(key byte) bool {
		got, err := m.Begin(ctx, replayClaim(key, "probe", webNow))
		if err == nil && got.State == async.ReplayFresh {
			_ = m.Abandon(ctx, replayClaim(key, "probe", webNow))
		}
		return err == nil && got.State == async.ReplayAnswered
	}
	answer(1, 10)
	answer(2, 10)
	answer(3, 10)
	answer(4, 10) // the oldest goes
	if !known(2) || !known(3) || !known(4) {
		t.Error("more than the oldest went")
	}
	answer(5, 95) // 3 and 4 go for its bytes
	if known(4) || !known(5) {
		t.Error("the bytes are not counted")
	}
	answer(6, 101) // cannot be kept, and is known to be answered
	if got, err := m.Begin(ctx, replayClaim(6, "probe", webNow)); err != nil || !got.Answer.NotKept || got.Answer.Status != 200 {
		t.Errorf("too large: %+v, %v", got, err)
	}

	// Keys in flight are never dropped: there is no room then.
	m = newReplays(t, async.MemoryReplayOptions{MaxKeys: 2})
	replayState(t, m, replayClaim(1, "a", webNow), async.ReplayFresh)
	replayState(t, m, replayClaim(2, "b", webNow), async.ReplayFresh)
	if _, err := m.Begin(ctx, replayClaim(3, "c", webNow)); !errors.Is(err, async.ErrFull) {
		t.Errorf("a third in flight: %v", err)
	}
	replayState(t, m, replayClaim(1, "d", webNow), async.ReplayInFlight)
}

// Each answer goes at its time, and with it what it held.
func TestMemoryReplaysExpire(t *testing.T) {
	ctx := context.Background()
	m := newReplays(t, async.MemoryReplayOptions{MaxKeys: 5000, MaxBytes: 1000})
	now := webNow
	for i := range 20_000 {
		c := async.Claim{Key: [32]byte{byte(i), byte(i >> 8)}, Token: "t", Now: now, Until: now.Add(time.Minute)}
		replayState(t, m, c, async.ReplayFresh)
		if err := m.Finish(ctx, c, async.Answer{Status: 200, Body: make([]byte, 500)}, now.Add(time.Second)); err != nil {
			t.Fatal(err)
		}
		if a := replayState(t, m, c, async.ReplayAnswered); a.NotKept || len(a.Body) != 500 {
			t.Fatalf("the answer %d was not kept", i)
		}
		now = now.Add(time.Second)
		replayState(t, m, async.Claim{Key: c.Key, Token: "u", Now: now, Until: now.Add(time.Minute)}, async.ReplayFresh)
		if err := m.Abandon(ctx, async.Claim{Key: c.Key, Token: "u"}); err != nil {
			t.Fatal(err)
		}
	}
}

func TestMemoryReplaysConcurrent(t *testing.T) {
	m := newReplays(t, async.MemoryReplayOptions{MaxKeys: 64})
	var all sync.WaitGroup
	var fresh [8]atomic.Int64
	for g := range 64 {
		all.Go(func() {
			for key := range byte(8) {
				c := replayClaim(key, fmt.Sprint(g), webNow)
				got, err := m.Begin(context.Background(), c)
				if err == nil && got.State == async.ReplayFresh {
					fresh[key].Add(1)
					err = m.Finish(context.Background(), c, async.Answer{Status: 200}, webNow.Add(time.Hour))
				}
				if err != nil {
					t.Error(err)
				}
			}
		})
	}
	all.Wait()
	for key := range fresh {
		if n := fresh[key].Load(); n != 1 {
			t.Errorf("key %d: %d are fresh", key, n)
		}
	}
}

func TestMemoryReplaysByTheKit(t *testing.T) {
	asynctest.Replays(t, func(t *testing.T) async.ReplayStore { return newReplays(t, async.MemoryReplayOptions{}) })
}
