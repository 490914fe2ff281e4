package async_test

import (
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/forthright-http/forthright/async"
)

// draft-ietf-httpapi-idempotency-key-header-07 Section 2.1: a String of RFC 9651
// §3.3.3, sent once; Section 2.7: 400 where it is missing.
func TestIdempotencyKeySyntax(t *testing.T) {
	b := newWebBackend()
	s := newWeb(t, b, nil, nil)
	s.define("export", "/exports", async.KindOptions{RequireKey: true})
	for _, c := range []struct {
		lines  []string
		status int
	}{
		{nil, 400},
		{[]string{""}, 400},
		{[]string{`""`}, 400},
		{[]string{`"k"`}, 202},
		{[]string{`k`}, 202},
		{[]string{`8e03978e-40d5-43e8-bc93-6894a57f9324`}, 202},
		{[]string{`"8e03978e-40d5-43e8-bc93-6894a57f9324"`}, 202},
		{[]string{`"k";a=1`}, 202},
		{[]string{`"a \"b\" \\"`}, 202},
		{[]string{`"k"`, `"k"`}, 400},
		{[]string{`"k", "l"`}, 400},
		{[]string{`a, b`}, 400},
		{[]string{`a b`}, 400},
		{[]string{`"k`}, 400},
		{[]string{`k"`}, 400},
		{[]string{`"k" x`}, 400},
		{[]string{`"\k"`}, 400},
		{[]string{`:aGVsbG8=:`}, 400},
		{[]string{`(a)`}, 400},
		{[]string{`ключ`}, 400},
		{[]string{`"ключ"`}, 400},
		{[]string{"\"a\tb\""}, 400},
		{[]string{strings.Repeat("k", 255)}, 202},
		{[]string{strings.Repeat("k", 256)}, 400},
		{[]string{`"` + strings.Repeat("k", 255) + `"`}, 202},
		{[]string{`"` + strings.Repeat("k", 256) + `"`}, 400},
	} {
		var header []string
		for _, line := range c.lines {
			header = append(header, "Idempotency-Key", line)
		}
		before := len(b.submitted)
		a := s.do("POST", "/exports", `{"name":"x"}`, header...).has(t, c.status)
		if c.status != 400 {
			continue
		}
		if a.typ(t) != "idempotency-key-invalid" || !strings.Contains(a.body, `"header":"Idempotency-Key"`) || len(b.submitted) != before {
			t.Errorf("%q: %s", c.lines, a.body)
		}
		for _, line := range c.lines {
			if len(line) > 3 && strings.Contains(a.body, line) {
				t.Errorf("%q is repeated: %s", line, a.body)
			}
		}
	}
}

func TestIdempotencyKeyIsOptional(t *testing.T) {
	b := newWebBackend()
	s := newWeb(t, b, nil, nil)
	s.define("export", "/exports", async.KindOptions{})
	for range 2 {
		s.do("POST", "/exports", `{"name":"x"}`).has(t, 202)
	}
	s.do("POST", "/exports", `{"name":"x"}`, "Idempotency-Key", `"`).has(t, 400)
	if len(b.submitted) != 2 {
		t.Errorf("%d jobs, want 2", len(b.submitted))
	}
}

// A key is what is between the quotes: whatever is sent, the answer is a 202 or a 400
// that says so, and two forms of one key are one job.
func FuzzIdempotencyKey(f *testing.F) {
	for _, seed := range []string{"", "k", `"k"`, `"k";a`, `"\""`, "a b", "é", `"`, `?1`, "12", "\x00"} {
		f.Add(seed)
	}
	m, err := async.NewMemory(async.MemoryOptions{})
	if err != nil {
		f.Fatal(err)
	}
	jobs, err := async.New(m, async.Options{URL: webURL, Owner: webOwner, MaxQueued: 1 << 30, MaxOwned: 1 << 30, Problems: webProblems(f)})
	if err != nil {
		f.Fatal(err)
	}
	kind, err := async.Define(jobs, "none", newWebNothing)
	if err != nil {
		f.Fatal(err)
	}
	post := func(key string) *http.Response {
		r := httptest.NewRequest("POST", "/none", nil)
		r.Header["Idempotency-Key"] = []string{key}
		r.Header.Set("X-Owner", "ana")
		w := httptest.NewRecorder()
		kind.ServeHTTP(w, r)
		return w.Result()
	}
	f.Fuzz(func(t *testing.T, key string) {
		a := post(key)
		if a.StatusCode != 202 && a.StatusCode != 400 {
			t.Fatalf("%q: %d", key, a.StatusCode)
		}
		bare := a.StatusCode == 202 && !strings.ContainsAny(key, " \t\"")
		if quoted := post(`"` + key + `"`); bare && quoted.Header.Get("Location") != a.Header.Get("Location") {
			t.Errorf("%q in quotes is another key", key)
		}
	})
}
