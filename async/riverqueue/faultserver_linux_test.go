package riverqueue_test

import (
	"context"
	"fmt"
	"net"
	"os"
	"os/exec"
	"os/user"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
)

// faultServer is a PostgreSQL of a test's own, with nothing in it.
type faultServer struct {
	program, dir string
	port         int
	as           *syscall.SysProcAttr
	log          *os.File
	cmd          *exec.Cmd
}

// newFaultServer makes and starts a server. It is ended and removed with the test.
func newFaultServer(t *testing.T) *faultServer {
	t.Helper()
	programs := postgresPrograms()
	if programs == "" {
		missing(t, "initdb and postgres are not found")
	}
	dir, err := os.MkdirTemp("", "riverqueue-postgres-")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = os.RemoveAll(dir) })
	s := &faultServer{program: filepath.Join(programs, "postgres"), dir: filepath.Join(dir, "data"), as: &syscall.SysProcAttr{}}
	if os.Getuid() == 0 {
		s.unprivileged(t, dir)
	}
	if s.log, err = os.Create(filepath.Join(dir, "log")); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = s.log.Close() })
	initdb := exec.Command(filepath.Join(programs, "initdb"), "-D", s.dir, "-U", "postgres", "-A", "trust", "-E", "UTF8", "--locale=C", "--no-sync")
	initdb.SysProcAttr, initdb.Dir = s.as, dir
	if out, err := initdb.CombinedOutput(); err != nil {
		t.Fatalf("initdb: %v\n%s", err, out)
	}
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	s.port = l.Addr().(*net.TCPAddr).Port
	_ = l.Close() // it is free now
	t.Cleanup(func() {
		if s.cmd != nil {
			s.stop(t)
		}
	})
	s.start(t)
	return s
}

// unprivileged has the server run as another user: PostgreSQL refuses root.
func (s *faultServer) unprivileged(t *testing.T, dir string) {
	t.Helper()
	u, err := user.Lookup("postgres")
	if err != nil {
		u, err = user.Lookup("nobody")
	}
	if err != nil {
		t.Skip("PostgreSQL refuses root, and there is no other user")
	}
	uid, _ := strconv.Atoi(u.Uid) // of Linux: a number
	gid, _ := strconv.Atoi(u.Gid)
	if err := os.Chown(dir, uid, gid); err != nil {
		t.Fatal(err)
	}
	s.as.Credential = &syscall.Credential{Uid: uint32(uid), Gid: uint32(gid)}
}

// postgresPrograms is the directory with initdb and postgres, or "".
func postgresPrograms() string {
	var dirs []string
	if out, err := exec.Command("pg_config", "--bindir").Output(); err == nil {
		dirs = append(dirs, strings.TrimSpace(string(out)))
	}
	if path, err := exec.LookPath("initdb"); err == nil {
		dirs = append(dirs, filepath.Dir(path))
	}
	for _, pattern := range []string{"/usr/lib/postgresql/*/bin", "/usr/pgsql-*/bin", "/usr/local/pgsql/bin"} {
		found, _ := filepath.Glob(pattern) // the patterns are right
		dirs = append(dirs, found...)
	}
	for _, dir := range dirs {
		_, err := os.Stat(filepath.Join(dir, "initdb"))
		_, bad := os.Stat(filepath.Join(dir, "postgres"))
		if err == nil && bad == nil {
			return dir
		}
	}
	return ""
}

func (s *faultServer) url() string {
	return fmt.Sprintf("postgres://postgres@127.0.0.1:%d/postgres?sslmode=disable", s.port)
}

// start starts the server, and returns when it takes queries.
func (s *faultServer) start(t *testing.T) {
	t.Helper()
	as := *s.as
	as.Pdeathsig = syscall.SIGQUIT // it does not outlive the test
	s.cmd = exec.Command(s.program, "-D", s.dir, "-p", strconv.Itoa(s.port), "-c", "listen_addresses=127.0.0.1", "-c", "unix_socket_directories=")
	s.cmd.SysProcAttr, s.cmd.Stdout, s.cmd.Stderr, s.cmd.Dir = &as, s.log, s.log, filepath.Dir(s.dir)
	if err := s.cmd.Start(); err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	for {
		conn, err := pgx.Connect(ctx, s.url())
		if err == nil {
			_ = conn.Close(ctx)
			return
		}
		if ctx.Err() != nil {
			text, _ := os.ReadFile(s.log.Name())
			t.Fatalf("PostgreSQL does not start: %v\n%s", err, text)
		}
		time.Sleep(10 * time.Millisecond) // until it is asked again
	}
}

// stop ends the server at once, as in its immediate mode.
func (s *faultServer) stop(t *testing.T) {
	t.Helper()
	if err := s.cmd.Process.Signal(syscall.SIGQUIT); err != nil {
		t.Errorf("PostgreSQL had ended: %v", err)
	}
	_ = s.cmd.Wait() // its status is that of the mode
	s.cmd = nil
}
