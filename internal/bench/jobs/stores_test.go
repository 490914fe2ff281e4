package jobs_test

import (
	"context"
	"crypto/rand"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/forthright-http/forthright/async"
	"github.com/forthright-http/forthright/async/sqlitestore"
)

// jobStores are what a job may be submitted to.
var jobStores = []struct {
	name string
	open func(testing.TB) func(context.Context) error
}{
	{"memory", func(tb testing.TB) func(context.Context) error { return submitter(openMemory(tb)) }},
	{"sqlite", func(tb testing.TB) func(context.Context) error { return submitter(openSQLite(tb)) }},
	{"river-sqlite", riverSubmitter},
}

// jobBackends are those of ours. stop closes one and returns how many bytes of the disk
// it has.
var jobBackends = []struct {
	name string
	open func(testing.TB) (backend async.Backend, stop func() int64)
}{{"memory", openMemory}, {"sqlite", openSQLite}}

func openMemory(tb testing.TB) (async.Backend, func() int64) {
	m, err := async.NewMemory(async.MemoryOptions{MaxJobs: 1 << 30, MaxBytes: 1 << 40})
	if err != nil {
		tb.Fatal(err)
	}
	return m, func() int64 { return 0 }
}

func openSQLite(tb testing.TB) (async.Backend, func() int64) {
	path := filepath.Join(tb.TempDir(), "jobs.sqlite")
	s, err := sqlitestore.Open(path, sqlitestore.Options{})
	if err != nil {
		tb.Fatal(err)
	}
	tb.Cleanup(func() { s.Close() })
	return s, func() int64 {
		if err := s.Close(); err != nil { // which puts the log into the file
			tb.Fatal(err)
		}
		info, err := os.Stat(path)
		if err != nil {
			tb.Fatal(err)
		}
		return info.Size()
	}
}

func newJob() async.NewJob {
	return async.NewJob{
		ID: rand.Text(), Kind: "work", Owner: "ana", Input: []byte(`{"customer":"C-1017"}`),
		Retention: time.Hour, Tombstone: time.Hour, MaxQueued: 1 << 30, MaxOwned: 1 << 30,
	}
}

func submitter(backend async.Backend, _ func() int64) func(context.Context) error {
	return func(ctx context.Context) error {
		_, _, err := backend.Submit(ctx, newJob())
		return err
	}
}
