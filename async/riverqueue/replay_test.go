package riverqueue_test

import (
	"context"
	"crypto/rand"
	"crypto/sha256"
	"errors"
	"net/http"
	"reflect"
	"sync/atomic"
	"testing"
	"time"

	"github.com/forthright-http/forthright/async"
	"github.com/forthright-http/forthright/async/riverqueue"
)

var morning = time.Date(2026, time.March, 1, 8, 0, 0, 0, time.UTC)

func claimOf(key, print string, now time.Time) async.Claim {
	return async.Claim{Key: sha256.Sum256([]byte(key)), Fingerprint: sha256.Sum256([]byte(print)), Token: rand.Text(), Now: now, Until: now.Add(time.Minute)}
}

// TestReplays: the states of a key, as one process leaves them and another finds them.
func TestReplays(t *testing.T) {
	queues := openSeveral(t, 2, riverqueue.Options{})
	here, there := queues[0].Replays(), queues[1].Replays()
	begin := func(when string, c async.Claim, want async.ReplayState) async.Answer {
		t.Helper()
		got, err := there.Begin(t.Context(), c)
		if err != nil || got.State != want {
			t.Fatalf("Begin %s: %d, %v, want %d", when, got.State, err, want)
		}
		return got.Answer
	}
	first := claimOf("k", "a", morning)
	if got, err := here.Begin(t.Context(), first); err != nil || got.State != async.ReplayFresh {
		t.Fatalf("Begin: %d, %v", got.State, err)
	}
	begin("of a key that is claimed", claimOf("k", "a", morning), async.ReplayInFlight)
	begin("of a key that is claimed, with another payload", claimOf("k", "b", morning), async.ReplayReused)
	begin("of another key", claimOf("other", "a", morning), async.ReplayFresh)
	if err := here.Abandon(t.Context(), first); err != nil {
		t.Fatal(err)
	}
	second := claimOf("k", "b", morning)
	begin("of a key that was abandoned", second, async.ReplayFresh)
	answer := async.Answer{Status: 201, Header: http.Header{"Location": {"/a", "\xff\x00"}}, Body: []byte("\x00made\xff")}
	for what, err := range map[string]error{"Finish": here.Finish(t.Context(), first, answer, morning.Add(time.Hour)), "Abandon": here.Abandon(t.Context(), first)} {
		if !errors.Is(err, async.ErrLost) {
			t.Errorf("%s of a claim that is another's: %v, want %v", what, err, async.ErrLost)
		}
	}
	if err := here.Finish(t.Context(), second, answer, morning.Add(time.Hour)); err != nil {
		t.Fatal(err)
	}
	late := morning.Add(time.Hour - time.Second)
	if got := begin("of a key that is answered", claimOf("k", "b", late), async.ReplayAnswered); !reflect.DeepEqual(got, answer) {
		t.Errorf("the answer is %+v, want %+v", got, answer)
	}
	begin("of a key that is answered, with another payload", claimOf("k", "a", late), async.ReplayReused)
	begin("of a key that is free again", claimOf("k", "a", morning.Add(time.Hour)), async.ReplayFresh)
	begin("of a claim that has ended", claimOf("k", "c", morning.Add(time.Hour+time.Minute)), async.ReplayFresh)
}

// TestReplaysRace: of many with one key in two processes, one is let in.
func TestReplaysRace(t *testing.T) {
	queues := openSeveral(t, 2, riverqueue.Options{})
	var fresh atomic.Int32
	among64(t, func(i int) error {
		got, err := queues[i%2].Replays().Begin(context.Background(), claimOf("k", "a", morning))
		if err == nil && got.State == async.ReplayFresh {
			fresh.Add(1)
		}
		return err
	})
	if n := fresh.Load(); n != 1 {
		t.Errorf("%d claims of one key are fresh, want 1", n)
	}
}
