package ratelimit

import (
	"context"
	"errors"
	"hash/maphash"
	"math/bits"
	"math/rand/v2"
	"sync"
	"sync/atomic"
	"time"
)

// MemoryOptions are the settings of a [Memory] store. The zero value is useful.
type MemoryOptions struct {
	// MaxKeys is how many buckets are kept at most, by default 1,000,000. A key has
	// a bucket for each policy that was charged. A bucket takes 43 to 54 bytes,
	// whatever its key: at most 52 MiB for all of them by default. When all are in
	// use, a new bucket takes the place of one of a few: of one that is full again,
	// which loses nothing, else of the one that will be full first, and of one that
	// denies only where all of those few deny. A bucket that had to go is full when
	// it is next asked for.
	//
	// So a client that is denied stays denied while others come and go. But a flood
	// that drives that many keys into denial, as from many networks, leaves room for no
	// others: whoever is not denied yet may begin anew with each request. Count larger
	// networks as one ([AddressOptions].IPv6Bits), or raise MaxKeys.
	MaxKeys int
	// Now is the clock, by default the monotonic one, which does not jump. While it
	// has gone back, nothing refills, and RetryAfter remains true by it. It stands
	// still for a store where it is more than 73 years from when that was made.
	Now func() time.Time
}

// Memory is a [Store] in the memory of this process. It is exact, allocates nothing
// for a decision and has no goroutine. Memory that it took is kept until Close. It
// does not block, and so does not ask whether a context is done. [NewMemory] makes
// it.
type Memory struct {
	shards []shard // a power of two
	keys   [2]maphash.Seed
	names  maphash.Seed
	fold   [3]uint64 // secrets
	base   time.Time
	now    func() time.Time
	limit  int64
	used   atomic.Int64 // buckets in all shards, and those about to be
}

const (
	defaultMaxKeys = 1_000_000
	maxShards      = 64
	minShard       = 512 // buckets that make it worth to divide
)

// NewMemory makes a store for one process. It returns an error for a negative
// MaxKeys.
func NewMemory(o MemoryOptions) (*Memory, error) {
	if o.MaxKeys < 0 {
		return nil, errors.New("ratelimit: MaxKeys is negative")
	}
	if o.MaxKeys == 0 {
		o.MaxKeys = defaultMaxKeys
	}
	m := &Memory{
		keys:  [2]maphash.Seed{maphash.MakeSeed(), maphash.MakeSeed()},
		names: maphash.MakeSeed(),
		fold:  [3]uint64{rand.Uint64(), rand.Uint64(), rand.Uint64()},
		now:   o.Now,
		base:  time.Now(),
		limit: int64(o.MaxKeys),
	}
	if o.Now != nil {
		m.base = o.Now()
	}
	n := 1
	for n < maxShards && o.MaxKeys/n >= 2*minShard {
		n *= 2
	}
	m.shards = make([]shard, n)
	return m, nil
}

// shard is a part of the keys under one lock. All policies of a key are in one, so
// that they are decided at once.
type shard struct {
	mu     sync.Mutex
	closed bool
	table  table
	work   [maxPolicies]work // of the decision that has the lock
	_      [64]byte          // its own cache line
}

// work is what a decision keeps of one policy.
type work struct {
	name  name
	place int // in the table, -1 where the bucket is not kept
	next  instant
}

// clock is the time since the store was made.
func (m *Memory) clock() int64 {
	if m.now == nil {
		return int64(time.Since(m.base))
	}
	return min(max(int64(m.now().Sub(m.base)), -maxNS/2), maxNS/2)
}

// lock finds the shard of a key, locks it, and returns the hash that the names of
// the key's buckets are made of.
func (m *Memory) lock(key string) (*shard, name, error) {
	n := name{maphash.String(m.keys[0], key), maphash.String(m.keys[1], key)}
	s := &m.shards[n.a&uint64(len(m.shards)-1)]
	s.mu.Lock()
	if s.closed {
		s.mu.Unlock()
		return nil, n, ErrClosed
	}
	return s, n, nil
}

// name is that of the bucket of a policy for the key with hash n. It is not kept in
// the policy: a copy whose fields were changed has another bucket.
func (m *Memory) name(n name, p *Policy) name {
	hi, lo := bits.Mul64(uint64(p.Quota)^m.fold[0], uint64(p.Window)^m.fold[1])
	hi, lo = bits.Mul64(hi^lo^maphash.String(m.names, p.Name), uint64(p.Burst)^m.fold[2])
	return name{(n.a ^ hi ^ lo) | 1, n.b + (hi ^ lo)}
}

// checkCall refuses what no limiter of this package asks a store.
func checkCall(policies []Policy, decisions []Decision) error {
	switch {
	case len(policies) > maxPolicies:
		return errTooMany
	case len(policies) != len(decisions):
		return errLength
	}
	for i := range policies {
		if !policies[i].complete() {
			return errIncomplete
		}
	}
	return nil
}

var (
	errTooMany    = errors.New("ratelimit: a store is asked about more than 8 policies at once")
	errLength     = errors.New("ratelimit: a store is asked for more or fewer decisions than there are policies")
	errIncomplete = errors.New("ratelimit: a store is asked about a policy without a Quota, Window or Burst that makes sense")
)

// complete: the numbers of a policy are those that check lets through.
func (p *Policy) complete() bool {
	return p.Quota >= 1 && p.Quota <= maxQuota && p.Burst >= 1 && p.Burst <= maxQuota &&
		p.Window >= minWindow && p.Window <= maxWindow
}

// Take implements [Store].
func (m *Memory) Take(_ context.Context, key string, cost int64, policies []Policy, decisions []Decision) error {
	if cost < 1 {
		return ErrCost
	}
	if err := checkCall(policies, decisions); err != nil {
		return err
	}
	s, n, err := m.lock(key)
	if err != nil {
		return err
	}
	defer s.mu.Unlock() // the clock may be one that panics
	now := m.clock()
	allowed := true
	for i := range policies {
		p, w := &policies[i], &s.work[i]
		w.name = m.name(n, p)
		w.place = s.table.find(w.name)
		w.next = take(p, s.table.get(w.place), now, cost, &decisions[i])
		allowed = allowed && (decisions[i].Allowed || p.Shadow)
	}
	if allowed {
		m.charge(s, policies, decisions, now)
	} else {
		s.spare(policies, decisions, now)
	}
	return nil
}

// charge keeps what was decided: first in the buckets that are there, since a new one
// may move them.
func (m *Memory) charge(s *shard, policies []Policy, decisions []Decision, now int64) {
	missing := false
	for i := range policies {
		switch w := &s.work[i]; {
		case !decisions[i].Allowed:
		case w.place >= 0:
			s.table.slots[w.place].set(w.next)
		default:
			missing = true
		}
	}
	for i := range policies {
		if w := &s.work[i]; missing && w.place < 0 && decisions[i].Allowed {
			m.insert(&s.table, w.name, &policies[i], w.next, now)
		}
	}
}

// spare tells what those have that would have allowed what another denied.
func (s *shard) spare(policies []Policy, decisions []Decision, now int64) {
	for i := range policies {
		if decisions[i].Allowed {
			rest(&policies[i], s.table.get(s.work[i].place), now, &decisions[i])
		}
	}
}

// insert adds a bucket within what all shards together may keep.
func (m *Memory) insert(t *table, n name, p *Policy, full instant, now int64) {
	room, reserved := false, 0
	if m.used.Load() < m.limit {
		reserved = 1
		room = m.used.Add(1) <= m.limit
	}
	s := slot{name: n, part: packTime(units(p, p.Burst-1).ns) << partBits}
	s.set(full)
	if change := t.insert(s, now, room) - reserved; change != 0 {
		m.used.Add(int64(change))
	}
}

// Peek implements [Store].
func (m *Memory) Peek(_ context.Context, key string, policies []Policy, decisions []Decision) error {
	if err := checkCall(policies, decisions); err != nil {
		return err
	}
	s, n, err := m.lock(key)
	if err != nil {
		return err
	}
	defer s.mu.Unlock()
	now := m.clock()
	for i := range policies {
		p := &policies[i]
		look(p, s.table.get(s.table.find(m.name(n, p))), now, &decisions[i])
	}
	return nil
}

// Adjust implements [Store]. A debt is cut at 146 years of refill, counted from when
// the store was made.
func (m *Memory) Adjust(_ context.Context, key string, cost int64, policies []Policy, decisions []Decision) error {
	if err := checkCall(policies, decisions); err != nil {
		return err
	}
	s, n, err := m.lock(key)
	if err != nil {
		return err
	}
	defer s.mu.Unlock()
	now := m.clock()
	at := instant{now, 0}
	for i := range policies {
		p := &policies[i]
		name := m.name(n, p)
		place := s.table.find(name)
		full := s.table.get(place)
		if at.after(full) {
			full = at
		}
		full = full.plus(units(p, cost), p)
		if at.after(full) {
			full = at
		}
		switch {
		case place >= 0:
			s.table.slots[place].set(full)
		case full.after(at):
			m.insert(&s.table, name, p, full, now)
		}
		look(p, full, now, &decisions[i])
	}
	return nil
}

// Reset implements [Store].
func (m *Memory) Reset(_ context.Context, key string, policies []Policy) error {
	s, n, err := m.lock(key)
	if err != nil {
		return err
	}
	defer s.mu.Unlock()
	for i := range policies {
		if place := s.table.find(m.name(n, &policies[i])); place >= 0 {
			s.table.remove(place)
			m.used.Add(-1)
		}
	}
	return nil
}

// Len returns how many buckets are kept, full ones that were not needed to make
// room included.
func (m *Memory) Len() int { return int(min(m.used.Load(), m.limit)) }

// Close drops all buckets. After it every method returns [ErrClosed], but for Len
// and Close. Its error is nil.
func (m *Memory) Close() error {
	for i := range m.shards {
		s := &m.shards[i]
		s.mu.Lock()
		m.used.Add(-int64(s.table.used))
		s.closed, s.table = true, table{}
		s.mu.Unlock()
	}
	return nil
}
