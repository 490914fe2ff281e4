package riverqueue

import (
	"context"
	"errors"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
	"github.com/jackc/pgx/v5/pgxpool"
)

// timeout bounds each transaction and each read.
const timeout = 5 * time.Second

// transaction is a pgx.Tx whose BEGIN and COMMIT travel with other statements. It is
// for River's methods that take one.
type transaction struct {
	conn *pgxpool.Conn
	over bool // it was committed
	// last sends what was held back.
	hold bool
	held []*pgx.QueuedQuery
}

// inTransaction calls f with a transaction that f has to begin and to commit by
// [transaction.first] and [transaction.last]. Where f fails it is rolled back.
func (q *Queue) inTransaction(ctx context.Context, f func(context.Context, *transaction) error) error {
	ctx, cancel := context.WithTimeout(ctx, timeout)
	defer cancel()
	conn, err := q.pool.Acquire(ctx)
	if err != nil {
		return err
	}
	defer conn.Release() // one that is in a transaction is closed
	t := &transaction{conn: conn}
	err = f(ctx, t)
	if !t.over && conn.Conn().PgConn().TxStatus() != 'I' && ctx.Err() == nil {
		_, _ = conn.Exec(ctx, "ROLLBACK")
	}
	return err
}

// first begins the transaction and does these statements.
func (t *transaction) first(ctx context.Context, b *pgx.Batch) error {
	begin := &pgx.Batch{}
	begin.Queue("BEGIN")
	begin.QueuedQueries = append(begin.QueuedQueries, b.QueuedQueries...)
	return t.conn.SendBatch(ctx, begin).Close()
}

// last does these statements, then those that were held back, and commits.
func (t *transaction) last(ctx context.Context, b *pgx.Batch) error {
	b.QueuedQueries = append(b.QueuedQueries, t.held...)
	b.Queue("COMMIT")
	err := t.conn.SendBatch(ctx, b).Close()
	t.over = err == nil
	return err
}

func (t *transaction) Begin(ctx context.Context) (pgx.Tx, error) {
	return nil, errors.New("riverqueue: there are no transactions within this one")
}

func (t *transaction) Commit(ctx context.Context) error {
	_, err := t.conn.Exec(ctx, "COMMIT")
	t.over = err == nil
	return err
}

func (t *transaction) Rollback(ctx context.Context) error {
	_, err := t.conn.Exec(ctx, "ROLLBACK")
	return err
}

func (t *transaction) CopyFrom(ctx context.Context, table pgx.Identifier, columns []string, rows pgx.CopyFromSource) (int64, error) {
	return t.conn.CopyFrom(ctx, table, columns, rows)
}

func (t *transaction) SendBatch(ctx context.Context, b *pgx.Batch) pgx.BatchResults {
	return t.conn.SendBatch(ctx, b)
}

func (t *transaction) LargeObjects() pgx.LargeObjects { return pgx.LargeObjects{} }

func (t *transaction) Prepare(ctx context.Context, name, sql string) (*pgconn.StatementDescription, error) {
	return t.conn.Conn().Prepare(ctx, name, sql)
}

// Exec holds a statement back where that was chosen: River's notifications, of which
// nothing is asked but that they are done, need no way of their own.
func (t *transaction) Exec(ctx context.Context, sql string, args ...any) (pgconn.CommandTag, error) {
	if t.hold {
		t.held = append(t.held, &pgx.QueuedQuery{SQL: sql, Arguments: args})
		return pgconn.CommandTag{}, nil
	}
	return t.conn.Exec(ctx, sql, args...)
}

func (t *transaction) Query(ctx context.Context, sql string, args ...any) (pgx.Rows, error) {
	return t.conn.Query(ctx, sql, args...)
}

func (t *transaction) QueryRow(ctx context.Context, sql string, args ...any) pgx.Row {
	return t.conn.QueryRow(ctx, sql, args...)
}

func (t *transaction) Conn() *pgx.Conn { return t.conn.Conn() }
