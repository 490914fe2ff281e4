package main

import (
	"net/http"
	"strings"
	"testing"
	"time"
)

// plenty is a rate that no test uses up, so that each answer has the fields.
const plenty = "plenty=100000000/1h"

// plentiful are limits of that rate.
func plentiful(t *testing.T) limits {
	t.Helper()
	l, err := newLimits("memory", []string{plenty})
	if err != nil {
		t.Fatal(err)
	}
	return l
}

// limits asks once more than is allowed, as one who is known and as one who is not.
func (w *witness) limits(t *testing.T) {
	for name, header := range map[string][]string{"by principal": nil, "by address": {"Authorization", "Bearer a.b.c"}} {
		t.Run(name, func(t *testing.T) {
			w.client = newLimitedClient(t, &clock{now: time.Now()}, "few=1/1h")
			w.client.do("GET", "/v1/orders", "", header...)
			for _, op := range operations(t, w.doc) {
				res := w.check(t, op.method, strings.Replace(op.path, "{id}", "unknown", 1), "", header...)
				if got := res.StatusCode == http.StatusTooManyRequests; got != isLimited(op.path) {
					t.Errorf("%s %s: %d %s", op.method, op.path, res.StatusCode, res.body)
				}
				if isLimited(op.path) && res.Header.Get("RateLimit") != `"few";r=0;t=3600` {
					t.Errorf("%s %s: RateLimit: %s", op.method, op.path, res.Header.Get("RateLimit"))
				}
			}
		})
	}
}

// Without limits there are no fields.
func TestNoLimits(t *testing.T) {
	c := newClient(t)
	for _, header := range [][]string{nil, nobody} {
		res := c.do("GET", "/v1/orders", "", header...)
		for _, name := range []string{"RateLimit", "RateLimit-Policy", "Retry-After"} {
			if got := res.Header.Get(name); got != "" {
				t.Errorf("%d has %s: %s", res.StatusCode, name, got)
			}
		}
	}
}
