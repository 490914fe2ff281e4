package conform_test

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/forthright-http/forthright/internal/httpfield"
	"github.com/forthright-http/forthright/respond/conform"
)

// resource answers every method and precondition as it should; its fields
// break single things.
type resource struct {
	ignoreNoneMatch, ignoreSince, ignoreMatch bool
	loose304                                  bool // drops the ETag
	any304                                    bool // for any tag
	otherHead                                 bool
	hideVary                                  bool // and varies
	byPrefer, preferVary                      bool
	options                                   string // Allow of OPTIONS, if not the truth
	allow                                     string // Allow of 405, if not the truth
	serveUnknown                              bool
	breakOn                                   string // a field that panics
	errorOn                                   string // a field that is a 500
	drift                                     bool   // other content each time

	mu    sync.Mutex
	count int
	sent  []string
}

var modified = time.Date(2020, 1, 1, 0, 0, 0, 0, time.UTC)

func (x *resource) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	x.mu.Lock()
	x.count++
	count := x.count
	x.sent = append(x.sent, r.Method)
	x.mu.Unlock()
	h := w.Header()
	fail := func(status int) {
		h.Set("Cache-Control", "no-store")
		http.Error(w, http.StatusText(status), status)
	}
	pick := func(a, b string) string {
		if a != "" {
			return a
		}
		return b
	}
	switch {
	case x.breakOn != "" && r.Header.Get(x.breakOn) != "":
		panic(http.ErrAbortHandler)
	case x.errorOn != "" && r.Header.Get(x.errorOn) != "":
		fail(500)
		return
	}
	switch r.Method {
	case "GET", "HEAD":
	case "OPTIONS":
		h.Set("Allow", pick(x.options, "GET, HEAD, OPTIONS"))
		w.WriteHeader(204)
		return
	case "POST", "PUT", "PATCH", "DELETE", "QUERY":
		h.Set("Allow", pick(x.allow, "GET, HEAD, OPTIONS"))
		fail(405)
		return
	default:
		if !x.serveUnknown {
			fail(501)
			return
		}
	}
	if !x.hideVary {
		h.Add("Vary", "Accept")
	}
	if x.preferVary {
		h.Add("Vary", "Prefer")
	}
	tag, content, kind := `"json"`, `{"a":1}`, "application/json"
	accept := r.Header.Get("Accept")
	if strings.Contains(accept, "json;q=0") || strings.Contains(accept, "text/x-nothing") {
		tag, content, kind = `"text"`, "a=1", "text/plain"
	}
	if x.byPrefer && strings.Contains(r.Header.Get("Prefer"), "minimal") {
		tag, content = `"minimal"`, "{}"
	}
	if x.drift {
		tag, content = fmt.Sprintf(`"%d"`, count), fmt.Sprintf(`{"a":%d}`, count)
	}
	h.Set("Etag", tag)
	h.Set("Last-Modified", modified.Format(http.TimeFormat))
	h.Set("Cache-Control", "no-cache")
	match := r.Header["If-Match"]
	none := r.Header["If-None-Match"]
	since := r.Header.Get("If-Modified-Since")
	switch {
	case len(match) > 0 && !httpfield.MatchStrong(match, tag).Found && !x.ignoreMatch:
		fail(412)
		return
	case len(none) > 0 && !x.ignoreNoneMatch && (x.any304 || httpfield.MatchWeak(none, tag).Found),
		len(none) == 0 && since != "" && !x.ignoreSince:
		if x.loose304 {
			h.Del("Etag")
		}
		w.WriteHeader(304)
		return
	}
	if x.otherHead && r.Method == "HEAD" {
		h.Set("Etag", `"head"`)
	}
	h.Set("Content-Type", kind)
	h.Set("Content-Length", fmt.Sprint(len(content)))
	fmt.Fprint(w, content)
}

func probeAll(t *testing.T, h http.Handler, p conform.Prober) ([]conform.Finding, error) {
	t.Helper()
	s := httptest.NewServer(h)
	defer s.Close()
	return p.Probe(t.Context(), s.URL+"/x")
}

func ruleIDs(found []conform.Finding) string {
	var out []string
	for _, f := range found {
		out = append(out, f.Rule)
	}
	slices.Sort(out)
	return strings.Join(slices.Compact(out), " ")
}

func TestProbe(t *testing.T) {
	for _, c := range []struct {
		name string
		x    *resource
		p    conform.Prober
		want string
	}{
		{"all is well", &resource{}, conform.Prober{}, ""},
		{"all is well, unsafe methods", &resource{}, conform.Prober{Unsafe: true}, ""},
		{"If-None-Match is ignored", &resource{ignoreNoneMatch: true}, conform.Prober{}, "304-ignored"},
		{"If-Modified-Since is ignored", &resource{ignoreSince: true}, conform.Prober{}, "304-since"},
		{"If-Match is ignored", &resource{ignoreMatch: true}, conform.Prober{}, "412-ignored"},
		{"the 304 lost its ETag", &resource{loose304: true}, conform.Prober{}, "304-pair"},
		{"304 for any tag", &resource{any304: true}, conform.Prober{}, "304-none"},
		{"HEAD differs", &resource{otherHead: true}, conform.Prober{}, "G21"},
		{"Vary is missing", &resource{hideVary: true}, conform.Prober{}, "G11-pair G11-probe"},
		{"Prefer without Vary", &resource{byPrefer: true}, conform.Prober{}, "G16-probe"},
		{"Prefer with Vary", &resource{byPrefer: true, preferVary: true}, conform.Prober{}, ""},
		{"OPTIONS names what is refused", &resource{options: "GET, HEAD, OPTIONS, QUERY"}, conform.Prober{}, "G22-allow"},
		{"OPTIONS leaves out what is served", &resource{options: "GET, OPTIONS"}, conform.Prober{}, "G22-allow"},
		{"OPTIONS names what is refused, but is unsafe", &resource{options: "GET, HEAD, PUT"}, conform.Prober{}, ""},
		{"and that is allowed", &resource{options: "GET, HEAD, PUT"}, conform.Prober{Unsafe: true}, "G22-allow"},
		{"405 names what is refused", &resource{allow: "GET, HEAD, QUERY"}, conform.Prober{}, "405"},
		{"405 leaves out what is served", &resource{allow: "GET"}, conform.Prober{}, "405-allow"},
		{"an unknown method is served", &resource{serveUnknown: true, allow: "GET, HEAD, NONESUCH", options: "GET, HEAD, NONESUCH"}, conform.Prober{}, "501-unknown"},
		{"a field makes it panic", &resource{breakOn: "Range"}, conform.Prober{}, "500-probe"},
		{"a field makes it fail", &resource{errorOn: "Prefer"}, conform.Prober{}, "500-probe"},
		{"other content each time", &resource{drift: true, byPrefer: true, hideVary: true}, conform.Prober{}, "*"},
	} {
		t.Run(c.name, func(t *testing.T) {
			found, err := probeAll(t, c.x, c.p)
			if err != nil {
				t.Fatal(err)
			}
			got := ruleIDs(found)
			if c.want == "*" { // whatever else is found, it is not put down to a field
				if strings.Contains(got, "-probe") {
					t.Errorf("got %q", got)
				}
				return
			}
			if got != c.want {
				t.Errorf("got %q, want %q\n%v", got, c.want, found)
			}
			for _, m := range []string{"POST", "PUT", "PATCH", "DELETE"} {
				if slices.Contains(c.x.sent, m) != c.p.Unsafe {
					t.Errorf("%s was sent: %v", m, !c.p.Unsafe)
				}
			}
		})
	}
}

func TestProbeTells(t *testing.T) {
	found, err := probeAll(t, &resource{ignoreMatch: true}, conform.Prober{})
	if err != nil || len(found) != 1 {
		t.Fatal(found, err)
	}
	f := found[0]
	if f.Exchange < 1 || !strings.HasPrefix(f.With, "If-Match: ") || !strings.Contains(f.String(), " with If-Match: ") || !strings.HasPrefix(f.URL, "http://127.0.0.1:") {
		t.Errorf("%+v", f)
	}
}

func TestProbeHeader(t *testing.T) {
	x := &resource{}
	h := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Header.Get("Authorization") != "Bearer t" {
			t.Errorf("%s came without credentials", r.Method)
		}
		x.ServeHTTP(w, r)
	})
	found, err := probeAll(t, h, conform.Prober{Header: http.Header{"authorization": {"Bearer t"}}})
	if err != nil || len(found) != 0 {
		t.Error(found, err)
	}
}

func TestProbeEarlyHints(t *testing.T) {
	x := &resource{}
	found, err := probeAll(t, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.WriteHeader(103)
		x.ServeHTTP(w, r)
	}), conform.Prober{})
	if err != nil || ruleIDs(found) != "103" {
		t.Error(found, err)
	}
}

// A limit on requests is waited for, and no answer of it compared.
func TestProbeLimit(t *testing.T) {
	x := &resource{}
	for _, wait := range []string{"0", "3600"} {
		var n atomic.Int32
		found, err := probeAll(t, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			if n.Add(1)%2 == 0 {
				w.Header().Set("Retry-After", wait)
				http.Error(w, "slow down", 429)
				return
			}
			x.ServeHTTP(w, r)
		}), conform.Prober{})
		if err != nil || len(found) != 0 {
			t.Errorf("Retry-After %s: %v %v", wait, found, err)
		}
	}
}

// Where the plain GET is refused, the probe says that it tested nothing, in
// each profile.
func TestProbeNothing(t *testing.T) {
	for _, status := range []int{401, 404, 429, 500, 503} {
		for _, profile := range []conform.Profile{conform.API, conform.RFC} {
			h := http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
				w.Header().Set("WWW-Authenticate", "Basic")
				w.Header().Set("Cache-Control", "no-store")
				http.Error(w, "no", status)
			})
			check := func(o conform.Options) []conform.Finding {
				o.Profile = profile
				c, err := conform.New(o)
				if err != nil {
					t.Fatal(err)
				}
				found, err := probeAll(t, h, conform.Prober{Checker: c})
				if err != nil {
					t.Fatal(err)
				}
				return found
			}
			found := check(conform.Options{})
			i := slices.IndexFunc(found, func(f conform.Finding) bool { return f.Rule == "probe-nothing" })
			if i < 0 || found[i].Status != status || found[i].Detail != fmt.Sprintf("GET answered %d", status) || found[i].Exchange > 1 {
				t.Errorf("%d: %+v", status, found)
			}
			if got := ruleIDs(check(conform.Options{Off: map[string]string{"probe-nothing": "it is meant"}})); strings.Contains(got, "probe-nothing") {
				t.Errorf("%d: turned off, and found %s", status, got)
			}
		}
	}
}

// A server that always asks for patience is waited for once.
func TestProbeWaitsOnce(t *testing.T) {
	start := time.Now()
	found, err := probeAll(t, http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Retry-After", "1")
		http.Error(w, "slow down", 429)
	}), conform.Prober{})
	if took := time.Since(start); err != nil || ruleIDs(found) != "probe-nothing" || took > 5*time.Second {
		t.Error(took, found, err)
	}
}

// A handler that goes on after the header, as an endless one does to HEAD, keeps
// its connection busy, and no other request waits for it.
func TestProbeGoesOn(t *testing.T) {
	found, err := probeAll(t, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Type", "text/event-stream")
		w.Header().Set("Cache-Control", "no-store")
		w.Header().Set("Allow", "GET, HEAD, OPTIONS")
		if r.Method == "OPTIONS" {
			w.WriteHeader(204)
		}
		w.(http.Flusher).Flush()
		select {
		case <-r.Context().Done():
		case <-time.After(4 * time.Second): // a second request hides that the client went away
		}
	}), conform.Prober{Timeout: time.Second})
	if err != nil || strings.Contains(ruleIDs(found), "500-probe") {
		t.Error(found, err)
	}
}

func TestProbeWithoutAnswer(t *testing.T) {
	s := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { panic(http.ErrAbortHandler) }))
	defer s.Close()
	_, err := (&conform.Prober{}).Probe(t.Context(), s.URL+"/x")
	if err == nil || !strings.Contains(err.Error(), "conform: GET "+s.URL+"/x: the server closed the connection without an answer (a panic?)") {
		t.Error(err)
	}
	found, err := probeAll(t, &resource{breakOn: "Range"}, conform.Prober{})
	if err != nil || len(found) == 0 || !strings.Contains(found[0].Detail, "a panic?") {
		t.Error(found, err)
	}
}

func TestProbeMethodNotFound(t *testing.T) {
	x := &resource{options: "GET, HEAD"}
	for _, method := range []string{"QUERY", "NONESUCH", "PUT"} {
		h := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			if r.Method == method {
				w.Header().Set("Cache-Control", "no-store")
				http.Error(w, "no", 404)
				return
			}
			x.ServeHTTP(w, r)
		})
		for _, unsafe := range []bool{false, true} {
			want := "404-method"
			if method == "PUT" && !unsafe {
				want = ""
			}
			found, err := probeAll(t, h, conform.Prober{Unsafe: unsafe})
			if err != nil || ruleIDs(found) != want {
				t.Errorf("%s, unsafe %v: %v %v", method, unsafe, found, err)
			}
		}
	}
}

func TestProbeCutOff(t *testing.T) {
	for _, c := range []struct{ length, detail string }{{"9", "2 of 9 bytes came"}, {"", "it broke off after 2 bytes"}} {
		found, err := probeAll(t, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			w.Header().Set("Cache-Control", "no-store")
			w.Header().Set("Content-Type", "text/plain")
			if c.length != "" {
				w.Header().Set("Content-Length", c.length)
			}
			_, _ = w.Write([]byte("hi"))
			w.(http.Flusher).Flush()
			panic(http.ErrAbortHandler)
		}), conform.Prober{})
		i := slices.IndexFunc(found, func(f conform.Finding) bool { return f.Rule == "G4-sent" && f.Method == "GET" })
		if err != nil || i < 0 || found[i].Detail != c.detail {
			t.Errorf("%+v %v", found, err)
		}
	}
}

func TestProbeStream(t *testing.T) {
	done := time.AfterFunc(30*time.Second, func() { panic("the probe waits for the end of a stream") })
	defer done.Stop()
	found, err := probeAll(t, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		switch r.Method {
		case "GET", "HEAD":
			w.Header().Set("Content-Type", "text/event-stream")
			w.Header().Set("Cache-Control", "no-store")
			w.(http.Flusher).Flush()
			if r.Method == "GET" {
				<-r.Context().Done()
			}
		case "OPTIONS":
			w.Header().Set("Allow", "GET, HEAD")
			w.WriteHeader(204)
		default:
			w.Header().Set("Cache-Control", "no-store")
			http.Error(w, "no", 501)
		}
	}), conform.Prober{})
	if err != nil || len(found) != 0 {
		t.Error(found, err)
	}
}

func TestProbeErrors(t *testing.T) {
	for _, u := range []string{"", "ftp://x/", "http://", "://", "/path"} {
		if _, err := (&conform.Prober{}).Probe(t.Context(), u); err == nil {
			t.Errorf("%q is probed", u)
		}
	}
	s := httptest.NewServer(http.NotFoundHandler())
	s.Close()
	if _, err := (&conform.Prober{}).Probe(t.Context(), s.URL); err == nil {
		t.Error("a closed server is probed")
	}
	slow := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Header.Get("If-Match") != "" {
			<-r.Context().Done()
		}
		w.WriteHeader(401)
	}))
	defer slow.Close()
	found, err := (&conform.Prober{Timeout: 100 * time.Millisecond}).Probe(t.Context(), slow.URL)
	if !errors.Is(err, context.DeadlineExceeded) || !strings.Contains(err.Error(), "GET with If-Match") || !strings.Contains(ruleIDs(found), "401") {
		t.Error(found, err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := (&conform.Prober{}).Probe(ctx, slow.URL); !errors.Is(err, context.Canceled) {
		t.Error(err)
	}
}
