package main

import (
	"bufio"
	"net/http"
	"strconv"
	"strings"
	"testing"
)

// submit asks for an export and returns the address of its status.
func (c *client) submit(body string, header ...string) string {
	c.t.Helper()
	res := c.do("POST", "/v1/exports", body, header...)
	if res.StatusCode != http.StatusAccepted {
		c.t.Fatalf("POST /v1/exports: %d %s", res.StatusCode, res.body)
	}
	where := res.Header.Get("Location")
	if where != res.Header.Get("Operation-Location") || !strings.HasPrefix(where, c.base+"/v1/jobs/") {
		c.t.Errorf("Location %q, Operation-Location %q", where, res.Header.Get("Operation-Location"))
	}
	if wait, err := strconv.Atoi(res.Header.Get("Retry-After")); err != nil || wait < 1 || res.Header.Get("Cache-Control") != "no-store" {
		c.t.Errorf("Retry-After %q, Cache-Control %q", res.Header.Get("Retry-After"), res.Header.Get("Cache-Control"))
	}
	return strings.TrimPrefix(where, c.base)
}

// finished waits for the end of a job and returns its status document.
func (c *client) finished(path string) map[string]any {
	c.t.Helper()
	for range 10 {
		if res := c.do("GET", path, "", "Prefer", "wait=5"); res.StatusCode == http.StatusOK {
			return res.json(c.t)
		}
	}
	c.t.Fatalf("%s does not end", path)
	return nil
}

func TestContractOfAnExport(t *testing.T) {
	c := newClient(t)
	c.create("exported")
	path := c.submit(`{"format":"csv"}`)
	doc := c.finished(path)
	if doc["status"] != "succeeded" || doc["kind"] != "export" || c.base+path != doc["links"].(map[string]any)["self"] {
		t.Errorf("%v", doc)
	}
	res := c.do("GET", path+"/result", "")
	if res.StatusCode != 200 || !strings.HasPrefix(res.Header.Get("Content-Type"), "text/csv") {
		t.Fatalf("%d %v", res.StatusCode, res.Header)
	}
	lines := strings.Split(strings.TrimSpace(string(res.body)), "\n")
	if len(lines) != 2 || lines[0] != "id,reference,customer,currency,total,status" || !strings.HasSuffix(lines[1], ",exported,ana@example.com,EUR,25.00,open") {
		t.Errorf("%q", lines)
	}
	if res := c.do("DELETE", path, ""); res.StatusCode != 409 {
		t.Errorf("cancelling what has finished: %d", res.StatusCode)
	}
}

func TestContractOfJobs(t *testing.T) {
	c := newClient(t)
	failed := c.submit(`{"format":"csv","fail":true}`)
	running := c.submit(`{"format":"csv","seconds":60}`)
	doc := c.finished(failed)
	problem, _ := doc["error"].(map[string]any)
	if doc["status"] != "failed" || problem["code"] != "export-failed" || problem["message"] != "It was asked to fail." || problem["status"] != 409.0 || problem["type"] != c.base+"/problems/export-failed" {
		t.Errorf("%v", doc)
	}
	for _, tt := range []struct {
		name, method, path, body string
		header                   []string
		status                   int
	}{
		{"no credentials", "POST", "/v1/exports", `{"format":"csv"}`, []string{"Authorization", ""}, 401},
		{"another's scope", "POST", "/v1/exports", `{"format":"csv"}`, []string{"Authorization", "Bearer " + c.token(`,"scope":"orders:write"`)}, 403},
		{"no format", "POST", "/v1/exports", `{}`, nil, 400},
		{"another format", "POST", "/v1/exports", `{"format":"xml"}`, nil, 422},
		{"too long", "POST", "/v1/exports", `{"format":"csv","seconds":61}`, nil, 422},
		{"a key that is none", "POST", "/v1/exports", `{"format":"csv"}`, []string{"Idempotency-Key", `"`}, 400},
		{"it goes on", "GET", running, "", nil, 202},
		{"its result is pending", "GET", running + "/result", "", nil, 202},
		{"the result of what failed", "GET", failed + "/result", "", nil, 409},
		{"unknown", "GET", "/v1/jobs/unknown", "", nil, 404},
		{"nobody's", "GET", running, "", []string{"Authorization", ""}, 401},
		{"cancelling it", "DELETE", running, "", nil, 202},
		{"waiting for its end", "GET", running, "", []string{"Prefer", "wait=10"}, 200},
		{"the result of what was cancelled", "GET", running + "/result", "", nil, 409},
		{"all of them", "GET", "/v1/jobs", "", nil, 200},
	} {
		if res := c.do(tt.method, tt.path, tt.body, tt.header...); res.StatusCode != tt.status {
			t.Errorf("%s: %d %s", tt.name, res.StatusCode, res.body)
		}
	}
	bob := "Bearer " + c.do("POST", "/demo/token", `{"subject":"bob","scope":"orders:read"}`, "Authorization", "").json(t)["access_token"].(string)
	unknown := c.do("GET", "/v1/jobs/unknown", "", "Authorization", bob)
	for _, path := range []string{running, failed, failed + "/result"} {
		if res := c.do("GET", path, "", "Authorization", bob); res.StatusCode != 404 || string(res.body) != string(unknown.body) {
			t.Errorf("another's job: %d %s", res.StatusCode, res.body)
		}
	}
}

// A repetition of a request is answered with the job of the first.
func TestContractOfExportKeys(t *testing.T) {
	c := newClient(t)
	key := []string{"Idempotency-Key", `"8e03978e-40d5-43dd-bc93-6894a57f9324"`}
	first := c.submit(`{"format":"csv"}`, key...)
	if again := c.submit(`{"format": "csv"}`, key...); again != first {
		t.Errorf("%s and %s", first, again)
	}
	if other := c.submit(`{"format":"csv"}`); other == first {
		t.Error("without a key it is the same job")
	}
	if res := c.do("POST", "/v1/exports", `{"format":"csv","seconds":1}`, key...); res.StatusCode != 422 {
		t.Errorf("another payload: %d", res.StatusCode)
	}
	if res := c.do("POST", "/v1/exports", `{"format":"csv"}`, "Prefer", "wait=10"); res.StatusCode != 200 || res.Header.Get("Preference-Applied") != "wait=10" || !strings.HasPrefix(string(res.body), "id,") {
		t.Errorf("waiting: %d %v", res.StatusCode, res.Header)
	}
}

// The stream ends with the job.
func TestContractOfJobStream(t *testing.T) {
	c := newClient(t)
	path := c.submit(`{"format":"csv","seconds":1}`)
	r, _ := http.NewRequestWithContext(t.Context(), "GET", c.base+path, nil)
	r.SetBasicAuth(demoUser, demoPassword)
	r.Header.Set("Accept", "text/event-stream")
	res, err := http.DefaultTransport.RoundTrip(r)
	if err != nil {
		t.Fatal(err)
	}
	defer res.Body.Close()
	if got := res.Header.Get("Content-Type"); got != "text/event-stream" {
		t.Errorf("Content-Type %q", got)
	}
	var last, id string
	for lines := bufio.NewScanner(res.Body); lines.Scan(); {
		if data, ok := strings.CutPrefix(lines.Text(), "data: "); ok {
			last = data
		}
		if value, ok := strings.CutPrefix(lines.Text(), "id: "); ok {
			id = value
		}
	}
	if !strings.Contains(last, `"status":"succeeded"`) {
		t.Errorf("the last event: %s", last)
	}
	if res := c.do("GET", path, "", "Accept", "text/event-stream", "Last-Event-ID", id); res.StatusCode != 204 {
		t.Errorf("once more: %d %s", res.StatusCode, res.body)
	}
	if res := c.do("GET", path, "", "Accept", "text/html"); res.StatusCode != 200 || !strings.Contains(string(res.body), "<title>") {
		t.Errorf("the page: %d %s", res.StatusCode, res.body)
	}
}
