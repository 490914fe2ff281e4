package authn

import (
	"crypto/sha256"
	"errors"
	"slices"
	"sync"
	"time"
)

// tokenCache remembers the tokens of one issuer that were found to hold. Of a token
// it keeps a hash alone. What may change from one request to the next (revocation,
// scopes, the age of a login, a binding) is not in it: the authenticator asks for
// that each time.
//
// The oldest entry goes where there is no room, which costs the same however many
// there are.
type tokenCache struct {
	now     func() time.Time
	version func() uint64 // of the keys
	shards  []cacheShard
}

// tokenKey is the SHA-256 of a token as it was sent.
type tokenKey [sha256.Size]byte

// cacheShard has the tokens whose hashes begin alike, so that many requests do not
// wait for one lock.
type cacheShard struct {
	mu      sync.RWMutex
	version uint64 // of the keys that all entries were verified with
	entries map[tokenKey]*cachedToken
	order   []tokenKey // as they came, from next on
	next    int
	size    int
}

// cachedToken holds from since until, as the clock on the wall has it. It is not
// changed.
type cachedToken struct {
	verified
	since, until time.Time
}

const (
	// maxCached is how long a token is remembered at most.
	maxCached = 60 * time.Second
	// A cache for fewer than shardedFrom tokens is in one piece.
	cacheShards, shardedFrom = 16, 1024
)

// newTokenCache makes a cache for so many tokens. The source of the keys must tell
// when they change.
func newTokenCache(size int, keys KeySource, now func() time.Time) (*tokenCache, error) {
	if !versioned(keys) {
		return nil, errors.New("Cache needs a source of keys with a method Version() uint64")
	}
	c := &tokenCache{now: now, version: func() uint64 { return 0 }}
	if s, ok := keys.(interface{ Version() uint64 }); ok {
		c.version = s.Version
	}
	n := 1
	if size >= shardedFrom {
		n = cacheShards
	}
	c.shards = make([]cacheShard, n)
	for i := range c.shards {
		c.shards[i].size = size / n
	}
	return c, nil
}

// tokenKeyOf hashes a token, and allocates nothing.
func tokenKeyOf(raw string) (key tokenKey) {
	hash := sha256.New()
	var buffer [256]byte
	for len(raw) > 0 {
		n := copy(buffer[:], raw)
		hash.Write(buffer[:n])
		raw = raw[n:]
	}
	hash.Sum(key[:0])
	return key
}

func (c *tokenCache) shard(key *tokenKey) *cacheShard {
	return &c.shards[int(key[0])%len(c.shards)]
}

// get returns the token where it is remembered and has not expired since.
func (c *tokenCache) get(key *tokenKey) *verified {
	s, version := c.shard(key), c.version()
	s.mu.RLock()
	entry := s.entries[*key]
	if s.version != version {
		entry = nil
	}
	s.mu.RUnlock()
	if entry == nil {
		return nil
	}
	// A clock that was set back makes nothing live longer.
	if now := c.now(); now.Before(entry.since) || !now.Before(entry.until) {
		return nil
	}
	return &entry.verified
}

// put remembers a token that was verified with the keys of this version.
func (c *tokenCache) put(key *tokenKey, version uint64, v verified) {
	now := c.now().Round(0) // without the monotonic clock, which stands still while a machine sleeps
	entry := &cachedToken{v, now, now.Add(maxCached)}
	if v.principal.Expires.Before(entry.until) {
		entry.until = v.principal.Expires
	}
	if version != c.version() || !now.Before(entry.until) {
		return
	}
	entry.principal.Scopes = slices.Clone(v.principal.Scopes)
	s := c.shard(key)
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.version != version || s.entries == nil {
		s.entries, s.order, s.next, s.version = map[tokenKey]*cachedToken{}, nil, 0, version
	}
	_, known := s.entries[*key]
	switch {
	case known: // and had expired
	case len(s.order) < s.size:
		s.order = append(s.order, *key)
	default:
		delete(s.entries, s.order[s.next])
		s.order[s.next] = *key
		s.next = (s.next + 1) % s.size
	}
	s.entries[*key] = entry
}
