package sqlitestore_test

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"reflect"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/forthright-http/forthright/async"
	"github.com/forthright-http/forthright/async/asynctest"
	"github.com/forthright-http/forthright/async/sqlitestore"
	"github.com/forthright-http/forthright/respond/conform/conformtest"
)

func TestReplays(t *testing.T) {
	path := file(t)
	s := open(t, path, sqlitestore.Options{})
	start := time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)
	claim := func(key, print byte, token string, at time.Duration) async.Claim {
		return async.Claim{Key: [32]byte{31: key}, Fingerprint: [32]byte{31: print}, Token: token, Now: start.Add(at), Until: start.Add(at + time.Minute)}
	}
	begins := func(c async.Claim, want async.ReplayState) async.Answer {
		t.Helper()
		got, err := s.Replays().Begin(t.Context(), c)
		if err != nil || got.State != want {
			t.Fatalf("Begin: state %v, %v, want %v", got.State, err, want)
		}
		return got.Answer
	}
	answer := async.Answer{
		Status: 201, Header: http.Header{"Location": {"/1"}, "X-Odd": {"a\xffb", "", "é"}, "Date": {}}, Body: []byte{0, 255, '\n'},
	}
	finish := func(c async.Claim, a async.Answer, until time.Duration) error {
		return s.Replays().Finish(t.Context(), c, a, start.Add(until))
	}
	first := claim(1, 1, "a", 0)
	begins(first, async.ReplayFresh)
	begins(claim(1, 1, "b", time.Second), async.ReplayInFlight)
	begins(claim(1, 2, "b", time.Second), async.ReplayReused)
	begins(claim(2, 2, "b", time.Second), async.ReplayFresh)
	want(t, "Finish by another", finish(claim(1, 1, "b", 0), answer, time.Hour), async.ErrLost)
	want(t, "Abandon by another", s.Replays().Abandon(t.Context(), claim(1, 1, "b", 0)), async.ErrLost)
	want(t, "Finish", finish(first, answer, time.Hour), nil)
	want(t, "Finish, again", finish(first, answer, time.Hour), async.ErrLost)
	want(t, "Abandon of what is answered", s.Replays().Abandon(t.Context(), first), async.ErrLost)
	want(t, "Abandon", s.Replays().Abandon(t.Context(), claim(2, 2, "b", 0)), nil)
	begins(claim(2, 3, "c", time.Second), async.ReplayFresh)
	s.Close()

	s = open(t, path, sqlitestore.Options{})
	if got := begins(claim(1, 1, "x", 59*time.Minute), async.ReplayAnswered); !reflect.DeepEqual(got, answer) {
		t.Errorf("the answer is %+v, and was %+v", got, answer)
	}
	begins(claim(1, 2, "x", 59*time.Minute), async.ReplayReused)
	begins(claim(2, 3, "x", 30*time.Second), async.ReplayInFlight)
	begins(claim(2, 4, "y", time.Second+time.Minute), async.ReplayFresh) // nobody finished it
	want(t, "Finish of what was taken over", finish(claim(2, 3, "c", 0), answer, time.Hour), async.ErrLost)
	brief := async.Answer{Status: 204, NotKept: true}
	want(t, "Finish", finish(claim(2, 4, "y", 0), brief, time.Hour), nil)
	if got := begins(claim(2, 4, "z", 2*time.Minute), async.ReplayAnswered); !reflect.DeepEqual(got, brief) {
		t.Errorf("the answer is %+v, want %+v", got, brief)
	}
	begins(claim(1, 2, "x", time.Hour), async.ReplayFresh) // it has expired
	large := claim(3, 1, "l", 0)
	begins(large, async.ReplayFresh)
	want(t, "Finish with too much", finish(large, async.Answer{Status: 200, Body: make([]byte, 512<<20+1)}, time.Hour), nil)
	if got := begins(large, async.ReplayAnswered); got.Status != 200 || !got.NotKept {
		t.Errorf("the answer that was too large is %d, %v", got.Status, got.NotKept)
	}
}

func TestReplaysByTheKit(t *testing.T) {
	asynctest.Replays(t, func(t *testing.T) async.ReplayStore { return open(t, file(t), sqlitestore.Options{}).Replays() })
}

// TestReplaysRace: of many with one key, one is fresh.
func TestReplaysRace(t *testing.T) {
	s := open(t, file(t), sqlitestore.Options{})
	now := time.Now()
	for round := range byte(10) {
		var fresh, flying atomic.Int32
		var all sync.WaitGroup
		for i := range 64 {
			all.Go(func() {
				got, err := s.Replays().Begin(context.Background(), async.Claim{Key: [32]byte{round}, Token: fmt.Sprint(i), Now: now, Until: now.Add(time.Minute)})
				switch {
				case err != nil:
					t.Error(err)
				case got.State == async.ReplayFresh:
					fresh.Add(1)
				case got.State == async.ReplayInFlight:
					flying.Add(1)
				}
			})
		}
		all.Wait()
		if fresh.Load() != 1 || flying.Load() != 63 {
			t.Fatalf("of 64 with one key, %d are fresh and %d in flight", fresh.Load(), flying.Load())
		}
	}
}

// TestReplaysAreDropped: keys that are free again do not pile up.
func TestReplaysAreDropped(t *testing.T) {
	s := open(t, file(t), sqlitestore.Options{})
	now := time.Now()
	for i := range 300 {
		at := now.Add(time.Duration(i) * time.Second)
		c := async.Claim{Key: [32]byte{byte(i), byte(i >> 8)}, Token: "t", Now: at, Until: at.Add(10 * time.Second)}
		if got, err := s.Replays().Begin(t.Context(), c); err != nil || got.State != async.ReplayFresh {
			t.Fatal(got.State, err)
		}
		if err := s.Replays().Finish(t.Context(), c, async.Answer{Status: 200, Body: bytes.Repeat([]byte("x"), 1000)}, at.Add(20*time.Second)); err != nil {
			t.Fatal(err)
		}
	}
	if n := s.Value("SELECT count(*) FROM replay").(int64); n > 25 {
		t.Errorf("%d keys are kept, where 20 are not free", n)
	}
}

// TestIdempotentOverRestart: async.Idempotent answers as the process before did.
func TestIdempotentOverRestart(t *testing.T) {
	path := file(t)
	calls := 0
	post := func() *http.Response {
		t.Helper()
		s := open(t, path, sqlitestore.Options{})
		defer s.Close()
		once, err := async.Idempotent(s.Replays(), async.IdempotentOptions{
			Owner: func(*http.Request) (string, bool) { return "ana", true }, Logger: quiet,
		})
		if err != nil {
			t.Fatal(err)
		}
		r := httptest.NewRequest(http.MethodPost, "/orders", strings.NewReader(`{"n":1}`))
		r.Header.Set("Idempotency-Key", `"k1"`)
		w := httptest.NewRecorder()
		handler := http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
			calls++
			w.Header().Set("Location", "https://api.example.com/orders/1")
			w.WriteHeader(http.StatusCreated)
			fmt.Fprintf(w, "order %d", calls)
		})
		conformtest.Handler(t, once(handler)).ServeHTTP(w, r)
		return w.Result()
	}
	for i := range 3 {
		res := post()
		body, err := io.ReadAll(res.Body)
		if err != nil || res.StatusCode != http.StatusCreated || string(body) != "order 1" || res.Header.Get("Location") == "" {
			t.Errorf("answer %d: %d %q, %v", i+1, res.StatusCode, body, err)
		}
	}
	if calls != 1 {
		t.Errorf("the handler was called %d times", calls)
	}
}
