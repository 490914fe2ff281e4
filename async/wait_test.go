package async_test

import (
	"context"
	"net/http"
	"testing"
	"time"

	"github.com/forthright-http/forthright/async"
)

// later runs a request beside the test.
func (s *webService) later(method, path, body string, header ...string) <-chan webAnswer {
	done := make(chan webAnswer, 1)
	go func() { done <- s.do(method, path, body, header...) }()
	return done
}

// RFC 7240 §4.3 and §4.1, on POST.
func TestRFC7240Section4_3_WaitOnPOST(t *testing.T) {
	for _, c := range []struct {
		name    string
		prefer  string
		change  func(*async.Job)
		status  int
		applied string
		header  []string
	}{
		{"inline", "wait=9", webDone(async.Succeeded, &async.Result{Type: "text/csv", Body: []byte("1")}, nil), 200, "wait=9",
			[]string{"Content-Type", "text/csv", "Cache-Control", "no-store", "Location", "", "Retry-After", ""}},
		{"async too", "respond-async, wait=9", webDone(async.Succeeded, &async.Result{Type: "text/csv", Body: []byte("1")}, nil), 200, "wait=9", nil},
		{"made", "wait=9", webDone(async.Succeeded, &async.Result{Location: "https://x.example/made"}, nil), 201, "wait=9",
			[]string{"Location", "https://x.example/made", "Content-Type", "application/json"}},
		{"nothing", "wait=9", webDone(async.Succeeded, nil, nil), 204, "wait=9", nil},
		{"failed", "wait=9", webDone(async.Failed, nil, &async.Failure{Code: "x", Message: "No."}), 409, "wait=9", []string{"Content-Type", "application/problem+json"}},
		{"canceled", "wait=9", webDone(async.Canceled, nil, nil), 409, "wait=9", nil},
		{"capped", "wait=9999", webDone(async.Succeeded, nil, nil), 204, "wait=30", nil},
		{"beyond all numbers", "wait=99999999999999999999", webDone(async.Succeeded, nil, nil), 204, "wait=30", nil},
	} {
		b := newWebBackend()
		s := newWeb(t, b, func(o *async.Options) { o.MaxWait = 30 * time.Second }, nil)
		s.define("export", "/exports", async.KindOptions{})
		answer := s.later("POST", "/exports", `{"name":"x"}`, "Prefer", c.prefer)
		b.waiters(t, 1)
		id := b.order[0]
		b.put(webJob(id, nil)) // it begins: nobody is told yet
		b.waiters(t, 1)
		b.put(webJob(id, c.change))
		a := (<-answer).has(t, c.status, "Preference-Applied", c.applied, "Operation-Location", webURL+"/"+id).has(t, c.status, c.header...).varies(t, "Prefer")
		if c.name == "inline" {
			a.has(t, 200, "Content-Location", webURL+"/"+id+"/result")
		}
		if t.Failed() {
			t.Fatal(c.name)
		}
	}
}

func TestRFC7240Section4_3_WaitIsOver(t *testing.T) {
	b := newWebBackend()
	s := newWeb(t, b, nil, nil)
	s.define("export", "/exports", async.KindOptions{})
	b.put(webJob("a", nil))
	post := func(prefer string) webAnswer {
		return s.do("POST", "/exports", `{"name":"x"}`, "Prefer", prefer).has(t, 202, "Location", "*", "Operation-Location", "*").varies(t, "Prefer").retryAfter(t, 1, 33)
	}
	begun := time.Now()
	post("wait=0").has(t, 202, "Preference-Applied", "wait=0")
	post("respond-async").has(t, 202, "Preference-Applied", "respond-async")
	post("respond-async, wait=0").has(t, 202, "Preference-Applied", "respond-async|wait=0")
	for _, malformed := range []string{"wait", "wait=-1", "wait=1.5", "wait=x", `wait=""`} {
		post(malformed).has(t, 202, "Preference-Applied", "")
	}
	s.get("/v1/jobs/a", "Prefer", "wait=0").has(t, 202, "Preference-Applied", "wait=0")
	s.get("/v1/jobs/a/result", "Prefer", "wait=0").has(t, 202, "Preference-Applied", "wait=0", "Location", webURL+"/a")
	if took := time.Since(begun); took > 5*time.Second {
		t.Errorf("not waiting took %v", took)
	}
	begun = time.Now()
	s.get("/v1/jobs/a", "Prefer", "wait=1", "If-None-Match", `"7"`).has(t, 202, "Preference-Applied", "wait=1", "ETag", `"7"`).retryAfter(t, 1, 33)
	if took := time.Since(begun); took < time.Second {
		t.Errorf("waiting for 1 s took %v", took)
	}
}

func TestLongPoll(t *testing.T) {
	b := newWebBackend()
	s := newWeb(t, b, nil, nil)
	for _, c := range []struct {
		name   string
		header []string
		waits  bool
	}{
		{"without If-None-Match", nil, true},
		{"the newest", []string{"If-None-Match", `"7"`}, true},
		{"the newest, weak, in a list", []string{"If-None-Match", `"1", W/"7"`}, true},
		{"the newest page", []string{"If-None-Match", `"7;html"`}, true},
		{"any", []string{"If-None-Match", `*`}, true},
		{"an older one", []string{"If-None-Match", `"6"`}, false},
		{"nonsense", []string{"If-None-Match", `7`}, false},
	} {
		b.put(webJob("a", nil))
		begun := time.Now()
		answer := s.later("GET", "/v1/jobs/a", "", append(c.header, "Prefer", "wait=20")...)
		version := `"7"`
		if c.waits {
			b.waiters(t, 1)
			b.put(webJob("a", func(job *async.Job) { job.Version, job.Progress = 8, async.Progress{Done: 1} }))
			version = `"8"`
		}
		(<-answer).has(t, 202, "ETag", version, "Preference-Applied", "wait=20").varies(t, "Prefer")
		if took := time.Since(begun); took > 15*time.Second {
			t.Errorf("it took %v", took)
		}
		if t.Failed() {
			t.Fatal(c.name)
		}
	}
	// A final status never changes: there is nothing to wait for.
	b.put(webJob("a", webDone(async.Succeeded, nil, nil)))
	s.get("/v1/jobs/a", "Prefer", "wait=20").has(t, 200, "Preference-Applied", "wait=20")
	s.get("/v1/jobs/a", "Prefer", "wait=20", "If-None-Match", `"9"`).has(t, 304, "Preference-Applied", "wait=20").varies(t, "Prefer")
}

func TestWaitOnResultAndCancel(t *testing.T) {
	b := newWebBackend()
	s := newWeb(t, b, nil, nil)
	b.put(webJob("a", nil))
	answer := s.later("GET", "/v1/jobs/a/result", "", "Prefer", "wait=20")
	b.waiters(t, 1)
	b.put(webJob("a", func(job *async.Job) { job.Version = 8 })) // progress is no end
	b.waiters(t, 1)
	b.put(webJob("a", webDone(async.Failed, nil, &async.Failure{Code: "x", Message: "No."})))
	(<-answer).has(t, 409, "Preference-Applied", "wait=20").varies(t, "Prefer")

	for _, c := range [][3]string{{"DELETE", "", "canceled"}, {"POST", "/cancel", "succeeded"}} {
		b.put(webJob("b", nil))
		answer := s.later(c[0], "/v1/jobs/b"+c[1], "", "Prefer", "wait=20")
		b.waiters(t, 1)
		b.put(webJob("b", webDone(async.Status(c[2]), nil, nil)))
		if a := (<-answer).has(t, 200, "Preference-Applied", "wait=20", "Cache-Control", "no-store").varies(t, "Prefer"); a.json(t)["status"] != c[2] {
			t.Error(a.body)
		}
	}
}

// A backend that cannot watch is asked again and again.
func TestWaitWithoutWatcher(t *testing.T) {
	b := newWebBackend()
	s := newWeb(t, struct{ async.Backend }{b}, nil, nil)
	wait := func(path string, change func(*async.Job), status int) {
		t.Helper()
		b.put(webJob("a", nil))
		changed := make(chan struct{})
		go func() {
			defer close(changed)
			b.asked(t, 2) // to load it, and once again
			b.put(webJob("a", change))
		}()
		s.get(path, "Prefer", "wait=20").has(t, status)
		<-changed
	}
	wait("/v1/jobs/a", func(job *async.Job) { job.Version = 8 }, 202)
	wait("/v1/jobs/a/result", webDone(async.Succeeded, &async.Result{Type: "text/csv", Body: []byte("1")}, nil), 200)
}

// The newest that is known is the answer where watching fails.
func TestWaitWhereWatchFails(t *testing.T) {
	b := newWebBackend()
	b.watchErr = errWebSecret
	s := newWeb(t, b, nil, nil)
	b.put(webJob("a", nil))
	s.get("/v1/jobs/a", "Prefer", "wait=20").has(t, 202, "ETag", `"7"`)
}

// A client that goes away leaves nothing behind, and its job goes on.
func TestClientGoesAwayWhileWaiting(t *testing.T) {
	b := newWebBackend()
	s := newWeb(t, b, nil, nil)
	s.define("export", "/exports", async.KindOptions{})
	b.put(webJob("a", nil))
	for _, path := range []string{"/v1/jobs/a", "/v1/jobs/a/result"} {
		ctx, cancel := context.WithCancel(context.Background())
		r, err := http.NewRequestWithContext(ctx, "GET", s.url+path, nil)
		if err != nil {
			t.Fatal(err)
		}
		r.Header.Set("X-Owner", "ana")
		r.Header.Set("Prefer", "wait=60")
		gone := make(chan struct{})
		go func() {
			defer close(gone)
			if res, err := http.DefaultClient.Do(r); err == nil {
				res.Body.Close()
			}
		}()
		b.waiters(t, 1)
		cancel()
		<-gone
		b.waiters(t, 0)
	}
	if job := b.jobs["a"]; job.Status != async.Running {
		t.Errorf("the job is %s", job.Status)
	}
}
