package async_test

import (
	"encoding/json"
	"maps"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/forthright-http/forthright/async"
)

// Each member of the status document, as the specification names it.
func TestDocumentMembers(t *testing.T) {
	b := newWebBackend()
	s := newWeb(t, b, nil, nil)
	zone := time.FixedZone("", 2*3600)
	const self = webURL + "/a"
	created := map[string]any{
		"id": "a", "kind": "export", "createdAt": "2026-03-04T05:06:04.89Z", "startedAt": "2026-03-04T05:06:05.89Z",
		"updatedAt": "2026-03-04T05:06:06.89Z", "attempt": 1.0,
	}
	with := func(members map[string]any) map[string]any {
		all := maps.Clone(created)
		maps.Copy(all, members)
		maps.DeleteFunc(all, func(_ string, v any) bool { return v == nil })
		return all
	}
	finished := map[string]any{"finishedAt": "2026-03-04T05:06:07.89Z", "expiresAt": "2026-03-05T05:06:07.89Z"}
	done := func(members map[string]any) map[string]any { return webBoth(finished, with(members)) }
	for _, c := range []struct {
		name   string
		change func(*async.Job)
		want   map[string]any
	}{
		{"queued", func(job *async.Job) {
			job.Status, job.Position, job.Attempt, job.Started = async.Queued, 3, 0, time.Time{}
		}, with(map[string]any{"status": "queued", "queuePosition": 3.0, "attempt": 0.0, "startedAt": nil,
			"links": map[string]any{"self": self, "cancel": self + "/cancel"}})},
		{"running", nil, with(map[string]any{"status": "running", "links": map[string]any{"self": self, "cancel": self + "/cancel"}})},
		{"progress", func(job *async.Job) {
			job.Progress = async.Progress{Done: 1, Total: 3, Message: "<b>"}
		}, with(map[string]any{"status": "running", "progress": map[string]any{"percent": 33.0, "done": 1.0, "total": 3.0, "message": "<b>"},
			"links": map[string]any{"self": self, "cancel": self + "/cancel"}})},
		{"progress without a total", func(job *async.Job) {
			job.Progress = async.Progress{Done: 5}
		}, with(map[string]any{"status": "running", "progress": map[string]any{"done": 5.0}, "links": map[string]any{"self": self, "cancel": self + "/cancel"}})},
		{"progress at 0", func(job *async.Job) {
			job.Progress = async.Progress{Total: 5}
		}, with(map[string]any{"status": "running", "progress": map[string]any{"percent": 0.0, "done": 0.0, "total": 5.0},
			"links": map[string]any{"self": self, "cancel": self + "/cancel"}})},
		{"cancelling", func(job *async.Job) { job.Status = async.Cancelling },
			with(map[string]any{"status": "cancelling", "links": map[string]any{"self": self, "cancel": self + "/cancel"}})},
		{"another zone", func(job *async.Job) { job.Created = job.Created.In(zone) },
			with(map[string]any{"status": "running", "links": map[string]any{"self": self, "cancel": self + "/cancel"}})},
		{"result", webDone(async.Succeeded, &async.Result{Type: "application/json", Body: []byte(`{"n":1}`)}, nil),
			done(map[string]any{"status": "succeeded", "result": map[string]any{"n": 1.0}, "links": map[string]any{"self": self, "result": self + "/result"}})},
		{"result that is no JSON", webDone(async.Succeeded, &async.Result{Type: "text/csv", Body: []byte(`1`)}, nil),
			done(map[string]any{"status": "succeeded", "links": map[string]any{"self": self, "result": self + "/result"}})},
		{"result that says it is JSON", webDone(async.Succeeded, &async.Result{Type: "application/json", Body: []byte(`{`)}, nil),
			done(map[string]any{"status": "succeeded", "links": map[string]any{"self": self, "result": self + "/result"}})},
		{"large result", webDone(async.Succeeded, &async.Result{Type: "application/json", Body: []byte(`"` + strings.Repeat("x", 20<<10) + `"`)}, nil),
			done(map[string]any{"status": "succeeded", "links": map[string]any{"self": self, "result": self + "/result"}})},
		{"resource", webDone(async.Succeeded, &async.Result{Location: "https://x.example/y?z=1"}, nil),
			done(map[string]any{"status": "succeeded", "resourceLocation": "https://x.example/y?z=1", "links": map[string]any{"self": self, "result": self + "/result"}})},
		{"resource of this origin", webDone(async.Succeeded, &async.Result{Location: "/orders/1"}, nil),
			done(map[string]any{"status": "succeeded", "resourceLocation": "https://api.example.com/orders/1", "links": map[string]any{"self": self, "result": self + "/result"}})},
		{"failed", webDone(async.Failed, nil, &async.Failure{Code: "timed_out", Message: "Too long.", Problem: json.RawMessage(`{"type":"about:blank","status":504}`)}),
			done(map[string]any{"status": "failed", "error": map[string]any{"type": "about:blank", "status": 504.0, "code": "timed_out", "message": "Too long."},
				"links": map[string]any{"self": self}})},
		{"canceled", webDone(async.Canceled, nil, nil), done(map[string]any{"status": "canceled", "links": map[string]any{"self": self}})},
	} {
		b.put(webJob("a", c.change))
		got := s.get("/v1/jobs/a", "Host", "evil.example").json(t)
		if !webEqual(got, c.want) {
			t.Errorf("%s:\n got %v\nwant %v", c.name, got, c.want)
		}
	}
}

func webBoth(a, b map[string]any) map[string]any {
	all := maps.Clone(a)
	maps.Copy(all, b)
	return all
}

func webEqual(a, b any) bool {
	x, _ := json.Marshal(a)
	y, _ := json.Marshal(b)
	return string(x) == string(y)
}

// What clients that poll look for: a string "status" at the top level, whose final
// values they know, and error.code.
func TestDocumentForPollers(t *testing.T) {
	b := newWebBackend()
	s := newWeb(t, b, nil, nil)
	for _, status := range []async.Status{async.Succeeded, async.Failed, async.Canceled} {
		b.put(webJob("a", webDone(status, nil, nil)))
		if got := s.get("/v1/jobs/a").has(t, 200).json(t)["status"]; got != string(status) {
			t.Errorf("status %v", got)
		}
	}
	if got := []async.Status{async.Succeeded, async.Failed, async.Canceled}; !slices.Equal(got, []async.Status{"succeeded", "failed", "canceled"}) {
		t.Errorf("the final states are %v", got)
	}
}

// The members stand in the order of the specification.
func TestDocumentOrder(t *testing.T) {
	b := newWebBackend()
	s := newWeb(t, b, nil, nil)
	b.put(webJob("a", func(job *async.Job) {
		webDone(async.Succeeded, &async.Result{Type: "application/json", Body: []byte(`1`), Location: "https://x.example/"}, &async.Failure{})(job)
		job.Position, job.Progress = 1, async.Progress{Done: 1, Total: 1}
	}))
	body := s.get("/v1/jobs/a").body
	last := -1
	for _, name := range []string{"id", "kind", "status", "createdAt", "startedAt", "updatedAt", "finishedAt", "expiresAt", "attempt", "progress",
		"queuePosition", "result", "resourceLocation", "error", "links"} {
		at := strings.Index(body, `"`+name+`":`)
		if at <= last {
			t.Errorf("%s is at %d, before or at %d: %s", name, at, last, body)
		}
		last = at
	}
}
