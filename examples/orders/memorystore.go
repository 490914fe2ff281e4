package main

import (
	"crypto/rand"
	"errors"
	"strconv"
	"sync"
	"time"
)

var (
	errNotFound       = errors.New("store: no such order")
	errDeleted        = errors.New("store: the order was deleted")
	errReferenceTaken = errors.New("store: the owner has an order with this reference")
	errStale          = errors.New("store: the order was changed meanwhile")
)

// store keeps orders in memory.
type store struct {
	now        func() time.Time
	mu         sync.RWMutex
	orders     map[string]*record
	created    []*record            // by number
	references map[reference]string // to the id
}

type reference struct{ owner, reference string }

type record struct {
	owner   string
	number  int // of creation
	version int
	order   Order
	deleted bool
}

// stored is an order with the version that it was read at.
type stored struct {
	Order
	version int
}

// tag is the opaque part of the order's entity tag.
func (o stored) tag() string { return "v" + strconv.Itoa(o.version) }

func newStore(now func() time.Time) *store {
	return &store{now: now, orders: make(map[string]*record), references: make(map[reference]string)}
}

func (s *store) create(owner string, in NewOrder) (stored, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	key := reference{owner, in.Reference}
	if _, taken := s.references[key]; taken {
		return stored{}, errReferenceTaken
	}
	now := s.now().UTC()
	o := Order{ID: rand.Text(), NewOrder: in, Total: in.total(), Status: statusOpen, CreatedAt: now, UpdatedAt: now}
	rec := &record{owner: owner, number: len(s.created), version: 1, order: o}
	s.orders[o.ID] = rec
	s.created = append(s.created, rec)
	s.references[key] = o.ID
	return stored{o, 1}, nil
}

// get finds an order of the owner. Another's is as unknown as one that never
// was.
func (s *store) get(owner, id string) (stored, error) {
	s.mu.RLock()
	defer s.mu.RUnlock()
	rec, err := s.find(owner, id)
	if err != nil {
		return stored{}, err
	}
	return stored{rec.order, rec.version}, nil
}

// anyVersion lets a change through whatever version the order has.
const anyVersion = 0

// update changes an order with a function, if it still has the version that
// the caller read: of two writers one gets errStale, whatever both had
// checked before.
func (s *store) update(owner, id string, version int, change func(*Order) error) (stored, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	rec, err := s.find(owner, id)
	if err != nil {
		return stored{}, err
	}
	if version != anyVersion && rec.version != version {
		return stored{}, errStale
	}
	next := rec.order
	if err := change(&next); err != nil {
		return stored{}, err
	}
	before, after := reference{owner, rec.order.Reference}, reference{owner, next.Reference}
	if before != after {
		if _, taken := s.references[after]; taken {
			return stored{}, errReferenceTaken
		}
		delete(s.references, before)
		s.references[after] = id
	}
	next.UpdatedAt = s.now().UTC()
	rec.order = next
	rec.version++
	return stored{rec.order, rec.version}, nil
}

// remove deletes an order that still has the version. Its id is remembered,
// its reference is free again.
func (s *store) remove(owner, id string, version int) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	rec, err := s.find(owner, id)
	if err != nil {
		return err
	}
	if version != anyVersion && rec.version != version {
		return errStale
	}
	delete(s.references, reference{owner, rec.order.Reference})
	rec.deleted, rec.order = true, Order{}
	return nil
}

func (s *store) find(owner, id string) (*record, error) {
	rec, ok := s.orders[id]
	switch {
	case !ok || rec.owner != owner:
		return nil, errNotFound
	case rec.deleted:
		return nil, errDeleted
	}
	return rec, nil
}
