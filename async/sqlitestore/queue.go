package sqlitestore

import (
	"cmp"
	"slices"
	"sync"
)

// ticket is the place of a job in the queue: before all that may run later, and among
// equals before those that were submitted later.
type ticket struct {
	runAt  int64
	serial int64
	kind   string
}

func compareTickets(a, b ticket) int {
	if c := cmp.Compare(a.runAt, b.runAt); c != 0 {
		return c
	}
	return cmp.Compare(a.serial, b.serial)
}

// queue holds the jobs that are queued, in order. It is read from the file when that
// is opened, and then follows what is written; so the file needs no index for it, and
// to tell a job's place costs nothing. The writer changes it, and others read it. It
// is kept in pieces, so that a million jobs do not make it slow.
type queue struct {
	mu     sync.Mutex
	pieces [][]ticket
}

const pieceSize = 512

// find returns where a ticket is or belongs. The piece is the one behind the last
// where it is later than all.
func (q *queue) find(t ticket) (piece, at int, found bool) {
	piece, _ = slices.BinarySearchFunc(q.pieces, t, func(p []ticket, t ticket) int { return compareTickets(p[len(p)-1], t) })
	if piece == len(q.pieces) {
		return piece, 0, false
	}
	at, found = slices.BinarySearchFunc(q.pieces[piece], t, compareTickets)
	return piece, at, found
}

func (q *queue) add(t ticket) {
	q.mu.Lock()
	defer q.mu.Unlock()
	piece, at, found := q.find(t)
	switch {
	case found:
		return
	case piece == len(q.pieces): // the last of all, as most are
		if piece == 0 || len(q.pieces[piece-1]) >= pieceSize {
			q.pieces = append(q.pieces, nil)
		} else {
			piece--
		}
		q.pieces[piece] = append(q.pieces[piece], t)
		return
	}
	p := slices.Insert(q.pieces[piece], at, t)
	q.pieces[piece] = p
	if len(p) > pieceSize {
		half := len(p) / 2
		q.pieces[piece] = slices.Clip(p[:half])
		q.pieces = slices.Insert(q.pieces, piece+1, slices.Clone(p[half:]))
	}
}

func (q *queue) remove(t ticket) {
	q.mu.Lock()
	defer q.mu.Unlock()
	piece, at, found := q.find(t)
	if !found {
		return
	}
	q.pieces[piece] = slices.Delete(q.pieces[piece], at, at+1)
	if len(q.pieces[piece]) == 0 {
		q.pieces = slices.Delete(q.pieces, piece, piece+1)
	}
}

// position is the place of a ticket, 1 for the first.
func (q *queue) position(t ticket) int {
	q.mu.Lock()
	defer q.mu.Unlock()
	piece, n, _ := q.find(t)
	for _, p := range q.pieces[:piece] {
		n += len(p)
	}
	return n + 1
}

// take returns, of the given kinds, up to n tickets whose time has come, without
// removing them, and when the first of the others is to be run, 0 for none.
func (q *queue) take(n int, now int64, kinds map[string]bool) (due []ticket, next int64) {
	q.mu.Lock()
	defer q.mu.Unlock()
	for _, p := range q.pieces {
		for _, t := range p {
			switch {
			case !kinds[t.kind]:
			case t.runAt > now:
				return due, t.runAt
			case len(due) == n:
				return due, 0
			default:
				due = append(due, t)
			}
		}
	}
	return due, 0
}
