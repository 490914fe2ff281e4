//go:build unix

package redisstore_test

import (
	"io"
	"net"
	"strings"
	"sync/atomic"
	"testing"
)

// cutter passes commands on, and once cut is set closes the connection in place of the
// script's answer.
type cutter struct {
	addr string
	cut  atomic.Bool
}

func newCutter(t *testing.T, to string) *cutter {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { l.Close() })
	c := &cutter{addr: l.Addr().String()}
	go func() {
		for {
			client, err := l.Accept()
			if err != nil {
				return
			}
			go c.pass(client, to)
		}
	}()
	return c
}

func (c *cutter) pass(client net.Conn, to string) {
	defer client.Close()
	server, err := net.Dial("tcp", to)
	if err != nil {
		return
	}
	defer server.Close()
	go io.Copy(server, client)
	answer := make([]byte, 1<<16)
	for {
		n, err := server.Read(answer)
		if err != nil || c.cut.Load() && strings.HasPrefix(string(answer[:n]), "*3\r\n:") {
			return
		}
		if _, err := client.Write(answer[:n]); err != nil {
			return
		}
	}
}
