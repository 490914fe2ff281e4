package bench

import (
	"net/http"
	"net/http/httptest"
	"strconv"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/sethvargo/go-limiter/httplimit"
	"github.com/sethvargo/go-limiter/memorystore"
)

// rateFacts is what a contender gets right besides the count.
type rateFacts struct {
	// problem: its 429 is application/problem+json, and not a line of text.
	problem bool
	// wait is how it says when to come back: "seconds" or "date", as RFC 9110 §10.2.3
	// has Retry-After; "malformed"; or "", not at all.
	wait string
	// kept: who waits exactly as long as that is let in.
	kept bool
	// edge is how many of 5 in a minute pass within the second in which its window
	// ends, where it has one: 1 came a minute before, and as many as can be then.
	edge int
	// fields are those that it sets on an answer that is let in, but for the
	// handler's own.
	fields []string
	// stored: its 429 may be kept by caches, for all that the answer says.
	stored bool
	// clock: it reads a clock past package time, so that tests cannot set it.
	clock bool
	// network: two addresses of one IPv6 network of 64 bits are one client.
	network bool
}

var rateHas = map[string]rateFacts{
	"forthright":        {problem: true, wait: "seconds", kept: true, edge: 5, network: true, fields: []string{"Ratelimit", "Ratelimit-Policy"}},
	"forthright-2":      {problem: true, wait: "seconds", kept: true, edge: 5, network: true, fields: []string{"Ratelimit", "Ratelimit-Policy"}},
	"forthright-legacy": {problem: true, wait: "seconds", kept: true, edge: 5, network: true, fields: rateLegacy},
	"forthright-both":   {problem: true, wait: "seconds", kept: true, edge: 5, network: true, fields: append([]string{"Ratelimit", "Ratelimit-Policy"}, rateLegacy...)},
	"ulule":             {edge: 9, stored: true, fields: rateLegacy},
	"httprate":          {wait: "seconds", edge: 4, stored: true, network: true, fields: rateLegacy},
	"throttled":         {wait: "seconds", kept: true, edge: 5, stored: true, fields: rateLegacy},
	"throttled-lru":     {wait: "seconds", kept: true, edge: 5, stored: true, fields: rateLegacy},
	"sethvargo":         {wait: "malformed", stored: true, fields: rateLegacy, clock: true},
	"tollbooth": {edge: 5, stored: true, network: true, fields: []string{"Ratelimit-Limit", "Ratelimit-Remaining", "Ratelimit-Reset",
		"X-Rate-Limit-Duration", "X-Rate-Limit-Limit", "X-Rate-Limit-Request-Remote-Addr"}},
	"x-time-rate": {edge: 5, stored: true},
}

var rateLegacy = []string{"X-Ratelimit-Limit", "X-Ratelimit-Remaining", "X-Ratelimit-Reset"}

// rateGet is a request of an address.
func rateGet(h http.Handler, remote string) *httptest.ResponseRecorder {
	r := httptest.NewRequest("GET", ratePath, nil)
	r.RemoteAddr = remote
	w := httptest.NewRecorder()
	h.ServeHTTP(w, r)
	return w
}

// rateAll runs a test of each contender, with the clock standing still.
func rateAll(t *testing.T, q rateQuota, test func(t *testing.T, l rateLimiter, has rateFacts)) {
	for _, c := range rateContenders {
		t.Run(c.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				l := c.make(q)
				defer l.close()
				test(t, l, rateHas[c.name])
			})
		})
	}
}

const rateClient = "192.0.2.1:49152"

// TestRateDecision holds every contender to letting in exactly its limit.
func TestRateDecision(t *testing.T) {
	rateAll(t, rateQuota{5, time.Hour}, func(t *testing.T, l rateLimiter, _ rateFacts) {
		ask := l.ask()
		for i := range 8 {
			if ok := ask("a"); ok != (i < 5) {
				t.Errorf("request %d: let in is %v", i+1, ok)
			}
		}
		if !ask("b") {
			t.Error("another key is refused")
		}
	})
}

// TestRateMiddleware holds every contender to letting in exactly its limit and
// refusing what is more with 429, and notes what it says.
func TestRateMiddleware(t *testing.T) {
	rateAll(t, rateQuota{5, time.Hour}, func(t *testing.T, l rateLimiter, has rateFacts) {
		for i := range 8 {
			w, want := rateGet(l.handler, rateClient), http.StatusOK
			if i >= 5 {
				want = http.StatusTooManyRequests
			}
			if w.Code != want {
				t.Fatalf("request %d: status %d, want %d", i+1, w.Code, want)
			}
			if want != http.StatusOK {
				rateRefused(t, w, has)
				continue
			}
			if w.Body.String() != string(rateAnswer) {
				t.Errorf("request %d: %q", i+1, w.Body)
			}
			w.Header().Del("Content-Type")
			if len(w.Header()) != len(has.fields) {
				t.Errorf("request %d: fields %v, want %v", i+1, w.Header(), has.fields)
			}
			for _, name := range has.fields {
				if len(w.Header()[name]) != 1 {
					t.Errorf("request %d: %s is %q", i+1, name, w.Header()[name])
				}
			}
		}
		if w := rateGet(l.handler, "192.0.2.2:49152"); w.Code != http.StatusOK {
			t.Errorf("another client: status %d", w.Code)
		}
	})
}

// rateRefused notes what a 429 has.
func rateRefused(t *testing.T, w *httptest.ResponseRecorder, has rateFacts) {
	t.Helper()
	if got := w.Header().Get("Content-Type"); (got == "application/problem+json") != has.problem {
		t.Errorf("429: Content-Type %s", got)
	}
	if got := w.Header().Values("Retry-After"); rateWaitForm(got) != has.wait {
		t.Errorf("429: Retry-After %q is of the form %q, want %q", got, rateWaitForm(got), has.wait)
	}
	if got := w.Header().Get("Cache-Control"); strings.Contains(got, "no-store") == has.stored {
		t.Errorf("429: Cache-Control %q", got)
	}
}

// rateWaitForm judges a Retry-After by RFC 9110 §10.2.3 and §5.6.7.
func rateWaitForm(lines []string) string {
	if len(lines) == 0 {
		return ""
	}
	if _, err := strconv.ParseUint(lines[0], 10, 63); err == nil {
		return "seconds"
	}
	if _, err := time.Parse(http.TimeFormat, lines[0]); err == nil {
		return "date"
	}
	return "malformed"
}

// TestRateWait: who waits as long as Retry-After says is let in.
func TestRateWait(t *testing.T) {
	rateAll(t, rateQuota{5, time.Minute}, func(t *testing.T, l rateLimiter, has rateFacts) {
		if has.clock {
			t.Skip("its clock cannot be set")
		}
		time.Sleep(300 * time.Millisecond) // clocks seldom stand at a whole second
		for range 5 {
			rateGet(l.handler, rateClient)
		}
		wait := rateGet(l.handler, rateClient).Header().Get("Retry-After")
		if wait == "" {
			if has.kept {
				t.Error("there is no Retry-After")
			}
			return
		}
		n, err := strconv.Atoi(wait)
		if err != nil {
			t.Fatal(err)
		}
		time.Sleep(time.Duration(n) * time.Second)
		if w := rateGet(l.handler, rateClient); (w.Code == http.StatusOK) != has.kept {
			t.Errorf("after %s: status %d, and let in is wanted to be %v", wait, w.Code, has.kept)
		}
	})
}

// TestRateWaitSethvargo: its Retry-After, read as it was meant, is before the time at
// which there is more.
func TestRateWaitSethvargo(t *testing.T) {
	store := rateMust(memorystore.New(&memorystore.Config{Tokens: 1, Interval: time.Hour}))
	defer store.Close(t.Context())
	h := rateMust(httplimit.NewMiddleware(store, httplimit.IPKeyFunc())).Handle(rateNext)
	rateGet(h, rateClient)
	wait := rateGet(h, rateClient).Header().Get("Retry-After")
	at, err := time.Parse(time.RFC1123, wait)
	if err != nil {
		t.Fatal(err)
	}
	_, _, reset, _, err := store.Take(t.Context(), "192.0.2.1")
	if err != nil {
		t.Fatal(err)
	}
	if late := time.Unix(0, int64(reset)).Sub(at); late < 0 || late >= time.Second {
		t.Errorf("%s is %v before there is more", wait, late)
	}
}

// TestRateEdge counts what passes in the second around the end of a window, of 5 in a
// minute.
func TestRateEdge(t *testing.T) {
	rateAll(t, rateQuota{5, time.Minute}, func(t *testing.T, l rateLimiter, has rateFacts) {
		if has.clock {
			t.Skip("its clock cannot be set")
		}
		ask, n := l.ask(), 0
		ask("a")
		time.Sleep(59500 * time.Millisecond)
		for range 2 {
			for range 10 {
				if ask("a") {
					n++
				}
			}
			time.Sleep(time.Second)
		}
		if n != has.edge {
			t.Errorf("%d pass, want %d", n, has.edge)
		}
	})
}

// TestRateNetwork: who has an IPv6 network has 2^64 addresses.
func TestRateNetwork(t *testing.T) {
	rateAll(t, rateQuota{1, time.Hour}, func(t *testing.T, l rateLimiter, has rateFacts) {
		rateGet(l.handler, "[2001:db8::1]:49152")
		if w := rateGet(l.handler, "[2001:db8::2]:49152"); (w.Code == http.StatusTooManyRequests) != has.network {
			t.Errorf("the second address: status %d, and one client is wanted to be %v", w.Code, has.network)
		}
	})
}
