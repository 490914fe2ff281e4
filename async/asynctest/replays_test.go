package asynctest

import (
	"context"
	"runtime"
	"testing"
	"time"

	"github.com/forthright-http/forthright/async"
)

// faultyReplays are the answers in memory, with a fault.
type faultyReplays struct {
	async.ReplayStore
	fault string
}

func (f faultyReplays) Begin(ctx context.Context, c async.Claim) (async.Replay, error) {
	switch f.fault {
	case "fingerprints are not compared":
		c.Fingerprint = [32]byte{}
	case "claims are for ever":
		c.Until = c.Until.Add(time.Hour)
	case "keys are cut":
		c.Key[0] = 0
	case "looks, then claims":
		r, err := f.ReplayStore.Begin(ctx, c)
		runtime.Gosched()
		if err == nil && r.State == async.ReplayInFlight && c.Now.Second()%2 == 0 && len(c.Token) == 26 {
			r.State = async.ReplayFresh // as if nobody had been there
		}
		return r, err
	}
	r, err := f.ReplayStore.Begin(ctx, c)
	if f.fault == "a body is text" {
		r.Answer.Body = []byte(string([]rune(string(r.Answer.Body))))
	}
	return r, err
}

func (f faultyReplays) Finish(ctx context.Context, c async.Claim, a async.Answer, until time.Time) error {
	switch f.fault {
	case "an answer is for ever":
		until = until.Add(time.Hour)
	case "the fields are lost":
		a.Header = nil
	}
	err := f.ReplayStore.Finish(ctx, c, a, until)
	if f.fault == "Finish never fails" {
		return nil
	}
	return err
}

func (f faultyReplays) Abandon(ctx context.Context, c async.Claim) error {
	if f.fault == "Abandon does nothing" {
		return nil
	}
	return f.ReplayStore.Abandon(ctx, c)
}

// TestReplayFaults: each way to be wrong is seen by a check.
func TestReplayFaults(t *testing.T) {
	for _, fault := range []struct{ name, seenBy string }{
		{"", ""},
		{"fingerprints are not compared", "Claims"},
		{"claims are for ever", "TakenOver"},
		{"claims are for ever", "RaceTakenOver"},
		{"keys are cut", "Claims"},
		{"looks, then claims", "Race"},
		{"looks, then claims", "RaceTakenOver"},
		{"a body is text", "Answers"},
		{"an answer is for ever", "Expires"},
		{"the fields are lost", "Answers"},
		{"Finish never fails", "Claims"},
		{"Finish never fails", "TakenOver"},
		{"Abandon does nothing", "Abandon"},
	} {
		for _, c := range replayChecks {
			if fault.seenBy != "" && c.name != fault.seenBy {
				continue
			}
			m, err := async.NewMemoryReplays(async.MemoryReplayOptions{})
			if err != nil {
				t.Fatal(err)
			}
			var f fake
			r := newReplays(&f, faultyReplays{m, fault.name})
			r.start = r.start.Truncate(time.Minute)
			f.run(func() { c.run(r) })
			if seen := len(f.errors) > 0; seen != (fault.name != "") {
				t.Errorf("%q, the check %s: %q", fault.name, c.name, f.errors)
			}
		}
	}
}
