package async_test

import (
	"net/http"
	"testing"

	"github.com/forthright-http/forthright/async"
	"github.com/forthright-http/forthright/respond"
)

// When Run is to end, new jobs are refused before anything is kept, and requests that
// wait are woken with what is true.
func TestDraining(t *testing.T) {
	b := newWebBackend()
	s := newWeb(t, b, nil, nil)
	export := s.define("export", "/exports", async.KindOptions{})
	s.mux.Handle("POST /own", respond.Handle(func(r *http.Request) (respond.Response, error) { return export.Accept(r, webIn{"x"}) }))
	b.put(webJob("a", nil))
	stop := s.run()
	s.do("POST", "/exports", `{"name":"x"}`, "Idempotency-Key", "k").has(t, 202)
	poll := s.later("GET", "/v1/jobs/a", "", "Prefer", "wait=60")
	result := s.later("GET", "/v1/jobs/a/result", "", "Prefer", "wait=60")
	post := s.later("POST", "/exports", `{"name":"y"}`, "Prefer", "wait=60")
	events := s.stream("/v1/jobs/a")
	events.event("state", "7")
	b.waiters(t, 4)
	stop()
	// RFC 7240 §3: a preference that was not honoured is not named.
	(<-poll).has(t, 202, "ETag", `"7"`, "Preference-Applied", "").retryAfter(t, 1, 33)
	(<-result).has(t, 202, "Preference-Applied", "").retryAfter(t, 1, 33)
	(<-post).has(t, 202, "Location", "*", "Preference-Applied", "").retryAfter(t, 1, 33)
	events.ends() // in good order: the client connects again
	kept := len(b.submitted)
	for _, c := range []struct{ body, key string }{{`{"name":"z"}`, "l"}, {`{"name":"x"}`, "k"}, {`{"name":`, "l"}} {
		s.do("POST", "/exports", c.body, "Idempotency-Key", c.key).has(t, 503, "Content-Type", "application/problem+json").retryAfter(t, 1, 60)
	}
	s.do("POST", "/own", "").has(t, 503).retryAfter(t, 1, 60)
	if len(b.submitted) != kept {
		t.Errorf("%d jobs were kept while it drained", len(b.submitted)-kept)
	}
	// What there is can still be read and cancelled, without waiting.
	s.get("/v1/jobs/a", "Prefer", "wait=60").has(t, 202)
	s.get("/v1/jobs").has(t, 200)
	s.do("DELETE", "/v1/jobs/a", "").has(t, 202)
}
