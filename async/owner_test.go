package async_test

import (
	"context"
	"testing"
	"time"

	"github.com/forthright-http/forthright/async"
)

var webRoutes = []struct {
	method, suffix, accept string
}{
	{"GET", "", "application/json"},
	{"GET", "", "text/html"},
	{"GET", "", "text/event-stream"},
	{"GET", "", "text/csv"},
	{"HEAD", "", "*/*"},
	{"GET", "/result", "*/*"},
	{"DELETE", "", "*/*"},
	{"POST", "/cancel", "*/*"},
}

// Another's job is answered exactly as one that never was, whatever its state, also
// where the request waits or has preconditions.
func TestAnotherOwnersJobIsUnknown(t *testing.T) {
	b := newWebBackend()
	s := newWeb(t, b, nil, nil)
	states := map[string]func(*async.Job){
		"KNOWNQUEUED0000000000000000": func(job *async.Job) { job.Status = async.Queued },
		"KNOWNRUNNING000000000000000": nil,
		"KNOWNDONE000000000000000000": webDone(async.Succeeded, &async.Result{Type: "text/csv", Body: []byte("1")}, nil),
		"KNOWNMADE000000000000000000": webDone(async.Succeeded, &async.Result{Location: "https://x.example/"}, nil),
		"KNOWNFAILED0000000000000000": webDone(async.Failed, nil, &async.Failure{Code: "x"}),
	}
	for id, change := range states {
		b.put(webJob(id, change))
	}
	for _, route := range webRoutes {
		for _, extra := range [][]string{nil, {"Prefer", "wait=30"}, {"If-Match", `"7"`}, {"If-None-Match", `"9"`}, {"Last-Event-Id", "9"}} {
			header := append([]string{"X-Owner", "bob", "Accept", route.accept}, extra...)
			unknown := s.do(route.method, "/v1/jobs/UNKNOWN00000000000000000000"+route.suffix, "", header...).has(t, 404).bare()
			for id := range states {
				if got := s.do(route.method, "/v1/jobs/"+id+route.suffix, "", header...).bare(); got != unknown {
					t.Errorf("%s %s (%s %s):\n%s\nand an unknown one:\n%s", route.method, id, route.accept, extra, got, unknown)
				}
			}
		}
	}
	for id := range states {
		if status := b.jobs[id].Status; status == async.Canceled || status == async.Cancelling {
			t.Errorf("bob cancelled %s", id)
		}
	}
}

// An id that cannot be one is unknown, and the store is not asked.
func TestImpossibleIDIsUnknown(t *testing.T) {
	b := newWebBackend()
	s := newWeb(t, b, nil, nil)
	want := s.get("/v1/jobs/UNKNOWN").has(t, 404).bare()
	b.err = errWebSecret
	for _, id := range []string{"%00", "%FF", "a%2Fb", "a%20b", "%27", "a.b", "0123456789012345678901234567890123456789012345678901234567890123x"} {
		if got := s.get("/v1/jobs/" + id).bare(); got != want {
			t.Errorf("%s: %s", id, got)
		}
	}
}

func TestNobodyIsForbidden(t *testing.T) {
	b := newWebBackend()
	s := newWeb(t, b, nil, nil)
	s.define("export", "/exports", async.KindOptions{})
	b.put(webJob("a", nil))
	b.put(webJob("ownerless", func(job *async.Job) { job.Owner = "" }))
	for _, route := range webRoutes {
		for _, id := range []string{"a", "b", "ownerless"} {
			s.do(route.method, "/v1/jobs/"+id+route.suffix, "", "X-Owner", "", "Accept", route.accept).has(t, 403)
		}
	}
	s.get("/v1/jobs", "X-Owner", "").has(t, 403)
	s.do("POST", "/exports", `{"name":"x"}`, "X-Owner", "").has(t, 403)
	s.get("/v1/jobs/ownerless").has(t, 404)
}

func TestCapability(t *testing.T) {
	b := newWebBackend()
	s := newWeb(t, b, func(o *async.Options) { o.Owner, o.Capability, o.MaxOwned = nil, true, 1 }, nil)
	s.define("export", "/exports", async.KindOptions{})
	for range 2 {
		where := s.do("POST", "/exports", `{"name":"x"}`, "X-Owner", "").has(t, 202).Header.Get("Location")
		s.get(where, "X-Owner", "eve").has(t, 202)
	}
	s.get("/v1/jobs").has(t, 404)
	s.get("/v1/jobs/").has(t, 404)
	b.put(webJob("anas", nil)) // of a service that has owners
	s.get("/v1/jobs/anas").has(t, 404)
	for _, n := range b.submitted {
		if n.MaxOwned != n.MaxQueued || n.Owner != "" {
			t.Errorf("submitted for %q, with MaxOwned %d of %d", n.Owner, n.MaxOwned, n.MaxQueued)
		}
	}
}

// After its retention a job is 410 to its owner while the tombstone lives, then 404; to
// anybody else it is 404 all the time.
func TestRetention(t *testing.T) {
	clock := &webClock{now: webNow}
	m, err := async.NewMemory(async.MemoryOptions{Now: clock.Now})
	if err != nil {
		t.Fatal(err)
	}
	s := newWeb(t, m, func(o *async.Options) { o.Now, o.Retention, o.Tombstone = clock.Now, 2*time.Hour, 3*time.Hour }, nil)
	kind, err := async.Define(s.jobs, "export", func(context.Context, *async.Task, webIn) (string, error) { return "", nil })
	if err != nil {
		t.Fatal(err)
	}
	s.mux.Handle("POST /exports", kind)
	where := s.do("POST", "/exports", `{"name":"x"}`, "Idempotency-Key", "k").has(t, 202).Header.Get("Location")
	s.do("DELETE", where, "").has(t, 200)
	clock.add(2*time.Hour - time.Second)
	if got := s.get(where).has(t, 200).json(t)["expiresAt"]; got != "2026-03-04T07:06:07.89Z" {
		t.Errorf("expiresAt %v", got)
	}
	clock.add(time.Second)
	for _, route := range webRoutes {
		path := where + route.suffix
		a := s.do(route.method, path, "", "Accept", route.accept).has(t, 410)
		if route.method != "HEAD" && a.typ(t) != "job-expired" {
			t.Errorf("%s %s: %s", route.method, path, a.body)
		}
		s.do(route.method, path, "", "X-Owner", "bob", "Accept", route.accept).has(t, 404)
	}
	s.do("POST", "/exports", `{"name":"x"}`, "Idempotency-Key", "k").has(t, 202, "Location", where)
	clock.add(3*time.Hour - time.Second)
	s.get(where).has(t, 410)
	clock.add(time.Second)
	s.get(where).has(t, 404)
	if again := s.do("POST", "/exports", `{"name":"x"}`, "Idempotency-Key", "k").has(t, 202).Header.Get("Location"); again == where {
		t.Error("the key outlived its tombstone")
	}
}
