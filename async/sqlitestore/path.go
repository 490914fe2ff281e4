package sqlitestore

import (
	"errors"
	"fmt"
	"io/fs"
	"net/url"
	"os"
	"path/filepath"
	"strings"
)

// resolve makes a path absolute, without symbolic links: two names of one file have
// one lock.
func resolve(path string) (string, error) {
	abs, err := filepath.Abs(path)
	if err != nil {
		return "", fmt.Errorf("sqlitestore: %w", err)
	}
	folder, err := filepath.EvalSymlinks(filepath.Dir(abs))
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return "", fmt.Errorf("sqlitestore: the folder of %s is not there: %w", abs, err)
	case err != nil:
		return "", inFile(abs, fmt.Errorf("sqlitestore: %w", err))
	}
	real := filepath.Join(folder, filepath.Base(abs))
	if _, err := os.Lstat(real); errors.Is(err, fs.ErrNotExist) {
		return real, nil // it is to be made
	}
	if real, err = filepath.EvalSymlinks(real); err != nil {
		return "", inFile(abs, fmt.Errorf("sqlitestore: %w", err))
	}
	info, err := os.Stat(real)
	switch {
	case err != nil:
		return "", inFile(abs, fmt.Errorf("sqlitestore: %w", err))
	case !info.Mode().IsRegular():
		return "", fmt.Errorf("sqlitestore: %s is not a file", abs)
	}
	return real, nil
}

// checkRest refuses what is left of a database, and would be taken for a new one by
// SQLite: a file too short to be one, and one that is gone or empty while its log is
// not, which would be deleted with all that is in it.
func checkRest(path string) error {
	var size, log int64
	if info, err := os.Stat(path); err == nil {
		size = info.Size()
	}
	if info, err := os.Stat(path + "-wal"); err == nil {
		log = info.Size()
	}
	switch {
	case size > 0 && size < smallest:
		return fmt.Errorf("%w: it has %d bytes", ErrCorrupt, size)
	case size == 0 && log > 0:
		return fmt.Errorf("%w: it is missing or empty, but there is its log, %s-wal", ErrCorrupt, path)
	}
	return nil
}

// smallest is the size of the smallest database.
const smallest = 512

// address is the file as a URI, of which SQLite decodes the path. A new file can be
// read by those who can read the lock.
func address(path string) string {
	return "file:" + uriPath(path) + "?modeof=" + strings.ReplaceAll(url.QueryEscape(lockName(path)), "+", "%20")
}

// uriPath is an absolute path in a URI: C:\x becomes ///C:/x.
func uriPath(path string) string {
	path = filepath.ToSlash(path)
	if !strings.HasPrefix(path, "/") {
		path = "/" + path
	}
	return "//" + (&url.URL{Path: path}).EscapedPath()
}
