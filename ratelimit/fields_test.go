package ratelimit_test

import (
	"bytes"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/forthright-http/forthright/internal/httpfield"
	"github.com/forthright-http/forthright/ratelimit"
)

// The fields are on every answer of the route, once.
func TestFieldsOnEveryAnswer(t *testing.T) {
	for _, status := range []int{200, 204, 304, 404, 500} {
		clock := newHTTPClock()
		l := httpLimiter(t, clock, ratelimit.Options{Policies: []ratelimit.Policy{fivePerTen, tenPerHour}})
		w := httpServe(l.Handler(httpStatus(status)))
		httpCode(t, w, status)
		httpFields(t, w, "burst q=5 w=10, hour q=10 w=3600", "burst r=4 t=10, hour r=9 t=3600")
		if w.Header().Get("Retry-After") != "" {
			t.Errorf("%d has Retry-After", status)
		}
	}
}

// t is the wait for one more where nothing is left, else the window (in the draft,
// "Reset Parameter"); w is whole seconds, rounded up, and left out below one.
func TestFieldValues(t *testing.T) {
	for _, c := range []struct {
		quota  int64
		window time.Duration
		burst  int64
		uses   int
		wait   time.Duration
		policy string
		limit  string
	}{
		{10, time.Second, 0, 1, 0, "p q=10 w=1", "p r=9 t=1"},
		{10, time.Second, 0, 10, 0, "p q=10 w=1", "p r=0 t=1"},
		{10, 10 * time.Second, 0, 10, 0, "p q=10 w=10", "p r=0 t=1"},
		{10, 20 * time.Second, 0, 10, 0, "p q=10 w=20", "p r=0 t=2"},
		{3, 10 * time.Second, 0, 3, 0, "p q=3 w=10", "p r=0 t=4"},               // 3.33 s
		{3, 10 * time.Second, 0, 3, 3 * time.Second, "p q=3 w=10", "p r=0 t=3"}, // used at 4 s; the next comes at 6.67 s,
		{10, time.Hour, 2, 1, 0, "p q=10 w=3600", "p r=1 t=3600"},
		{10, time.Hour, 2, 2, 0, "p q=10 w=3600", "p r=0 t=360"},
		{10, 1500 * time.Millisecond, 0, 1, 0, "p q=10 w=2", "p r=9 t=2"},
		{10, 999 * time.Millisecond, 0, 1, 0, "p q=10", "p r=9 t=1"},
		{1, 365 * 24 * time.Hour, 0, 1, 0, "p q=1 w=31536000", "p r=0 t=31536000"},
		{999_999_999_999_999, time.Second, 0, 1, 0, "p q=999999999999999 w=1", "p r=999999999999998 t=1"},
	} {
		clock := newHTTPClock()
		l := httpLimiter(t, clock, ratelimit.Options{Policies: []ratelimit.Policy{{Name: "p", Quota: c.quota, Window: c.window, Burst: c.burst}}})
		h := httpChecked(t, l.Handler(httpOK))
		var w *httptest.ResponseRecorder
		for range c.uses {
			w = httpServe(h)
		}
		if c.wait > 0 { // and use what is there at the moment it comes
			clock.Add(c.wait)
			w = httpServe(h)
			clock.Add(time.Duration(httpRetryAfter(t, w)) * time.Second)
			w = httpServe(h)
		}
		httpFields(t, w, c.policy, c.limit)
	}
}

// A client that waits t where r is 0 is let in.
func TestResetParameterIsTrue(t *testing.T) {
	for _, quota := range []int64{1, 2, 3, 6, 7, 9, 11, 97} {
		for _, burst := range []int64{1, 2, 5} {
			for _, late := range []time.Duration{0, 1, 333_333_333, 999_999_999} {
				clock := newHTTPClock()
				l := httpLimiter(t, clock, ratelimit.Options{Policies: []ratelimit.Policy{{Name: "p", Quota: quota, Window: 97 * time.Second, Burst: burst}}})
				h := l.Handler(httpOK)
				w := httpServe(h)
				clock.Add(late)
				for range burst + 2 {
					if w.Code != 200 || strings.Contains(w.Header().Get("RateLimit"), ";r=0;") {
						break
					}
					w = httpServe(h)
				}
				list, err := httpfield.ParseSFList(w.Result().Header.Values("RateLimit"))
				if err != nil || len(list) != 1 || list[0].Params[0].Value.Int != 0 {
					t.Fatalf("%v, %v", list, err)
				}
				clock.Add(time.Duration(list[0].Params[1].Value.Int) * time.Second)
				httpCode(t, httpServe(h), 200)
			}
		}
	}
}

// pk is a Byte Sequence (RFC 9651 §3.3.5) that differs by key, is the same for one,
// and needs the secret.
func TestPartitionKey(t *testing.T) {
	secret := []byte("sixteen bytes ok")
	clock := newHTTPClock()
	partition := func(secret []byte, addr string) string {
		l := httpLimiter(t, clock, ratelimit.Options{Policies: []ratelimit.Policy{fivePerTen, tenPerHour}, PartitionSecret: secret})
		w := httpServe(httpChecked(t, l.Handler(httpOK)), httpFrom(addr))
		httpFields(t, w, "burst q=5 w=10, hour q=10 w=3600", "burst r=4 t=10 pk=9, hour r=9 t=3600 pk=9")
		list, _ := httpfield.ParseSFList(w.Result().Header.Values("RateLimit"))
		if a, b := list[0].Params[2].Value.Str, list[1].Params[2].Value.Str; a != b {
			t.Errorf("%q and %q of one key", a, b)
		}
		if strings.Contains(w.Header().Get("RateLimit"), "192") || bytes.Contains([]byte(list[0].Params[2].Value.Str), []byte{192, 0, 2}) {
			t.Errorf("the address is in %q", w.Header().Get("RateLimit"))
		}
		return list[0].Params[2].Value.Str
	}
	a := partition(secret, "192.0.2.1:1")
	if b := partition(secret, "192.0.2.1:2"); a != b {
		t.Errorf("%q and %q of one key", a, b)
	}
	again := httpLimiter(t, clock, ratelimit.Options{Policies: []ratelimit.Policy{fivePerTen}, PartitionSecret: secret}).Handler(httpOK)
	for range 3 {
		w := httpServe(again)
		if list, _ := httpfield.ParseSFList(w.Result().Header.Values("RateLimit")); list[0].Params[2].Value.Str != a {
			t.Error("one key has another pk in the next request")
		}
	}
	if b := partition(secret, "192.0.2.2:1"); a == b {
		t.Error("two keys have one pk")
	}
	if b := partition([]byte("another sixteen b"), "192.0.2.1:1"); a == b {
		t.Error("two secrets make one pk")
	}
	own := bytes.Clone(secret)
	l := httpLimiter(t, clock, ratelimit.Options{Policies: []ratelimit.Policy{fivePerTen}, PartitionSecret: own})
	clear(own) // it has its own copy
	w := httpServe(l.Handler(httpOK))
	if list, _ := httpfield.ParseSFList(w.Result().Header.Values("RateLimit")); list[0].Params[2].Value.Str != a {
		t.Error("the secret was not copied")
	}
}

func TestQuiet(t *testing.T) {
	clock := newHTTPClock()
	l := httpLimiter(t, clock, ratelimit.Options{Policies: []ratelimit.Policy{{Name: "login", Quota: 1, Window: time.Minute}}, Quiet: true, Fields: ratelimit.Both, Expose: true})
	h := httpChecked(t, l.Handler(httpOK))
	w := httpServe(h)
	for _, name := range []string{"RateLimit", "RateLimit-Policy", "X-RateLimit-Limit", "Access-Control-Expose-Headers"} {
		if w.Header().Get(name) != "" {
			t.Errorf("%s is sent", name)
		}
	}
	w = httpServe(h)
	httpCode(t, w, 429)
	httpFields(t, w, "login q=1 w=60", "login r=0 t=60")
	if w.Header().Get("X-RateLimit-Limit") != "1" {
		t.Errorf("%v", w.Header())
	}
}

// Which fields a choice sends.
func TestFieldChoices(t *testing.T) {
	for _, c := range []struct {
		fields        ratelimit.Fields
		draft, legacy bool
	}{
		{ratelimit.Draft, true, false}, {ratelimit.Legacy, false, true}, {ratelimit.Both, true, true}, {ratelimit.None, false, false},
	} {
		clock := newHTTPClock()
		l := httpLimiter(t, clock, ratelimit.Options{Policies: []ratelimit.Policy{{Name: "p", Quota: 1, Window: time.Minute}}, Fields: c.fields})
		h := httpChecked(t, l.Handler(httpOK))
		for _, status := range []int{200, 429} {
			w := httpServe(h)
			httpCode(t, w, status)
			for _, name := range []string{"RateLimit", "RateLimit-Policy"} {
				if got := w.Header().Get(name) != ""; got != c.draft {
					t.Errorf("%d, %d: %s: %v", c.fields, status, name, got)
				}
			}
			for _, name := range []string{"X-RateLimit-Limit", "X-RateLimit-Remaining", "X-RateLimit-Reset"} {
				if got := w.Header().Get(name) != ""; got != c.legacy {
					t.Errorf("%d, %d: %s: %v", c.fields, status, name, got)
				}
			}
			if status == 429 {
				httpRetryAfter(t, w)
			}
		}
	}
}

// X-RateLimit-Reset is in seconds since 1970, and a client that waits until it is let
// in, whatever part of a second it is now.
func TestLegacy(t *testing.T) {
	for _, fraction := range []time.Duration{0, 1, 500 * time.Millisecond, 999_999_999} {
		for _, jitter := range []float64{-1, 0.5} {
			clock := newHTTPClock()
			clock.Add(fraction)
			start := clock.Now()
			l := httpLimiter(t, clock, ratelimit.Options{Policies: []ratelimit.Policy{fivePerTen, tenPerHour}, Fields: ratelimit.Legacy, Jitter: jitter})
			h := httpChecked(t, l.Handler(httpOK))
			w := httpServe(h)
			if got := fmt.Sprint(w.Header().Get("X-RateLimit-Limit"), w.Header().Get("X-RateLimit-Remaining")); got != "54" {
				t.Errorf("got %s", got) // burst: 4 of 5 is less than 9 of 10
			}
			reset := func(w *httptest.ResponseRecorder) time.Time {
				n, err := strconv.ParseInt(w.Header().Get("X-RateLimit-Reset"), 10, 64)
				if err != nil {
					t.Fatal(err)
				}
				return time.Unix(n, 0)
			}
			if d := reset(w).Sub(start); d < 2*time.Second || d >= 3*time.Second { // full in 2 s
				t.Errorf("reset after %v", d)
			}
			for range 4 {
				httpCode(t, httpServe(h), 200)
			}
			w = httpServe(h)
			httpCode(t, w, 429)
			if w.Header().Get("X-RateLimit-Remaining") != "0" {
				t.Errorf("%v", w.Header())
			}
			at := reset(w)
			if n := httpRetryAfter(t, w); at.Before(start.Add(time.Duration(n) * time.Second)) {
				t.Errorf("X-RateLimit-Reset is before Retry-After")
			}
			clock.Add(at.Sub(start))
			httpCode(t, httpServe(h), 200)
		}
	}
}

func TestExpose(t *testing.T) {
	for _, c := range []struct {
		have   []string
		fields ratelimit.Fields
		want   string
	}{
		{nil, ratelimit.Draft, "Retry-After, RateLimit, RateLimit-Policy"},
		{nil, ratelimit.Legacy, "Retry-After, X-RateLimit-Limit, X-RateLimit-Remaining, X-RateLimit-Reset"},
		{nil, ratelimit.Both, "Retry-After, RateLimit, RateLimit-Policy, X-RateLimit-Limit, X-RateLimit-Remaining, X-RateLimit-Reset"},
		{nil, ratelimit.None, "Retry-After"},
		{[]string{"ETag"}, ratelimit.Draft, "ETag, Retry-After, RateLimit, RateLimit-Policy"},
		{[]string{"ETag, retry-after", "ratelimit"}, ratelimit.Draft, "ETag, retry-after, ratelimit, RateLimit-Policy"},
	} {
		clock := newHTTPClock()
		o := ratelimit.Options{Policies: []ratelimit.Policy{fivePerTen}, Fields: c.fields, Expose: true}
		inner := httpLimiter(t, clock, o).Handler(httpOK)
		outer := httpLimiter(t, clock, o).Handler(inner)
		h := httpChecked(t, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			w.Header()["Access-Control-Expose-Headers"] = c.have
			outer.ServeHTTP(w, r)
		}))
		for range 6 { // the last is a 429
			w := httpServe(h)
			if got := w.Result().Header.Values("Access-Control-Expose-Headers"); len(got) != 1 || got[0] != c.want {
				t.Errorf("%d: got %q, not %q", w.Code, got, c.want)
			}
		}
	}
}

// A plan of policies that are all Shadow says nothing.
func TestFieldsOfShadowPolicies(t *testing.T) {
	clock := newHTTPClock()
	shadow := ratelimit.Policy{Name: "shadow", Quota: 1, Window: time.Minute, Shadow: true}
	h := httpChecked(t, httpLimiter(t, clock, ratelimit.Options{Policies: []ratelimit.Policy{shadow}, Fields: ratelimit.Both}).Handler(httpOK))
	for range 3 {
		w := httpServe(h)
		httpCode(t, w, 200)
		httpFields(t, w, "", "")
		if w.Header().Get("X-RateLimit-Limit") != "" {
			t.Errorf("%v", w.Header())
		}
	}
}

// Over a real server the fields are header fields, and not in trailers, also of a
// streamed answer.
func TestFieldsOverAServer(t *testing.T) {
	clock := newHTTPClock()
	l := httpLimiter(t, clock, ratelimit.Options{Policies: []ratelimit.Policy{fivePerTen}})
	srv := httptest.NewServer(l.Handler(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		for range 3 {
			_, _ = io.WriteString(w, "part")
			_ = http.NewResponseController(w).Flush()
		}
	})))
	defer srv.Close()
	res, err := srv.Client().Get(srv.URL)
	if err != nil {
		t.Fatal(err)
	}
	defer res.Body.Close()
	if _, err := io.ReadAll(res.Body); err != nil {
		t.Fatal(err)
	}
	if len(res.Trailer) != 0 || httpList(t, res.Header, "RateLimit") != "burst r=4 t=10" {
		t.Errorf("%v, %v", res.Header, res.Trailer)
	}
}
