package main

import (
	"bufio"
	"context"
	"crypto/rand"
	"net/http"
	"os"
	"os/exec"
	"strings"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/forthright-http/forthright/ratelimit"
)

// contractOnPostgres makes the tests of the contract run with their jobs and orders in
// PostgreSQL.
const contractOnPostgres = "ORDERS_CONTRACT_ON_POSTGRES"

// postgresURL is the URL of a schema of the test's own.
func postgresURL(t *testing.T) string {
	t.Helper()
	url := os.Getenv("FORTHRIGHT_POSTGRES_URL")
	switch {
	case url == "" && os.Getenv("FORTHRIGHT_REQUIRE_SERVICES") == "1":
		t.Fatal("FORTHRIGHT_POSTGRES_URL is not set")
	case url == "":
		t.Skip("FORTHRIGHT_POSTGRES_URL is not set: no test with PostgreSQL")
	}
	schema := "orders_" + strings.ToLower(rand.Text())
	exec := func(sql string) {
		db, err := pgx.Connect(context.Background(), url)
		if err == nil {
			_, err = db.Exec(context.Background(), sql)
			_ = db.Close(context.Background())
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	exec("CREATE SCHEMA " + schema)
	t.Cleanup(func() { exec("DROP SCHEMA " + schema + " CASCADE") })
	if strings.Contains(url, "?") {
		return url + "&search_path=" + schema
	}
	return url + "?search_path=" + schema
}

// onPostgres opens what a process of the service has there.
func onPostgres(t *testing.T, url string, o serviceOptions) serviceOptions {
	t.Helper()
	b, err := openPostgres(t.Context(), url)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := b.close(); err != nil {
			t.Error(err)
		}
	})
	o.Backend, o.Orders, o.Secret = b.Backend, b.orders, b.secret
	return o
}

// TestPostgresContract runs the contract once more, with everything in PostgreSQL.
func TestPostgresContract(t *testing.T) {
	postgresURL(t)
	if testing.Short() {
		t.Skip("-short")
	}
	ctx, cancel := context.WithTimeout(t.Context(), 3*time.Minute)
	defer cancel()
	c := exec.CommandContext(ctx, os.Args[0], "-test.run=^TestContract")
	c.Env = append(os.Environ(), contractOnPostgres+"=1")
	if out, err := c.CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
}

// TestTwoProcesses: what one process was asked for, another answers for.
func TestTwoProcesses(t *testing.T) {
	url := postgresURL(t)
	limits := limits{policies: []ratelimit.Policy{{Name: "hour", Quota: 1e6, Window: time.Hour}}}
	var err error
	if limits.store, err = ratelimit.NewMemory(ratelimit.MemoryOptions{}); err != nil {
		t.Fatal(err)
	}
	web := newClientWith(t, onPostgres(t, url, serviceOptions{Workers: -1, Limits: limits}))
	o := onPostgres(t, url, serviceOptions{Limits: limits})
	o.PublicURL = web.base
	other := newClientWith(t, o)

	// Orders, the places in their list, and keys of requests.
	for _, reference := range []string{"1", "2", "3"} {
		web.create(reference)
	}
	page := web.do("GET", "/v1/orders?limit=2", "")
	next := links(page)["next"]
	if res := other.do("GET", next, ""); next == "" || res.StatusCode != 200 || len(res.json(t)["orders"].([]any)) != 1 {
		t.Errorf("the second page of the other: %q %d %s", next, res.StatusCode, res.body)
	}
	first := web.do("POST", "/v1/orders", strings.Replace(demoOrder, "web-1", "once", 1), "Idempotency-Key", "k")
	again := other.do("POST", "/v1/orders", strings.Replace(demoOrder, "web-1", "once", 1), "Idempotency-Key", "k")
	if first.StatusCode != 201 || again.StatusCode != 201 || first.Header.Get("Location") != again.Header.Get("Location") || again.Header.Get("Idempotent-Replayed") != "true" {
		t.Errorf("a repetition at the other: %d %v, then %d %v", first.StatusCode, first.Header, again.StatusCode, again.Header)
	}
	// A token.
	token := web.do("POST", "/demo/token", demoTokenRequest, "Authorization", "").json(t)["access_token"].(string)
	if res := other.do("GET", "/v1/orders", "", "Authorization", "Bearer "+token); res.StatusCode != 200 {
		t.Errorf("a token at the other: %d %s", res.StatusCode, res.body)
	}
	// A job, which the other runs: its result there is what was asked for here.
	path := web.submit(`{"format":"csv"}`)
	if doc := web.finished(path); doc["status"] != "succeeded" {
		t.Errorf("%v", doc)
	}
	res := other.do("GET", path+"/result", "")
	if lines := strings.Count(string(res.body), "\n"); res.StatusCode != http.StatusOK || lines != 5 {
		t.Errorf("the result at the other: %d %s", res.StatusCode, res.body)
	}
	// A job that the other is asked to cancel.
	path = web.submit(`{"format":"csv","seconds":60}`)
	events := web.listen(path)
	events("running")
	if res := other.do("DELETE", path, ""); res.StatusCode != http.StatusAccepted && res.StatusCode != http.StatusOK {
		t.Errorf("DELETE at the other: %d %s", res.StatusCode, res.body)
	}
	events("canceled")
}

// listen opens the stream of a job. What it returns reads on until the job has a
// status.
func (c *client) listen(path string) func(status string) {
	c.t.Helper()
	r, err := http.NewRequestWithContext(c.t.Context(), "GET", c.base+path, nil)
	if err != nil {
		c.t.Fatal(err)
	}
	r.SetBasicAuth(demoUser, demoPassword)
	r.Header.Set("Accept", "text/event-stream")
	res, err := http.DefaultClient.Do(r)
	if err != nil {
		c.t.Fatal(err)
	}
	c.t.Cleanup(func() { res.Body.Close() })
	lines := bufio.NewScanner(res.Body)
	return func(status string) {
		c.t.Helper()
		for lines.Scan() {
			if strings.HasPrefix(lines.Text(), "data: ") && strings.Contains(lines.Text(), `"status":"`+status+`"`) {
				return
			}
		}
		c.t.Fatalf("the stream ended before the job was %s: %v", status, lines.Err())
	}
}
