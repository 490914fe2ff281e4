package commit_test

import (
	"bufio"
	"errors"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/forthright-http/forthright/internal/commit"
)

// plain has the three methods of http.ResponseWriter, and nothing more.
type plain struct {
	h        http.Header
	statuses []int
	body     strings.Builder
}

func (p *plain) Header() http.Header { return p.h }
func (p *plain) WriteHeader(s int) {
	if s < 100 || s > 999 {
		panic("invalid status") // as net/http does
	}
	p.statuses = append(p.statuses, s)
}
func (p *plain) Write(b []byte) (int, error) { return p.body.Write(b) }

// rich records which of its methods was used.
type rich struct {
	plain
	used     []string
	flushErr error
}

func (r *rich) FlushError() error { r.used = append(r.used, "FlushError"); return r.flushErr }
func (r *rich) ReadFrom(src io.Reader) (int64, error) {
	r.used = append(r.used, "ReadFrom")
	return io.Copy(&r.body, src)
}
func (r *rich) WriteString(s string) (int, error) {
	r.used = append(r.used, "WriteString")
	return r.body.WriteString(s)
}
func (r *rich) Hijack() (net.Conn, *bufio.ReadWriter, error) {
	r.used = append(r.used, "Hijack")
	return nil, nil, nil
}

// only hides the other methods of a reader.
type only struct{ io.Reader }

type broken struct{}

func (broken) Read([]byte) (int, error) { return 0, errors.New("broken") }

type panicking struct{ first string }

func (p *panicking) Read(b []byte) (int, error) {
	if p.first == "" {
		panic("halfway")
	}
	n := copy(b, p.first)
	p.first = p.first[n:]
	return n, nil
}

func TestWhatCommits(t *testing.T) {
	for _, tt := range []struct {
		name string
		do   func(*commit.Writer)
		want int
	}{
		{"nothing", func(*commit.Writer) {}, 0},
		{"a field", func(w *commit.Writer) { w.Header().Set("X-A", "b") }, 0},
		{"15.2 100", func(w *commit.Writer) { w.WriteHeader(100) }, 0},
		{"15.2 102", func(w *commit.Writer) { w.WriteHeader(102) }, 0},
		{"15.2 103", func(w *commit.Writer) { w.WriteHeader(103) }, 0},
		{"15.2 103, then 404", func(w *commit.Writer) { w.WriteHeader(103); w.WriteHeader(404) }, 404},
		{"15.2.2 101", func(w *commit.Writer) { w.WriteHeader(101) }, 101},
		{"204", func(w *commit.Writer) { w.WriteHeader(204) }, 204},
		{"599", func(w *commit.Writer) { w.WriteHeader(599) }, 599},
		{"the first counts", func(w *commit.Writer) { w.WriteHeader(201); w.WriteHeader(500) }, 201},
		{"Write", func(w *commit.Writer) { _, _ = w.Write([]byte("a")) }, 200},
		{"Write of nothing", func(w *commit.Writer) { _, _ = w.Write(nil) }, 200}, // net/http sends the header
		{"WriteHeader, Write", func(w *commit.Writer) { w.WriteHeader(201); _, _ = w.Write([]byte("a")) }, 201},
		{"WriteString", func(w *commit.Writer) { _, _ = io.WriteString(w, "a") }, 200},
		{"ReadFrom", func(w *commit.Writer) { _, _ = w.ReadFrom(only{strings.NewReader("a")}) }, 200},
		{"ReadFrom nothing", func(w *commit.Writer) { _, _ = w.ReadFrom(only{strings.NewReader("")}) }, 0},
		{"ReadFrom what fails at once", func(w *commit.Writer) { _, _ = w.ReadFrom(broken{}) }, 0},
		{"ReadFrom what fails later", func(w *commit.Writer) { _, _ = w.ReadFrom(io.MultiReader(strings.NewReader("a"), broken{})) }, 200},
		{"WriteHeader, ReadFrom nothing", func(w *commit.Writer) { w.WriteHeader(206); _, _ = w.ReadFrom(broken{}) }, 206},
		{"ReadFrom what panics", func(w *commit.Writer) {
			defer func() { _ = recover() }()
			_, _ = w.ReadFrom(&panicking{"a"})
		}, 200},
		{"io.Copy", func(w *commit.Writer) { _, _ = io.Copy(w, only{strings.NewReader("a")}) }, 200},
		{"a status that is none", func(w *commit.Writer) {
			defer func() { _ = recover() }()
			w.WriteHeader(1000)
		}, 0},
		{"Flush", func(w *commit.Writer) { w.Flush() }, 200},
		{"Hijack", func(w *commit.Writer) { _, _, _ = w.Hijack() }, 101},
	} {
		w := commit.Track(&rich{plain: plain{h: http.Header{}}})
		tt.do(w)
		if got := commit.Status(w); got != tt.want {
			t.Errorf("%s: %d, want %d", tt.name, got, tt.want)
		}
	}
}

// What the writer beneath cannot do is no commit; what fails on the way is.
func TestFlushAndHijackThatFail(t *testing.T) {
	w := commit.Track(&plain{h: http.Header{}})
	if err := w.FlushError(); !errors.Is(err, http.ErrNotSupported) || commit.Status(w) != 0 {
		t.Errorf("FlushError: %v, %d", err, commit.Status(w))
	}
	w.Flush()
	if _, _, err := w.Hijack(); !errors.Is(err, http.ErrNotSupported) || commit.Status(w) != 0 {
		t.Errorf("Hijack: %v, %d", err, commit.Status(w))
	}
	w = commit.Track(&rich{flushErr: io.ErrClosedPipe})
	if err := w.FlushError(); err != io.ErrClosedPipe || commit.Status(w) != 200 {
		t.Errorf("a flush that failed: %v, %d", err, commit.Status(w))
	}
}

func TestPassesOn(t *testing.T) {
	r := &rich{plain: plain{h: http.Header{}}}
	w := commit.Track(r)
	w.WriteHeader(103)
	w.WriteHeader(201)
	_, _ = w.Write([]byte("a"))
	_, _ = io.WriteString(w, "b")
	n, err := io.Copy(w, only{strings.NewReader("cd")})
	w.Flush()
	_, _, _ = w.Hijack()
	if got := strings.Join(r.used, " "); got != "WriteString ReadFrom FlushError Hijack" {
		t.Errorf("used %s", got)
	}
	if n != 2 || err != nil || r.body.String() != "abcd" || len(r.statuses) != 2 {
		t.Errorf("%d %v %q %v", n, err, r.body.String(), r.statuses)
	}
	if w.Unwrap() != http.ResponseWriter(r) {
		t.Error("Unwrap")
	}
}

// wrapper is somebody else's middleware.
type wrapper struct{ http.ResponseWriter }

func (w wrapper) Unwrap() http.ResponseWriter { return w.ResponseWriter }

// opaque is one that does not unwrap.
type opaque struct{ http.ResponseWriter }

func TestTrackAndStatusThroughOthers(t *testing.T) {
	inner := commit.Track(httptest.NewRecorder())
	if commit.Track(inner) != inner {
		t.Error("Track of a Writer made another")
	}
	between := wrapper{wrapper{inner}}
	outer := commit.Track(between)
	if outer == inner {
		t.Error("Track went round the writer between")
	}
	for name, w := range map[string]http.ResponseWriter{"inner": inner, "between": between, "outer": outer} {
		if got := commit.Status(w); got != 0 {
			t.Errorf("%s: %d before anything was sent", name, got)
		}
	}
	between.WriteHeader(201) // round the outer one
	for name, w := range map[string]http.ResponseWriter{"inner": inner, "between": between, "outer": outer} {
		if got := commit.Status(w); got != 201 {
			t.Errorf("%s: %d, want 201", name, got)
		}
	}
	if got := commit.Status(opaque{inner}); got != 0 {
		t.Errorf("opaque: %d", got)
	}
	if got := commit.Status(httptest.NewRecorder()); got != 0 {
		t.Errorf("recorder: %d", got)
	}
}

func BenchmarkTrackAndWrite(b *testing.B) {
	b.ReportAllocs()
	p, content := &plain{h: http.Header{}}, []byte("a")
	for b.Loop() {
		p.body.Reset()
		p.statuses = p.statuses[:0]
		w := commit.Track(p)
		w.WriteHeader(200)
		_, _ = w.Write(content)
	}
}
