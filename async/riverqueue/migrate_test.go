package riverqueue_test

import (
	"context"
	"crypto/rand"
	"errors"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/jackc/pgx/v5/pgxpool"

	"github.com/forthright-http/forthright/async"
	"github.com/forthright-http/forthright/async/riverqueue"
)

// works fails unless a job comes to its end on a schema.
func works(t *testing.T, pool *pgxpool.Pool, schema string) {
	t.Helper()
	q := open(t, pool, riverqueue.Options{Schema: schema})
	run(t, q, &executor{workers: 1})
	becomes(t, q, submit(t, q).ID, async.Succeeded)
}

// TestMigrate: the tables are made once, by whoever comes first, and stay as they are.
func TestMigrate(t *testing.T) {
	pool := poolOf(t)
	schema := schemaOf(t, pool, rand.Text())
	migrate := func() {
		if err := riverqueue.Migrate(context.Background(), pool, riverqueue.MigrateOptions{Schema: schema}); err != nil {
			t.Error(err)
		}
	}
	var all sync.WaitGroup
	for range 4 {
		all.Go(migrate)
	}
	all.Wait()
	migrate()
	if n := query[int](t, pool, schema, "SELECT count(*) FROM {schema}async_migration"); n != 1 {
		t.Errorf("%d migrations are noted, want 1", n)
	}
	works(t, pool, schema)
}

// TestMigrationsByHand: the scripts make the same tables, and Migrate finds them up to
// date.
func TestMigrationsByHand(t *testing.T) {
	pool := poolOf(t)
	schema := schemaOf(t, pool, rand.Text())
	all, err := riverqueue.Migrations(schema)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := pool.Exec(t.Context(), "CREATE SCHEMA "+schema); err != nil {
		t.Fatal(err)
	}
	for i, m := range all {
		if _, err := riverqueue.Open(t.Context(), pool, riverqueue.Options{Schema: schema, Logger: quiet}); !errors.Is(err, riverqueue.ErrNotMigrated) {
			t.Errorf("Open after %d of %d migrations: %v, want %v", i, len(all), err, riverqueue.ErrNotMigrated)
		}
		if _, err := pool.Exec(t.Context(), "BEGIN; "+m.SQL+"COMMIT"); err != nil {
			t.Fatalf("%s: %v", m.Name, err)
		}
	}
	if err := riverqueue.Migrate(t.Context(), pool, riverqueue.MigrateOptions{Schema: schema}); err != nil {
		t.Errorf("Migrate after the scripts: %v", err)
	}
	works(t, pool, schema)
}

// TestSearchPath: without a schema the tables are found by the search_path.
func TestSearchPath(t *testing.T) {
	pool, schema := newSchema(t)
	c := pool.Config()
	c.ConnConfig.RuntimeParams["search_path"] = schema
	mine, err := pgxpool.NewWithConfig(t.Context(), c)
	if err != nil {
		t.Fatal(err)
	}
	defer mine.Close()
	q := open(t, mine, riverqueue.Options{})
	if got := q.Client().Schema(); got != schema {
		t.Errorf("the schema is %q, want %q", got, schema)
	}
	q.Close()
	if _, err := riverqueue.Open(t.Context(), pool, riverqueue.Options{Schema: "nowhere_at_all"}); !errors.Is(err, riverqueue.ErrNotMigrated) || errors.Is(err, riverqueue.ErrUnavailable) || !strings.Contains(err.Error(), "riverqueue.Migrate") || !strings.Contains(err.Error(), "nowhere_at_all") {
		t.Errorf("Open of a schema that is not there: %v", err)
	}
}

func TestNewerTables(t *testing.T) {
	pool, schema := newSchema(t)
	if _, err := pool.Exec(t.Context(), "INSERT INTO "+schema+".async_migration (version) VALUES (1000)"); err != nil {
		t.Fatal(err)
	}
	if _, err := riverqueue.Open(t.Context(), pool, riverqueue.Options{Schema: schema}); !errors.Is(err, riverqueue.ErrNewer) {
		t.Errorf("Open of newer tables: %v, want %v", err, riverqueue.ErrNewer)
	}
	if err := riverqueue.Migrate(t.Context(), pool, riverqueue.MigrateOptions{Schema: schema}); !errors.Is(err, riverqueue.ErrNewer) {
		t.Errorf("Migrate of newer tables: %v, want %v", err, riverqueue.ErrNewer)
	}
}

// TestOptions: what is wrong fails when it is opened.
func TestOptions(t *testing.T) {
	pool, schema := newSchema(t)
	small := pool.Config()
	small.MaxConns = 3
	few, err := pgxpool.NewWithConfig(t.Context(), small)
	if err != nil {
		t.Fatal(err)
	}
	defer few.Close()
	for _, row := range []struct {
		what string
		pool *pgxpool.Pool
		o    riverqueue.Options
	}{
		{"no pool", nil, riverqueue.Options{}},
		{"a small pool", few, riverqueue.Options{}},
		{"a short lease", pool, riverqueue.Options{Lease: time.Millisecond}},
		{"a priority of 5", pool, riverqueue.Options{Priority: 5}},
		{"a priority of -1 for a kind", pool, riverqueue.Options{Kinds: map[string]riverqueue.KindOptions{"work": {Priority: -1}}}},
		{"a queue that River does not take", pool, riverqueue.Options{Queue: "A B"}},
		{"such a queue for a kind", pool, riverqueue.Options{Kinds: map[string]riverqueue.KindOptions{"work": {Queue: "A B"}}}},
		{"a negative cooldown", pool, riverqueue.Options{FetchCooldown: -1}},
	} {
		row.o.Schema, row.o.Logger = schema, quiet
		if q, err := riverqueue.Open(t.Context(), row.pool, row.o); err == nil {
			q.Close()
			t.Errorf("Open with %s has no error", row.what)
		}
	}
}

// TestClosed: a queue that was closed says so.
func TestClosed(t *testing.T) {
	pool, schema := newSchema(t)
	q := open(t, pool, riverqueue.Options{Schema: schema})
	job := submit(t, q)
	watching := make(chan error, 1)
	go func() {
		_, err := q.Watch(context.Background(), job.ID, job.Version)
		watching <- err
	}()
	running := make(chan error, 1)
	begun := make(chan struct{})
	go func() {
		running <- q.Run(context.Background(), &executor{kinds: []string{"other"}, workers: 1, execute: func(ctx context.Context, _ async.Job, _ func(async.Progress) error) async.Outcome {
			close(begun)
			<-ctx.Done()
			return async.Outcome{Status: async.Canceled}
		}})
	}()
	submit(t, q, func(n *async.NewJob) { n.Kind = "other" })
	<-begun
	q.Close()
	q.Close()
	for what, from := range map[string]chan error{"Watch": watching, "Run": running} {
		select {
		case err := <-from:
			if !errors.Is(err, riverqueue.ErrClosed) {
				t.Errorf("%s of a queue that was closed: %v", what, err)
			}
		case <-time.After(patience):
			t.Errorf("%s does not return", what)
		}
	}
	_, _, submitting := q.Submit(t.Context(), newJob())
	_, getting := q.Get(t.Context(), job.ID)
	_, canceling := q.Cancel(t.Context(), job.ID)
	for what, err := range map[string]error{"Submit": submitting, "Get": getting, "Cancel": canceling, "Run": q.Run(t.Context(), &executor{})} {
		if !errors.Is(err, riverqueue.ErrClosed) {
			t.Errorf("%s after Close: %v", what, err)
		}
	}
	if err := pool.Ping(t.Context()); err != nil {
		t.Errorf("the pool after Close: %v", err)
	}
}

// TestSchemaNames: a name that River does not take is refused before anything is made.
func TestSchemaNames(t *testing.T) {
	pool := poolOf(t)
	for _, name := range []string{"my-jobs", `odd "name`, "x; drop", strings.Repeat("y", 47)} {
		if err := riverqueue.Migrate(t.Context(), pool, riverqueue.MigrateOptions{Schema: name}); err == nil {
			t.Errorf("Migrate takes %q", name)
		}
		if _, err := riverqueue.Migrations(name); err == nil {
			t.Errorf("Migrations takes %q", name)
		}
		if _, err := riverqueue.Open(t.Context(), pool, riverqueue.Options{Schema: name}); err == nil || errors.Is(err, riverqueue.ErrUnavailable) {
			t.Errorf("Open with %q: %v", name, err)
		}
	}
}
