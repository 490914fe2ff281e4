package main

import (
	"net/http"
	"sync"
	"sync/atomic"
	"testing"
)

// An Idempotency-Key replays the first answer: there is one order.
func TestContractOfOrderKeys(t *testing.T) {
	c := newClient(t)
	key := []string{"Idempotency-Key", `"a-key"`}
	first := c.do("POST", "/v1/orders", order("once"), key...)
	if first.StatusCode != http.StatusCreated {
		t.Fatalf("%d %s", first.StatusCode, first.body)
	}
	for range 3 {
		again := c.do("POST", "/v1/orders", order("once"), key...)
		if again.StatusCode != http.StatusCreated || string(again.body) != string(first.body) || again.Header.Get("Location") != first.Header.Get("Location") || again.Header.Get("ETag") != first.Header.Get("ETag") {
			t.Errorf("%d %v %s", again.StatusCode, again.Header, again.body)
		}
	}
	for _, tt := range []struct {
		name, body string
		header     []string
		status     int
	}{
		{"another order", order("other"), key, 422},
		{"another key", order("once"), []string{"Idempotency-Key", `"b-key"`}, 409},
		{"the 409 again", order("once"), []string{"Idempotency-Key", `"b-key"`}, 409},
		{"without a key", order("once"), nil, 409},
		{"a key that is none", order("x"), []string{"Idempotency-Key", `"a`}, 400},
		{"another's key", order("once"), append([]string{"Authorization", "Bearer " + c.do("POST", "/demo/token", `{"subject":"bob","scope":"orders:write"}`, "Authorization", "").json(t)["access_token"].(string)}, key...), 201},
	} {
		if res := c.do("POST", "/v1/orders", tt.body, tt.header...); res.StatusCode != tt.status {
			t.Errorf("%s: %d %s", tt.name, res.StatusCode, res.body)
		}
	}
	var created atomic.Int64
	var all sync.WaitGroup
	for range 16 {
		all.Go(func() {
			switch res := c.do("POST", "/v1/orders", order("many"), "Idempotency-Key", `"c-key"`); res.StatusCode {
			case http.StatusCreated:
				created.Add(1)
			case http.StatusConflict: // the first is still being worked on
			default:
				t.Errorf("%d %s", res.StatusCode, res.body)
			}
		})
	}
	all.Wait()
	if n := len(c.do("GET", "/v1/orders", "").json(t)["orders"].([]any)); created.Load() == 0 || n != 2 {
		t.Errorf("%d answers, %d orders", created.Load(), n)
	}
}
