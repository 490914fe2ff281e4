package main

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"io"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
)

// A flag that makes no sense: the exit code 2, and one line that names it.
func TestFlags(t *testing.T) {
	t.Setenv("XDG_CACHE_HOME", t.TempDir())
	file := filepath.Join(t.TempDir(), "no-database")
	if err := os.WriteFile(file, bytes.Repeat([]byte("x"), 8<<10), 0o600); err != nil {
		t.Fatal(err)
	}
	for _, args := range [][]string{
		{"-unknown"}, {"argument"}, {"-drain", "-1s"}, {"-drain", "soon"},
		{"-public-url", "example.com"}, {"-public-url", "https://example.com/path"}, {"-public-url", "ftp://example.com"},
		{"-public-url", "http://h#"}, {"-public-url", "http://h?"}, {"-public-url", "http://h<y"}, {"-public-url", "http://é.com"},
		{"-public-url", "http://:80"}, {"-public-url", "http://h:99999"},
		{"-addr", ""}, {"-addr", "nope"}, {"-addr", "127.0.0.1:99999"}, {"-addr", "127.0.0.1:abc"},
		{"-jobs", "disk"}, {"-jobs", "sqlite"}, {"-jobs", "sqlite:"}, {"-jobs", "Memory"},
		{"-jobs", "sqlite:" + filepath.Dir(file)}, {"-jobs", "sqlite:" + file}, {"-jobs", "sqlite:" + file + "/orders"},
		{"-limits", "disk"}, {"-limits", ""}, {"-limits", "redis://127.0.0.1:x"}, {"-limits", "redis://127.0.0.1:1/x"},
		{"-rate", ""}, {"-rate", "burst"}, {"-rate", "=1/1s"}, {"-rate", "burst=0/1s"}, {"-rate", "burst=-1/1s"}, {"-rate", "burst=1/0s"}, {"-rate", "burst=1/soon"},
		{"-rate", "off", "-rate", "burst=1/1s"}, {"-rate", "burst=1/1s", "-rate", "burst=2/1s"},
	} {
		var stdout, stderr bytes.Buffer
		code := run(t.Context(), append([]string{"-addr", "127.0.0.1:0"}, args...), &stdout, &stderr)
		if code != 2 || stdout.Len() > 0 {
			t.Errorf("%v: exit code %d, want 2; standard output: %s", args, code, &stdout)
		}
		line := stderr.String()
		if strings.Count(line, "\n") != 1 || !strings.HasPrefix(line, "orders: ") || !strings.Contains(line, args[0]) {
			t.Errorf("%v: standard error: %s", args, line)
		}
	}
}

// The rates of a flag are those that are told.
func TestRateFlag(t *testing.T) {
	for _, tt := range []struct {
		args   []string
		policy string
	}{
		{nil, `"burst";q=20;w=1, "hour";q=5000;w=3600`},
		{[]string{"-rate", "few=3/1m"}, `"few";q=3;w=60`},
		{[]string{"-rate", "few=3/1m", "-rate", "day=9/24h"}, `"few";q=3;w=60, "day";q=9;w=86400`},
		{[]string{"-rate", "off"}, ""},
	} {
		p := start(t, append([]string{"-jobs", "memory", "-drain", "0"}, tt.args...)...)
		res := p.client.do("GET", "/v1/jobs", "")
		if got := res.Header.Get("RateLimit-Policy"); res.StatusCode != http.StatusOK || got != tt.policy {
			t.Errorf("%v: %d %s, want %s", tt.args, res.StatusCode, got, tt.policy)
		}
		if code := p.end(); code != 0 {
			t.Errorf("%v: the exit code is %d", tt.args, code)
		}
	}
}

// process is the service as its user starts it.
type process struct {
	client *client
	lines  []string // of standard output
	end    func() int
}

// start runs the service until end is called, or the test ends.
func start(t *testing.T, args ...string) *process {
	t.Helper()
	ctx, stop := context.WithCancel(t.Context())
	out, stdout := io.Pipe()
	var logs logBuffer
	exit := make(chan int, 1)
	go func() {
		code := run(ctx, append([]string{"-addr", "127.0.0.1:0"}, args...), stdout, &logs)
		stdout.Close()
		exit <- code
	}()
	p := &process{end: sync.OnceValue(func() int { stop(); return <-exit })}
	t.Cleanup(func() {
		p.end()
		if t.Failed() {
			t.Logf("standard error: %s", logs.String())
		}
	})
	for lines := bufio.NewScanner(out); lines.Scan(); {
		p.lines = append(p.lines, lines.Text())
		if strings.HasPrefix(lines.Text(), "try: ") { // the last one
			go io.Copy(io.Discard, out)
			break
		}
	}
	if len(p.lines) == 0 {
		t.Fatalf("it does not start: %s", logs.String())
	}
	base, ok := strings.CutPrefix(p.lines[0], "listening on ")
	if !ok || !strings.HasPrefix(base, "http://127.0.0.1:") {
		t.Fatalf("the first line is %q", p.lines[0])
	}
	p.client = &client{t, base, &logs}
	return p
}

// What it prints: where it listens, where the jobs are, and commands for a shell.
func TestStartLines(t *testing.T) {
	cache := t.TempDir()
	t.Setenv("XDG_CACHE_HOME", cache)
	p := start(t, "-drain", "0")
	other := start(t, "-drain", "0") // beside it
	kept := make(map[string]bool)
	for _, lines := range [][]string{p.lines, other.lines} {
		path, ok := strings.CutPrefix(lines[1], "jobs are kept in ")
		if _, err := os.Stat(path); !ok || err != nil || !strings.HasPrefix(path, cache) || kept[path] {
			t.Errorf("%q: %v", lines[1], err)
		}
		kept[path] = true
		if len(lines) != 4 || !strings.HasPrefix(lines[2], "a token: curl ") || !strings.HasPrefix(lines[3], "try: curl ") {
			t.Errorf("%q", lines)
		}
	}
	p.end()
	if again := start(t, "-drain", "0"); again.lines[1] != p.lines[1] {
		t.Errorf("%q after a restart, and %q before", again.lines[1], p.lines[1])
	}
	if p := start(t, "-drain", "0", "-jobs", "memory"); len(p.lines) != 3 {
		t.Errorf("%q", p.lines)
	}
}

func TestDrain(t *testing.T) {
	p := start(t, "-drain", "5s", "-jobs", "memory")
	base := p.client.base
	if got := health(t, base); got != http.StatusOK {
		t.Fatalf("health is %d", got)
	}
	code := make(chan int)
	go func() { code <- p.end() }()
	for health(t, base) == http.StatusOK { // until the signal has arrived
	}
	if got := health(t, base); got != http.StatusServiceUnavailable {
		t.Errorf("health is %d while draining, want 503", got)
	}
	if code := <-code; code != 0 {
		t.Errorf("the exit code is %d, want 0", code)
	}
}

// A shutdown does not wait for a long job: it takes no more, wakes who waits, and the
// job goes on after a restart with the same file.
func TestDrainOfJobs(t *testing.T) {
	jobs := "sqlite:" + filepath.Join(t.TempDir(), "jobs.sqlite")
	p := start(t, "-drain", "2s", "-jobs", jobs, "-rate", "off")
	c := p.client
	path := c.submit(`{"format":"csv","seconds":3}`)
	done := c.submit(`{"format":"csv","seconds":0}`)
	c.finished(done)
	for c.do("GET", path, "").json(t)["status"] != "running" {
	}
	waiting := make(chan exchange)
	go func() { waiting <- c.do("GET", path+"/result", "", "Prefer", "wait=20") }()
	code := make(chan int)
	go func() { code <- p.end() }()
	for health(t, c.base) == http.StatusOK {
	}
	res := c.do("POST", "/v1/exports", exported)
	if wait, err := strconv.Atoi(res.Header.Get("Retry-After")); res.StatusCode != http.StatusServiceUnavailable || err != nil || wait < 1 {
		t.Errorf("a new job while draining: %d %v %s", res.StatusCode, res.Header, res.body)
	}
	if res := <-waiting; res.StatusCode != http.StatusAccepted || res.Header.Get("Retry-After") == "" {
		t.Errorf("who waits is told %d %s", res.StatusCode, res.body)
	}
	if code := <-code; code != 0 {
		t.Errorf("the exit code is %d, want 0", code)
	}

	again := start(t, "-addr", strings.TrimPrefix(c.base, "http://"), "-drain", "2s", "-jobs", jobs, "-rate", "off").client // owners are of an issuer, which has the address
	if doc := again.do("GET", path, "").json(t); doc["finishedAt"] != nil {
		t.Fatalf("it was not interrupted: %v", doc)
	}
	doc := again.finished(path)
	if doc["status"] != "succeeded" || doc["attempt"] != 1.0 {
		t.Errorf("after the restart: %v", doc)
	}
	for _, path := range []string{path, done} {
		if res := again.do("GET", path+"/result", ""); res.StatusCode != http.StatusOK || !strings.HasPrefix(string(res.body), "id,") {
			t.Errorf("the result of %s: %d %s", path, res.StatusCode, res.body)
		}
	}
}

// A steady load keeps the service from ever being idle: no request that was
// taken is cut off all the same.
func TestDrainUnderLoad(t *testing.T) {
	p := start(t, "-drain", "4s", "-jobs", "memory")
	base, enough := p.client.base, make(chan struct{})
	var clients sync.WaitGroup
	var answered atomic.Int64
	for range 4 {
		clients.Go(func() {
			client := &http.Client{Transport: &http.Transport{DisableKeepAlives: true}}
			for {
				res, err := client.Get(base + "/demo/slow")
				if err != nil {
					var refused *net.OpError // or never taken: it waited in the listener's queue, or was read too late
					if !errors.Is(err, syscall.ECONNRESET) && !errors.Is(err, io.EOF) && (!errors.As(err, &refused) || refused.Op != "dial") {
						t.Errorf("a request was cut off: %v", err)
					}
					return
				}
				res.Body.Close()
				if answered.Add(1) == 4 {
					close(enough)
				}
			}
		})
	}
	<-enough
	if code := p.end(); code != 0 {
		t.Errorf("the exit code is %d, want 0", code)
	}
	clients.Wait()
	if taken := strings.Count(p.client.logs.String(), `"path":"/demo/slow"`); int64(taken) != answered.Load() {
		t.Errorf("%d requests were taken, and %d answered", taken, answered.Load())
	}
}

func health(t *testing.T, base string) int {
	t.Helper()
	res, err := http.Get(base + "/healthz")
	if err != nil {
		t.Fatal(err)
	}
	defer res.Body.Close()
	if res.StatusCode == http.StatusServiceUnavailable && res.Header.Get("Retry-After") == "" {
		t.Error("a 503 without Retry-After")
	}
	return res.StatusCode
}
