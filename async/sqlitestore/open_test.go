package sqlitestore_test

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"

	"github.com/forthright-http/forthright/async"
	"github.com/forthright-http/forthright/async/sqlitestore"
)

// TestSettings: what the promises rest on is set on the connection that writes, also
// on a new one in its place.
func TestSettings(t *testing.T) {
	s := open(t, file(t), sqlitestore.Options{})
	check := func(when string) {
		t.Helper()
		for name, value := range map[string]any{
			"journal_mode": "wal", "synchronous": int64(2), "fullfsync": int64(1), "checkpoint_fullfsync": int64(1), "wal_autocheckpoint": int64(0), "auto_vacuum": int64(2),
			"busy_timeout": int64(5000),
		} {
			if got := s.Value("PRAGMA " + name); got != value {
				t.Errorf("%s: %s is %v, want %v", when, name, got, value)
			}
		}
	}
	check("at first")
	first := submit(t, s)
	if err := s.Exec("BEGIN IMMEDIATE"); err != nil { // a transaction that was left open
		t.Fatal(err)
	}
	second := submit(t, s)
	check("on a new connection")
	get(t, s, first.ID)
	get(t, s, second.ID)
}

func TestOpenPaths(t *testing.T) {
	for _, name := range []string{"jobs.sqlite", "a b", "a?b=c", "a#b", "a%20b", "a%b", "é", "a&b;c", "file:x", ":memory:", "'\"", "-wal"} {
		if runtime.GOOS == "windows" && strings.ContainsAny(name, `?:"`) {
			continue
		}
		for _, relative := range []bool{false, true} {
			folder := filepath.Join(t.TempDir(), "f ? #%41")
			if err := os.Mkdir(folder, 0o700); err != nil {
				t.Fatal(err)
			}
			path := filepath.Join(folder, name)
			if relative {
				t.Chdir(folder)
				path = name
			}
			s, err := sqlitestore.Open(path, sqlitestore.Options{})
			if err != nil {
				t.Errorf("%q: Open: %v", name, err)
				continue
			}
			job := submit(t, s)
			if err := s.Close(); err != nil {
				t.Errorf("%q: Close: %v", name, err)
			}
			entries, err := os.ReadDir(folder)
			if err != nil || len(entries) != 2 || entries[0].Name() != name || entries[1].Name() != name+".lock" {
				t.Errorf("%q: the folder has %v", name, entries)
			}
			get(t, open(t, path, sqlitestore.Options{}), job.ID)
		}
	}
}

func TestOpenRefuses(t *testing.T) {
	folder := t.TempDir()
	write := func(name, content string) {
		t.Helper()
		if err := os.WriteFile(filepath.Join(folder, name), []byte(content), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	write("text", strings.Repeat("This is no database. ", 100))
	write("short", "SQLite format 3\x00")
	write("zeros", strings.Repeat("\x00", 8192))
	write("gone-wal", "something")
	write("empty-wal", "something")
	write("empty", "")
	query[string](t, filepath.Join(folder, "foreign"), "CREATE TABLE job (id); SELECT 'x'")
	s := open(t, filepath.Join(folder, "newer"), sqlitestore.Options{})
	if err := s.Exec("PRAGMA user_version = 99"); err != nil {
		t.Fatal(err)
	}
	s.Close()
	for _, row := range []struct {
		name string
		want error
		says string
	}{
		{"text", sqlitestore.ErrCorrupt, ""},
		{"short", sqlitestore.ErrCorrupt, ""},
		{"zeros", sqlitestore.ErrCorrupt, ""},
		{"gone", sqlitestore.ErrCorrupt, "gone-wal"},
		{"empty", sqlitestore.ErrCorrupt, "empty-wal"},
		{"foreign", sqlitestore.ErrForeign, ""},
		{"newer", sqlitestore.ErrNewer, "99"},
		{"none/jobs", fs.ErrNotExist, "folder"},
		{".", nil, "not a file"},
		{"", nil, "not a file"},
		{"text/jobs", nil, ""},
	} {
		before, _ := os.ReadFile(filepath.Join(folder, row.name))
		_, err := sqlitestore.Open(filepath.Join(folder, row.name), sqlitestore.Options{})
		if err == nil || row.want != nil && !errors.Is(err, row.want) || !strings.Contains(err.Error(), row.says) ||
			!strings.Contains(err.Error(), filepath.Join(folder, row.name)) || !strings.HasPrefix(err.Error(), "sqlitestore: ") {
			t.Errorf("Open of %q: %v, want %v", row.name, err, row.want)
		}
		if after, _ := os.ReadFile(filepath.Join(folder, row.name)); string(after) != string(before) {
			t.Errorf("Open of %q changed it", row.name)
		}
	}
	if got := query[string](t, filepath.Join(folder, "foreign"), "PRAGMA journal_mode"); got != "delete" {
		t.Errorf("Open changed the journal mode of a file that is another's to %s", got)
	}
	for _, o := range []sqlitestore.Options{{Readers: -1}, {Batch: -1}, {MaxBytes: -1}, {MaxBytes: 1<<20 - 1}} {
		if _, err := sqlitestore.Open(filepath.Join(folder, "new"), o); err == nil {
			t.Errorf("Open with %+v has no error", o)
		}
	}
}

// TestLocked: one process has the file, by whatever name; when it has ended, however
// that was, the next may.
func TestLocked(t *testing.T) {
	path := os.Getenv("SQLITESTORE_FILE")
	if childRole() == "die" {
		submit(t, open(t, path, sqlitestore.Options{}), func(n *async.NewJob) { n.Owner = "child" })
		os.Exit(0) // without Close
	}
	if childRole() != "" {
		_, err := sqlitestore.Open(path, sqlitestore.Options{})
		want(t, "Open in a second process", err, sqlitestore.ErrLocked)
		if !strings.Contains(err.Error(), path) {
			t.Errorf("the error does not name the file: %v", err)
		}
		return
	}
	path = file(t)
	t.Setenv("SQLITESTORE_FILE", path)
	s := open(t, path, sqlitestore.Options{})
	submit(t, s)
	child(t, "second", nil)
	_, err := sqlitestore.Open(path, sqlitestore.Options{})
	want(t, "a second Open in this process", err, sqlitestore.ErrLocked)
	link := filepath.Join(t.TempDir(), "link")
	if err := os.Symlink(path, link); err == nil {
		_, err = sqlitestore.Open(link, sqlitestore.Options{})
		want(t, "Open by another name", err, sqlitestore.ErrLocked)
	}
	submit(t, s) // a refused Open did no harm
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	child(t, "die", nil)
	s = open(t, path, sqlitestore.Options{})
	if jobs, err := s.List(t.Context(), "child", "", 10); err != nil || len(jobs) != 1 {
		t.Errorf("a process that ended left %d jobs: %v", len(jobs), err)
	}
}

// TestFileMode: jobs are nobody else's business.
func TestFileMode(t *testing.T) {
	if runtime.GOOS == "windows" {
		t.Skip("Windows has no such modes")
	}
	path := file(t)
	s := open(t, path, sqlitestore.Options{})
	submit(t, s)
	for _, name := range []string{"", "-wal", "-shm", ".lock"} {
		info, err := os.Stat(path + name)
		if err != nil || info.Mode().Perm() != 0o600 {
			t.Errorf("%q: %v, %v", name, info.Mode(), err)
		}
	}
}

func TestURIPath(t *testing.T) {
	for path, want := range map[string]string{
		"/a b/c?d#e%f":        "///a%20b/c%3Fd%23e%25f",
		"C:/jobs/j.sqlite":    "///C:/jobs/j.sqlite",
		"//server/share/j":    "////server/share/j",
		"/a/é&;+=@:/'\"\\(x)": "///a/%C3%A9&;+=@:/%27%22%5C%28x%29",
	} {
		if runtime.GOOS == "windows" && strings.Contains(path, `\`) {
			continue
		}
		if got := sqlitestore.URIPath(path); got != want {
			t.Errorf("%s: %s, want %s", path, got, want)
		}
	}
}
