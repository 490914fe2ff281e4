package async_test

import (
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"strings"
	"testing"

	"github.com/forthright-http/forthright/async"
	"github.com/forthright-http/forthright/problem"
	"github.com/forthright-http/forthright/respond"
)

func TestDefineRefuses(t *testing.T) {
	s := newWeb(t, newWebBackend(), nil, nil)
	handle := newWebNothing
	define := func(jobs *async.Jobs, name string, h func(context.Context, *async.Task, async.None) (async.None, error), o ...async.KindOptions) error {
		_, err := async.Define(jobs, name, h, o...)
		return err
	}
	for _, name := range []string{"a", "export.v2_A-1", strings.Repeat("k", 64)} {
		if err := define(s.jobs, name, handle); err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
	for _, name := range []string{"", "a b", "a/b", "é", strings.Repeat("k", 65), "a"} {
		if err := define(s.jobs, name, handle); err == nil {
			t.Errorf("the kind %q is taken", name)
		}
	}
	if err := define(nil, "x", handle); err == nil {
		t.Error("a kind of no jobs")
	}
	if err := define(s.jobs, "x", nil); err == nil {
		t.Error("a kind without a handler")
	}
	if err := define(s.jobs, "x", handle, async.KindOptions{}, async.KindOptions{}); err == nil {
		t.Error("two options")
	}
	if err := define(s.jobs, "x", handle, async.KindOptions{MaxAttempts: -1}); err == nil {
		t.Error("a negative number of attempts")
	}
	type wrong struct {
		Name string `json:"name" validate:"nosuchrule"`
	}
	if _, err := async.Define(s.jobs, "x", func(context.Context, *async.Task, wrong) (async.None, error) { return async.None{}, nil }); err == nil {
		t.Error("an input with a rule that nobody knows")
	}
	s.run()
	webUntil(t, func() bool { return define(s.jobs, "late", handle) != nil })
}

// None needs no content, and looks at none.
func TestDefineNone(t *testing.T) {
	b := newWebBackend()
	s := newWeb(t, b, nil, nil)
	kind, err := async.Define(s.jobs, "none", newWebNothing)
	if err != nil {
		t.Fatal(err)
	}
	s.mux.Handle("POST /none", kind)
	s.do("POST", "/none", "").has(t, 202)
	if len(b.submitted) != 1 || string(b.submitted[0].Input) != `{}` {
		t.Errorf("submitted %+v", b.submitted)
	}
}

// Accept is what a handler of one's own returns, for an input that it made itself.
func TestAcceptInAHandler(t *testing.T) {
	b := newWebBackend()
	s := newWeb(t, b, nil, nil)
	export := s.define("export", "/exports", async.KindOptions{})
	s.mux.Handle("POST /shops/{shop}/exports", respond.Handle(func(r *http.Request) (respond.Response, error) {
		if r.PathValue("shop") == "closed" {
			return respond.Fail(problem.NotFound("There is no such shop."))
		}
		return export.Accept(r, webIn{Name: r.PathValue("shop")})
	}))
	s.do("POST", "/shops/7/exports", "", "Prefer", "respond-async").has(t, 202, "Preference-Applied", "respond-async", "Cache-Control", "no-store").varies(t, "Prefer")
	s.do("POST", "/shops/closed/exports", "").has(t, 404)
	s.do("POST", "/shops/7/exports", "", "Idempotency-Key", "a b").has(t, 400)
	s.do("POST", "/shops/7/exports", "", "X-Owner", "").has(t, 403)
	if len(b.submitted) != 1 || string(b.submitted[0].Input) != `{"name":"7"}` {
		t.Errorf("submitted %+v", b.submitted)
	}
}

func TestSubmitWithoutARequest(t *testing.T) {
	b := newWebBackend()
	s := newWeb(t, b, nil, nil)
	export := s.define("export", "/exports", async.KindOptions{})
	other := s.define("other", "/others", async.KindOptions{})
	ctx := context.Background()
	first, err := export.Submit(ctx, "ana", "nightly", webIn{"x"})
	if err != nil {
		t.Fatal(err)
	}
	if again, err := export.Submit(ctx, "ana", "nightly", webIn{"x"}); err != nil || again.ID != first.ID {
		t.Errorf("again: %v, %v", again.ID, err)
	}
	if _, err := export.Submit(ctx, "ana", "nightly", webIn{"y"}); !errors.Is(err, async.ErrKeyReused) || !errors.Is(err, async.KeyReused) {
		t.Errorf("another payload: %v", err)
	}
	if job, err := other.Submit(ctx, "ana", "nightly", webIn{"x"}); err != nil || job.ID == first.ID {
		t.Errorf("another kind: %v, %v", job.ID, err)
	}
	if job, err := export.Submit(ctx, "ana", "", webIn{"x"}); err != nil || job.ID == first.ID {
		t.Errorf("without a key: %v, %v", job.ID, err)
	}
	s.get("/v1/jobs/"+first.ID).has(t, 202)
}

func TestIDsAreLongAndRandom(t *testing.T) {
	b := newWebBackend()
	s := newWeb(t, b, nil, nil)
	export := s.define("export", "/exports", async.KindOptions{})
	seen := map[string]bool{}
	for range 100 {
		job, err := export.Submit(context.Background(), "ana", "", webIn{"x"})
		if err != nil || len(job.ID) < 26 || strings.Trim(job.ID, "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567") != "" || seen[job.ID] {
			t.Fatalf("id %q: %v", job.ID, err) // 26 characters of 5 bits are 130
		}
		seen[job.ID] = true
	}
}

// A client that accepts what the result will be is not refused before it is known.
func TestPOSTAcceptsTheFormOfTheResult(t *testing.T) {
	b := newWebBackend()
	s := newWeb(t, b, nil, nil)
	s.define("export", "/exports", async.KindOptions{})
	s.do("POST", "/exports", `{"name":"x"}`, "Accept", "text/csv").has(t, 202, "Content-Type", "application/json")
	answer := s.later("POST", "/exports", `{"name":"y"}`, "Accept", "text/csv", "Prefer", "wait=20")
	b.waiters(t, 1)
	b.put(webJob(b.order[1], webDone(async.Succeeded, &async.Result{Type: "text/csv", Body: []byte("1")}, nil)))
	(<-answer).has(t, 200, "Content-Type", "text/csv")
}

// All of it together, as a client meets it.
func TestFromSubmitToResult(t *testing.T) {
	m, err := async.NewMemory(async.MemoryOptions{})
	if err != nil {
		t.Fatal(err)
	}
	s := newWeb(t, m, nil, nil)
	steps := make(chan struct{})
	kind, err := async.Define(s.jobs, "export", func(ctx context.Context, task *async.Task, in webIn) (any, error) {
		task.Progress(1, 2)
		select {
		case <-steps:
		case <-ctx.Done():
			return nil, ctx.Err()
		}
		switch in.Name {
		case "csv":
			return async.Content{Type: "text/csv", Body: []byte("a,b\n")}, nil
		case "made":
			task.Location("https://api.example.com/v1/made/1")
		case "bad":
			return nil, problem.Conflict("There is no paper.")
		}
		return map[string]string{"name": in.Name}, nil
	})
	if err != nil {
		t.Fatal(err)
	}
	s.mux.Handle("POST /exports", kind)
	s.run()
	finish := func(name string) (where string, status webAnswer) {
		where = s.do("POST", "/exports", `{"name":"`+name+`"}`).has(t, 202).Header.Get("Location")
		steps <- struct{}{}
		webUntil(t, func() bool { status = s.get(where, "Prefer", "wait=5"); return status.StatusCode == 200 })
		return where, status
	}
	where, status := finish("json")
	if result, _ := json.Marshal(status.json(t)["result"]); string(result) != `{"name":"json"}` {
		t.Errorf("the result is %s", result)
	}
	s.get(where+"/result").has(t, 200, "Content-Type", "application/json")
	where, _ = finish("csv")
	s.get(where+"/result").has(t, 200, "Content-Type", "text/csv")
	where, _ = finish("made")
	s.get(where+"/result").has(t, 303, "Location", "https://api.example.com/v1/made/1")
	where, status = finish("bad")
	if failure, _ := status.json(t)["error"].(map[string]any); failure["message"] != "There is no paper." || failure["code"] == "" || failure["status"] != 409.0 {
		t.Errorf("the failure is %v", failure)
	}
	s.get(where+"/result").has(t, 409)

	where = s.do("POST", "/exports", `{"name":"stopped"}`).Header.Get("Location")
	webUntil(t, func() bool { return s.get(where).json(t)["status"] == "running" })
	s.do("DELETE", where, "", "Prefer", "wait=20").has(t, 200)
	if status := s.get(where).has(t, 200).json(t)["status"]; status != "canceled" {
		t.Errorf("it is %v", status)
	}
}
