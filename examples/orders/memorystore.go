package main

import (
	"context"
	"crypto/rand"
	"slices"
	"sync"
	"time"

	"github.com/forthright-http/forthright/respond"
)

// memoryStore keeps orders in memory.
type memoryStore struct {
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

func newStore(now func() time.Time) *memoryStore {
	return &memoryStore{now: now, orders: make(map[string]*record), references: make(map[reference]string)}
}

func (s *memoryStore) create(_ context.Context, owner string, in NewOrder) (stored, error) {
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

func (s *memoryStore) get(_ context.Context, owner, id string) (stored, error) {
	s.mu.RLock()
	defer s.mu.RUnlock()
	rec, err := s.find(owner, id)
	if err != nil {
		return stored{}, err
	}
	return stored{rec.order, rec.version}, nil
}

func (s *memoryStore) update(_ context.Context, owner, id string, version int, change func(*Order) error) (stored, error) {
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

func (s *memoryStore) remove(_ context.Context, owner, id string, version int) error {
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

func (s *memoryStore) find(owner, id string) (*record, error) {
	rec, ok := s.orders[id]
	switch {
	case !ok || rec.owner != owner:
		return nil, errNotFound
	case rec.deleted:
		return nil, errDeleted
	}
	return rec, nil
}

func (s *memoryStore) list(_ context.Context, owner, customer string, at place, limit int) ([]Order, respond.Page[place], error) {
	s.mu.RLock()
	defer s.mu.RUnlock()
	var all []*record
	for _, rec := range slices.Backward(s.created) {
		if rec.owner == owner && !rec.deleted && (customer == "" || rec.order.Customer == customer) {
			all = append(all, rec)
		}
	}
	begin, end := 0, len(all)
	if at != (place{}) {
		// The first that is older than the place, or for going back, the first that is not newer.
		i := slices.IndexFunc(all, func(rec *record) bool { return rec.number < at.Number || at.Back && rec.number == at.Number })
		if i < 0 {
			i = len(all)
		}
		if begin = i; at.Back {
			begin = max(i-limit, 0)
			end = i
		}
	}
	end = min(end, begin+limit)
	orders := make([]Order, 0, end-begin)
	for _, rec := range all[begin:end] {
		orders = append(orders, rec.order)
	}
	var page respond.Page[place]
	if end < len(all) && end > begin {
		page.Next = &place{Number: all[end-1].number}
	}
	if begin > 0 && end > begin {
		page.Prev = &place{Number: all[begin].number, Back: true}
	}
	return orders, page, nil
}
