package sqlitestore

import (
	"errors"
	"fmt"

	"modernc.org/sqlite"
	sqlite3 "modernc.org/sqlite/lib"
)

// Errors of this package. Each is found by errors.Is in what a call returns, beside
// those of package async. The text of all but ErrClosed ends with the name of the file.
var (
	// ErrLocked: another process has the file, or another Store of this one.
	ErrLocked = errors.New("sqlitestore: the file is in use by another process")
	// ErrDiskFull: there is no room on the disk.
	ErrDiskFull = errors.New("sqlitestore: the disk is full")
	// ErrReadOnly: the file or its folder cannot be written.
	ErrReadOnly = errors.New("sqlitestore: the file cannot be written")
	// ErrDisk: the system refused to read or to write: the disk is broken, or a
	// quota or the largest size of a file is reached.
	ErrDisk = errors.New("sqlitestore: the disk failed, or a quota or the largest size of a file is reached")
	// ErrCorrupt: the file is damaged, or no SQLite database.
	ErrCorrupt = errors.New("sqlitestore: the file is damaged, or no SQLite database")
	// ErrForeign: the file is a SQLite database of something else.
	ErrForeign = errors.New("sqlitestore: the file is a database of something else")
	// ErrNewer: the file was written by a later version of this package.
	ErrNewer = errors.New("sqlitestore: the file is of a later version of this package")
	// ErrClosed: the store was closed.
	ErrClosed = errors.New("sqlitestore: the store is closed")
)

// named adds the name of the file to an error of the database.
func (s *Store) named(err error) error {
	var e *sqlite.Error
	if errors.As(err, &e) {
		return inFile(s.path, err)
	}
	return err
}

func inFile(path string, err error) error { return fmt.Errorf("%w (%s)", err, path) }

// known puts what the database says under one of this package's errors.
func known(err error) error {
	var e *sqlite.Error
	switch {
	case err == nil:
		return nil
	case !errors.As(err, &e):
		return fmt.Errorf("sqlitestore: %w", err)
	}
	if kind := kindOf(e.Code()); kind != nil {
		return fmt.Errorf("%w: %w", kind, err)
	}
	return fmt.Errorf("sqlitestore: %w", err)
}

// kindOf tells which error a code of SQLite is, nil for none of them.
func kindOf(code int) error {
	switch code & 0xff { // without its extension
	case sqlite3.SQLITE_FULL:
		return ErrDiskFull
	case sqlite3.SQLITE_READONLY, sqlite3.SQLITE_CANTOPEN, sqlite3.SQLITE_PERM:
		return ErrReadOnly
	case sqlite3.SQLITE_IOERR:
		if code == sqlite3.SQLITE_IOERR_CORRUPTFS {
			return ErrCorrupt
		}
		return ErrDisk
	case sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB:
		return ErrCorrupt
	case sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED:
		return ErrLocked
	}
	return nil
}

// passing reports whether what failed may succeed later, with nothing changed but the
// disk.
func passing(err error) bool {
	return errors.Is(err, ErrDiskFull) || errors.Is(err, ErrDisk) || errors.Is(err, ErrReadOnly) || errors.Is(err, ErrLocked)
}
