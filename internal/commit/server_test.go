package commit_test

import (
	"bufio"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/forthright-http/forthright/internal/commit"
	"github.com/forthright-http/forthright/respond/conform"
	"github.com/forthright-http/forthright/respond/conform/conformtest"
)

// serve checks the answers by package conform, but for the rules that are off.
func serve(t *testing.T, h func(*commit.Writer, *http.Request), o ...conform.Options) *httptest.Server {
	t.Helper()
	srv := httptest.NewServer(conformtest.Handler(t, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { h(commit.Track(wrapper{w}), r) }), o...))
	t.Cleanup(srv.Close)
	return srv
}

// http.ResponseController finds everything of a real server through it.
func TestResponseControllerOverAServer(t *testing.T) {
	release := make(chan struct{})
	srv := serve(t, func(w *commit.Writer, r *http.Request) {
		rc := http.NewResponseController(w)
		for name, err := range map[string]error{
			"SetReadDeadline":  rc.SetReadDeadline(time.Now().Add(time.Minute)),
			"SetWriteDeadline": rc.SetWriteDeadline(time.Now().Add(time.Minute)),
			"EnableFullDuplex": rc.EnableFullDuplex(),
		} {
			if err != nil {
				t.Errorf("%s: %v", name, err)
			}
		}
		if commit.Status(w) != 0 {
			t.Errorf("a deadline committed %d", commit.Status(w))
		}
		_, _ = io.WriteString(w, "first")
		if err := rc.Flush(); err != nil {
			t.Errorf("Flush: %v", err)
		}
		<-release
	}, conform.Options{Off: map[string]string{"200-validator": "the content is cut in two, and has no version"}})
	res, err := srv.Client().Get(srv.URL)
	if err != nil {
		t.Fatal(err)
	}
	defer res.Body.Close()
	b := make([]byte, 5)
	if _, err := io.ReadFull(res.Body, b); err != nil || string(b) != "first" { // while the handler still runs
		t.Errorf("got %q, %v", b, err)
	}
	close(release)
}

// A read deadline that passed ends the read: it got to the connection.
func TestReadDeadlineTakesEffect(t *testing.T) {
	failed := make(chan error, 1)
	srv := serve(t, func(w *commit.Writer, r *http.Request) {
		_ = http.NewResponseController(w).SetReadDeadline(time.Unix(1, 0))
		_, err := io.ReadAll(r.Body)
		failed <- err
	})
	pr, pw := io.Pipe()
	defer pw.Close()
	req, _ := http.NewRequest("POST", srv.URL, pr)
	if res, err := srv.Client().Do(req); err == nil {
		res.Body.Close()
	}
	if err := <-failed; err == nil {
		t.Error("the read came to an end without an error")
	}
}

func TestHijackOverAServer(t *testing.T) {
	srv := serve(t, func(w *commit.Writer, r *http.Request) {
		c, rw, err := http.NewResponseController(w).Hijack()
		if err != nil {
			t.Errorf("Hijack: %v", err)
			return
		}
		defer c.Close()
		if commit.Status(w) != http.StatusSwitchingProtocols {
			t.Errorf("status %d", commit.Status(w))
		}
		_, _ = rw.WriteString("HTTP/1.1 101 Switching Protocols\r\nConnection: upgrade\r\nUpgrade: echo\r\n\r\nhello")
		_ = rw.Flush()
	})
	c, err := net.Dial("tcp", strings.TrimPrefix(srv.URL, "http://"))
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	_, _ = io.WriteString(c, "GET / HTTP/1.1\r\nHost: a\r\nConnection: upgrade\r\nUpgrade: echo\r\n\r\n")
	br := bufio.NewReader(c)
	res, err := http.ReadResponse(br, nil)
	if err != nil || res.StatusCode != 101 {
		t.Fatalf("%v, %v", res, err)
	}
	b, _ := io.ReadAll(br)
	if string(b) != "hello" {
		t.Errorf("got %q", b)
	}
}

// An interim response goes out at once, and a final one may follow.
func TestInterimResponseOverAServer(t *testing.T) {
	srv := serve(t, func(w *commit.Writer, r *http.Request) {
		w.Header().Set("Link", "</a.css>; rel=preload")
		w.WriteHeader(103)
		w.WriteHeader(404)
	}, conform.Options{Off: map[string]string{"4xx-body": "the status is enough here", "4xx-cache": "the status is enough here"}})
	res, err := srv.Client().Get(srv.URL)
	if err != nil {
		t.Fatal(err)
	}
	defer res.Body.Close()
	if res.StatusCode != 404 {
		t.Errorf("status %d", res.StatusCode)
	}
}

func TestFileOverAServer(t *testing.T) {
	name := filepath.Join(t.TempDir(), "a")
	want := strings.Repeat("0123456789", 100_000)
	if err := os.WriteFile(name, []byte(want), 0o600); err != nil {
		t.Fatal(err)
	}
	srv := serve(t, func(w *commit.Writer, r *http.Request) { http.ServeFile(w, r, name) })
	res, err := srv.Client().Get(srv.URL)
	if err != nil {
		t.Fatal(err)
	}
	defer res.Body.Close()
	if b, err := io.ReadAll(res.Body); err != nil || string(b) != want {
		t.Errorf("%d bytes, %v", len(b), err)
	}
}
