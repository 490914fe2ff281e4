package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/jackc/pgx/v5/pgxpool"

	"github.com/forthright-http/forthright/async"
	"github.com/forthright-http/forthright/async/riverqueue"
	"github.com/forthright-http/forthright/async/sqlitestore"
)

// backend is where the jobs are, and how to give it back.
type backend struct {
	async.Backend
	file   string // of SQLite
	orders store  // nil: in memory
	secret []byte // nil: of this process
	close  func() error
}

// newBackend opens what -jobs names: "memory", "sqlite:PATH", the URL of a PostgreSQL,
// or, where it names nothing, a SQLite file of the user's.
func newBackend(ctx context.Context, where string) (backend, error) {
	switch path, isFile := strings.CutPrefix(where, "sqlite:"); {
	case strings.HasPrefix(where, "postgres://"), strings.HasPrefix(where, "postgresql://"):
		return openPostgres(ctx, where)
	case where == "memory":
		m, err := async.NewMemory(async.MemoryOptions{})
		return backend{Backend: m, close: func() error { return nil }}, err
	case where == "":
		return openOwnFile()
	case isFile && path != "":
		return openFile(path)
	}
	return backend{}, fmt.Errorf("%q is neither memory nor sqlite:PATH nor a postgres:// URL", where)
}

func openFile(path string) (backend, error) {
	s, err := sqlitestore.Open(path, sqlitestore.Options{})
	if err != nil {
		return backend{}, err
	}
	return backend{Backend: s, file: path, close: s.Close}, nil
}

// openPostgres opens the database in which several processes of this service have
// their jobs, their orders and a secret, and makes its tables where they are missing.
func openPostgres(ctx context.Context, url string) (b backend, err error) {
	pool, err := pgxpool.New(ctx, url)
	if err != nil {
		return b, err
	}
	defer func() {
		if err != nil {
			pool.Close()
		}
	}()
	if err := riverqueue.Migrate(ctx, pool, riverqueue.MigrateOptions{}); err != nil {
		return b, err
	}
	orders, secret, err := openPGStore(ctx, pool, time.Now)
	if err != nil {
		return b, err
	}
	queue, err := riverqueue.Open(ctx, pool, riverqueue.Options{})
	if err != nil {
		return b, err
	}
	return backend{Backend: queue, orders: orders, secret: secret, close: func() error {
		err := queue.Close()
		pool.Close()
		return err
	}}, nil
}

// openOwnFile opens a file in the user's cache directory, or else in the temporary
// one. Where another process of this service has it, or it cannot be used, the next
// name is tried: each has jobs of its own then.
func openOwnFile() (backend, error) {
	folder, err := os.UserCacheDir()
	if err == nil {
		folder = filepath.Join(folder, "forthright-orders")
		err = os.MkdirAll(folder, 0o700)
	}
	if err != nil {
		folder = os.TempDir()
	}
	for i := 1; ; i++ {
		b, err := openFile(filepath.Join(folder, fmt.Sprintf("orders-jobs-%d.sqlite", i)))
		if !unusable(err) || i == 100 {
			return b, err
		}
	}
}

func unusable(err error) bool {
	for _, e := range []error{sqlitestore.ErrLocked, sqlitestore.ErrCorrupt, sqlitestore.ErrForeign, sqlitestore.ErrNewer} {
		if errors.Is(err, e) {
			return true
		}
	}
	return false
}
