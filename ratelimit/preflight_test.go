package ratelimit_test

import (
	"net/http"
	"testing"

	"github.com/forthright-http/forthright/ratelimit"
)

// A preflight request passes and is not charged; any other OPTIONS is.
func TestPreflightIsNotCharged(t *testing.T) {
	asks := func(fields ...string) func(*http.Request) {
		return func(r *http.Request) {
			r.Method = "OPTIONS"
			for i := 0; i < len(fields); i += 2 {
				r.Header.Set(fields[i], fields[i+1])
			}
		}
	}
	origin, method := "Origin", "Access-Control-Request-Method"
	for name, c := range map[string]struct {
		change func(*http.Request)
		left   int64
	}{
		"preflight":           {asks(origin, "https://a.example", method, "PUT"), 10},
		"plain OPTIONS":       {asks(), 9},
		"without Origin":      {asks(method, "PUT"), 9},
		"without a method":    {asks(origin, "https://a.example"), 9},
		"with credentials":    {asks(origin, "https://a.example", method, "PUT", "Authorization", "Bearer a"), 9},
		"of another method":   {func(r *http.Request) { asks(origin, "https://a.example", method, "PUT")(r); r.Method = "GET" }, 9},
		"in an exhausted one": {asks(origin, "https://a.example", method, "PUT"), 0},
	} {
		l := httpLimiter(t, newHTTPClock(), ratelimit.Options{Policies: policiesOf(tenPerHour)})
		if c.left == 0 {
			if _, err := l.Take(t.Context(), "192.0.2.1", 10); err != nil {
				t.Fatal(err)
			}
		}
		w := httpServe(l.Handler(httpStatus(204)), c.change)
		httpCode(t, w, 204)
		if v, err := l.Peek(t.Context(), "192.0.2.1"); err != nil || v.Decisions[0].Remaining != c.left {
			t.Errorf("%s: %+v, %v", name, v, err)
		}
	}
}
