package async

import (
	"context"
	"errors"
	"sync"
	"time"
)

// MemoryReplayOptions are the settings of [NewMemoryReplays]. The zero value is
// useful.
type MemoryReplayOptions struct {
	// MaxKeys is how many keys are kept, by default 100,000, and MaxBytes what their
	// answers hold together, by default 64 MiB. Where there is no room, the oldest
	// answer is dropped, and its request would be carried out again; a key in flight
	// never is.
	MaxKeys  int
	MaxBytes int64
}

const (
	defaultMaxKeys        = 100_000
	defaultMaxReplayBytes = 64 << 20
)

// MemoryReplays is a [ReplayStore] that ends with the process. [NewMemoryReplays]
// makes it.
type MemoryReplays struct {
	options MemoryReplayOptions

	mu    sync.Mutex
	keys  map[[32]byte]*kept
	ended []*kept // answered, in the order of their ends, from first on
	first int
	bytes int64
}

// kept is a key and what is known of it.
type kept struct {
	claim    Claim
	answered bool
	answer   Answer
	size     int64
	until    time.Time
	dropped  bool // an answer that is still in ended, and no longer in keys
}

// NewMemoryReplays makes a store of answers in memory. It returns an error for
// negative settings.
func NewMemoryReplays(o MemoryReplayOptions) (*MemoryReplays, error) {
	if o.MaxKeys < 0 || o.MaxBytes < 0 {
		return nil, errors.New("async: MaxKeys or MaxBytes is negative")
	}
	defaultTo(&o.MaxKeys, defaultMaxKeys)
	defaultTo(&o.MaxBytes, defaultMaxReplayBytes)
	return &MemoryReplays{options: o, keys: map[[32]byte]*kept{}}, nil
}

// Begin implements [ReplayStore].
func (m *MemoryReplays) Begin(_ context.Context, c Claim) (Replay, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.sweep(c.Now)
	if k := m.keys[c.Key]; k != nil {
		switch live := c.Now.Before(k.until); {
		case live && k.claim.Fingerprint != c.Fingerprint:
			return Replay{State: ReplayReused}, nil
		case live && k.answered:
			return Replay{State: ReplayAnswered, Answer: k.answer}, nil
		case live:
			return Replay{State: ReplayInFlight}, nil
		}
		m.drop(k)
	}
	for len(m.keys) >= m.options.MaxKeys {
		if !m.dropOldest() {
			return Replay{}, ErrFull
		}
	}
	m.keys[c.Key] = &kept{claim: c, until: c.Until}
	return Replay{State: ReplayFresh}, nil
}

// Finish implements [ReplayStore].
func (m *MemoryReplays) Finish(_ context.Context, c Claim, answer Answer, until time.Time) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	k := m.keys[c.Key]
	if k == nil || k.answered || k.claim.Token != c.Token {
		return ErrLost
	}
	size := sizeOf(answer)
	for m.bytes+size > m.options.MaxBytes && m.dropOldest() {
	}
	if m.bytes+size > m.options.MaxBytes { // it alone is too large
		answer, size = Answer{Status: answer.Status, NotKept: true}, 0
	}
	k.answered, k.answer, k.size, k.until = true, answer, size, until
	m.bytes += size
	m.ended = append(m.ended, k)
	return nil
}

// Abandon implements [ReplayStore].
func (m *MemoryReplays) Abandon(_ context.Context, c Claim) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	k := m.keys[c.Key]
	if k == nil || k.answered || k.claim.Token != c.Token {
		return ErrLost
	}
	m.drop(k)
	return nil
}

// sweep drops the oldest answers that have expired.
func (m *MemoryReplays) sweep(now time.Time) {
	for m.first < len(m.ended) {
		if k := m.ended[m.first]; !k.dropped && now.Before(k.until) {
			return
		}
		m.dropOldest()
	}
}

// dropOldest drops one answer; false where there is none.
func (m *MemoryReplays) dropOldest() bool {
	if m.first == len(m.ended) {
		return false
	}
	k := m.ended[m.first]
	m.ended[m.first] = nil
	m.first++
	if m.first > len(m.ended)/2 { // so that each is moved once at most, on the average
		n := copy(m.ended, m.ended[m.first:])
		clear(m.ended[n:])
		m.ended, m.first = m.ended[:n], 0
	}
	m.drop(k)
	return true
}

func (m *MemoryReplays) drop(k *kept) {
	if k.dropped {
		return
	}
	k.dropped = true
	m.bytes -= k.size
	k.answer = Answer{}
	delete(m.keys, k.claim.Key)
}

// sizeOf is about what an answer holds.
func sizeOf(a Answer) int64 {
	n := len(a.Body)
	for name, lines := range a.Header {
		n += len(name)
		for _, line := range lines {
			n += len(line)
		}
	}
	return int64(n)
}
