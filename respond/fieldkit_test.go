package respond_test

import (
	"encoding/json"
	"io"
	"maps"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/forthright-http/forthright/internal/httpfield"
	"github.com/forthright-http/forthright/respond"
	"github.com/forthright-http/forthright/respond/conform"
	"github.com/forthright-http/forthright/respond/conform/conformtest"
)

// checked is h with each answer judged by package conform.
func checked(t testing.TB, h http.Handler) http.Handler {
	t.Helper()
	e := except(h, "what is answered here has no version, but where the test is about it", "200-validator").(exempt)
	return conformtest.Handler(t, e.Handler, conform.Options{Off: e.off})
}

// exempt is a handler that breaks rules of package conform on purpose.
type exempt struct {
	http.Handler
	off map[string]string
}

// except exempts h from rules, for a reason.
func except(h http.Handler, reason string, rules ...string) http.Handler {
	e, ok := h.(exempt)
	if !ok {
		e.Handler = h
	}
	off := maps.Clone(e.off)
	if off == nil {
		off = map[string]string{}
	}
	for _, rule := range rules {
		off[rule] = reason
	}
	return exempt{e.Handler, off}
}

// fieldServer serves what answer makes, through Handle, over HTTP.
func fieldServer(t *testing.T, answer respond.Handler) (url string, log *logBuffer) {
	t.Helper()
	api, log := logged(t)
	return fieldServe(t, api.Handle(answer)), log
}

func fieldServe(t *testing.T, h http.Handler) (url string) {
	t.Helper()
	s := httptest.NewServer(checked(t, h))
	t.Cleanup(s.Close)
	return s.URL
}

// fieldAsk sends a request and reads the whole answer, a redirect too; header
// holds names and values in turn, and a name may come several times.
func fieldAsk(t *testing.T, method, url, content string, header ...string) (*http.Response, string) {
	t.Helper()
	r, err := http.NewRequestWithContext(t.Context(), method, url, strings.NewReader(content))
	if err != nil {
		t.Fatal(err)
	}
	if content != "" {
		r.Header.Set("Content-Type", "application/json")
	}
	for i := 0; i < len(header); i += 2 {
		r.Header.Add(header[i], header[i+1])
	}
	res, err := http.DefaultTransport.RoundTrip(r)
	if err != nil {
		t.Fatal(err)
	}
	defer res.Body.Close()
	b, err := io.ReadAll(res.Body)
	if err != nil {
		t.Fatal(err)
	}
	return res, string(b)
}

// fieldErrors are the errors of a problem: "parameter code".
func fieldErrors(t *testing.T, body string) string {
	t.Helper()
	var p struct {
		Errors []struct{ Parameter, Code, Detail string }
	}
	if err := json.Unmarshal([]byte(body), &p); err != nil {
		t.Fatalf("%v: %s", err, body)
	}
	var all []string
	for _, e := range p.Errors {
		if e.Detail == "" {
			t.Errorf("RFC 9457 §3: an error without a detail: %s", body)
		}
		all = append(all, e.Parameter+" "+e.Code)
	}
	return strings.Join(all, ", ")
}

// fieldVaries fails unless Vary names all of the request fields, once each.
func fieldVaries(t *testing.T, res *http.Response, names ...string) {
	t.Helper()
	for _, name := range names {
		n := 0
		for _, line := range res.Header["Vary"] {
			for element := range strings.SplitSeq(line, ",") {
				if httpfield.EqualFold(strings.TrimSpace(element), name) {
					n++
				}
			}
		}
		if n != 1 {
			t.Errorf("RFC 9110 §12.5.5: Vary is %q, and names %s %d times", res.Header["Vary"], name, n)
		}
	}
}

// fieldFails fails unless a Response is answered with a 500 that says nothing,
// and the log has word.
func fieldFails(t *testing.T, s respond.Response, word string) {
	t.Helper()
	url, log := fieldServer(t, func(*http.Request) (respond.Response, error) { return s, nil })
	res, body := fieldAsk(t, "GET", url, "")
	if res.StatusCode != 500 || strings.Contains(body, word) || !strings.Contains(log.String(), word) {
		t.Errorf("%d %s\nlog: %s\nwant a 500, and %q in the log alone", res.StatusCode, body, log, word)
	}
	if s.Err() == nil {
		t.Error("Err is nil")
	}
}
