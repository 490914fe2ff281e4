package riverqueue

import (
	"context"
	"errors"
	"fmt"

	"github.com/jackc/pgx/v5"

	"github.com/forthright-http/forthright/async"
)

// WithTx returns a context with which a Submit joins tx: the job is there when tx
// commits, together with what else tx has written, and never otherwise. That goes for
// [async.Kind.Submit], [async.Kind.Accept] and [Queue.Submit]. tx is of the database of
// the queue.
//
// A key that another transaction has just used is waited for until that ends. Limits
// (MaxQueued, MaxOwned) are looked at without a lock, so that nobody waits for tx: of
// several transactions at once each may be let in for the last place.
func WithTx(ctx context.Context, tx pgx.Tx) context.Context {
	return async.WithTx(ctx, tx)
}

// Joins implements async.Joiner.
func (q *Queue) Joins(tx any) error {
	t, ok := tx.(pgx.Tx)
	if !ok {
		return fmt.Errorf("riverqueue: a %T is no transaction of pgx", tx)
	}
	conn := t.Conn()
	if conn == nil {
		return errors.New("riverqueue: the transaction has no connection")
	}
	theirs, ours := conn.Config(), q.pool.Config().ConnConfig
	if theirs.Database != ours.Database || theirs.Port != ours.Port {
		return errors.New("riverqueue: the transaction is of another database")
	}
	return nil
}

// SubmitTx keeps a job when tx commits: [async.Kind.KeepFor] with the context of
// [WithTx]. Where it is that of an earlier call with the key, Repeated tells so, and
// rows that belong to it are there already. An error of PostgreSQL ends tx, as it does
// for each statement. A handler that has the request uses [async.Kind.Keep].
func SubmitTx[In, Out any](ctx context.Context, tx pgx.Tx, k *async.Kind[In, Out], owner, key string, in In) (async.Kept, error) {
	return k.KeepFor(WithTx(ctx, tx), owner, key, in)
}
