package asynctest

import (
	"errors"

	"github.com/forthright-http/forthright/async"
)

// retention: a finished job is kept, then its tombstone, then nothing; one that has
// not finished is kept whatever the time is.
func (c *check) retention() {
	retain := func(n *async.NewJob) { n.Retention, n.Tombstone = 2*c.o.Unit, 4*c.o.Unit }
	h := c.hold()
	r := c.run(&executor{execute: h.execute, kinds: []string{"held"}})
	finished := c.submit(retain, keyed("k", 1), kind("held"))
	run := await(c, "the attempt", h.begun)
	open := c.submit(retain)
	c.clock.Advance(c.o.Unit)
	run.end <- async.Outcome{
		Status: async.Failed, Progress: async.Progress{Done: 1, Total: 2, Message: "half"},
		Result: &async.Result{Type: "text/plain", Body: []byte("x")}, Error: &async.Failure{Code: "c", Message: "m", Problem: []byte(`{}`)},
	}
	end := c.becomes(finished.ID, async.Failed)
	r.stop()
	c.at("Expires", end.Expires, end.Finished.Add(2*c.o.Unit))
	c.clock.Advance(2*c.o.Unit - c.o.Unit/2)
	equal(c, "the version, before it expires", c.get(finished.ID).Version, end.Version)
	equal(c, "how many jobs are listed, before it expires", len(c.list("ana", "", 10)), 2)
	c.clock.Advance(c.o.Unit / 2)
	stone := c.getEnds("of an expired job", finished.ID, async.ErrGone)
	if _, err := c.b.Cancel(c.ctx, finished.ID); !errors.Is(err, async.ErrGone) {
		c.Errorf("Cancel of a tombstone: %v, want %v", err, async.ErrGone)
	}
	equal(c, "the tombstone's ID", stone.ID, finished.ID)
	equal(c, "its Kind", stone.Kind, "held")
	equal(c, "its Owner", stone.Owner, "ana")
	equal(c, "its Key", stone.Key, "k")
	equal(c, "its Fingerprint", stone.Fingerprint, end.Fingerprint)
	equal(c, "its Status", stone.Status, async.Failed)
	c.at("its Created", stone.Created, end.Created)
	c.at("its Finished", stone.Finished, end.Finished)
	c.at("its Expires", stone.Expires, end.Expires)
	equal(c, "it has a result", stone.Result != nil, false)
	equal(c, "it has an error", stone.Error != nil, false)
	equal(c, "it has input", stone.Input != nil, false)
	equal(c, "its progress", stone.Progress, async.Progress{})
	c.clock.Advance(4*c.o.Unit - c.o.Unit/2)
	c.getEnds("of a tombstone, before its end", finished.ID, async.ErrGone)
	c.clock.Advance(c.o.Unit / 2)
	c.getEnds("of a job that is forgotten", finished.ID, async.ErrNotFound)
	equal(c, "the status of a job that has not finished", c.get(open.ID).Status, async.Queued)
}
