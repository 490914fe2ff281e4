package authn

import (
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"encoding/binary"
	"sync"
	"time"
)

// maxRemembered is how many passwords are remembered at most.
const maxRemembered = 10_000

// remembered knows for a while which passwords were right. It keeps neither names
// nor passwords: what it has is of no use without a key that is in memory alone.
//
// The entries are in two halves: new ones go into the younger, and where that is
// full it becomes the older, whose entries are forgotten.
type remembered struct {
	span time.Duration
	key  [32]byte

	mu             sync.Mutex
	younger, older map[[sha256.Size]byte]time.Time
}

// newRemembered returns nil, which knows nothing, for no time at all.
func newRemembered(span time.Duration) *remembered {
	if span == 0 {
		return nil
	}
	m := &remembered{span: span, younger: map[[sha256.Size]byte]time.Time{}}
	rand.Read(m.key[:])
	return m
}

// entry names a password that was found right for a user's hash: with another
// hash, it is another entry.
func (m *remembered) entry(name, password, hash string) (e [sha256.Size]byte) {
	mac := hmac.New(sha256.New, m.key[:])
	for _, s := range [...]string{name, password, hash} {
		var length [8]byte
		binary.BigEndian.PutUint64(length[:], uint64(len(s)))
		mac.Write(length[:])
		mac.Write([]byte(s))
	}
	mac.Sum(e[:0])
	return e
}

// has reports whether the password was found right less than the span ago. A clock
// that was set back does not make that longer.
func (m *remembered) has(name, password, hash string, now time.Time) bool {
	if m == nil {
		return false
	}
	e := m.entry(name, password, hash)
	m.mu.Lock()
	defer m.mu.Unlock()
	at, ok := m.younger[e]
	if !ok {
		at, ok = m.older[e]
	}
	age := now.Sub(at)
	return ok && age >= 0 && age < m.span
}

func (m *remembered) add(name, password, hash string, now time.Time) {
	if m == nil {
		return
	}
	e := m.entry(name, password, hash)
	m.mu.Lock()
	defer m.mu.Unlock()
	if len(m.younger) >= maxRemembered/2 {
		m.older, m.younger = m.younger, map[[sha256.Size]byte]time.Time{}
	}
	m.younger[e] = now
}
