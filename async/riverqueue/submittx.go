package riverqueue

import (
	"context"

	"github.com/jackc/pgx/v5"

	"github.com/forthright-http/forthright/async"
)

type txKey struct{}

// WithTx returns a context with which a Submit joins tx: the job is there when tx
// commits, together with what else tx has written, and never otherwise. That goes for
// [async.Kind.Submit], [async.Kind.Accept] and [Queue.Submit]. tx is of the database of
// the queue.
//
// A key that another transaction has just used is waited for until that ends. Limits
// (MaxQueued, MaxOwned) are looked at without a lock, so that nobody waits for tx: of
// several transactions at once each may be let in for the last place.
func WithTx(ctx context.Context, tx pgx.Tx) context.Context {
	return context.WithValue(ctx, txKey{}, tx)
}

func txOf(ctx context.Context) pgx.Tx {
	tx, _ := ctx.Value(txKey{}).(pgx.Tx)
	return tx
}

// SubmitTx keeps a job when tx commits: k.Submit with the context of [WithTx]. An
// error of PostgreSQL ends tx, as it does for each statement.
func SubmitTx[In, Out any](ctx context.Context, tx pgx.Tx, k *async.Kind[In, Out], owner, key string, in In) (async.Job, error) {
	return k.Submit(WithTx(ctx, tx), owner, key, in)
}
