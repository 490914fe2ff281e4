package respond_test

import (
	"net/http"
	"testing"
	"time"

	"github.com/forthright-http/forthright/respond"
)

// The fields of a 304 (RFC 9110 §15.4.5), whoever set them.
func TestNotModifiedFields(t *testing.T) {
	full := func(s respond.Response) respond.Response {
		return s.Header("Cache-Control", "max-age=60").Header("Expires", "Fri, 31 Dec 9999 23:59:59 GMT").
			ContentLocation("/a").Vary("Origin").Language("en").Attachment("a.json").
			Header("Content-Encoding", "identity").Header("Repr-Digest", "sha-256=:AAAA:").ContentDigest().
			Header("X-Own", "kept").Add("Set-Cookie", "a=b")
	}
	value := full(respond.OK(condValue{"a"}))
	bytes := full(respond.Bytes("text/plain", []byte("abc")))
	for _, c := range []struct {
		name   string
		s      respond.Response
		header []string
	}{
		{"a value with a tag", value.ETag("v1").LastModified(changed), []string{"If-None-Match", `"v1"`}},
		{"a value with a weak tag", value.WeakETag("v1").LastModified(changed), []string{"If-None-Match", `"v1"`}},
		{"a value with a date", value.LastModified(changed), []string{"If-Modified-Since", changedDate}},
		{"a value with a computed tag", value.ComputeETag(), []string{"If-None-Match", "*"}},
		{"bytes with a tag", bytes.ETag("v1").LastModified(changed), []string{"If-None-Match", `"v1"`}},
		{"bytes with a date", bytes.LastModified(changed), []string{"If-Modified-Since", changedDate}},
		{"bytes with a computed tag", bytes.ComputeETag(), []string{"If-None-Match", "*"}},
		{"no content", full(respond.OK(nil)).ETag("v1"), []string{"If-None-Match", `"v1"`}},
	} {
		t.Run(c.name, func(t *testing.T) {
			url := fieldServe(t, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				w.Header().Set("Content-Type", "text/plain") // a middleware's default
				w.Header().Set("Vary", "Accept-Encoding")
				condAnswer(c.s).ServeHTTP(w, r)
			}))
			whole, _ := condHead(t, url)
			res, body := condHead(t, url, c.header...)
			if whole.StatusCode != 200 || res.StatusCode != 304 || body != "" {
				t.Fatalf("%d, %d %q", whole.StatusCode, res.StatusCode, body)
			}
			for _, name := range []string{"Cache-Control", "Content-Location", "Etag", "Expires", "Vary", "X-Own", "Set-Cookie"} {
				if got, want := res.Header.Get(name), whole.Header.Get(name); got != want {
					t.Errorf("RFC 9110 §15.4.5: %s is %q, and %q on the 200", name, got, want)
				}
			}
			if res.Header.Get("Date") == "" {
				t.Error("RFC 9110 §15.4.5: no Date")
			}
			for _, name := range []string{
				"Content-Type", "Content-Length", "Content-Encoding", "Content-Language", "Content-Disposition",
				"Content-Digest", "Repr-Digest", "Accept-Ranges", "Content-Range",
			} {
				if got := res.Header[name]; got != nil {
					t.Errorf("RFC 9110 §15.4.5: %s: %q", name, got)
				}
			}
			modified := res.Header.Get("Last-Modified")
			if tag := res.Header.Get("Etag"); tag != "" && modified != "" || tag == "" && modified != changedDate {
				t.Errorf("RFC 9110 §15.4.5: ETag %s, Last-Modified %q", tag, modified)
			}
			condWireHead(t, url, c.header...)
			if content := condWire(t, url, "GET", c.header...); content != "" {
				t.Errorf("RFC 9110 §15.4.5: on the wire a 304 has %q", content)
			}
		})
	}
}

// RFC 9110 §8.8.2.1: Last-Modified is never later than Date, whatever the
// author says.
func TestLastModifiedInTheFuture(t *testing.T) {
	for name, s := range map[string]respond.Response{"value": respond.OK(1), "bytes": respond.Bytes("text/plain", []byte("a")), "nothing": respond.OK(nil)} {
		url, _ := fieldServer(t, func(*http.Request) (respond.Response, error) {
			return s.LastModified(time.Now().Add(24 * time.Hour)), nil
		})
		res, _ := fieldAsk(t, "GET", url, "")
		date, err := http.ParseTime(res.Header.Get("Date"))
		modified, err2 := http.ParseTime(res.Header.Get("Last-Modified"))
		if err != nil || err2 != nil || modified.After(date) {
			t.Errorf("%s: %v", name, res.Header)
		}
	}
}
