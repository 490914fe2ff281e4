package main

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"github.com/forthright-http/forthright/async"
	"github.com/forthright-http/forthright/async/sqlitestore"
)

// backend is where the jobs are, and how to give it back.
type backend struct {
	async.Backend
	file  string // of SQLite
	close func() error
}

// newBackend opens what -jobs names: "memory", "sqlite:PATH", or, where it names
// nothing, a SQLite file of the user's.
func newBackend(where string) (backend, error) {
	switch path, isFile := strings.CutPrefix(where, "sqlite:"); {
	case where == "memory":
		m, err := async.NewMemory(async.MemoryOptions{})
		return backend{Backend: m, close: func() error { return nil }}, err
	case where == "":
		return openOwnFile()
	case isFile && path != "":
		return openFile(path)
	}
	return backend{}, fmt.Errorf("%q is neither memory nor sqlite:PATH", where)
}

func openFile(path string) (backend, error) {
	s, err := sqlitestore.Open(path, sqlitestore.Options{})
	if err != nil {
		return backend{}, err
	}
	return backend{s, path, s.Close}, nil
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
