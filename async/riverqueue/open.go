package riverqueue

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"sync"
	"sync/atomic"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/riverqueue/river"
	"github.com/riverqueue/river/riverdriver/riverpgxv5"
	"github.com/riverqueue/river/rivermigrate"
	"github.com/riverqueue/river/rivertype"
)

// Queue is an async.Backend on River and PostgreSQL. [Open] makes it.
type Queue struct {
	options Options
	pool    *pgxpool.Pool
	schema  string
	sql     statements
	channel string // of notifications
	lock    int64  // of those who submit

	plain *river.Client[pgx.Tx] // inserts what batches submit
	other *river.Client[pgx.Tx] // and all else

	submits  *batcher[*submission]
	changes  *batcher[*change]
	requeues *batcher[*requeue]
	bound    bound
	hub      hub

	closed     chan struct{}
	background context.Context
	stop       context.CancelFunc
	listening  sync.WaitGroup
	close      func()
	failing    atomic.Bool
	failed     atomic.Int64 // when something failed last, in ns since 1970

	mu      sync.Mutex
	runners []*runner
}

// leastConnections is how many a pool has to have: River listens with one, and the
// rest work.
const leastConnections = 4

// Open opens a queue on tables that [Migrate] has made. The pool stays the caller's,
// who closes it after the queue; it has 4 connections or more. One more, of the
// queue's own, listens for changes.
func Open(ctx context.Context, pool *pgxpool.Pool, o Options) (*Queue, error) {
	if pool == nil {
		return nil, errors.New("riverqueue: Open without a pool")
	}
	if n := pool.Config().MaxConns; n < leastConnections {
		return nil, fmt.Errorf("riverqueue: a pool of %d connections is too small: it takes %d", n, leastConnections)
	}
	if err := o.complete(); err != nil {
		return nil, err
	}
	if err := checkSchema(o.Schema); err != nil {
		return nil, err
	}
	schema, err := findSchema(ctx, pool, o.Schema)
	if err != nil {
		return nil, known(err)
	}
	q := &Queue{
		options: o, pool: pool, schema: schema, sql: statementsIn(schema), channel: "async_job." + schema, lock: lockOf(schema, "submit"),
		closed: make(chan struct{}),
	}
	if q.plain, err = q.insertClient(); err == nil {
		q.other, err = q.insertClient()
	}
	if err == nil {
		err = q.checkQueues()
	}
	if err != nil {
		return nil, fmt.Errorf("riverqueue: %w", err)
	}
	q.background, q.stop = context.WithCancel(context.Background())
	q.close = sync.OnceFunc(q.end)
	q.submits = newBatcher(q.closed, q.submitAll)
	q.changes = newBatcher(q.closed, q.changeAll)
	q.requeues = newBatcher(q.closed, q.requeueAll)
	q.listening.Go(q.listen)
	return q, nil
}

// findSchema finds the tables, and fails where they are not of this version.
func findSchema(ctx context.Context, pool *pgxpool.Pool, name string) (string, error) {
	ctx, cancel := context.WithTimeout(ctx, 2*timeout)
	defer cancel()
	if name == "" {
		var found *string
		err := pool.QueryRow(ctx, "SELECT (SELECT relnamespace::regnamespace::text FROM pg_class WHERE oid = to_regclass('async_migration'))").Scan(&found)
		switch {
		case err != nil:
			return "", err
		case found == nil:
			return "", fmt.Errorf("%w (there are none in the search_path)", ErrNotMigrated)
		}
		name = *found
	}
	version, err := versionOf(ctx, pool, name)
	switch {
	case err != nil:
		return "", err
	case version < len(scripts()):
		return "", fmt.Errorf("%w (schema %q)", ErrNotMigrated, name)
	case version > len(scripts()):
		return "", fmt.Errorf("%w (schema %q)", ErrNewer, name)
	}
	m, err := rivermigrate.New(riverpgxv5.New(pool), &rivermigrate.Config{Schema: name, Logger: slog.New(slog.DiscardHandler)})
	if err != nil {
		return "", err
	}
	valid, err := m.Validate(ctx, nil)
	if err != nil {
		return "", err
	}
	if !valid.OK {
		return "", fmt.Errorf("%w: River: %v", ErrNotMigrated, valid.Messages)
	}
	return name, nil
}

// insertClient makes a client that inserts. It tells of each insert at once: River
// would leave out what follows another within its FetchCooldown.
func (q *Queue) insertClient() (*river.Client[pgx.Tx], error) {
	return river.NewClient(riverpgxv5.New(q.pool), &river.Config{
		Schema: q.schema, Logger: q.riverLogger(), FetchCooldown: river.FetchCooldownMin,
		Plugins: []rivertype.Plugin{river.HookInsertBeginFunc(placeJob)},
	})
}

// checkQueues has River judge the names of queues, by a client that is not started.
func (q *Queue) checkQueues() error {
	queues := map[string]river.QueueConfig{}
	for _, name := range q.options.queues() {
		queues[name] = river.QueueConfig{MaxWorkers: 1}
	}
	_, err := river.NewClient(riverpgxv5.New(q.pool), &river.Config{Schema: q.schema, Logger: q.riverLogger(), Queues: queues, Workers: river.NewWorkers()})
	return err
}

// Client is a client of River that inserts, for what River's own programs offer: to
// list, pause or look into jobs. It is not started.
func (q *Queue) Client() *river.Client[pgx.Tx] { return q.other }

// Close ends the queue. What was asked for is done; what comes later returns
// [ErrClosed], and so does a Run that goes on: let it return before. The pool stays
// open. Close may be called again.
func (q *Queue) Close() error {
	q.close()
	return nil
}

func (q *Queue) end() {
	close(q.closed)
	<-q.submits.ended
	<-q.changes.ended
	<-q.requeues.ended
	q.stop()
	q.listening.Wait()
}

// isClosed is ErrClosed once the queue is.
func (q *Queue) isClosed() error {
	select {
	case <-q.closed:
		return ErrClosed
	default:
		return nil
	}
}
