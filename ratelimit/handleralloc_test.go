//go:build !race

package ratelimit_test

import (
	"net/http"
	"net/http/httptest"
	"testing"
	"time"

	"github.com/forthright-http/forthright/ratelimit"
)

// allocWriter has a header whose map has grown already, and is empty for each request.
type allocWriter struct{ h http.Header }

func (w *allocWriter) Header() http.Header         { return w.h }
func (w *allocWriter) Write(b []byte) (int, error) { return len(b), nil }
func (w *allocWriter) WriteHeader(int)             {}

// The whole middleware with both fields of the draft: the key, the line of RateLimit,
// and the slice that holds it.
func TestHandlerAllocations(t *testing.T) {
	two := policiesOf(
		ratelimit.Policy{Name: "burst", Quota: 1e12, Window: time.Second},
		ratelimit.Policy{Name: "hour", Quota: 1e12, Window: time.Hour})
	proxies := addressesOf(t, "", "10.0.0.0/8")
	forwarded := addressesOf(t, "Forwarded", "10.0.0.0/8")
	for _, c := range []struct {
		name string
		o    ratelimit.Options
		want float64
	}{
		{"two policies", ratelimit.Options{Policies: two}, 2},
		{"no fields", ratelimit.Options{Policies: two, Fields: ratelimit.None}, 0},
		{"a key that is there", ratelimit.Options{Policies: two, Key: ratelimit.Everyone}, 2},
		{"X-Forwarded-For", ratelimit.Options{Policies: two, Key: proxies.Key}, 3},
		{"Forwarded", ratelimit.Options{Policies: two, Key: forwarded.Key}, 3},
		{"partition keys", ratelimit.Options{Policies: two, PartitionSecret: make([]byte, 32)}, 2},
		{"by", ratelimit.Options{Policies: two, Key: ratelimit.By(ratelimit.Everyone)}, 3},
	} {
		l, err := ratelimit.New(memoryOf(t, ratelimit.MemoryOptions{}), c.o)
		if err != nil {
			t.Fatal(err)
		}
		h := l.Handler(http.HandlerFunc(func(http.ResponseWriter, *http.Request) {}))
		r := httptest.NewRequest("GET", "/", nil)
		r.RemoteAddr = "10.0.0.1:1"
		r.Header.Set("X-Forwarded-For", "1.1.1.1, 198.51.100.7, 10.2.2.2")
		r.Header.Set("Forwarded", `for=1.1.1.1, for="198.51.100.7:80";proto=https, for=10.2.2.2`)
		w := &allocWriter{http.Header{}}
		if got := testing.AllocsPerRun(1000, func() {
			clear(w.h)
			h.ServeHTTP(w, r)
		}); got > c.want {
			t.Errorf("%s: %v allocations, not %v", c.name, got, c.want)
		}
	}
}

// The address of the peer, and of a client behind proxies, is one string.
func TestAddressAllocations(t *testing.T) {
	proxies := addressesOf(t, "", "10.0.0.0/8", "2001:db8:ffff::/48")
	for _, c := range []struct{ peer, header string }{
		{"192.0.2.1:1", ""}, {"[2001:db8::1]:1", ""}, {"[::ffff:192.0.2.1]:1", ""}, {"10.0.0.1:1", "198.51.100.7, 10.1.1.1"}, {"10.0.0.1:1", "[2001:db8::1]:80"},
	} {
		r := httptest.NewRequest("GET", "/", nil)
		r.RemoteAddr = c.peer
		r.Header.Set("X-Forwarded-For", c.header)
		for name, key := range map[string]ratelimit.Key{"ByAddress": ratelimit.ByAddress, "Addresses": proxies.Key} {
			if got := testing.AllocsPerRun(1000, func() { key(r) }); got > 1 {
				t.Errorf("%s of %s: %v allocations", name, c.peer, got)
			}
		}
	}
}
