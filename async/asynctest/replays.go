package asynctest

import (
	"bytes"
	"context"
	"crypto/rand"
	"errors"
	"maps"
	"net/http"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/forthright-http/forthright/async"
)

// Replays judges an [async.ReplayStore]: what each method returns, that a claim which
// was taken over changes nothing any more, that of many claims of one key one is
// fresh, and that an answer comes back as it was kept. open returns a store without
// keys, and leaves what it has to clean up to t.Cleanup.
func Replays(t *testing.T, open func(t *testing.T) async.ReplayStore) {
	t.Helper()
	for _, c := range replayChecks {
		t.Run(c.name, func(t *testing.T) { c.run(newReplays(t, open(t))) })
	}
}

// replayChecks are all that a ReplayStore is judged by.
var replayChecks = []struct {
	name string
	run  func(*replays)
}{
	{"Claims", (*replays).claims},
	{"TakenOver", (*replays).takenOver},
	{"Abandon", (*replays).abandons},
	{"Expires", (*replays).expires},
	{"Answers", (*replays).answers},
	{"Race", (*replays).race},
	{"RaceTakenOver", (*replays).raceTakenOver},
}

func newReplays(r reporter, s async.ReplayStore) *replays {
	return &replays{reporter: r, s: s, start: time.Now().UTC().Truncate(time.Second)}
}

type replays struct {
	reporter
	s     async.ReplayStore
	start time.Time
}

// claim is one of the key, so long after the start, for a minute.
func (c *replays) claim(key, print byte, token string, after time.Duration) async.Claim {
	now := c.start.Add(after)
	return async.Claim{Key: [32]byte{0: key, 31: 0xff}, Fingerprint: [32]byte{0: print}, Token: token, Now: now, Until: now.Add(time.Minute)}
}

// begins checks the state that a claim finds, and returns the answer.
func (c *replays) begins(claim async.Claim, want async.ReplayState) async.Answer {
	c.Helper()
	got, err := c.s.Begin(context.Background(), claim)
	if err != nil || got.State != want {
		c.Fatalf("Begin by %s at %v: state %d and %v, where it is %d", claim.Token, claim.Now.Sub(c.start), got.State, err, want)
	}
	return got.Answer
}

func (c *replays) finish(claim async.Claim, a async.Answer, until time.Duration, want error) {
	c.Helper()
	if err := c.s.Finish(context.Background(), claim, a, c.start.Add(until)); !errors.Is(err, want) {
		c.Fatalf("Finish by %s: %v, where it is %v", claim.Token, err, want)
	}
}

func (c *replays) abandon(claim async.Claim, want error) {
	c.Helper()
	if err := c.s.Abandon(context.Background(), claim); !errors.Is(err, want) {
		c.Fatalf("Abandon by %s: %v, where it is %v", claim.Token, err, want)
	}
}

// claims: one is fresh, and the next see it until it is answered.
func (c *replays) claims() {
	first := c.claim(1, 1, "a", 0)
	c.begins(first, async.ReplayFresh)
	c.begins(c.claim(1, 1, "b", time.Second), async.ReplayInFlight)
	c.begins(c.claim(1, 2, "b", time.Second), async.ReplayReused)
	c.begins(c.claim(2, 1, "b", time.Second), async.ReplayFresh)
	c.finish(c.claim(1, 1, "b", 0), async.Answer{Status: 200}, time.Hour, async.ErrLost)
	c.finish(first, async.Answer{Status: 201}, time.Hour, nil)
	c.finish(first, async.Answer{Status: 202}, time.Hour, async.ErrLost)
	c.abandon(first, async.ErrLost)
	if a := c.begins(c.claim(1, 1, "c", 2*time.Second), async.ReplayAnswered); a.Status != 201 {
		c.Errorf("the answer is %d, where 201 was kept", a.Status)
	}
	c.begins(c.claim(1, 2, "c", 2*time.Second), async.ReplayReused)
	c.begins(c.claim(2, 1, "c", 2*time.Second), async.ReplayInFlight)
	c.finish(c.claim(3, 1, "c", 0), async.Answer{Status: 200}, time.Hour, async.ErrLost) // never claimed
}

// takenOver: a claim that nobody finished is free at its Until, also for another
// fingerprint, and its first holder has lost it.
func (c *replays) takenOver() {
	first := c.claim(1, 1, "a", 0)
	c.begins(first, async.ReplayFresh)
	c.begins(c.claim(1, 1, "b", time.Minute-time.Second), async.ReplayInFlight)
	second := c.claim(1, 2, "b", time.Minute)
	c.begins(second, async.ReplayFresh)
	c.finish(first, async.Answer{Status: 200}, time.Hour, async.ErrLost)
	c.abandon(first, async.ErrLost)
	c.begins(c.claim(1, 2, "c", time.Minute), async.ReplayInFlight)
	c.finish(second, async.Answer{Status: 201}, time.Hour, nil)
	if a := c.begins(c.claim(1, 2, "c", time.Minute), async.ReplayAnswered); a.Status != 201 {
		c.Errorf("the answer is %d, where 201 was kept", a.Status)
	}
}

// abandons: the key is free again at once.
func (c *replays) abandons() {
	first := c.claim(1, 1, "a", 0)
	c.begins(first, async.ReplayFresh)
	c.abandon(c.claim(1, 1, "b", 0), async.ErrLost)
	c.abandon(first, nil)
	c.abandon(first, async.ErrLost)
	c.begins(c.claim(1, 2, "b", time.Second), async.ReplayFresh)
	c.finish(first, async.Answer{Status: 200}, time.Hour, async.ErrLost)
}

// expires: an answer is there until its until, and then the key is free.
func (c *replays) expires() {
	first := c.claim(1, 1, "a", 0)
	c.begins(first, async.ReplayFresh)
	c.finish(first, async.Answer{Status: 200}, time.Hour, nil)
	c.begins(c.claim(1, 1, "b", time.Hour-time.Second), async.ReplayAnswered)
	c.begins(c.claim(1, 2, "b", time.Hour), async.ReplayFresh)
}

// answers come back byte for byte.
func (c *replays) answers() {
	for i, want := range []async.Answer{
		{Status: 204},
		{Status: 201, Header: http.Header{"Location": {"/orders/1"}}, Body: []byte(`{"id":1}`)},
		{Status: 422, Header: http.Header{"X-List": {"a", "", "b\xffc", "é"}}, Body: []byte{0, 255, '\n', 0}},
		{Status: 200, NotKept: true, Header: http.Header{"Location": {"/x"}}},
		{Status: 200, Body: bytes.Repeat([]byte("x"), 256<<10)},
	} {
		claim := c.claim(byte(i), 1, "a", 0)
		c.begins(claim, async.ReplayFresh)
		c.finish(claim, want, time.Hour, nil)
		got := c.begins(c.claim(byte(i), 1, "b", time.Second), async.ReplayAnswered)
		if got.Status != want.Status || got.NotKept != want.NotKept || !bytes.Equal(got.Body, want.Body) || !maps.EqualFunc(got.Header, want.Header, slices.Equal) {
			c.Errorf("answer %d is %d, %v, %.50q, and was %d, %v, %.50q", i, got.Status, got.Header, got.Body, want.Status, want.Header, want.Body)
		}
	}
}

// race: of many claims of a key at once, one is fresh.
func (c *replays) race() {
	for key := range 20 {
		if n := c.fresh(byte(key), 0); n != 1 {
			c.Fatalf("of 32 claims at once %d are fresh", n)
		}
	}
}

// raceTakenOver: so it is of a key whose claim has run out.
func (c *replays) raceTakenOver() {
	for key := range 20 {
		c.begins(c.claim(byte(key), 1, "first", 0), async.ReplayFresh)
		if n := c.fresh(byte(key), time.Minute); n != 1 {
			c.Fatalf("of 32 claims at once %d took the key over", n)
		}
	}
}

func (c *replays) fresh(key byte, after time.Duration) (n int) {
	var mu sync.Mutex
	var all sync.WaitGroup
	for range 32 {
		all.Go(func() {
			got, err := c.s.Begin(context.Background(), c.claim(key, 1, rand.Text(), after))
			mu.Lock()
			defer mu.Unlock()
			switch {
			case err != nil:
				c.Errorf("Begin: %v", err)
			case got.State == async.ReplayFresh:
				n++
			case got.State != async.ReplayInFlight:
				c.Errorf("a claim beside others finds the state %d", got.State)
			}
		})
	}
	all.Wait()
	return n
}
