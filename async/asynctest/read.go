package asynctest

import (
	"errors"
	"slices"
	"strings"

	"github.com/forthright-http/forthright/async"
)

// gets: an id is found in every character, or not at all.
func (c *check) gets() {
	job := c.submit()
	equal(c, "the id of a job", c.get(job.ID).ID, job.ID)
	for _, id := range append([]string{"", strings.ToLower(job.ID), job.ID + "A", job.ID[1:], job.ID + " ", job.ID + "\x00", job.ID[:25] + "_"}, odd...) {
		c.getEnds("of an id that is none", id, async.ErrNotFound)
		if _, err := c.b.Cancel(c.ctx, id); !errors.Is(err, async.ErrNotFound) {
			c.Errorf("Cancel of an id that is none: %v, want %v", err, async.ErrNotFound)
		}
		if w, ok := c.b.(async.Watcher); ok {
			if _, err := w.Watch(c.ctx, id, 0); !errors.Is(err, async.ErrNotFound) {
				c.Errorf("Watch of an id that is none: %v, want %v", err, async.ErrNotFound)
			}
		}
	}
}

// lists: the last submitted first, in pages, of one owner.
func (c *check) lists() {
	var want []string
	for range 25 {
		want = append(want, c.submit().ID)
		c.submit(owner("bob"))
	}
	slices.Reverse(want)
	for i := range 25 { // what becomes of them does not matter
		if i%3 == 0 {
			c.cancelEnds("a queued job", want[i], async.Canceled, nil)
		}
	}
	for _, limit := range []int{1, 7, 24, 25, 26, 1000} {
		var got []string
		for after := ""; ; after = got[len(got)-1] {
			page := c.list("ana", after, limit)
			if got = append(got, page...); len(page) < limit {
				break
			}
			equal(c, "the length of a page", len(page), limit)
		}
		if !slices.Equal(got, want) {
			c.Fatalf("List in pages of %d is not in the order of submission, the last first: %d jobs, want %d", limit, len(got), len(want))
		}
	}
	equal(c, "how many jobs a stranger has", len(c.list("eve", "", 10)), 0)
	bobs := c.list("bob", "", 1)[0]
	for _, after := range []string{"unknown", bobs, want[0] + "A"} {
		if _, err := c.b.List(c.ctx, "ana", after, 10); !errors.Is(err, async.ErrNotFound) {
			c.Errorf("List behind an id that is not the owner's: %v, want %v", err, async.ErrNotFound)
		}
	}
}

// listExpired: expired jobs are left out, and a page may begin behind one.
func (c *check) listExpired() {
	old := c.submit()
	brief := c.submit(func(n *async.NewJob) { n.Retention, n.Tombstone = c.o.Unit, 3*c.o.Unit })
	young := c.submit()
	for _, job := range []async.Job{old, brief, young} {
		c.cancelEnds("a queued job", job.ID, async.Canceled, nil)
	}
	open := c.submit()
	c.clock.Advance(2 * c.o.Unit)
	c.getEnds("of an expired job", brief.ID, async.ErrGone)
	if got := c.list("ana", "", 10); !slices.Equal(got, []string{open.ID, young.ID, old.ID}) {
		c.Errorf("List has %d jobs, want the 3 that have not expired", len(got))
	}
	if got := c.list("ana", brief.ID, 10); !slices.Equal(got, []string{old.ID}) {
		c.Errorf("List behind an expired job has %d jobs, want the 1 before it", len(got))
	}
	c.clock.Advance(2 * c.o.Unit)
	if _, err := c.b.List(c.ctx, "ana", brief.ID, 10); !errors.Is(err, async.ErrNotFound) {
		c.Errorf("List behind a job that is forgotten: %v, want %v", err, async.ErrNotFound)
	}
	equal(c, "how many jobs ana has", len(c.list("ana", "", 10)), 3)
}

// positions: the place in the queue where it is told, from 1.
func (c *check) positions() {
	var ids []string
	for range 5 {
		ids = append(ids, c.submit().ID)
	}
	told := func(when string, want ...int) {
		c.Helper()
		for i, n := range want {
			if got := c.get(ids[i]).Position; got != n && got != 0 {
				c.Errorf("%s: job %d has Position %d, want %d, or 0 for not known", when, i+1, got, n)
			}
		}
	}
	told("five in the queue", 1, 2, 3, 4, 5)
	c.cancelEnds("a queued job", ids[1], async.Canceled, nil)
	told("the second is canceled", 1, 0, 2, 3, 4)
	h := c.hold()
	c.run(&executor{execute: h.execute, workers: 1})
	await(c, "the attempt", h.begun)
	told("the first is running", 0, 0, 1, 2, 3)
}
