package async_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/forthright-http/forthright/async"
)

// One test for each row of the table "Requests and answers".

func TestPOSTAccepted(t *testing.T) {
	b := newWebBackend()
	s := newWeb(t, b, nil, nil)
	s.define("export", "/exports", async.KindOptions{})
	a := s.do("POST", "/exports", `{"name":"ana"}`, "Host", "evil.example").
		has(t, 202, "Cache-Control", "no-store", "Content-Type", "application/json", "Preference-Applied", "").
		varies(t, "Prefer").retryAfter(t, 1, 33)
	where := a.Header.Get("Location")
	id, ok := strings.CutPrefix(where, webURL+"/")
	if !ok || len(id) < 26 || a.Header.Get("Operation-Location") != where {
		t.Errorf("Location %q, Operation-Location %q", where, a.Header.Get("Operation-Location"))
	}
	if doc := a.json(t); doc["id"] != id || doc["status"] != "queued" || doc["kind"] != "export" {
		t.Errorf("the status document is %s", a.body)
	}
	if len(b.submitted) != 1 || b.submitted[0].Owner != "ana" || string(b.submitted[0].Input) != `{"name":"ana"}` {
		t.Errorf("submitted: %+v", b.submitted)
	}
}

func TestPOSTWhatIsRefusedStoresNothing(t *testing.T) {
	b := newWebBackend()
	s := newWeb(t, b, nil, nil)
	s.define("export", "/exports", async.KindOptions{RequireKey: true})
	for _, c := range []struct {
		body   string
		header []string
		status int
	}{
		{`{"name":"ana"}`, []string{"X-Owner", ""}, 403},
		{`{"name":`, []string{"X-Owner", ""}, 403}, // before the content is looked at
		{`{"name":`, []string{"Idempotency-Key", "k"}, 400},
		{`{"name":"a name too long"}`, []string{"Idempotency-Key", "k"}, 422},
		{`{"name":"a name too long"}`, nil, 400}, // the key before the rules
		{`x`, []string{"Content-Type", "text/plain"}, 415},
		{`{"name":"` + strings.Repeat("x", 1<<20) + `"}`, nil, 413},
	} {
		s.do("POST", "/exports", c.body, c.header...).has(t, c.status, "Content-Type", "application/problem+json")
	}
	if len(b.submitted) != 0 {
		t.Errorf("%d jobs were kept", len(b.submitted))
	}
}

func TestIdempotencyKeyReplayed(t *testing.T) {
	b := newWebBackend()
	s := newWeb(t, b, nil, nil)
	s.define("export", "/exports", async.KindOptions{RequireKey: true})
	first := s.do("POST", "/exports", `{"name":"ana"}`, "Idempotency-Key", `"k-1"`).has(t, 202)
	for _, key := range []string{`"k-1"`, `k-1`, ` "k-1";v=2 `} {
		s.do("POST", "/exports", `{ "name" : "ana" }`, "Idempotency-Key", key).has(t, 202, "Location", first.Header.Get("Location"))
	}
	if len(b.submitted) != 1 {
		t.Errorf("%d jobs were kept, want 1", len(b.submitted))
	}
	// The tombstone still answers for the key, also to who would wait.
	id := b.order[0]
	s.clock.add(48 * time.Hour)
	b.put(webJob(id, func(job *async.Job) {
		kept := b.jobs[id]
		webDone(async.Succeeded, nil, nil)(job)
		job.Key, job.Fingerprint = kept.Key, kept.Fingerprint
	}))
	s.do("POST", "/exports", `{"name":"ana"}`, "Idempotency-Key", "k-1", "Prefer", "wait=5").has(t, 202, "Location", first.Header.Get("Location"))
}

func TestIdempotencyKeyAnotherPayload(t *testing.T) {
	b := newWebBackend()
	s := newWeb(t, b, nil, nil)
	s.define("export", "/exports", async.KindOptions{})
	s.do("POST", "/exports?format=csv", `{"name":"ana"}`, "Idempotency-Key", "k").has(t, 202)
	for _, c := range [][2]string{{"/exports?format=csv", `{"name":"bob"}`}, {"/exports?format=pdf", `{"name":"ana"}`}, {"/exports", `{"name":"ana"}`}} {
		a := s.do("POST", c[0], c[1], "Idempotency-Key", "k").has(t, 422, "Retry-After", "")
		if a.typ(t) != "idempotency-key-reused" {
			t.Errorf("type %s", a.typ(t))
		}
	}
	if len(b.submitted) != 1 {
		t.Errorf("%d jobs were kept, want 1", len(b.submitted))
	}
}

func TestIdempotencyKeyScope(t *testing.T) {
	b := newWebBackend()
	s := newWeb(t, b, nil, nil)
	s.define("export", "/exports", async.KindOptions{})
	s.define("import", "/imports", async.KindOptions{})
	s.define("shop", "/shops/{shop}", async.KindOptions{})
	seen := map[string]string{}
	for _, c := range [][2]string{{"ana", "/exports"}, {"bob", "/exports"}, {"ana", "/imports"}, {"ana", "/shops/1"}, {"ana", "/shops/2"},
		{"ana", "/shops/" + strings.Repeat("x", 500)}, {"ana", "/shops/" + strings.Repeat("x", 499) + "y"}} {
		where := s.do("POST", c[1], `{"name":"x"}`, "Idempotency-Key", "k", "X-Owner", c[0]).has(t, 202).Header.Get("Location")
		if other, ok := seen[where]; ok {
			t.Errorf("%s is the job of %s and of %v", where, other, c)
		}
		seen[where] = fmt.Sprint(c)
	}
	for _, n := range b.submitted {
		if len(n.Key) > 500 {
			t.Errorf("a scoped key has %d bytes", len(n.Key))
		}
	}
}

func TestGETStatus(t *testing.T) {
	b := newWebBackend()
	s := newWeb(t, b, nil, nil)
	b.put(webJob("a", nil))
	b.put(webJob("b", webDone(async.Succeeded, &async.Result{Location: "https://x.example/made"}, nil)))
	b.put(webJob("c", webDone(async.Failed, nil, &async.Failure{Code: "x", Message: "It did not work."})))
	b.put(webJob("d", webDone(async.Canceled, nil, nil)))
	s.get("/v1/jobs/a").has(t, 202, "ETag", `"7"`, "Cache-Control", "no-store", "Location", "").retryAfter(t, 1, 33).varies(t, "Prefer").varies(t, "Accept")
	for _, id := range []string{"b", "c", "d"} {
		s.get("/v1/jobs/"+id).has(t, 200, "ETag", `"9"`, "Retry-After", "", "Location", "", "Cache-Control", "private, no-cache").varies(t, "Prefer").varies(t, "Accept")
	}
	s.do("HEAD", "/v1/jobs/a", "").has(t, 202, "ETag", `"7"`, "Retry-After", "*")
}

func TestGETStatusPollOK(t *testing.T) {
	b := newWebBackend()
	s := newWeb(t, b, func(o *async.Options) { o.PollOK = true }, map[string]string{"G9-odd": "PollOK is for clients that look for Retry-After in a 200"})
	b.put(webJob("a", nil))
	s.get("/v1/jobs/a").has(t, 200, "ETag", `"7"`).retryAfter(t, 1, 33)
	s.get("/v1/jobs/a/result").has(t, 202)
}

// RFC 9110 §15.4.5: a 304 stands for a 200 and for nothing else.
func TestRFC9110Section15_4_5_NotModifiedOnlyForOK(t *testing.T) {
	b := newWebBackend()
	s := newWeb(t, b, nil, nil)
	b.put(webJob("a", nil))
	b.put(webJob("b", webDone(async.Succeeded, &async.Result{Type: "text/csv", Body: []byte("1")}, nil)))
	s.get("/v1/jobs/a", "If-None-Match", `"7"`).has(t, 202, "ETag", `"7"`)
	s.get("/v1/jobs/a", "If-None-Match", `*`).has(t, 202)
	s.get("/v1/jobs/b", "If-None-Match", `"9"`).has(t, 304, "ETag", `"9"`)
	s.get("/v1/jobs/b", "If-None-Match", `"8"`).has(t, 200)
	s.get("/v1/jobs/b/result", "If-None-Match", `"9"`).has(t, 304, "ETag", `"9"`)
	s.get("/v1/jobs/a/result", "If-None-Match", `*`).has(t, 202)
}

func TestGETResult(t *testing.T) {
	b := newWebBackend()
	s := newWeb(t, b, nil, nil)
	failure := &async.Failure{Code: "no_paper", Message: "There is no paper.", Problem: []byte(`{"type":"about:blank","title":"x","status":503,"detail":"There is no paper."}`)}
	b.put(webJob("pending", nil))
	b.put(webJob("inline", webDone(async.Succeeded, &async.Result{Type: "text/csv; charset=utf-8", Body: []byte("a,b\n")}, nil)))
	b.put(webJob("json", webDone(async.Succeeded, &async.Result{Type: "application/vnd.x+json", Body: []byte(`{"a" : "<"}`)}, nil)))
	b.put(webJob("pdf", webDone(async.Succeeded, &async.Result{Type: "application/pdf", Body: []byte("%PDF")}, nil)))
	b.put(webJob("broken", webDone(async.Succeeded, &async.Result{Type: "no type", Body: []byte("x")}, nil)))
	b.put(webJob("none", webDone(async.Succeeded, nil, nil)))
	b.put(webJob("made", webDone(async.Succeeded, &async.Result{Location: "https://x.example/made"}, nil)))
	b.put(webJob("failed", webDone(async.Failed, nil, failure)))
	b.put(webJob("canceled", webDone(async.Canceled, nil, nil)))
	result := func(id string, header ...string) webAnswer { return s.get("/v1/jobs/"+id+"/result", header...) }

	self := webURL + "/pending"
	result("pending").has(t, 202, "Location", self, "Operation-Location", self, "Cache-Control", "no-store").retryAfter(t, 1, 33).varies(t, "Prefer")
	// Who asks for the form that the result will have is not refused until then.
	result("pending", "Accept", "text/csv").has(t, 202, "Content-Type", "application/json")
	a := result("inline").has(t, 200, "Content-Type", "text/csv; charset=utf-8", "ETag", `"9"`, "X-Content-Type-Options", "nosniff",
		"Content-Security-Policy", "sandbox", "Cache-Control", "private, no-cache").varies(t, "Prefer")
	if a.body != "a,b\n" {
		t.Errorf("the result is %q", a.body)
	}
	if a := result("json").has(t, 200, "Content-Type", "application/vnd.x+json"); a.body != `{"a" : "<"}` {
		t.Errorf("the result is %q, not as it was made", a.body)
	}
	result("pdf").has(t, 200, "Content-Type", "application/pdf", "Content-Security-Policy", "")
	result("broken").has(t, 200, "Content-Type", "application/octet-stream")
	result("none").has(t, 204)
	result("made").has(t, 303, "Location", "https://x.example/made", "Cache-Control", "no-store")
	a = result("failed").has(t, 409, "Content-Type", "application/problem+json").varies(t, "Prefer")
	doc := a.json(t)
	nested, _ := doc["error"].(map[string]any)
	if a.typ(t) != "job-failed" || doc["detail"] != "There is no paper." || nested["code"] != "no_paper" || nested["message"] != "There is no paper." {
		t.Errorf("the problem is %s", a.body)
	}
	if a := result("canceled").has(t, 409); a.typ(t) != "job-canceled" {
		t.Errorf("the problem is %s", a.body)
	}
}

func TestCancel(t *testing.T) {
	b := newWebBackend()
	s := newWeb(t, b, nil, nil)
	for _, c := range []struct{ method, suffix string }{{"DELETE", ""}, {"POST", "/cancel"}} {
		for _, id := range []string{"queued", "running", "finished"} {
			b.put(webJob(id, func(job *async.Job) {
				switch id {
				case "queued":
					job.Status = async.Queued
				case "finished":
					webDone(async.Succeeded, nil, nil)(job)
				}
			}))
		}
		cancel := func(id string) webAnswer { return s.do(c.method, "/v1/jobs/"+id+c.suffix, "") }
		if a := cancel("queued").has(t, 200, "Cache-Control", "no-store", "Retry-After", ""); a.json(t)["status"] != "canceled" {
			t.Error(a.body)
		}
		for range 2 { // it is idempotent
			a := cancel("running").has(t, 202, "Location", webURL+"/running", "Operation-Location", webURL+"/running").retryAfter(t, 1, 2)
			if a.json(t)["status"] != "cancelling" {
				t.Error(a.body)
			}
		}
		if a := cancel("finished").has(t, 409); a.typ(t) != "job-finished" || !strings.Contains(a.body, "succeeded") {
			t.Error(a.body)
		}
	}
}

// RFC 9110 §13.1.1: a request whose If-Match is false is not performed.
func TestRFC9110Section13_1_1_CancelIfMatch(t *testing.T) {
	b := newWebBackend()
	s := newWeb(t, b, nil, nil)
	b.put(webJob("a", nil))
	s.do("DELETE", "/v1/jobs/a", "", "If-Match", `"6"`).has(t, 412)
	s.do("POST", "/v1/jobs/a/cancel", "", "If-Match", `"6"`).has(t, 412)
	if b.jobs["a"].Status != async.Running {
		t.Fatal("it was cancelled all the same")
	}
	s.do("DELETE", "/v1/jobs/a", "", "If-Match", `"7"`).has(t, 202)
}

func TestQueueFull(t *testing.T) {
	m, err := async.NewMemory(async.MemoryOptions{})
	if err != nil {
		t.Fatal(err)
	}
	s := newWeb(t, m, func(o *async.Options) { o.MaxQueued, o.MaxOwned = 3, 2 }, nil)
	s.define("export", "/exports", async.KindOptions{})
	post := func(owner string) webAnswer {
		return s.do("POST", "/exports", `{"name":"x"}`, "X-Owner", owner)
	}
	first := post("ana").has(t, 202)
	post("ana").has(t, 202)
	post("ana").has(t, 503, "Content-Type", "application/problem+json").retryAfter(t, 1, 60)
	post("bob").has(t, 202)
	post("eve").has(t, 503).retryAfter(t, 1, 60)
	if a := s.get("/v1/jobs").has(t, 200); len(a.json(t)["jobs"].([]any)) != 2 {
		t.Errorf("ana has %s", a.body)
	}
	s.do("DELETE", first.Header.Get("Location"), "").has(t, 200)
	post("ana").has(t, 202)
}

// The backend is down: the client is asked to come back, and is told nothing.
func TestBackendDown(t *testing.T) {
	b := newWebBackend()
	s := newWeb(t, b, nil, nil)
	s.define("export", "/exports", async.KindOptions{})
	b.err = errWebSecret
	for _, c := range [][2]string{{"POST", "/exports"}, {"GET", "/v1/jobs/a"}, {"GET", "/v1/jobs/a/result"}, {"DELETE", "/v1/jobs/a"}, {"POST", "/v1/jobs/a/cancel"}, {"GET", "/v1/jobs"}} {
		body := ""
		if c[1] == "/exports" {
			body = `{"name":"x"}`
		}
		a := s.do(c[0], c[1], body).has(t, 503).retryAfter(t, 1, 60)
		if strings.Contains(a.body, "dial") || strings.Contains(a.body, "hunter2") {
			t.Errorf("the client was told %s", a.body)
		}
	}
	s.get("/v1/jobs/a", "Accept", "text/event-stream").has(t, 503).retryAfter(t, 1, 60)
}

// RFC 9110 §15.5.6, §9.3.7, and unknown paths.
func TestOtherMethods(t *testing.T) {
	s := newWeb(t, newWebBackend(), nil, nil)
	for _, c := range []struct {
		method, path string
		status       int
		allow        string
	}{
		{"PUT", "/v1/jobs/a", 405, "DELETE, GET, HEAD, OPTIONS"},
		{"POST", "/v1/jobs/a", 405, "DELETE, GET, HEAD, OPTIONS"},
		{"OPTIONS", "/v1/jobs/a", 204, "DELETE, GET, HEAD, OPTIONS"},
		{"POST", "/v1/jobs/a/result", 405, "GET, HEAD, OPTIONS"},
		{"GET", "/v1/jobs/a/cancel", 405, "OPTIONS, POST"},
		{"HEAD", "/v1/jobs/a/cancel", 405, "OPTIONS, POST"},
		{"OPTIONS", "/v1/jobs/a/cancel", 204, "OPTIONS, POST"},
		{"POST", "/v1/jobs", 405, "GET, HEAD, OPTIONS"},
		{"DELETE", "/v1/jobs/", 405, "GET, HEAD, OPTIONS"},
		{"GET", "/v1/jobs/a/other", 404, ""},
		{"BREW", "/v1/jobs/a", 501, "*"},
	} {
		a := s.do(c.method, c.path, "").has(t, c.status)
		allow := strings.Split(a.Header.Get("Allow"), ", ")
		if c.allow != "*" && !slices.Equal(slices.Sorted(slices.Values(allow)), strings.Split(c.allow, ", ")) {
			t.Errorf("%s %s: Allow is %q, want %q", c.method, c.path, a.Header.Get("Allow"), c.allow)
		}
	}
}
