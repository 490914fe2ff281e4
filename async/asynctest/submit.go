package asynctest

import (
	"bytes"
	"fmt"

	"github.com/forthright-http/forthright/async"
)

// odd are names that must not be cut, folded, joined or refused.
var odd = []string{"a", "A", " a", "a ", "a b", "a\x00b", "a\x00", "\xff\xfe", "é", "e\u0301", "a|b", "a/b", `a"b'c\`, "%", "*"}

// submits: a job is kept as it was submitted.
func (c *check) submits() {
	now := c.clock.Now()
	n := c.job(keyed("k", 1), owner("ana\x00\xff"))
	n.Kind, n.Callback, n.Input = "work.v-1_b", "https://example.com/done?x=1", []byte(`{"a":"é\u0000 "}`)
	ctx, cancel := c.patience()
	defer cancel()
	job, existed, err := c.b.Submit(ctx, n)
	if err != nil || existed {
		c.Fatalf("Submit: existed is %v, error is %v", existed, err)
	}
	for _, got := range []struct {
		from string
		job  async.Job
	}{{"Submit", job}, {"Get", c.get(n.ID)}} {
		j := got.job
		for _, f := range []struct {
			name      string
			got, want any
		}{
			{"ID", j.ID, n.ID}, {"Kind", j.Kind, n.Kind}, {"Owner", j.Owner, n.Owner}, {"Key", j.Key, n.Key},
			{"Fingerprint", j.Fingerprint, n.Fingerprint}, {"Callback", j.Callback, n.Callback},
			{"Status", j.Status, async.Queued}, {"Attempt", j.Attempt, 0}, {"Interrupted", j.Interrupted, 0},
			{"Progress", j.Progress, async.Progress{}}, {"Retention", j.Retention, n.Retention}, {"Tombstone", j.Tombstone, n.Tombstone},
			{"Started is zero", j.Started.IsZero(), true}, {"Finished is zero", j.Finished.IsZero(), true}, {"Expires is zero", j.Expires.IsZero(), true},
			{"Result is nil", j.Result == nil, true}, {"Error is nil", j.Error == nil, true},
		} {
			if f.got != f.want {
				c.Errorf("%s: %s is %q, want %q", got.from, f.name, fmt.Sprint(f.got), fmt.Sprint(f.want))
			}
		}
		if j.Input != nil && !bytes.Equal(j.Input, n.Input) {
			c.Errorf("%s: Input is another", got.from)
		}
		if j.Version < 1 || j.Version != job.Version {
			c.Errorf("%s: Version is %d, and was %d", got.from, j.Version, job.Version)
		}
		c.at(got.from+": Created", j.Created, now)
		c.at(got.from+": Updated", j.Updated, now)
		c.at(got.from+": RunAt", j.RunAt, now)
	}
}

// keys: one key, one job, for each owner.
func (c *check) keys() {
	first := c.submit(keyed("k", 1))
	again := c.submitEnds("with a known key", true, nil, keyed("k", 1))
	equal(c, "the job of a known key", again.ID, first.ID)
	equal(c, "its version", again.Version, first.Version)
	c.submitEnds("with a known key and another fingerprint", false, async.ErrKeyReused, keyed("k", 2))
	c.submitEnds("with a known key and another fingerprint, again", false, async.ErrKeyReused, keyed("k", 2))
	other := c.submit(keyed("k", 2), owner("bob"))
	equal(c, "bob's job", c.submitEnds("with bob's key", true, nil, keyed("k", 2), owner("bob")).ID, other.ID)
	c.submit() // no key is no key, however often
	c.submit()
	equal(c, "how many jobs ana has", len(c.list("ana", "", 100)), 3)
	equal(c, "how many jobs bob has", len(c.list("bob", "", 100)), 1)
}

// keyLater: a key is known as long as its job or the tombstone, and then no more.
func (c *check) keyLater() {
	first := c.submit(keyed("k", 1))
	known := func(when string, status async.Status) {
		c.Helper()
		again := c.submitEnds(when, true, nil, keyed("k", 1))
		equal(c, "the job, "+when, again.ID, first.ID)
		equal(c, "its status, "+when, again.Status, status)
		c.submitEnds(when+", with another fingerprint", false, async.ErrKeyReused, keyed("k", 2))
	}
	h := c.hold()
	r := c.run(&executor{execute: h.execute})
	run := await(c, "the attempt", h.begun)
	known("while it runs", async.Running)
	run.end <- async.Outcome{Status: async.Succeeded, Result: &async.Result{Type: "text/plain", Body: []byte("x")}}
	c.becomes(first.ID, async.Succeeded)
	known("when it has finished", async.Succeeded)
	r.stop()
	c.clock.Advance(10 * c.o.Unit)
	c.getEnds("of a tombstone", first.ID, async.ErrGone)
	known("of a tombstone", async.Succeeded)
	c.clock.Advance(10 * c.o.Unit)
	second := c.submit(keyed("k", 2))
	c.getEnds("of a job that is forgotten", first.ID, async.ErrNotFound)
	equal(c, "the job of the key that was free again", c.submitEnds("with a new key", true, nil, keyed("k", 2)).ID, second.ID)
}

// keysApart: owners and keys are compared in every byte, and not joined.
func (c *check) keysApart() {
	ids := map[string]string{}
	for _, o := range odd {
		for _, k := range odd {
			id := c.submit(owner(o), keyed(k, 1)).ID
			ids[fmt.Sprintf("%q %q", o, k)] = id
		}
	}
	for _, o := range odd {
		for _, k := range odd {
			job := c.submitEnds(fmt.Sprintf("of owner %q with key %q", o, k), true, nil, owner(o), keyed(k, 1))
			equal(c, fmt.Sprintf("the job of %q %q", o, k), job.ID, ids[fmt.Sprintf("%q %q", o, k)])
		}
		equal(c, fmt.Sprintf("how many jobs %q has", o), len(c.list(o, "", 100)), len(odd))
	}
}

// full: no more than MaxQueued jobs that have not finished.
func (c *check) full() {
	most := func(n *async.NewJob) { n.MaxQueued = 3 }
	first := c.submit(most, keyed("k", 1))
	c.submit(most, owner("bob"))
	second := c.submit(most)
	c.submitEnds("of a fourth, where 3 may be", false, async.ErrFull, most)
	c.submitEnds("of a fourth of another owner", false, async.ErrFull, most, owner("eve"))
	refused := c.job(most, keyed("refused", 1))
	if _, _, err := c.b.Submit(c.ctx, refused); err == nil {
		c.Errorf("Submit of a fourth with a key has no error")
	}
	c.getEnds("of a job that was refused", refused.ID, async.ErrNotFound)
	equal(c, "the job of a known key, when full", c.submitEnds("with a known key, when full", true, nil, most, keyed("k", 1)).ID, first.ID)
	c.submitEnds("with a reused key, when full", false, async.ErrKeyReused, most, keyed("k", 2))
	c.submit(func(n *async.NewJob) { n.MaxQueued = 4 })
	c.cancelEnds("a queued job", second.ID, async.Canceled, nil)
	c.submitEnds("when 3 are left", false, async.ErrFull, most)

	h := c.hold()
	c.run(&executor{execute: h.execute, workers: 1})
	run := await(c, "an attempt", h.begun)
	c.submitEnds("when one runs", false, async.ErrFull, most)
	c.cancelEnds("the running job", run.job.ID, async.Cancelling, nil)
	c.submitEnds("when one is being cancelled", false, async.ErrFull, most)
	run.end <- async.Outcome{Status: async.Canceled}
	c.becomes(run.job.ID, async.Canceled)
	run = await(c, "another attempt", h.begun)
	run.end <- async.Outcome{Status: async.Failed, Error: &async.Failure{Code: "x", Message: "x", Problem: []byte(`{}`)}}
	c.becomes(run.job.ID, async.Failed)
	c.submit(most, keyed("refused", 1)) // the key was not kept
	c.submit(most)
	c.submitEnds("when 3 are there again", false, async.ErrFull, most)
}

// fullOwner: no more than MaxOwned of one owner.
func (c *check) fullOwner() {
	most := func(n *async.NewJob) { n.MaxOwned = 2 }
	first := c.submit(most)
	c.submit(most)
	c.submitEnds("of a third, where an owner may have 2", false, async.ErrFull, most)
	c.submit(most, owner("bob"))
	c.submit(most, owner("bob"))
	c.submitEnds("of bob's third", false, async.ErrFull, most, owner("bob"))
	c.cancelEnds("a queued job", first.ID, async.Canceled, nil)
	c.submit(most)
	c.submitEnds("of a third again", false, async.ErrFull, most)
}
