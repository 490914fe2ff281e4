package main

import (
	"net/http"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/forthright-http/forthright/ratelimit"
)

// clock is a time that a test moves on.
type clock struct {
	mu  sync.Mutex
	now time.Time
}

func (c *clock) Now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.now
}

func (c *clock) advance(d time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.now = c.now.Add(d)
}

// newLimitedClient is newClient with rates, whose time is the clock's.
func newLimitedClient(t *testing.T, at *clock, rates ...string) *client {
	t.Helper()
	policies, err := ratelimit.ParsePolicies(rates...)
	if err != nil {
		t.Fatal(err)
	}
	store, err := ratelimit.NewMemory(ratelimit.MemoryOptions{Now: at.Now})
	if err != nil {
		t.Fatal(err)
	}
	return newClientWith(t, serviceOptions{Limits: limits{store, policies}})
}

// By principal: what a user does, by whatever scheme. Retry-After is true.
func TestContractOfLimits(t *testing.T) {
	at := &clock{now: time.Now()}
	c := newLimitedClient(t, at, "burst=4/20s", "hour=100/1h")
	bearer := "Bearer " + c.token(bothScopes)
	for i, tt := range []struct {
		authorization string
		status        int
		left          string
	}{
		{"", 200, `"burst";r=3;t=20, "hour";r=99;t=3600`},
		{bearer, 200, `"burst";r=2;t=20, "hour";r=98;t=3600`},
		{"", 200, `"burst";r=1;t=20, "hour";r=97;t=3600`},
		{bearer, 200, `"burst";r=0;t=5, "hour";r=96;t=3600`},
		{"", 429, `"burst";r=0;t=5`},
		{bearer, 429, `"burst";r=0;t=5`},
	} {
		header := []string{"Authorization", tt.authorization}
		if tt.authorization == "" {
			header = nil // ana, by Basic
		}
		res := c.do("GET", "/v1/orders", "", header...)
		if res.StatusCode != tt.status || res.Header.Get("RateLimit") != tt.left {
			t.Errorf("%d: %d %q", i, res.StatusCode, res.Header.Get("RateLimit"))
		}
		if got := res.Header.Get("RateLimit-Policy"); got != `"burst";q=4;w=20, "hour";q=100;w=3600` {
			t.Errorf("%d: %q", i, got)
		}
	}
	res := c.do("GET", "/v1/orders", "")
	problem := res.json(t)
	if problem["type"] != "https://iana.org/assignments/http-problem-types#quota-exceeded" || problem["violated-policies"].([]any)[0] != "burst" {
		t.Errorf("%s", res.body)
	}
	wait, err := strconv.Atoi(res.Header.Get("Retry-After"))
	if err != nil || wait < 5 || wait > 6 {
		t.Fatalf("Retry-After: %q", res.Header.Get("Retry-After"))
	}
	bob := c.do("POST", "/demo/token", `{"subject":"bob","scope":"orders:read"}`, "Authorization", "").json(t)["access_token"].(string)
	if res := c.do("GET", "/v1/orders", "", "Authorization", "Bearer "+bob); res.StatusCode != 200 {
		t.Errorf("bob: %d", res.StatusCode)
	}
	at.advance(4 * time.Second)
	if res := c.do("GET", "/v1/orders", ""); res.StatusCode != 429 {
		t.Errorf("a second too early: %d", res.StatusCode)
	}
	at.advance(time.Duration(wait-4) * time.Second)
	if res := c.do("GET", "/v1/orders", ""); res.StatusCode != 200 {
		t.Errorf("after Retry-After: %d", res.StatusCode)
	}
}

// Failed logins are counted by address; once they are used up, good credentials are
// refused too, until they refill.
func TestContractOfFailedLogins(t *testing.T) {
	at := &clock{now: time.Now()}
	c := newLimitedClient(t, at, "burst=3/30s")
	bad := []string{"Authorization", "Basic YW5hOng="}
	for range 20 { // good ones are given back, whoever sends them
		bob := c.do("POST", "/demo/token", `{"subject":"`+strconv.Itoa(int(time.Now().UnixNano()))+`","scope":"orders:read"}`, "Authorization", "").json(t)["access_token"].(string)
		if res := c.do("GET", "/v1/orders", "", "Authorization", "Bearer "+bob); res.StatusCode != 200 {
			t.Fatalf("a good token: %d %s", res.StatusCode, res.body)
		}
	}
	for i := range 3 {
		if res := c.do("GET", "/v1/orders", "", bad...); res.StatusCode != 401 || !strings.HasPrefix(res.Header.Get("RateLimit"), `"burst";r=`) {
			t.Errorf("%d: %d %v", i, res.StatusCode, res.Header)
		}
	}
	for _, header := range [][]string{bad, nil, {"Authorization", ""}} {
		if res := c.do("GET", "/v1/orders", "", header...); res.StatusCode != http.StatusTooManyRequests {
			t.Errorf("%v: %d", header, res.StatusCode)
		}
	}
	if res := c.do("GET", "/healthz", ""); res.StatusCode != 200 {
		t.Errorf("what is open to all: %d", res.StatusCode)
	}
	at.advance(11 * time.Second)
	if res := c.do("GET", "/v1/orders", ""); res.StatusCode != 200 {
		t.Errorf("later: %d", res.StatusCode)
	}
}

// The fields are on all of /v1.
func TestContractOfLimitFields(t *testing.T) {
	c := newLimitedClient(t, &clock{now: time.Now()}, "hour=1000/1h")
	path := c.create("limited")
	tag := c.do("GET", path, "").Header.Get("ETag")
	for _, tt := range []struct {
		method, path string
		header       []string
		status       int
	}{
		{"GET", path, nil, 200},
		{"HEAD", path, nil, 200},
		{"GET", path, []string{"If-None-Match", tag}, 304},
		{"GET", "/v1/orders/unknown", nil, 404},
		{"GET", "/v1/nowhere", nil, 404},
		{"OPTIONS", path, nil, 204},
		{"TRACE", path, nil, 405},
		{"GET", path, []string{"Authorization", ""}, 401},
		{"GET", path, []string{"Accept", "text/csv"}, 406},
		{"PUT", path, nil, 428},
	} {
		res := c.do(tt.method, tt.path, "", tt.header...)
		if res.StatusCode != tt.status || len(res.Header["Ratelimit"]) != 1 || len(res.Header["Ratelimit-Policy"]) != 1 {
			t.Errorf("%s %s: %d %v", tt.method, tt.path, res.StatusCode, res.Header)
		}
	}
}

func TestLimitFlags(t *testing.T) {
	for _, tt := range []struct {
		where string
		rates []string
		ok    bool
	}{
		{"memory", []string{"off"}, true},
		{"memory", []string{"burst=10/1s", "hour=1000/1h"}, true},
		{"redis://127.0.0.1:1/0", []string{"burst=10/1s"}, true}, // it need not be there
		{"redis://127.0.0.1:x", []string{"burst=10/1s"}, false},
		{"etcd://127.0.0.1", []string{"burst=10/1s"}, false},
		{"", []string{"burst=10/1s"}, false},
		{"memory", []string{"burst=10"}, false},
		{"memory", []string{"burst=10/1s", "burst=20/1s"}, false},
		{"memory", []string{"burst=10/1s", "off"}, false},
	} {
		l, err := newLimits(tt.where, tt.rates)
		if (err == nil) != tt.ok {
			t.Errorf("%v: %v", tt, err)
		}
		if err == nil {
			l.close()
		}
	}
}
