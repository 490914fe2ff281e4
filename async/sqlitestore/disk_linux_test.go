package sqlitestore_test

import (
	"context"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"testing"

	"github.com/forthright-http/forthright/async"
	"github.com/forthright-http/forthright/async/sqlitestore"
)

// limitFiles sets how large files may become, in a child.
func limitFiles(t *testing.T, bytes uint64) {
	t.Helper()
	var limit syscall.Rlimit
	if err := syscall.Getrlimit(syscall.RLIMIT_FSIZE, &limit); err != nil {
		t.Fatal(err)
	}
	if limit.Cur = limit.Max; bytes > 0 {
		limit.Cur = bytes
	}
	if err := syscall.Setrlimit(syscall.RLIMIT_FSIZE, &limit); err != nil {
		t.Fatal(err)
	}
}

// limited runs the rest of a test in a child, where the size of files can be limited.
func limited(t *testing.T) (parent bool) {
	t.Helper()
	if childRole() == "" {
		out := child(t, "limited", nil)
		t.Log(out)
		return true
	}
	signal.Ignore(syscall.SIGXFSZ)
	return false
}

// TestFileSizeLimit: the system refuses writes, as it does where a quota is reached.
func TestFileSizeLimit(t *testing.T) {
	if limited(t) {
		return
	}
	diskFails(t, file(t), func(*sqlitestore.Store) { limitFiles(t, 400<<10) }, func(*sqlitestore.Store) { limitFiles(t, 0) }, sqlitestore.ErrDisk)
}

// TestLogWhereDiskIsFull: when the log cannot grow it is put into the file, and goes on
// from its beginning.
func TestLogWhereDiskIsFull(t *testing.T) {
	if limited(t) {
		return
	}
	s := open(t, file(t), sqlitestore.Options{})
	limitFiles(t, 300<<10)
	kept, failed := 0, 0
	for range 200 {
		if _, _, err := s.Submit(t.Context(), newJob()); err == nil {
			kept++
		} else {
			failed++
		}
	}
	limitFiles(t, 0)
	if kept < 150 || failed == 0 {
		t.Errorf("%d submits of 200 failed", failed)
	}
	if got := len(ids(t, s)); got != kept {
		t.Errorf("%d jobs of %d are there", got, kept)
	}
}

// TestBatchThatFails: a commit fails. All of its batch are told so, and what memory
// counts is right afterwards.
func TestBatchThatFails(t *testing.T) {
	if limited(t) {
		return
	}
	s, goOn := heldStore(t)
	var wg sync.WaitGroup
	errs := make([]error, 16)
	for i := range errs {
		wg.Go(func() { _, _, errs[i] = s.Submit(context.Background(), newJob()) })
	}
	limitFiles(t, 1)
	want(t, "a submit whose commit fails", goOn(16), sqlitestore.ErrDisk)
	wg.Wait()
	limitFiles(t, 0)
	for _, err := range errs {
		want(t, "a submit of a batch whose commit fails", err, sqlitestore.ErrDisk)
	}
	n := newJob()
	n.MaxQueued = 1
	_, _, err := s.Submit(t.Context(), n)
	want(t, "Submit with 1 of 1 jobs", err, async.ErrFull)
	n.MaxQueued = 2
	job, _, err := s.Submit(t.Context(), n)
	if err != nil || job.Position != 2 {
		t.Errorf("Submit with 1 of 2 jobs: position %d, %v", job.Position, err)
	}
	if jobs, err := s.List(t.Context(), "ana", "", 100); len(jobs) != 2 || err != nil {
		t.Errorf("%d jobs, want 2: %v", len(jobs), err)
	}
}

// mounted runs the rest of a test in a child that may mount, and skips it where that
// cannot be.
func mounted(t *testing.T) (parent bool) {
	t.Helper()
	if childRole() != "" {
		if err := syscall.Mount("", "/", "", syscall.MS_REC|syscall.MS_PRIVATE, ""); err != nil {
			t.Skipf("cannot mount: %v", err)
		}
		return false
	}
	program, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	apart := func(cmd *exec.Cmd) {
		cmd.SysProcAttr = &syscall.SysProcAttr{Cloneflags: syscall.CLONE_NEWNS}
		if uid, gid := os.Geteuid(), os.Getegid(); uid != 0 {
			cmd.SysProcAttr.Cloneflags |= syscall.CLONE_NEWUSER
			cmd.SysProcAttr.UidMappings = []syscall.SysProcIDMap{{ContainerID: 0, HostID: uid, Size: 1}}
			cmd.SysProcAttr.GidMappings = []syscall.SysProcIDMap{{ContainerID: 0, HostID: gid, Size: 1}}
		}
	}
	try := exec.Command(program, "-test.run=^$")
	if apart(try); try.Run() != nil {
		t.Skip("this system lets a test not have mounts of its own")
	}
	out := child(t, "mounted", apart)
	if strings.Contains(out, "--- SKIP") {
		t.Skip(out)
	}
	t.Log(out)
	return true
}

// TestDiskFull: a disk of 8 MiB, and a file on it that takes what is left.
func TestDiskFull(t *testing.T) {
	if mounted(t) {
		return
	}
	folder := t.TempDir()
	if err := syscall.Mount("tmpfs", folder, "tmpfs", 0, "size=8m"); err != nil {
		t.Skipf("cannot mount a tmpfs: %v", err)
	}
	defer syscall.Unmount(folder, syscall.MNT_DETACH)
	other := filepath.Join(folder, "other")
	diskFails(t, filepath.Join(folder, "jobs.sqlite"), func(*sqlitestore.Store) {
		if err := os.WriteFile(other, make([]byte, 7<<20), 0o600); err != nil {
			t.Fatal(err)
		}
	}, func(*sqlitestore.Store) {
		if err := os.Remove(other); err != nil {
			t.Fatal(err)
		}
	}, sqlitestore.ErrDiskFull, sqlitestore.ErrDisk)
}

// TestReadOnlyDisk: a disk that is mounted read-only, from the start and later.
func TestReadOnlyDisk(t *testing.T) {
	if mounted(t) {
		return
	}
	folder := t.TempDir()
	path := filepath.Join(folder, "jobs.sqlite")
	if err := syscall.Mount("tmpfs", folder, "tmpfs", 0, ""); err != nil {
		t.Skipf("cannot mount a tmpfs: %v", err)
	}
	defer syscall.Unmount(folder, syscall.MNT_DETACH)
	s := open(t, path, sqlitestore.Options{})
	job := submit(t, s)
	s.Close()
	if err := syscall.Mount("", folder, "", syscall.MS_REMOUNT|syscall.MS_RDONLY, ""); err != nil {
		t.Skipf("cannot make a disk read-only: %v", err)
	}
	_, err := sqlitestore.Open(path, sqlitestore.Options{})
	want(t, "Open on a read-only disk", err, sqlitestore.ErrReadOnly)
	_, err = sqlitestore.Open(filepath.Join(folder, "new.sqlite"), sqlitestore.Options{})
	want(t, "Open of a new file on a read-only disk", err, sqlitestore.ErrReadOnly)
	if err := syscall.Mount("", folder, "", syscall.MS_REMOUNT, ""); err != nil {
		t.Fatal(err)
	}
	get(t, open(t, path, sqlitestore.Options{}), job.ID)
}

// TestReadOnlyFile: files and folders that this user may not write.
func TestReadOnlyFile(t *testing.T) {
	if childRole() == "" {
		folder := t.TempDir()
		s := open(t, filepath.Join(folder, "jobs.sqlite"), sqlitestore.Options{})
		submit(t, s)
		s.Close()
		t.Setenv("SQLITESTORE_FOLDER", folder)
		var other func(*exec.Cmd)
		if os.Geteuid() == 0 { // whom no permission binds
			other = func(cmd *exec.Cmd) {
				cmd.Path = "/proc/self/exe"
				cmd.SysProcAttr = &syscall.SysProcAttr{Credential: &syscall.Credential{Uid: 65534, Gid: 65534}}
			}
			for dir := folder; dir != "/"; dir = filepath.Dir(dir) {
				if info, err := os.Stat(dir); err == nil && info.Mode()&0o005 != 0o005 {
					if err := os.Chmod(dir, 0o755); err != nil {
						t.Skipf("another user cannot be let in: %v", err)
					}
				}
			}
		}
		for name, mode := range map[string]os.FileMode{"jobs.sqlite": 0o444, "jobs.sqlite.lock": 0o666, "": 0o555} {
			if err := os.Chmod(filepath.Join(folder, name), mode); err != nil {
				t.Fatal(err)
			}
		}
		defer os.Chmod(folder, 0o755)
		t.Log(child(t, "another", other))
		return
	}
	path := filepath.Join(os.Getenv("SQLITESTORE_FOLDER"), "jobs.sqlite")
	_, err := sqlitestore.Open(path, sqlitestore.Options{})
	want(t, "Open of a file that cannot be written", err, sqlitestore.ErrReadOnly)
	_, err = sqlitestore.Open(filepath.Join(filepath.Dir(path), "new.sqlite"), sqlitestore.Options{})
	want(t, "Open in a folder that cannot be written", err, sqlitestore.ErrReadOnly)
}
