package clients_test

import (
	"context"
	"encoding/json"
	"net/http"
	"os/exec"
	"strings"
	"testing"
	"time"

	"github.com/forthright-http/forthright/async"
)

// command runs a program, and returns what it prints.
func command(t *testing.T, name string, args ...string) string {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 30*time.Second)
	defer cancel()
	out, err := exec.CommandContext(ctx, name, args...).Output()
	if err != nil {
		var said []byte
		if exit, ok := err.(*exec.ExitError); ok {
			said = exit.Stderr
		}
		t.Fatalf("%s: %v: %s", name, err, said)
	}
	return string(out)
}

// post submits an order, not by curl.
func post(t *testing.T, s *service) {
	t.Helper()
	res, err := http.Post(s.url+"/v1/exports", "application/json", strings.NewReader(`{"name":"a"}`))
	if err != nil {
		t.Fatal(err)
	}
	res.Body.Close()
	if res.StatusCode != 202 {
		t.Fatalf("an order was answered by %s", res.Status)
	}
}

// listed are all jobs, asked for not by curl.
func listed(t *testing.T, s *service) []state {
	t.Helper()
	res, err := http.Get(s.url + "/v1/jobs")
	if err != nil {
		t.Fatal(err)
	}
	defer res.Body.Close()
	var list struct {
		Jobs []state `json:"jobs"`
	}
	if err := json.NewDecoder(res.Body).Decode(&list); err != nil {
		t.Fatal(err)
	}
	return list.Jobs
}

// curl --retry waits as long as the 503 of a full queue asks for, and is then accepted.
func TestCurlQueueIsFull(t *testing.T) {
	t.Parallel()
	curl := program(t, "curl")
	room := make(chan struct{})
	s, _ := listen(t, func(ctx context.Context, _ *async.Task, _ order) (report, error) {
		select {
		case <-room:
		case <-ctx.Done():
		}
		return report{Rows: 12}, nil
	}, func(o *async.Options) { o.MaxQueued = 1 })
	s.run(t)
	post(t, s)
	go func() { // there is room once it was refused
		for len(s.seen(func(v visit) bool { return v.status == 503 })) == 0 && t.Context().Err() == nil {
			time.Sleep(time.Millisecond)
		}
		close(room)
	}()
	status := command(t, curl, "--noproxy", "*", "-sS", "--retry", "3", "-o", t.TempDir()+"/answer", "-w", "%{http_code}",
		"-H", "Idempotency-Key: \"k1\"", "-H", "Content-Type: application/json", "-d", `{"name":"b"}`, s.url+"/v1/exports")
	visits := s.seen(all)
	sent(t, visits, 202, 503, 202)
	asked := visits[1].retryAfter
	if waited := visits[2].began.Sub(visits[1].began); status != "202" || asked < time.Second || waited < asked {
		t.Errorf("curl ended with %s; it waited %v, asked for %v", status, waited, asked)
	}
}

// A 202 that is lost on its way is asked for again with the same key: it is one job.
func TestCurlAnswerIsLost(t *testing.T) {
	t.Parallel()
	curl := program(t, "curl")
	s, _ := listen(t, func(context.Context, *async.Task, order) (report, error) { return report{Rows: 12}, nil }, nil)
	s.lose.Store(true)
	answer := command(t, curl, "--noproxy", "*", "-sS", "--retry", "2", "--retry-all-errors",
		"-H", "Idempotency-Key: \"k2\"", "-H", "Content-Type: application/json", "-d", `{"name":"b"}`, s.url+"/v1/exports")
	sent(t, s.seen(all), 202, 202)
	var told state
	if err := json.Unmarshal([]byte(answer), &told); err != nil {
		t.Fatal(err)
	}
	if jobs := listed(t, s); len(jobs) != 1 || jobs[0].Links.Self != told.Links.Self {
		t.Errorf("there are the jobs %+v, and curl was told %q", jobs, answer)
	}
}

// polls is what a shell needs: it prints the result of an order.
const polls = `
set -eu
field() { sed -n "s/^$1: *\([^[:cntrl:]]*\).*/\1/Ip" "$2/head"; }
ask() { curl --noproxy '*' -sS -D "$dir/head" -o "$dir/body" -w '%{http_code}' "$@"; }
dir=$2
code=$(ask -H 'Content-Type: application/json' -d '{"name":"b"}' "$1/v1/exports")
url=$(field Location "$dir")
while [ "$code" = 202 ]; do
	sleep "$(field Retry-After "$dir")"
	code=$(ask "$url")
done
curl --noproxy '*' -fsSL "$url/result"
`

// A loop in a shell polls as Retry-After says, and fetches the result: through a 303.
func TestCurlPolls(t *testing.T) {
	t.Parallel()
	sh := program(t, "sh")
	program(t, "curl")
	program(t, "sed")
	var s *service
	polled := func() bool { return len(s.seen(func(v visit) bool { return v.method == "GET" })) > 0 }
	s, _ = listen(t, func(ctx context.Context, task *async.Task, o order) (report, error) {
		task.Location("/v1/reports/7")
		for o.Name == "b" && !polled() && ctx.Err() == nil {
			time.Sleep(time.Millisecond)
		}
		return report{}, nil
	}, nil)
	s.run(t)
	post(t, s) // by which it is known that these are quick: Retry-After is small
	until(t, "the first job is over", func() bool {
		return listed(t, s)[0].Status == "succeeded"
	})
	s.mu.Lock()
	s.visits = nil
	s.mu.Unlock()
	if out := command(t, sh, "-c", polls, "sh", s.url, t.TempDir()); strings.TrimSpace(out) != `{"rows":12}` {
		t.Errorf("the result is %q", out)
	}
	visits := s.seen(all)
	sent(t, visits, 202, 202, 200, 303, 200)
	for i := range 2 {
		if asked, waited := visits[i].retryAfter, visits[i+1].began.Sub(visits[i].began); asked < time.Second || waited < asked {
			t.Errorf("after answer %d it waited %v, asked for %v", i, waited, asked)
		}
	}
}
