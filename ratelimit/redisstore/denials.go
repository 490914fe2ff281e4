package redisstore

import (
	"slices"
	"sync"
	"time"

	"github.com/forthright-http/forthright/ratelimit"
)

// denials are what Redis has denied of late. A bucket that was too empty stays so for
// a time that is known: others can only charge it meanwhile, but for Adjust and Reset.
type denials struct {
	most time.Duration // how long one is kept; 0 or less: not at all

	mu      sync.Mutex
	kept    map[tag][]denial
	changes [256]uint32 // of the keys whose tag begins with that byte
}

// denial is the state of all buckets that were asked together.
type denial struct {
	at      time.Time
	ids     []int64
	amounts []amount
}

const (
	maxDenials = 10_000 // keys
	perKey     = 4      // lists of policies
	sample     = 8      // keys that are looked at for one to drop
)

// answer decides by what is remembered, where that denies the cost. Else Redis is to
// be asked; version is then for note.
func (d *denials) answer(t tag, now time.Time, cost int64, ids []int64, policies []ratelimit.Policy, decisions []ratelimit.Decision) (denied bool, version uint32) {
	if d.most <= 0 {
		return false, 0
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	version = d.changes[t[0]]
	list := d.kept[t]
	i := slices.IndexFunc(list, func(k denial) bool { return slices.Equal(k.ids, ids) })
	if i < 0 {
		return false, version
	}
	gone := now.Sub(list[i].at)
	if gone < 0 || gone >= d.most {
		d.drop(t, i)
		return false, version
	}
	for j := range policies {
		decisions[j] = asked(&policies[j], list[i].amounts[j].less(int64(gone/time.Microsecond)), cost)
		denied = denied || !decisions[j].Allowed && !policies[j].Shadow
	}
	return denied, version
}

// note keeps a denial, unless the key was adjusted since version.
func (d *denials) note(t tag, version uint32, now time.Time, ids []int64, states []state) {
	k := denial{at: now, ids: slices.Clone(ids), amounts: make([]amount, len(states))}
	for i := range states {
		k.amounts[i] = states[i].amount
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.changes[t[0]] != version {
		return
	}
	if d.kept == nil {
		d.kept = map[tag][]denial{}
	}
	list, known := d.kept[t]
	if i := slices.IndexFunc(list, func(k denial) bool { return slices.Equal(k.ids, ids) }); i >= 0 {
		list[i] = k
		return
	}
	if !known && len(d.kept) >= maxDenials {
		d.makeRoom(now)
	}
	if len(list) == perKey {
		list = slices.Delete(list, 0, 1)
	}
	d.kept[t] = append(list, k)
}

// makeRoom drops of a few keys those whose time is over, or the oldest. What is
// forgotten costs one call.
func (d *denials) makeRoom(now time.Time) {
	var oldest tag
	var at time.Time
	dropped, seen := false, 0
	for t, list := range d.kept {
		last := list[len(list)-1].at
		switch {
		case now.Sub(last) >= d.most:
			delete(d.kept, t)
			dropped = true
		case seen == 0 || last.Before(at):
			oldest, at = t, last
		}
		if seen++; seen == sample {
			break
		}
	}
	if !dropped {
		delete(d.kept, oldest)
	}
}

// drop forgets one list of policies of a key.
func (d *denials) drop(t tag, i int) {
	if list := slices.Delete(d.kept[t], i, i+1); len(list) > 0 {
		d.kept[t] = list
	} else {
		delete(d.kept, t)
	}
}

// forget forgets a key: it was adjusted, and a call that is under way may have been
// denied before that.
func (d *denials) forget(t tag) {
	if d.most <= 0 {
		return
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	d.changes[t[0]]++
	delete(d.kept, t)
}
