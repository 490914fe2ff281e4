package main

import (
	"encoding/json"
	"fmt"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/forthright-http/forthright/async"
	"github.com/forthright-http/forthright/async/sqlitestore"
)

// newJobsClient is newClient with jobs whose time is the clock's.
func newJobsClient(t *testing.T, at *clock) *client {
	t.Helper()
	memory, err := async.NewMemory(async.MemoryOptions{Now: at.Now})
	if err != nil {
		t.Fatal(err)
	}
	return newClientWith(t, serviceOptions{Backend: memory, Limits: plentiful(t), Drain: -1})
}

const (
	exported  = `{"format":"csv"}`
	exporting = `{"format":"csv","seconds":60}`
	exportBad = `{"format":"csv","fail":true}`
)

var (
	waits   = []string{"Prefer", "wait=10"}
	notJSON = []string{"Accept", "application/json;q=0"}
	match   = []string{"If-Match", `"x"`}
)

// exports starts them, well and badly.
func (w *witness) exports(t *testing.T) {
	const path = "/v1/exports"
	w.check(t, "POST", path, exported)
	w.check(t, "POST", path, `{"format":"csv","seconds":0,"fail":false}`, "Prefer", "respond-async, wait=10")
	w.check(t, "POST", path, exportBad, waits...)
	for _, body := range []string{``, `{`, `{}`, `{"format":7}`, `{"format":"csv","colour":"red"}`, `{"format":"xml"}`, `{"format":"csv","seconds":61}`, `{"format":"csv","seconds":-1}`, strings.Repeat(" ", 64<<10) + exported} {
		w.check(t, "POST", path, body)
	}
	w.check(t, "POST", path, "x", text...)
	w.check(t, "POST", path, exported, "Content-Encoding", "gzip")
	w.check(t, "POST", path, exported, notJSON...)
	w.check(t, "POST", path, exported, "Idempotency-Key", `"`)

	key := []string{"Idempotency-Key", `"` + t.Name() + `"`}
	first := w.check(t, "POST", path, exporting, key...)
	if again := w.check(t, "POST", path, exporting, key...); again.Header.Get("Location") != first.Header.Get("Location") {
		t.Errorf("the same key: %v", again.Header)
	}
	w.check(t, "POST", path, exported, key...)
	w.client.with(t).do("DELETE", w.path(first), "", waits...)
	w.check(t, "POST", path, exporting, append(key, waits...)...)
}

// path is that of the job of an answer.
func (w *witness) path(res exchange) string {
	return strings.TrimPrefix(res.Header.Get("Operation-Location"), w.client.base)
}

// jobs follows some to their ends.
func (w *witness) jobs(t *testing.T) {
	c := w.client.with(t)
	running, failed := c.submit(exporting), c.submit(exportBad)
	done := w.path(c.do("POST", "/v1/exports", exported, waits...))
	canceled := c.submit(exporting)
	members := make(map[string]bool)
	for _, path := range []string{running, failed, done, canceled} {
		if path == canceled {
			w.check(t, "DELETE", path, "", append(waits, match...)...)
			w.check(t, "DELETE", path, "")
			w.member(t, members, w.check(t, "GET", path, ""))
		}
		ended := path != running
		res := c.do("GET", path, "", waits...)
		for ended && res.StatusCode == http.StatusAccepted {
			res = c.do("GET", path, "", append(waits, "If-None-Match", res.Header.Get("ETag"))...)
		}
		res = w.check(t, "GET", path, "")
		if got := res.StatusCode == http.StatusOK; got != ended {
			t.Errorf("%s: %d", path, res.StatusCode)
		}
		w.member(t, members, res)
		tag := res.Header.Get("ETag")
		w.check(t, "GET", path, "", "If-None-Match", tag)
		w.check(t, "GET", path, "", "Accept", "text/html")
		w.check(t, "GET", path, "", image...)
		w.check(t, "GET", path, "", match...)
		if ended {
			w.stream(t, path, w.check(t, "GET", path, "", "Accept", "text/event-stream"))
			w.check(t, "GET", path, "", "Accept", "text/event-stream", "Last-Event-ID", strings.Trim(tag, `"`))
		}
		made := w.check(t, "GET", path+"/result", "")
		w.check(t, "GET", path+"/result", "", "If-None-Match", made.Header.Get("ETag"))
		w.check(t, "GET", path+"/result", "", notJSON...)
		if path == done {
			w.check(t, "GET", path+"/result", "", match...)
			w.check(t, "GET", path+"/result", "", "Range", "bytes=0-9")
			w.check(t, "GET", path+"/result", "", "Range", "bytes=9999-")
		}
	}
	w.check(t, "GET", "/v1/jobs", "")
	page := w.check(t, "GET", "/v1/jobs?limit=3", "")
	next := "?limit=3&after=" + page.json(t)["jobs"].([]any)[2].(object)["id"].(string)
	if links := strings.Join(page.Header["Link"], ", "); !strings.Contains(links, next+`>; rel="next"`) {
		t.Errorf("the links of a page: %s", links)
	}
	if rest := w.check(t, "GET", "/v1/jobs"+next, "").json(t)["jobs"].([]any); len(rest) != 1 || rest[0].(object)["links"].(object)["self"] != c.base+running {
		t.Errorf("the next page: %v", rest)
	}
	for _, query := range []string{"?limit=x", "?limit=0", "?limit=101", "?after=unknown", "?limit=1&limit=2"} {
		w.check(t, "GET", "/v1/jobs"+query, "")
	}
	w.check(t, "GET", "/v1/jobs", "", image...)
	w.check(t, "GET", "/v1/jobs", "", match...)
	again := c.submit(exporting)
	w.check(t, "POST", again+"/cancel", "", match...)
	w.check(t, "POST", again+"/cancel", "", notJSON...)
	for c.do("GET", again, "").json(t)["status"] == "queued" { // a queued one is cancelled at once
	}
	w.check(t, "POST", again+"/cancel", "")
	w.check(t, "POST", running+"/cancel", "", waits...)
	w.check(t, "POST", running+"/cancel", "")
	w.check(t, "DELETE", running, "")
	last := c.submit(exporting)
	w.check(t, "DELETE", last, "", match...)
	w.check(t, "DELETE", last, "", waits...)
	for name := range resolve(t, w.doc, object{"$ref": "#/components/schemas/Job/properties"}) {
		other := name == "result" || name == "resourceLocation" || name == "queuePosition" // of other jobs, or of full queues
		if !members[name] && !other {
			t.Errorf("no job has a %s", name)
		}
	}
}

// member notes the members of a status document, and holds them against the document.
func (w *witness) member(t *testing.T, seen map[string]bool, res exchange) {
	t.Helper()
	known := resolve(t, w.doc, object{"$ref": "#/components/schemas/Job/properties"})
	for name := range res.json(t) {
		if seen[name] = true; known[name] == nil {
			t.Errorf("a job has a %s, and the document does not", name)
		}
	}
}

// stream holds the events of a stream against the document: each is a job.
func (w *witness) stream(t *testing.T, path string, res exchange) {
	t.Helper()
	events := 0
	for line := range strings.Lines(string(res.body)) {
		if data, ok := strings.CutPrefix(strings.TrimSpace(line), "data: "); ok {
			events++
			w.body(t, "an event of "+path, object{"$ref": "#/components/schemas/Job"}, []byte(data))
		}
	}
	if events == 0 {
		t.Errorf("%s has no events: %s", path, res.body)
	}
}

// ofJob are the operations on one job.
var ofJob = [][2]string{{"GET", ""}, {"DELETE", ""}, {"GET", "/result"}, {"POST", "/cancel"}}

// expired asks for a job that was kept as long as jobs are, and for ones that never
// were.
func (w *witness) expired(t *testing.T) {
	at := &clock{now: time.Now()}
	w.client = newJobsClient(t, at)
	path := w.path(w.client.do("POST", "/v1/exports", exported, waits...))
	for _, o := range ofJob {
		w.check(t, o[0], "/v1/jobs/unknown"+o[1], "")
	}
	at.advance(25 * time.Hour)
	for _, o := range ofJob {
		if res := w.check(t, o[0], path+o[1], ""); res.StatusCode != http.StatusGone {
			t.Errorf("%s: %d %s", o, res.StatusCode, res.body)
		}
	}
	at.advance(8 * 24 * time.Hour)
	if res := w.check(t, "GET", path, ""); res.StatusCode != http.StatusNotFound {
		t.Errorf("at last: %d", res.StatusCode)
	}
}

// noStore asks when the file of the jobs cannot be read any more.
func (w *witness) noStore(t *testing.T) {
	store, err := sqlitestore.Open(filepath.Join(t.TempDir(), "jobs.sqlite"), sqlitestore.Options{})
	if err != nil {
		t.Fatal(err)
	}
	server := httptest.NewUnstartedServer(nil)
	w.client = &client{t, "http://" + server.Listener.Addr().String(), new(logBuffer)}
	svc, err := newService(serviceOptions{PublicURL: w.client.base, Logger: slog.New(slog.NewJSONHandler(w.client.logs, nil)), Backend: store, Limits: plentiful(t)})
	if err != nil {
		t.Fatal(err)
	}
	server.Config.Handler = svc.handler // nothing runs its jobs
	server.Start()
	defer server.Close()
	path := w.client.submit(exported)
	if err := store.Close(); err != nil {
		t.Fatal(err)
	}
	key := []string{"Idempotency-Key", `"a-key"`}
	for _, row := range [][3]string{
		{"GET", path}, {"DELETE", path}, {"GET", path + "/result"}, {"POST", path + "/cancel"}, {"GET", "/v1/jobs"},
		{"POST", "/v1/exports", exported}, {"POST", "/v1/orders", order("x")}, {"POST", "/v0/orders", order("x")},
	} {
		if res := w.check(t, row[0], row[1], row[2], key...); res.StatusCode != http.StatusServiceUnavailable {
			t.Errorf("%s: %d %s", row, res.StatusCode, res.body)
		}
	}
}

// keys sends the same order twice at once, until one has to wait for the other.
func (w *witness) keys(t *testing.T) {
	store, err := sqlitestore.Open(filepath.Join(t.TempDir(), "jobs.sqlite"), sqlitestore.Options{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { store.Close() })
	w.client = newClientWith(t, serviceOptions{Backend: store, Limits: plentiful(t), Drain: -1})
	for _, orders := range []string{"/v0/orders", "/v1/orders"} {
		for i, inFlight := 0, false; !inFlight; i++ {
			if i == 1000 {
				t.Fatal("none had to wait")
			}
			name := fmt.Sprint(orders[1:3], i)
			answers := make(chan exchange, 2)
			for range cap(answers) {
				go func() { answers <- w.client.do("POST", orders, order(name), "Idempotency-Key", name) }()
			}
			for range cap(answers) {
				res := <-answers
				w.hold(t, "POST", orders, order(name), res)
				inFlight = inFlight || res.StatusCode == http.StatusConflict
			}
		}
	}
}

// A status document is the same whoever shows it: JSON, an event, or a list.
func TestJobDocuments(t *testing.T) {
	c := newClient(t)
	path := (&witness{client: c}).path(c.do("POST", "/v1/exports", exported, waits...))
	var one, listed, told any
	if err := json.Unmarshal(c.do("GET", path, "").body, &one); err != nil {
		t.Fatal(err)
	}
	listed = c.do("GET", "/v1/jobs", "").json(t)["jobs"].([]any)[0]
	for line := range strings.Lines(string(c.do("GET", path, "", "Accept", "text/event-stream").body)) {
		if data, ok := strings.CutPrefix(line, "data: "); ok {
			if err := json.Unmarshal([]byte(data), &told); err != nil {
				t.Fatal(err)
			}
		}
	}
	for name, other := range map[string]any{"list": listed, "event": told} {
		a, _ := json.Marshal(one)
		b, _ := json.Marshal(other)
		if string(a) != string(b) {
			t.Errorf("the %s: %s, want %s", name, b, a)
		}
	}
}
