package async_test

import (
	"bufio"
	"encoding/json"
	"io"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/forthright-http/forthright/async"
)

// webStream is a stream of events as it arrives.
type webStream struct {
	t *testing.T
	*http.Response
	lines *bufio.Scanner
}

func (s *webService) stream(path string, header ...string) *webStream {
	s.t.Helper()
	r, err := http.NewRequest("GET", s.url+path, nil)
	if err != nil {
		s.t.Fatal(err)
	}
	r.Header.Set("X-Owner", "ana")
	r.Header.Set("Accept", "text/event-stream")
	for i := 0; i < len(header); i += 2 {
		r.Header.Set(header[i], header[i+1])
	}
	res, err := http.DefaultClient.Do(r)
	if err != nil {
		s.t.Fatal(err)
	}
	s.t.Cleanup(func() { res.Body.Close() })
	return &webStream{s.t, res, bufio.NewScanner(res.Body)}
}

// next returns the lines up to the next empty one, joined; false at the end.
func (s *webStream) next() (string, bool) {
	var block []string
	for s.lines.Scan() {
		if s.lines.Text() == "" {
			return strings.Join(block, "\n"), true
		}
		block = append(block, s.lines.Text())
	}
	return "", false
}

// event checks the next event, and returns the status that it tells.
func (s *webStream) event(name, id string) string {
	s.t.Helper()
	block, ok := s.next()
	for ok && (block == ":" || strings.HasPrefix(block, "retry:") && !strings.Contains(block, "\n")) {
		block, ok = s.next()
	}
	got := map[string]string{}
	for line := range strings.Lines(block) {
		field, value, _ := strings.Cut(strings.TrimSuffix(line, "\n"), ": ")
		got[field] = value
	}
	var doc struct{ Status, ID string }
	if err := json.Unmarshal([]byte(got["data"]), &doc); err != nil || !ok || got["event"] != name || got["id"] != id {
		s.t.Fatalf("event %q, want %s %s: %v", block, name, id, err)
	}
	return doc.Status
}

// ends checks that there is no more.
func (s *webStream) ends() {
	s.t.Helper()
	if block, ok := s.next(); ok {
		s.t.Errorf("after the last event: %q", block)
	}
	if err := s.lines.Err(); err != nil {
		s.t.Errorf("the stream ended with %v", err)
	}
}

// WHATWG HTML §9.2: the status at once, each change with its version, the last one,
// and the end.
func TestStream(t *testing.T) {
	b := newWebBackend()
	s := newWeb(t, b, nil, nil)
	b.put(webJob("a", func(job *async.Job) { job.Status, job.Version = async.Queued, 1 }))
	e := s.stream("/v1/jobs/a")
	if e.StatusCode != 200 || e.Header.Get("Content-Type") != "text/event-stream" || e.Header.Get("Cache-Control") != "no-store" {
		t.Fatalf("%s %v", e.Status, e.Header)
	}
	webAnswer{Response: e.Response}.varies(t, "Accept")
	if first, _ := e.next(); first != "retry: 2000" {
		t.Errorf("the stream begins with %q", first)
	}
	step := func(name, id string, change func(*async.Job)) {
		t.Helper()
		if change != nil {
			b.waiters(t, 1)
			b.put(webJob("a", change))
		}
		if got, want := e.event(name, id), string(b.jobs["a"].Status); got != want {
			t.Errorf("the event tells of %s, want %s", got, want)
		}
	}
	step("state", "1", nil)
	step("state", "2", func(job *async.Job) { job.Version = 2 })
	step("progress", "3", func(job *async.Job) { job.Version, job.Progress = 3, async.Progress{Done: 1, Total: 2} })
	step("progress", "6", func(job *async.Job) { job.Version, job.Progress = 6, async.Progress{Done: 2, Total: 2} })
	step("state", "9", webDone(async.Succeeded, nil, nil))
	e.ends()
}

func TestStreamResumes(t *testing.T) {
	b := newWebBackend()
	s := newWeb(t, b, nil, nil)
	b.put(webJob("a", nil))
	e := s.stream("/v1/jobs/a", "Last-Event-ID", "7")
	b.waiters(t, 1) // it has seen that one
	b.put(webJob("a", func(job *async.Job) { job.Version = 8 }))
	e.event("progress", "8")
	for _, older := range []string{"6", "99", "x", `"7"`} {
		s.stream("/v1/jobs/a", "Last-Event-ID", older).event("state", "8")
	}
	// The last event was seen: 204 tells an EventSource to stop.
	b.put(webJob("a", webDone(async.Failed, nil, &async.Failure{Code: "x", Message: "No."})))
	s.get("/v1/jobs/a", "Accept", "text/event-stream", "Last-Event-Id", "9").has(t, 204, "Cache-Control", "no-store").varies(t, "Accept")
	e = s.stream("/v1/jobs/a", "Last-Event-ID", "8")
	e.event("state", "9")
	e.ends()
}

func TestStreamHeartbeat(t *testing.T) {
	b := newWebBackend()
	s := newWeb(t, b, func(o *async.Options) { o.Heartbeat = 10 * time.Millisecond }, nil)
	b.put(webJob("a", nil))
	e := s.stream("/v1/jobs/a")
	e.event("state", "7")
	for range 2 {
		if block, ok := e.next(); !ok || block != ":" {
			t.Fatalf("the heartbeat is %q", block)
		}
	}
}

func TestStreamIsLeft(t *testing.T) {
	b := newWebBackend()
	s := newWeb(t, b, nil, nil)
	b.put(webJob("a", nil))
	e := s.stream("/v1/jobs/a")
	b.waiters(t, 1)
	e.Body.Close()
	b.waiters(t, 0)
}

// Where the backend fails the stream is broken off, so that the client comes again.
func TestStreamWhereWatchFails(t *testing.T) {
	b := newWebBackend()
	b.watchErr = errWebSecret
	s := newWeb(t, b, nil, nil)
	b.put(webJob("a", nil))
	e := s.stream("/v1/jobs/a")
	e.event("state", "7")
	if _, err := io.ReadAll(e.Body); err == nil {
		t.Error("the stream ended in good order")
	}
}

// RFC 9110 §12.5.1: weights, ranges, and the server's own order.
func TestRFC9110Section12_5_1_FormsOfStatus(t *testing.T) {
	b := newWebBackend()
	s := newWeb(t, b, nil, nil)
	b.put(webJob("a", webDone(async.Succeeded, nil, nil)))
	for _, c := range []struct{ accept, want string }{
		{"", "application/json"},
		{"*/*", "application/json"},
		{"text/*", "text/html; charset=utf-8"},
		{"text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8", "text/html; charset=utf-8"},
		{"text/event-stream", "text/event-stream"},
		{"TEXT/EVENT-STREAM", "text/event-stream"},
		{"text/event-stream;q=0.5, application/json", "application/json"},
		{"text/event-stream, application/json;q=0.5", "text/event-stream"},
		{"text/event-stream, application/json", "application/json"},
		{"text/event-stream;q=0, */*", "application/json"},
		{"application/json;q=0, text/html;q=0, */*", "text/event-stream"},
		{"text/html;q=0.2, text/event-stream;q=0.3", "text/event-stream"},
	} {
		var header []string
		if c.accept != "" {
			header = []string{"Accept", c.accept}
		}
		s.get("/v1/jobs/a", header...).has(t, 200, "Content-Type", c.want).varies(t, "Accept")
		if t.Failed() {
			t.Fatal(c.accept)
		}
	}
	a := s.get("/v1/jobs/a", "Accept", "text/csv").has(t, 406).varies(t, "Accept")
	if got := a.json(t)["available"]; !webEqual(got, []string{"application/json", "text/html", "text/event-stream"}) {
		t.Errorf("available: %v", got)
	}
	s.get("/v1/jobs/b", "Accept", "text/csv").has(t, 404)
	s.do("HEAD", "/v1/jobs/a", "", "Accept", "text/event-stream").has(t, 200, "Content-Type", "text/event-stream")
}
