package riverqueue

import (
	"context"
	"runtime"
	"sync/atomic"
)

// batcher does what many ask for at once together: all of a batch share a
// transaction, and so its way to the database and its sync there.
type batcher[T any] struct {
	calls  chan *call[T]
	do     func([]*call[T]) // sets err of each
	closed <-chan struct{}
	ended  chan struct{}
}

// call is one thing that is asked for.
type call[T any] struct {
	it    T
	size  int // bytes, about
	state atomic.Int32
	err   error
	done  chan struct{}
}

// The states of a call.
const (
	callWaiting int32 = iota
	callTaken
	callAbandoned
)

const (
	batchMost  = 256
	batchBytes = 16 << 20
	yields     = 3 // how often others are let run before a batch is taken for whole
)

func newBatcher[T any](closed <-chan struct{}, do func([]*call[T])) *batcher[T] {
	b := &batcher[T]{calls: make(chan *call[T], batchMost), do: do, closed: closed, ended: make(chan struct{})}
	go b.work()
	return b
}

// ask returns once it was done, or the error says that it was not. Where ctx ends
// before it was begun, that is the error; afterwards it is waited for.
func (b *batcher[T]) ask(ctx context.Context, it T, size int) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	c := &call[T]{it: it, size: size, done: make(chan struct{})}
	select {
	case <-b.closed:
		return ErrClosed
	default:
	}
	select {
	case b.calls <- c:
	case <-b.closed:
		return ErrClosed
	case <-ctx.Done():
		return ctx.Err()
	}
	select {
	case <-c.done:
		return c.err
	case <-ctx.Done():
		if c.state.CompareAndSwap(callWaiting, callAbandoned) {
			return ctx.Err()
		}
	case <-b.ended:
	}
	select {
	case <-c.done:
		return c.err
	case <-b.ended:
		select {
		case <-c.done:
			return c.err
		default:
			return ErrClosed
		}
	}
}

func (b *batcher[T]) work() {
	defer close(b.ended)
	var batch []*call[T]
	for {
		select {
		case c := <-b.calls:
			batch = b.gather(append(batch[:0], c))
		case <-b.closed:
			if batch = b.gather(batch[:0]); len(batch) == 0 {
				return
			}
		}
		b.settle(batch)
	}
}

// gather adds what is there, and what comes of those who were just told of the last
// batch: else there would be two groups for ever, of which one waits for the other.
func (b *batcher[T]) gather(batch []*call[T]) []*call[T] {
	size := 0
	for idle := 0; idle < yields; idle++ {
		for more := true; more; {
			if len(batch) >= batchMost || size > batchBytes {
				return batch
			}
			select {
			case c := <-b.calls:
				batch = append(batch, c)
				size += c.size
				idle = 0
			default:
				more = false
			}
		}
		runtime.Gosched()
	}
	return batch
}

func (b *batcher[T]) settle(batch []*call[T]) {
	var taken []*call[T]
	for _, c := range batch {
		if c.state.CompareAndSwap(callWaiting, callTaken) {
			taken = append(taken, c)
		}
	}
	if len(taken) > 0 {
		b.do(taken)
	}
	for _, c := range taken {
		close(c.done)
	}
}
