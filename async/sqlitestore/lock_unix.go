//go:build unix

package sqlitestore

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"syscall"
)

// lockName is the file that is locked. The database itself is not: a process that
// closes a file loses SQLite's locks on it.
func lockName(path string) string { return path + ".lock" }

// fileLock proves that this process alone has the file: the system drops it with the
// process, however that ends.
type fileLock struct{ file *os.File }

func lockFile(name string) (*fileLock, error) {
	f, err := os.OpenFile(name, os.O_RDWR|os.O_CREATE, 0o600)
	switch {
	case errors.Is(err, fs.ErrPermission), errors.Is(err, syscall.EROFS):
		return nil, fmt.Errorf("%w: %w", ErrReadOnly, err)
	case errors.Is(err, syscall.ENOSPC), errors.Is(err, syscall.EDQUOT):
		return nil, fmt.Errorf("%w: %w", ErrDiskFull, err)
	case err != nil:
		return nil, fmt.Errorf("sqlitestore: %w", err)
	}
	err = syscall.Flock(int(f.Fd()), syscall.LOCK_EX|syscall.LOCK_NB)
	switch {
	case errors.Is(err, syscall.EWOULDBLOCK):
		f.Close()
		return nil, ErrLocked
	case err != nil:
		f.Close()
		return nil, fmt.Errorf("sqlitestore: %s cannot be locked: %w", name, err)
	}
	return &fileLock{f}, nil
}

func (l *fileLock) unlock() error { return l.file.Close() }
