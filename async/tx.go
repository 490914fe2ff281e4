package async

import (
	"context"
	"errors"
	"fmt"

	"github.com/forthright-http/forthright/problem"
)

// Joiner is a [Backend] that can keep a job in a transaction of its caller's: Submit
// with a context of [WithTx] keeps it when that transaction commits, and not at all
// where it does not.
type Joiner interface {
	// Joins tells why a Submit cannot be part of tx: nil where it can.
	Joins(tx any) error
}

type txKey struct{}

// transaction is in a context, also where it is nil.
type transaction struct{ tx any }

// WithTx returns a context with which a job is submitted in a transaction, of the type
// that the backend has: package riverqueue has a WithTx of its own, which knows the
// type. With a backend that is no [Joiner], or that cannot join this one, a submit
// fails: it never keeps the job beside the transaction.
func WithTx(ctx context.Context, tx any) context.Context {
	return context.WithValue(ctx, txKey{}, transaction{tx})
}

// Tx returns the transaction of [WithTx], and false where there is none: for a
// [Joiner].
func Tx(ctx context.Context) (tx any, ok bool) {
	t, ok := ctx.Value(txKey{}).(transaction)
	return t.tx, ok
}

// joins tells why a job cannot be submitted with this context.
func (j *Jobs) joins(ctx context.Context) error {
	tx, ok := Tx(ctx)
	if !ok {
		return nil
	}
	b, ok := j.backend.(Joiner)
	if !ok {
		return fmt.Errorf("async: a %T cannot keep a job in a transaction", j.backend)
	}
	return b.Joins(tx)
}

// errAnswered: the client would be told of a job that a rollback may take back.
var errAnswered = problem.New(500, "").Wrap(errors.New("async: Accept within a transaction answers before it commits: use Keep, then Commit, then Answer"))
