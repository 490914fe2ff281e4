package async_test

import (
	"crypto/sha256"
	"encoding/base64"
	"html"
	"regexp"
	"strings"
	"testing"

	"github.com/forthright-http/forthright/async"
)

func TestPage(t *testing.T) {
	b := newWebBackend()
	s := newWeb(t, b, nil, nil)
	page := func(id string) webAnswer {
		return s.get("/v1/jobs/"+id, "Accept", "text/html").has(t, s.get("/v1/jobs/"+id).StatusCode, "Content-Type", "text/html; charset=utf-8").varies(t, "Accept").varies(t, "Prefer")
	}
	contains := func(a webAnswer, words ...string) {
		t.Helper()
		for _, w := range words {
			if !strings.Contains(a.body, w) {
				t.Errorf("the page lacks %q:\n%s", w, a.body)
			}
		}
	}
	b.put(webJob("a", func(job *async.Job) { job.Progress = async.Progress{Done: 1, Total: 4, Message: "reading"} }))
	a := page("a").has(t, 202, "ETag", `"7;html"`, "Cache-Control", "no-store").retryAfter(t, 1, 33)
	contains(a, "<title>export: running</title>", `value="25"`, "reading", "new EventSource(", `http-equiv="refresh"`, "2026-03-04 05:06:04 UTC")

	b.put(webJob("b", webDone(async.Succeeded, &async.Result{Type: "text/csv", Body: []byte("1")}, nil)))
	a = page("b").has(t, 200)
	contains(a, `href="`+webURL+`/b/result"`, `value="100"`)
	if strings.Contains(a.body, `http-equiv="refresh"`) {
		t.Error("a page that is final loads itself again")
	}

	// Whatever a handler says is text.
	const evil = `<script>alert(1)</script>"'&</script><img src=x onerror=alert(2)>`
	b.put(webJob("c", func(job *async.Job) {
		webDone(async.Failed, nil, &async.Failure{Code: "x", Message: evil})(job)
		job.Kind, job.Progress.Message = evil, evil
	}))
	a = page("c").has(t, 200)
	if n := strings.Count(a.body, "<script>"); n != 1 || strings.Contains(a.body, "<img") {
		t.Errorf("the page has %d scripts:\n%s", n, a.body)
	}
	if !strings.Contains(html.UnescapeString(a.body), `<pre id="error">`+evil+`</pre>`) {
		t.Errorf("the page does not say why it failed:\n%s", a.body)
	}
}

// CSP 3 §2.3.1: the hashes are those of the script and style that are sent.
func TestPagePolicy(t *testing.T) {
	b := newWebBackend()
	s := newWeb(t, b, nil, nil)
	b.put(webJob("a", nil))
	a := s.get("/v1/jobs/a", "Accept", "text/html")
	policy := a.Header.Get("Content-Security-Policy")
	for _, element := range []string{"script", "style"} {
		m := regexp.MustCompile(`(?s)<` + element + `>(.*)</` + element + `>`).FindStringSubmatch(a.body)
		if m == nil {
			t.Fatalf("no %s in the page", element)
		}
		sum := sha256.Sum256([]byte(m[1]))
		if want := element + "-src 'sha256-" + base64.StdEncoding.EncodeToString(sum[:]) + "'"; !strings.Contains(policy, want) {
			t.Errorf("the policy is %q, without %q", policy, want)
		}
	}
	for _, want := range []string{"default-src 'none'", "connect-src 'self'", "frame-ancestors 'none'", "base-uri 'none'", "form-action 'none'"} {
		if !strings.Contains(policy, want) {
			t.Errorf("the policy is %q, without %q", policy, want)
		}
	}
	if strings.Contains(policy, "unsafe") || regexp.MustCompile(` (on\w+|style)=`).MatchString(a.body) {
		t.Errorf("the policy is %q, and the page %s", policy, a.body)
	}
}
