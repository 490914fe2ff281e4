package authn

import (
	"container/list"
	"context"
	"crypto/sha256"
	"errors"
	"sync"
	"time"
)

// introspectionCache remembers what the endpoint said of tokens, and lets requests
// that come with one token at the same time share one call. It knows tokens by their
// SHA-256 alone, so that no memory holds what could be used.
type introspectionCache struct {
	ask         func(ctx context.Context, token string) (introspected, error)
	now         func() time.Time
	timeout     time.Duration // of a call
	keep        time.Duration // how long an answer holds, 0: nothing is remembered
	keepRefused time.Duration

	mu      sync.Mutex
	good    introspectionEntries
	refused introspectionEntries // apart: junk must not displace what is good
	calls   map[introspectionKey]*introspectionCall
}

type introspectionKey [sha256.Size]byte

// introspectionCall is a call under way. Its results are set before done is closed.
type introspectionCall struct {
	done     chan struct{}
	got      introspected
	err      error
	panicked any
}

func newIntrospectionCache(keep time.Duration, size int, timeout time.Duration, now func() time.Time, ask func(context.Context, string) (introspected, error)) (*introspectionCache, error) {
	switch {
	case keep > maxIntrospectionCacheFor:
		return nil, errors.New("CacheFor is more than 5 minutes")
	case size < 0:
		return nil, errors.New("the Cache is negative: to remember nothing, make CacheFor negative")
	case timeout < 0:
		return nil, errors.New("the Timeout is negative")
	}
	if keep == 0 {
		keep = defaultIntrospectionCacheFor
	}
	keep = max(keep, 0)
	if size == 0 {
		size = defaultIntrospectionCache
	}
	if timeout == 0 {
		timeout = defaultIntrospectionTimeout
	}
	return &introspectionCache{
		ask: ask, now: now, timeout: timeout, keep: keep, keepRefused: min(keep, introspectionRefusedFor),
		good: newIntrospectionEntries(size), refused: newIntrospectionEntries(size),
		calls: map[introspectionKey]*introspectionCall{},
	}, nil
}

// get returns what is known of the token, or asks. It returns early, with the
// context's error, where ctx ends.
func (c *introspectionCache) get(ctx context.Context, token string) (introspected, error) {
	key := introspectionKey(sha256.Sum256([]byte(token)))
	now := c.now()
	c.mu.Lock()
	got, ok := c.good.get(key, now)
	if !ok {
		got, ok = c.refused.get(key, now)
	}
	if ok {
		c.mu.Unlock()
		return got, nil
	}
	if err := ctx.Err(); err != nil {
		c.mu.Unlock()
		return introspected{}, err
	}
	call := c.calls[key]
	if call == nil {
		call = &introspectionCall{done: make(chan struct{}), err: errors.New("the call ended without a result")}
		c.calls[key] = call
		go c.run(context.WithoutCancel(ctx), call, key, token)
	}
	c.mu.Unlock()

	select {
	case <-call.done:
	case <-ctx.Done():
		return introspected{}, ctx.Err()
	}
	if call.panicked != nil {
		panic(call.panicked) // in the goroutine of a request, where it is recovered
	}
	return call.got, call.err
}

// run makes the call, whoever leaves meanwhile.
func (c *introspectionCache) run(ctx context.Context, call *introspectionCall, key introspectionKey, token string) {
	defer close(call.done)
	defer func() {
		call.panicked = recover()
		c.mu.Lock()
		defer c.mu.Unlock()
		delete(c.calls, key)
	}()
	began := c.now() // the answer may be as old as the question
	ctx, cancel := context.WithTimeout(ctx, c.timeout)
	defer cancel()
	call.got, call.err = c.ask(ctx, token)
	if call.err == nil {
		c.put(key, call.got, began)
	}
}

// put remembers an answer, never beyond the token's own end (RFC 7662 §4).
func (c *introspectionCache) put(key introspectionKey, got introspected, began time.Time) {
	entries, keep := &c.good, c.keep
	if got.refused != "" {
		entries, keep = &c.refused, c.keepRefused
	}
	end := began.Add(keep)
	if exp := got.principal.Expires; !exp.IsZero() && exp.Before(end) {
		end = exp
	}
	if !began.Before(end) {
		return
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	entries.put(key, got, end)
}

// introspectionEntries are answers up to a number, of which the one that was not
// asked for longest makes room.
type introspectionEntries struct {
	size  int
	byKey map[introspectionKey]*list.Element
	order *list.List // of introspectionEntry, the last that was asked for first
}

type introspectionEntry struct {
	key introspectionKey
	got introspected
	end time.Time
}

func newIntrospectionEntries(size int) introspectionEntries {
	return introspectionEntries{size, map[introspectionKey]*list.Element{}, list.New()}
}

func (e *introspectionEntries) get(key introspectionKey, now time.Time) (introspected, bool) {
	element := e.byKey[key]
	if element == nil {
		return introspected{}, false
	}
	entry := element.Value.(introspectionEntry)
	if !now.Before(entry.end) {
		e.remove(element)
		return introspected{}, false
	}
	e.order.MoveToFront(element)
	return entry.got, true
}

func (e *introspectionEntries) put(key introspectionKey, got introspected, end time.Time) {
	if old := e.byKey[key]; old != nil {
		e.remove(old)
	}
	if len(e.byKey) >= e.size {
		e.remove(e.order.Back())
	}
	e.byKey[key] = e.order.PushFront(introspectionEntry{key, got, end})
}

func (e *introspectionEntries) remove(element *list.Element) {
	delete(e.byKey, e.order.Remove(element).(introspectionEntry).key)
}
