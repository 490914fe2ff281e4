package authn

import (
	"hash/maphash"
	"time"
)

// misses decides when a fetch may be made for a key id that is not known. Two
// pauses grow, each to twice its length:
//
//   - that of one id, while fetches do not bring it, so that a client with an old
//     token does not stand in the way of others;
//   - that of all new ids, while fetches bring nothing at all.
//
// Both start anew when the keys change, and at each refresh that was due anyway. So
// no id waits for a fetch longer than a refresh takes to become due.
type misses struct {
	coolDown time.Duration
	longest  time.Duration // no pause needs to be longer
	pause    time.Duration // of new ids
	seed     maphash.Seed
	ids      map[uint64]miss // by hash: what clients send is not kept
}

type miss struct {
	pause time.Duration
	until time.Time
}

// maxMisses is how many ids are remembered; those beyond count as new.
const maxMisses = 1024

func newMisses(coolDown, longest time.Duration) misses {
	m := misses{coolDown: coolDown, longest: longest, seed: maphash.MakeSeed()}
	m.reset()
	return m
}

func (m *misses) reset() { m.pause, m.ids = m.coolDown, map[uint64]miss{} }

func (m *misses) hash(kid string) uint64 { return maphash.String(m.seed, kid) }

// may reports whether a fetch may be made for the id, and whether the id is new.
func (m *misses) may(kid string, now, last time.Time) (ok, fresh bool) {
	known, seen := m.ids[m.hash(kid)]
	if seen {
		return !now.Before(known.until) && now.Sub(last) >= m.coolDown, false
	}
	return now.Sub(last) >= m.pause, true
}

// add notes that a fetch did not bring the id.
func (m *misses) add(kid string, now time.Time) {
	hash := m.hash(kid)
	known, seen := m.ids[hash]
	switch {
	case !seen && len(m.ids) >= maxMisses, now.Before(known.until):
		return
	case !seen:
		known.pause = m.coolDown
	}
	known.pause = min(2*known.pause, max(m.longest, m.coolDown))
	known.until = now.Add(known.pause)
	m.ids[hash] = known
}

// fruitless notes that a fetch for a new id changed nothing.
func (m *misses) fruitless() { m.pause = min(2*m.pause, max(m.longest, m.coolDown)) }
