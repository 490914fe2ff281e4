package respond_test

import (
	"errors"
	"io"
	"maps"
	"mime"
	"mime/multipart"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/forthright-http/forthright/respond"
)

const alphabet = "abcdefghijklmnopqrstuvwxyz" // 26 bytes

// rangeParts is what an answer sends: for a 206 "Content-Range=content", for
// each part, joined by a space.
func rangeParts(t *testing.T, res *http.Response, body string) string {
	t.Helper()
	mediaType, params, err := mime.ParseMediaType(res.Header.Get("Content-Type"))
	if err != nil || mediaType != "multipart/byteranges" {
		return strings.TrimPrefix(res.Header.Get("Content-Range"), "bytes ") + "=" + body
	}
	if got := res.Header["Content-Range"]; got != nil {
		t.Errorf("RFC 9110 §15.3.7.2: Content-Range %q beside parts", got)
	}
	var parts []string
	r := multipart.NewReader(strings.NewReader(body), params["boundary"])
	for {
		p, err := r.NextPart()
		if err == io.EOF {
			return strings.Join(parts, " ")
		}
		if err != nil {
			t.Fatalf("RFC 9110 §14.6: %v: %q", err, body)
		}
		content, err := io.ReadAll(p)
		if err != nil {
			t.Fatal(err)
		}
		if got := p.Header.Get("Content-Type"); got != "text/plain" {
			t.Errorf("RFC 9110 §15.3.7.2: a part of type %q", got)
		}
		parts = append(parts, strings.TrimPrefix(p.Header.Get("Content-Range"), "bytes ")+"="+string(content))
	}
}

func TestRanges(t *testing.T) {
	fields := func(s respond.Response) respond.Response {
		return s.Header("Cache-Control", "max-age=60").Header("Expires", "Fri, 31 Dec 9999 23:59:59 GMT").
			ContentLocation("/a").Vary("Origin").Language("en").ContentDigest()
	}
	answers := map[string]respond.Handler{
		"strong": func(*http.Request) (respond.Response, error) {
			return fields(respond.Bytes("text/plain", []byte(alphabet))).ETag("v1").LastModified(changed), nil
		},
		"weak": func(*http.Request) (respond.Response, error) {
			return fields(respond.Bytes("text/plain", []byte(alphabet))).WeakETag("v1").LastModified(changed), nil
		},
		"just changed": func(*http.Request) (respond.Response, error) {
			return respond.Bytes("text/plain", []byte(alphabet)).LastModified(time.Now().Add(time.Minute)), nil
		},
		"empty": func(*http.Request) (respond.Response, error) { return respond.Bytes("text/plain", nil).ETag("v1"), nil },
		"value": func(*http.Request) (respond.Response, error) { return respond.OK(alphabet).ETag("v1"), nil },
	}
	urls, wholes := make(map[string]string), make(map[string]*http.Response)
	for kind, h := range answers {
		urls[kind] = fieldServe(t, except(respond.Handle(h), "one of them is empty, and answers POST, too", "200-empty"))
		wholes[kind], _ = condHead(t, urls[kind])
	}
	const whole = "=" + alphabet
	for _, c := range []struct {
		name   string
		kind   string
		header []string
		status int
		want   string
	}{
		{"§14.1.2 first bytes", "strong", []string{"Range", "bytes=0-2"}, 206, "0-2/26=abc"},
		{"§14.1.2 one byte", "strong", []string{"Range", "bytes=25-25"}, 206, "25-25/26=z"},
		{"§14.1.2 open-ended", "strong", []string{"Range", "bytes=23-"}, 206, "23-25/26=xyz"},
		{"§14.1.2 all of it", "strong", []string{"Range", "bytes=0-"}, 206, "0-25/26=" + alphabet},
		{"§14.1.2 beyond the end", "strong", []string{"Range", "bytes=23-99"}, 206, "23-25/26=xyz"},
		{"§14.1.2 numbers of any length", "strong", []string{"Range", "bytes=23-99999999999999999999999999"}, 206, "23-25/26=xyz"},
		{"§14.1.2 the last bytes", "strong", []string{"Range", "bytes=-3"}, 206, "23-25/26=xyz"},
		{"§14.1.2 more last bytes than there are", "strong", []string{"Range", "bytes=-99"}, 206, "0-25/26=" + alphabet},
		{"§14.1 the unit in any case", "strong", []string{"Range", "BYTES=0-2"}, 206, "0-2/26=abc"},
		{"§14.1.1 several", "strong", []string{"Range", "bytes=0-2,-3"}, 206, "0-2/26=abc 23-25/26=xyz"},
		{"§5.6.1 with spaces and nothing between", "strong", []string{"Range", "bytes= 0-2, , 4-4"}, 206, "0-2/26=abc 4-4/26=e"},
		{"§15.3.7.2 in the order asked for", "strong", []string{"Range", "bytes=23-,0-2"}, 206, "23-25/26=xyz 0-2/26=abc"},
		{"§14.2 two that overlap", "strong", []string{"Range", "bytes=0-2,1-3"}, 206, "0-2/26=abc 1-3/26=bcd"},
		{"§15.3.7.2 without those that are not there", "strong", []string{"Range", "bytes=0-2,99-,4-5"}, 206, "0-2/26=abc 4-5/26=ef"},
		{"§15.3.7.2 one of several is there", "strong", []string{"Range", "bytes=99-,4-5,-0"}, 206, "4-5/26=ef"},
		{"§14.2 more than there is", "strong", []string{"Range", "bytes=0-,0-"}, 200, whole},
		{"§14.2 16 parts", "strong", []string{"Range", "bytes=" + strings.Repeat("0-0,", 15) + "1-1"}, 206, strings.Repeat("0-0/26=a ", 15) + "1-1/26=b"},
		{"§14.2 more than 16 parts", "strong", []string{"Range", "bytes=" + strings.Repeat("0-0,", 16) + "1-1"}, 200, whole},
		{"§14.2 another unit", "strong", []string{"Range", "items=0-2"}, 200, whole},
		{"§14.1.1 last before first", "strong", []string{"Range", "bytes=2-1"}, 200, whole},
		{"§14.1.1 one of several malformed", "strong", []string{"Range", "bytes=0-1,x"}, 200, whole},
		{"§14.1.1 no digits", "strong", []string{"Range", "bytes=-"}, 200, whole},
		{"§14.1.1 nothing", "strong", []string{"Range", "bytes="}, 200, whole},
		{"§14.1.1 no unit", "strong", []string{"Range", "0-2"}, 200, whole},
		{"§14.1.1 signs", "strong", []string{"Range", "bytes=+0-+2"}, 200, whole},
		{"§5.3 two lines", "strong", []string{"Range", "bytes=0-2", "Range", "bytes=4-5"}, 200, whole},
		{"§14.2 of a value: not supported", "value", []string{"Range", "bytes=0-2"}, 200, `="` + alphabet + "\"\n"},

		{"§15.5.17 past the end", "strong", []string{"Range", "bytes=26-"}, 416, "*/26"},
		{"§15.5.17 all past the end", "strong", []string{"Range", "bytes=26-27,99-"}, 416, "*/26"},
		{"§14.1.2 the last 0 bytes", "strong", []string{"Range", "bytes=-0"}, 416, "*/26"},
		{"§14.1.2 far past the end", "strong", []string{"Range", "bytes=99999999999999999999999999-"}, 416, "*/26"},
		{"§14.2 of nothing", "empty", []string{"Range", "bytes=0-"}, 200, "="},
		{"§14.2 the end of nothing", "empty", []string{"Range", "bytes=-3"}, 200, "="},

		{"§13.1.5 the tag", "strong", []string{"Range", "bytes=0-2", "If-Range", `"v1"`}, 206, "0-2/26=abc"},
		{"§13.1.5 another tag", "strong", []string{"Range", "bytes=0-2", "If-Range", `"v0"`}, 200, whole},
		{"§13.1.5 another tag before a 416", "strong", []string{"Range", "bytes=99-", "If-Range", `"v0"`}, 200, whole},
		{"§13.1.5 a 416 for the tag", "strong", []string{"Range", "bytes=99-", "If-Range", `"v1"`}, 416, "*/26"},
		{"§8.8.3.2 a weak tag in the field", "strong", []string{"Range", "bytes=0-2", "If-Range", `W/"v1"`}, 200, whole},
		{"§8.8.3.2 a weak tag of the content", "weak", []string{"Range", "bytes=0-2", "If-Range", `W/"v1"`}, 200, whole},
		{"§8.8.3.2 a weak tag of the content", "weak", []string{"Range", "bytes=0-2", "If-Range", `"v1"`}, 200, whole},
		{"§13.1.5 no list", "strong", []string{"Range", "bytes=0-2", "If-Range", `"v1", "v2"`}, 200, whole},
		{"§13.1.5 no *", "strong", []string{"Range", "bytes=0-2", "If-Range", `*`}, 200, whole},
		{"§13.1.5 malformed", "strong", []string{"Range", "bytes=0-2", "If-Range", `v1`}, 200, whole},
		{"§13.1.5 two lines", "strong", []string{"Range", "bytes=0-2", "If-Range", `"v1"`, "If-Range", `"v1"`}, 200, whole},
		{"§13.1.5 the date", "strong", []string{"Range", "bytes=0-2", "If-Range", changedDate}, 206, "0-2/26=abc"},
		{"§13.1.5 a later date", "strong", []string{"Range", "bytes=0-2", "If-Range", laterDate}, 200, whole},
		{"§13.1.5 an earlier date", "strong", []string{"Range", "bytes=0-2", "If-Range", earlierDate}, 200, whole},
		{"§5.6.7 the date as asctime", "strong", []string{"Range", "bytes=0-2", "If-Range", "Sun Nov  6 08:49:37 1994"}, 206, "0-2/26=abc"},
		{"§13.1.5 a date where there is none", "empty", []string{"Range", "bytes=0-2", "If-Range", changedDate}, 200, "="},
		{"§8.8.2.2 a date that is not strong yet", "just changed", []string{"Range", "bytes=0-2", "If-Range", time.Now().Add(time.Minute).UTC().Format(http.TimeFormat)}, 200, whole},
		{"§13.1.5 without Range", "strong", []string{"If-Range", `"v0"`}, 200, whole},

		{"§13.2.2 after If-Match", "strong", []string{"Range", "bytes=0-2", "If-Match", `"v1"`}, 206, "0-2/26=abc"},
		{"§13.2.2 after If-Match", "strong", []string{"Range", "bytes=0-2", "If-Match", `"v0"`}, 412, ""},
		{"§13.2.2 after If-Match, before a 416", "strong", []string{"Range", "bytes=99-", "If-Match", `"v0"`}, 412, ""},
		{"§14.2 after If-None-Match", "strong", []string{"Range", "bytes=0-2", "If-None-Match", `"v1"`}, 304, ""},
		{"§14.2 after If-None-Match, before a 416", "strong", []string{"Range", "bytes=99-", "If-None-Match", `"v1"`}, 304, ""},
		{"§14.2 after If-Modified-Since", "strong", []string{"Range", "bytes=0-2", "If-Modified-Since", changedDate}, 304, ""},
		{"§14.2 after If-Unmodified-Since", "strong", []string{"Range", "bytes=0-2", "If-Unmodified-Since", earlierDate}, 412, ""},
		{"§14.2 after If-Unmodified-Since", "strong", []string{"Range", "bytes=0-2", "If-Unmodified-Since", changedDate}, 206, "0-2/26=abc"},
	} {
		t.Run(c.name, func(t *testing.T) {
			res, body := fieldAsk(t, "GET", urls[c.kind], "", c.header...)
			if res.StatusCode != c.status {
				t.Fatalf("%d %s, want %d", res.StatusCode, body, c.status)
			}
			full := wholes[c.kind]
			switch c.status {
			case 200, 206:
				if got := rangeParts(t, res, body); got != c.want {
					t.Errorf("%s, want %s", got, c.want)
				}
				if res.ContentLength != int64(len(body)) {
					t.Errorf("Content-Length %d for %d bytes", res.ContentLength, len(body))
				}
			case 416:
				condProblem(t, res, body)
				if got := res.Header.Get("Content-Range"); got != "bytes "+c.want {
					t.Errorf("RFC 9110 §14.4: Content-Range %q", got)
				}
				if got := res.Header.Get("Etag"); got != full.Header.Get("Etag") {
					t.Errorf("the 416 has ETag %q", got)
				}
			}
			switch c.status {
			case 200:
				a, b := maps.Clone(res.Header), maps.Clone(full.Header)
				for _, h := range []http.Header{a, b} {
					h.Del("Date")
					h.Del("Last-Modified") // one of them is of now
				}
				if !maps.EqualFunc(a, b, func(a, b []string) bool { return strings.Join(a, "|") == strings.Join(b, "|") }) {
					t.Errorf("a Range that is ignored changes the answer: %v, want %v", a, b)
				}
			case 206:
				for _, name := range []string{"Cache-Control", "Etag", "Expires", "Content-Location", "Vary", "Last-Modified", "Content-Language", "Accept-Ranges"} {
					if got, want := res.Header.Get(name), full.Header.Get(name); got != want || want == "" {
						t.Errorf("RFC 9110 §15.3.7: %s is %q, and %q on the 200", name, got, want)
					}
				}
				if res.Header.Get("Date") == "" {
					t.Error("RFC 9110 §15.3.7: no Date")
				}
				if got := res.Header.Get("Content-Digest"); got != "" {
					t.Errorf("RFC 9530 §2: the digest of the whole with a part: %s", got)
				}
			}
			// RFC 9110 §14.2: GET is the only method for which Range is defined.
			plain := c.header[:0:0]
			for i := 0; i < len(c.header); i += 2 {
				if c.header[i] != "Range" && c.header[i] != "If-Range" {
					plain = append(plain, c.header[i], c.header[i+1])
				}
			}
			without, _ := fieldAsk(t, "GET", urls[c.kind], "", plain...)
			head, none := fieldAsk(t, "HEAD", urls[c.kind], "", c.header...)
			if head.StatusCode != without.StatusCode || none != "" || head.Header.Get("Content-Length") != without.Header.Get("Content-Length") {
				t.Errorf("RFC 9110 §14.2: HEAD with Range is a %d of length %s", head.StatusCode, head.Header.Get("Content-Length"))
			}
			if post, all := fieldAsk(t, "POST", urls[c.kind], "", c.header...); post.StatusCode != 200 || "="+all != whole && c.kind != "empty" && c.kind != "value" {
				t.Errorf("RFC 9110 §14.2: POST with Range is a %d: %s", post.StatusCode, all)
			}
			condWireHead(t, urls[c.kind], c.header...)
		})
	}
}

// watchedContent tells whether it was closed, and can fail.
type watchedContent struct {
	io.ReadSeeker
	closed atomic.Int32
	fail   int64 // reads fail from here, if above 0
	at     int64
}

var errContent = errors.New("a broken disk")

func (c *watchedContent) Seek(offset int64, whence int) (n int64, err error) {
	if c.fail < 0 {
		return 0, errContent
	}
	n, err = c.ReadSeeker.Seek(offset, whence)
	c.at = n
	return n, err
}

func (c *watchedContent) Read(p []byte) (int, error) {
	if c.closed.Load() > 0 {
		panic("read after Close")
	}
	if c.fail > 0 && c.at+int64(len(p)) > c.fail {
		if p = p[:max(0, c.fail-c.at)]; len(p) == 0 {
			return 0, errContent
		}
	}
	n, err := c.ReadSeeker.Read(p)
	c.at += int64(n)
	return n, err
}

func (c *watchedContent) Close() error { c.closed.Add(1); return nil }

// Content is closed once, whatever becomes of it.
func TestContentIsClosed(t *testing.T) {
	for _, c := range []struct {
		name   string
		s      func(respond.Response) respond.Response
		fail   int64
		header []string
		status int
	}{
		{"200", nil, 0, nil, 200},
		{"206", nil, 0, []string{"Range", "bytes=0-2"}, 206},
		{"206 of parts", nil, 0, []string{"Range", "bytes=0-2,4-5"}, 206},
		{"304", nil, 0, []string{"If-None-Match", `"v1"`}, 304},
		{"412", nil, 0, []string{"If-Match", `"v0"`}, 412},
		{"416", nil, 0, []string{"Range", "bytes=99-"}, 416},
		{"a digest", respond.Response.ContentDigest, 0, nil, 200},
		{"a computed tag", respond.Response.ComputeETag, 0, nil, 200},
		{"a defect", func(s respond.Response) respond.Response { return s.Header("X", "a\nb") }, 0, nil, 500},
		{"a seek that fails", nil, -1, nil, 500},
		{"a digest that fails", respond.Response.ContentDigest, 5, nil, 500},
		{"a computed tag that fails", respond.Response.ComputeETag, 5, nil, 500},
	} {
		for _, method := range []string{"GET", "HEAD", "POST"} {
			content := &watchedContent{ReadSeeker: strings.NewReader(alphabet), fail: c.fail}
			_, _ = content.ReadSeeker.Seek(7, io.SeekStart) // wherever it stands
			url, log := fieldServer(t, func(*http.Request) (respond.Response, error) {
				s := respond.Content("text/plain", content).ETag("v1")
				if c.s != nil {
					s = c.s(s)
				}
				return s, nil
			})
			res, body := fieldAsk(t, method, url, "", c.header...)
			if method == "GET" && res.StatusCode != c.status {
				t.Errorf("%s: %d %s", c.name, res.StatusCode, body)
			}
			if res.StatusCode == 200 && method != "HEAD" && body != alphabet {
				t.Errorf("%s: %s %q", c.name, method, body)
			}
			if content.closed.Load() != 1 {
				t.Errorf("%s: %s: closed %d times", c.name, method, content.closed.Load())
			}
			if c.status == 500 && method == "GET" && log.String() == "" {
				t.Errorf("%s: not logged", c.name)
			}
		}
	}
}

// Content that fails halfway never looks whole, also where its length is not
// known to the client, and the log says why.
func TestContentFailsHalfway(t *testing.T) {
	for _, header := range [][]string{nil, {"Range", "bytes=0-20"}, {"Range", "bytes=0-2,8-20"}} {
		for _, size := range []int{26, 100_000} {
			content := &watchedContent{ReadSeeker: strings.NewReader(strings.Repeat("a", size)), fail: 5}
			url, log := fieldServer(t, func(*http.Request) (respond.Response, error) {
				return respond.Content("text/plain", content).Header("Content-Encoding", "x-own"), nil
			})
			r, err := http.NewRequestWithContext(t.Context(), "GET", url, nil)
			if err != nil {
				t.Fatal(err)
			}
			for i := 0; i < len(header); i += 2 {
				r.Header.Set(header[i], header[i+1])
			}
			res, err := http.DefaultTransport.RoundTrip(r)
			var arrived []byte
			if err == nil {
				arrived, err = io.ReadAll(res.Body)
				res.Body.Close()
			}
			if strings.Contains(string(arrived), "about:blank") {
				t.Errorf("%q of %d bytes: a problem in the middle of the content: %s", header, size, arrived)
			}
			if err == nil {
				t.Errorf("%q of %d bytes: the client took it for whole", header, size)
			}
			if content.closed.Load() != 1 || !strings.Contains(log.String(), errContent.Error()) {
				t.Errorf("%q: closed %d times, log: %s", header, content.closed.Load(), log)
			}
		}
	}
}

// A file is content too.
func TestContentOfFile(t *testing.T) {
	name := filepath.Join(t.TempDir(), "a.txt")
	if err := os.WriteFile(name, []byte(alphabet), 0o600); err != nil {
		t.Fatal(err)
	}
	url, _ := fieldServer(t, func(*http.Request) (respond.Response, error) {
		f, err := os.Open(name)
		if err != nil {
			return respond.Fail(err)
		}
		return respond.Content("text/plain", f).LastModified(changed), nil
	})
	if _, body := condHead(t, url); body != alphabet {
		t.Errorf("%q", body)
	}
	if res, body := fieldAsk(t, "GET", url, "", "Range", "bytes=2-4"); res.StatusCode != 206 || body != "cde" {
		t.Errorf("§15.3.7: %d %q", res.StatusCode, body)
	}
}

// A media type that does not parse is never sent.
func TestContentMediaType(t *testing.T) {
	for _, mediaType := range []string{"", "text", "text/*", "text/plain\r\nX: y"} {
		fieldFails(t, respond.Bytes(mediaType, []byte("a")), "media type")
	}
}
