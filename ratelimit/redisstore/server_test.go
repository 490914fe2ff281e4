//go:build unix

package redisstore_test

import (
	"fmt"
	"net"
	"os/exec"
	"strconv"
	"syscall"
	"testing"
	"time"
)

// server is a Redis of the test's own, which keeps nothing on disk.
type server struct {
	t    testing.TB
	port int
	args []string
	cmd  *exec.Cmd
}

// startServer starts one on a free port, and ends it after the test.
func startServer(t testing.TB, args ...string) *server {
	t.Helper()
	s := newServer(t, args...)
	s.start()
	return s
}

func newServer(t testing.TB, args ...string) *server {
	t.Helper()
	if _, err := exec.LookPath("redis-server"); err != nil {
		missing(t, "there is no redis-server")
	}
	s := &server{t: t, port: freePort(t)}
	s.args = append([]string{"--bind", "127.0.0.1", "--port", strconv.Itoa(s.port), "--save", "", "--appendonly", "no", "--dir", t.TempDir()}, args...)
	t.Cleanup(s.kill)
	return s
}

// freePort is one of loopback that is free, as is the one that a cluster needs beside.
func freePort(t testing.TB) int {
	t.Helper()
	for range 100 {
		l, err := net.Listen("tcp", "127.0.0.1:0")
		if err != nil {
			t.Fatal(err)
		}
		port := l.Addr().(*net.TCPAddr).Port
		l.Close()
		if bus, err := net.Listen("tcp", fmt.Sprintf("127.0.0.1:%d", port+10000)); port < 55000 && err == nil {
			bus.Close()
			return port
		}
	}
	t.Fatal("there is no free port")
	return 0
}

func (s *server) addr() string { return "127.0.0.1:" + strconv.Itoa(s.port) }
func (s *server) url() string  { return "redis://" + s.addr() + "/0" }

func (s *server) start() {
	s.t.Helper()
	s.cmd = exec.Command("redis-server", s.args...)
	if err := s.cmd.Start(); err != nil {
		s.t.Fatal(err)
	}
	eventually(s.t, "redis-server answers", func() bool {
		c, err := net.DialTimeout("tcp", s.addr(), time.Second)
		if err != nil {
			return false
		}
		defer c.Close()
		c.SetDeadline(time.Now().Add(time.Second))
		line := make([]byte, 5)
		fmt.Fprint(c, "PING\r\n")
		n, _ := c.Read(line)
		return string(line[:n]) == "+PONG"
	})
}

func (s *server) kill() {
	if s.cmd != nil {
		s.cmd.Process.Kill()
		s.cmd.Wait()
		s.cmd = nil
	}
}

// stop hangs the server, go on lets it run again.
func (s *server) stop() { s.cmd.Process.Signal(syscall.SIGSTOP) }
func (s *server) goOn() { s.cmd.Process.Signal(syscall.SIGCONT) }
