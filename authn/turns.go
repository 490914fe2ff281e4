package authn

import (
	"context"
	"errors"
	"sync/atomic"
)

// turns lets so many do something at once, and so many others wait for it.
type turns struct {
	slots   chan struct{}
	waiting atomic.Int64
	most    int64
}

var errNoTurn = errors.New("too many passwords wait to be checked")

func newTurns(atOnce, waiting int) *turns {
	return &turns{slots: make(chan struct{}, atOnce), most: int64(waiting)}
}

// take waits for a turn, which is given back by done. It returns an error where
// too many wait already, or the context ends.
func (t *turns) take(ctx context.Context) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	select {
	case t.slots <- struct{}{}:
		return nil
	default:
	}
	defer t.waiting.Add(-1)
	if t.waiting.Add(1) > t.most {
		return errNoTurn
	}
	select {
	case t.slots <- struct{}{}:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

func (t *turns) done() { <-t.slots }
