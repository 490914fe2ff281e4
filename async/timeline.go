package async

import "slices"

// timeline is entries in the order of their time, and of their serial numbers where
// that is the same. An entry's time must not change while it is in one. All
// operations are cheap with a million entries: they are kept in pieces of limited
// size.
type timeline struct{ pieces [][]*entry }

const pieceSize = 256

func compareEntries(a, b *entry) int {
	if c := a.at.Compare(b.at); c != 0 {
		return c
	}
	return int(a.serial - b.serial)
}

// first returns the entry of the earliest time, or nil.
func (l *timeline) first() *entry {
	if l == nil || len(l.pieces) == 0 {
		return nil
	}
	return l.pieces[0][0]
}

// find returns where e is, or is to be put: a piece and the place in it. The piece is
// the one behind the last where e is later than all.
func (l *timeline) find(e *entry) (piece, at int, found bool) {
	piece, _ = slices.BinarySearchFunc(l.pieces, e, func(p []*entry, e *entry) int { return compareEntries(p[len(p)-1], e) })
	if piece == len(l.pieces) {
		return piece, 0, false
	}
	at, found = slices.BinarySearchFunc(l.pieces[piece], e, compareEntries)
	return piece, at, found
}

func (l *timeline) insert(e *entry) {
	piece, at, _ := l.find(e)
	if piece == len(l.pieces) { // the last of all, as most are
		if piece == 0 || len(l.pieces[piece-1]) >= pieceSize {
			l.pieces = append(l.pieces, make([]*entry, 0, 8))
		} else {
			piece--
		}
		l.pieces[piece] = append(l.pieces[piece], e)
		return
	}
	p := slices.Insert(l.pieces[piece], at, e)
	l.pieces[piece] = p
	if len(p) > pieceSize {
		half := len(p) / 2
		l.pieces[piece] = slices.Clip(p[:half])
		l.pieces = slices.Insert(l.pieces, piece+1, slices.Clone(p[half:]))
	}
}

func (l *timeline) remove(e *entry) {
	piece, at, found := l.find(e)
	if !found {
		return
	}
	p := slices.Delete(l.pieces[piece], at, at+1)
	l.pieces[piece] = p
	switch {
	case len(p) == 0:
		l.pieces = slices.Delete(l.pieces, piece, piece+1)
	case piece+1 < len(l.pieces) && len(p)+len(l.pieces[piece+1]) <= pieceSize/2:
		l.pieces[piece] = append(p, l.pieces[piece+1]...)
		l.pieces = slices.Delete(l.pieces, piece+1, piece+2)
	}
}

// rank is how many entries are before e, which need not be one of them.
func (l *timeline) rank(e *entry) int {
	piece, n, _ := l.find(e)
	for _, p := range l.pieces[:piece] {
		n += len(p)
	}
	return n
}
