package ratelimit

import "math/bits"

// name names a bucket: two hashes of the key by secret seeds, each combined with a
// secret hash of the policy. At 127 bits that nobody can compute from outside, two
// buckets do not meet; with 64 the chance would add up over years of new keys.
type name struct{ a, b uint64 } // a is odd

// table is a hash table of buckets without pointers, searched from a name's home
// slot on up to a free one. A quarter of it or more is free, and it grows so that
// it stays so: a bucket is lost only where another is inserted without room.
type table struct {
	slots []slot
	used  int
}

// slot is a bucket. The zero one is free.
type slot struct {
	name name
	ns   int64  // when the bucket is full,
	part uint64 // 50 bits of part, and above them 14 of denial
}

const (
	partBits = 50 // maxQuota needs that many
	partMask = 1<<partBits - 1
	minSlots = 16
	sampled  = 16 // how many buckets are looked at for one to evict
)

func (s *slot) free() bool { return s.name.a == 0 }

func (s *slot) full() instant { return instant{s.ns, int64(s.part & partMask)} }

func (s *slot) set(full instant) {
	s.ns, s.part = full.ns, s.part&^partMask|uint64(full.part)
}

// spent: the bucket is full, so that nothing is lost with it.
func (s *slot) spent(now int64) bool { return !s.full().after(instant{now, 0}) }

// denies: not even a cost of 1 fits.
func (s *slot) denies(now int64) bool {
	return s.ns-unpackTime(s.part>>partBits) > now
}

// packTime keeps a time in 14 bits, the first 8 of its digits exactly, rounded down:
// how long a bucket that has room for one unit takes to fill. One that takes longer
// denies.
func packTime(ns int64) uint64 {
	shift := max(bits.Len64(uint64(ns))-8, 0)
	return uint64(shift)<<8 | uint64(ns)>>shift
}

func unpackTime(packed uint64) int64 { return int64(packed & 0xff << (packed >> 8)) }

// home is where the search for a name begins.
func (t *table) home(n name) int {
	i, _ := bits.Mul64(n.b, uint64(len(t.slots)))
	return int(i)
}

func (t *table) next(i int) int {
	if i++; i < len(t.slots) {
		return i
	}
	return 0
}

// find returns the place of a bucket, or -1.
func (t *table) find(n name) int {
	if len(t.slots) == 0 {
		return -1
	}
	for i := t.home(n); ; i = t.next(i) {
		switch s := &t.slots[i]; {
		case s.name == n:
			return i
		case s.free():
			return -1
		}
	}
}

// get returns when the bucket at a place is full.
func (t *table) get(i int) instant {
	if i < 0 {
		return never
	}
	return t.slots[i].full()
}

// insert adds a bucket that is not there: in the place of one that is spent, or of a
// new one where there is room, else of one that must go. It returns by how many
// buckets there are more.
func (t *table) insert(n slot, now int64, room bool) int {
	if len(t.slots) == 0 {
		t.slots = make([]slot, minSlots)
	}
	spent, run := -1, 0 // run is how many slots are taken from home on
	i := t.home(n.name)
	for ; !t.slots[i].free(); i, run = t.next(i), run+1 {
		if t.slots[i].name == n.name { // a policy was given twice
			t.slots[i] = n
			return 0
		}
		if spent < 0 && t.slots[i].spent(now) {
			spent = i
		}
	}
	before := t.used
	switch {
	case spent >= 0:
		t.slots[spent] = n // those behind it are still found past it
		return 0
	case !room && t.used > 0:
		victim, steps := t.victim(t.home(n.name), now)
		if steps < run {
			i = victim
		} else {
			t.remove(victim) // which may move those before i
			i = t.freeFrom(t.home(n.name))
			t.used++
		}
	case (t.used+1)*4 > len(t.slots)*3:
		t.rebuild(now)
		i = t.freeFrom(t.home(n.name))
		t.used++
	default:
		t.used++
	}
	t.slots[i] = n
	return t.used - before
}

// victim samples buckets from a slot on: one that denies goes only if all do, and of
// the others the one that is full first. It returns its place, and how many steps
// away that is.
func (t *table) victim(from int, now int64) (place, steps int) {
	seen, denying := 0, true
	var soonest instant
	for step := range len(t.slots) {
		s := &t.slots[from]
		if !s.free() {
			denies, full := s.denies(now), s.full()
			if seen == 0 || denying && !denies || denying == denies && soonest.after(full) {
				place, steps, denying, soonest = from, step, denies, full
			}
			if seen++; seen == sampled {
				break
			}
		}
		from = t.next(from)
	}
	return place, steps
}

// remove frees a place, and closes the gap for those whose search passes it.
func (t *table) remove(gap int) {
	t.used--
	for i := t.next(gap); !t.slots[i].free(); i = t.next(i) {
		if home := t.home(t.slots[i].name); t.steps(home, i) >= t.steps(gap, i) {
			t.slots[gap] = t.slots[i]
			gap = i
		}
	}
	t.slots[gap] = slot{}
}

// steps is how many slots b is behind a.
func (t *table) steps(a, b int) int {
	if a <= b {
		return b - a
	}
	return b - a + len(t.slots)
}

func (t *table) freeFrom(i int) int {
	for !t.slots[i].free() {
		i = t.next(i)
	}
	return i
}

// rebuild drops what is spent, and grows the table where more than half of it is not.
func (t *table) rebuild(now int64) {
	old := t.slots
	live := 0
	for i := range old {
		if s := &old[i]; !s.free() && !s.spent(now) {
			live++
		}
	}
	size := len(old)
	if live >= size/2 {
		size += size / 4 // in small steps: a smaller table is faster to reach
	}
	t.slots, t.used = make([]slot, size), live
	for i := range old {
		if s := &old[i]; !s.free() && !s.spent(now) {
			t.slots[t.freeFrom(t.home(s.name))] = *s
		}
	}
}
