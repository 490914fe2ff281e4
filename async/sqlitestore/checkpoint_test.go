package sqlitestore_test

import (
	"context"
	"database/sql"
	"sync"
	"testing"
	"time"

	"github.com/forthright-http/forthright/async/sqlitestore"
)

// TestLogDoesNotGrow: where somebody reads all the time, the log is put into the file
// all the same.
func TestLogDoesNotGrow(t *testing.T) {
	path := file(t)
	s := open(t, path, sqlitestore.Options{Readers: 4})
	s.LogMost(60)
	ctx, cancel := context.WithCancel(t.Context())
	var reading sync.WaitGroup
	for range 4 {
		reading.Go(func() {
			for ctx.Err() == nil {
				if _, err := s.List(context.Background(), "ana", "", 5); err != nil {
					t.Error(err)
				}
			}
		})
	}
	var most int64
	for range 300 {
		submit(t, s)
		most = max(most, size(t, path+"-wal"))
	}
	cancel()
	reading.Wait()
	if n := s.Checkpoints(); n < 3 {
		t.Errorf("the log was put into the file %d times", n)
	}
	if limit := int64((60 + 16*20) * 4120); most > limit {
		t.Errorf("the log had %d bytes, which is more than %d", most, limit)
	}
}

// TestForeignReader: somebody else who reads the file for long is not waited for.
func TestForeignReader(t *testing.T) {
	path := file(t)
	s := open(t, path, sqlitestore.Options{})
	s.LogMost(20)
	submit(t, s)
	db, err := sql.Open("sqlite", path)
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	tx, err := db.Begin()
	if err != nil {
		t.Fatal(err)
	}
	var n int
	if err := tx.QueryRow("SELECT count(*) FROM job").Scan(&n); err != nil || n != 1 {
		t.Fatal(n, err)
	}
	begun := time.Now()
	for range 64 {
		submit(t, s)
	}
	if took := time.Since(begun); took > 5*time.Second { // as long as SQLite waits for a lock
		t.Errorf("64 submits beside another reader took %v", took)
	}
	if err := tx.QueryRow("SELECT count(*) FROM job").Scan(&n); err != nil || n != 1 {
		t.Error(n, err)
	}
	if err := tx.Commit(); err != nil {
		t.Fatal(err)
	}
	before := size(t, path+"-wal")
	for range 128 {
		submit(t, s)
	}
	if after := size(t, path+"-wal"); after > before+100*4120 {
		t.Errorf("the log had %d bytes, and has %d", before, after)
	}
}
