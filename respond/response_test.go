package respond_test

import (
	"errors"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/forthright-http/forthright/problem"
	"github.com/forthright-http/forthright/respond"
)

type thing struct {
	A string `json:"a"`
}

// serveOne answers every request with one Response.
func serveOne(t testing.TB, s respond.Response) (addr string, book *logBook) {
	t.Helper()
	api, book := newAPI(t, respond.Options{})
	h := api.Wrap(api.Handle(func(*http.Request) (respond.Response, error) { return s, nil }))
	return startServer(t, except(h, "any Response there is answers GET and HEAD", "201-method", "304-asked"), book), book
}

// Each constructor and builder, as a value and over HTTP.
func TestResponses(t *testing.T) {
	v := thing{"b"}
	const doc = `{"a":"b"}` + "\n"
	at := time.Date(2021, 1, 4, 10, 0, 0, 999, time.FixedZone("", 3600))
	for _, row := range []struct {
		name   string
		s      respond.Response
		status int
		body   string
		fields string // "name: value" of those that matter, joined by "; "
	}{
		{"OK", respond.OK(v), 200, doc, "Content-Type: application/json; Content-Length: 10"},
		{"OK nil", respond.OK(nil), 200, "", "Content-Length: 0; Content-Type: "},
		{"Created", respond.Created("/a/1", v), 201, doc, "Location: /a/1; Content-Length: 10"},
		{"Created nil", respond.Created("/a/1", nil), 201, "", "Location: /a/1; Content-Length: 0"},
		{"Created, spaces and beyond ASCII", respond.Created("/a b/é?q=ü#ä", nil), 201, "", "Location: /a%20b/%C3%A9?q=%C3%BC#%C3%A4"},
		{"Created, escaped already", respond.Created("/a%20b", nil), 201, "", "Location: /a%20b"},
		{"Created, absolute", respond.Created("https://a.example/b", nil), 201, "", "Location: https://a.example/b"},
		{"Accepted", respond.Accepted("/jobs/1", v), 202, doc, "Location: /jobs/1"},
		{"NoContent", respond.NoContent(), 204, "", "Content-Length: ; Content-Type: "},
		{"reset", respond.Status(205, nil), 205, "", "Content-Length: 0"},
		{"not modified", respond.Status(304, nil).ETag("x"), 304, "", `ETag: "x"; Content-Length: `},
		{"another status", respond.Status(203, v), 203, doc, "Content-Length: 10"},
		{"301", respond.MovedPermanently("/b"), 301, "", "Location: /b; Content-Length: 0"},
		{"302", respond.Found("/b"), 302, "", "Location: /b"},
		{"303", respond.SeeOther("/b"), 303, "", "Location: /b"},
		{"307", respond.TemporaryRedirect("../b?c"), 307, "", "Location: ../b?c"},
		{"308", respond.PermanentRedirect("/b"), 308, "", "Location: /b"},

		{"ETag", respond.OK(v).ETag("1"), 200, doc, `ETag: "1"`},
		{"weak ETag", respond.OK(v).WeakETag("1"), 200, doc, `ETag: W/"1"`},
		{"the last ETag", respond.OK(v).WeakETag("1").ETag("2"), 200, doc, `ETag: "2"`},
		{"LastModified", respond.OK(v).LastModified(at), 200, doc, "Last-Modified: Mon, 04 Jan 2021 09:00:00 GMT"},
		{"no LastModified", respond.OK(v).LastModified(time.Time{}), 200, doc, "Last-Modified: "},
		{"Vary", respond.OK(v).Vary("Accept", "Origin").Vary("accept"), 200, doc, "Vary: Accept, Origin"},
		{"Link", respond.OK(v).Link("/a?b", "next").Link("/c d", "prev"), 200, doc, `Link: </a?b>; rel="next", </c%20d>; rel="prev"`},
		{"Language", respond.OK(v).Language("de", "en"), 200, doc, "Content-Language: de, en"},
		{"ContentLocation", respond.OK(v).ContentLocation("/ä"), 200, doc, "Content-Location: /%C3%A4"},
		{"RetryAfter", respond.Accepted("/jobs/1", v).RetryAfter(1500 * time.Millisecond), 202, doc, "Retry-After: 2"},
		{"cookies", respond.OK(v).Cookie(&http.Cookie{Name: "a", Value: "b"}).Cookie(&http.Cookie{Name: "c", Value: "d", HttpOnly: true}), 200, doc, "Set-Cookie: a=b, c=d, HttpOnly"},
		{"Header", respond.OK(v).Header("x-a", "1").Header("X-A", "2"), 200, doc, "X-A: 2"},
		{"Add", respond.OK(v).Add("x-a", "1").Add("X-A", "2"), 200, doc, "X-A: 1, 2"},
		{"Add to what holds one value", respond.Created("/a", v).Add("location", "/b").Add("Content-Type", "application/x+json"), 201, doc, "Location: /b; Content-Type: application/x+json"},
	} {
		t.Run(row.name, func(t *testing.T) {
			if row.s.Err() != nil || row.s.Code() != row.status || (row.s.Value() != nil) != (row.body != "") {
				t.Errorf("as a value it is %d, %v, %v", row.s.Code(), row.s.Value(), row.s.Err())
			}
			addr, book := serveOne(t, row.s)
			get, body := exchangeRaw(t, addr, request("GET", "/", ""), false)
			if get.StatusCode != row.status || body != row.body {
				t.Errorf("the answer is %d %q, want %d %q", get.StatusCode, body, row.status, row.body)
			}
			for want := range strings.SplitSeq(strings.ReplaceAll(row.fields, "; rel", "\x00rel"), "; ") {
				name, value, _ := strings.Cut(strings.ReplaceAll(want, "\x00", "; "), ": ")
				got := strings.ReplaceAll(strings.Join(get.Header.Values(name), ", "), "; HttpOnly", ", HttpOnly")
				if got != value {
					t.Errorf("%s is %q, want %q", name, got, value)
				}
			}
			// HEAD has the fields of GET, and no content (RFC 9110 §9.3.2).
			head, nothing := exchangeRaw(t, addr, request("HEAD", "/", ""), false)
			if head.StatusCode != row.status || nothing != "" {
				t.Errorf("to HEAD the answer is %d %q", head.StatusCode, nothing)
			}
			for _, h := range []http.Header{get.Header, head.Header} {
				h.Del("Date")
				h.Del("X-Request-Id")
			}
			if a, b := headerText(get.Header), headerText(head.Header); a != b {
				t.Errorf("GET has\n%sHEAD has\n%s", a, b)
			}
			if level := book.worst(); level > slog.LevelDebug {
				t.Errorf("logged at %v", level)
			}
		})
	}
}

func headerText(h http.Header) string {
	var b strings.Builder
	_ = h.Write(&b)
	return b.String()
}

// Large content has a length, too.
func TestLargeResponse(t *testing.T) {
	addr, _ := serveOne(t, respond.OK(thing{strings.Repeat("x", 1<<20)}))
	for _, method := range []string{"GET", "HEAD"} {
		res, _ := exchangeRaw(t, addr, request(method, "/", ""), false)
		if got := res.Header.Get("Content-Length"); got != strconv.Itoa(1<<20+9) {
			t.Errorf("%s: Content-Length is %q", method, got)
		}
	}
}

type failing struct{ err error }

func (f failing) MarshalJSON() ([]byte, error) { return nil, f.err }

// What cannot be sent is a clean 500, and the log says why.
func TestResponsesThatCannotBeSent(t *testing.T) {
	const canary = "canary-7d1"
	ok := respond.OK(thing{"b"})
	for _, row := range []struct {
		name string
		s    respond.Response
		log  string
	}{
		{"the zero Response", respond.Response{}, "zero Response"},
		{"a status of errors", respond.Status(404, nil), "returned as a problem"},
		{"an interim status", respond.Status(103, nil), "not 200 to 399"},
		{"content in a 204", respond.Status(204, thing{}), "no content"},
		{"content in a 304", respond.Status(304, thing{}), "no content"},
		{"CR LF in Location", respond.Created("/a\r\nX-Injected: 1", nil), "location"},
		{"LF in Location", respond.Found("/a\nX-Injected: 1"), "location"},
		{"NUL in Location", respond.SeeOther("/a\x00"), "location"},
		{"an empty Location", respond.Created("", nil), "location"},
		{"a bad port in Location", respond.Found("http://a:b/"), "location"},
		{"CR LF in a field", ok.Header("X-A", "b\r\nX-Injected: 1"), "X-A"},
		{"CR in a field", ok.Add("X-A", "b\rX-Injected: 1"), "X-A"},
		{"NUL in a field", ok.Header("X-A", "b\x00c"), "X-A"},
		{"a bad name", ok.Header("X-A: 1\r\nX-Injected", "1"), "name"},
		{"an empty name", ok.Header("", "1"), "name"},
		{"CR LF in ETag", ok.ETag("a\r\nX-Injected: 1"), "entity tag"},
		{"a quote in ETag", ok.ETag(`a"b`), "entity tag"},
		{"LF in Link", ok.Link("/a\nX-Injected: 1", "next"), "link"},
		{"a bracket in Link", ok.Link("/a", "next\r\nX-Injected: 1"), "link"},
		{"no relation", ok.Link("/a", ""), "link"},
		{"a bad Vary", ok.Vary("A\r\nX-Injected: 1"), "Vary"},
		{"LF in Language", ok.Language("de\nX-Injected: 1"), "Content-Language"},
		{"LF in ContentLocation", ok.ContentLocation("/\nX-Injected: 1"), "location"},
		{"a bad cookie's name", ok.Cookie(&http.Cookie{Name: "a b", Value: "c"}), "cookie"},
		{"LF in a cookie", ok.Cookie(&http.Cookie{Name: "a", Value: "c\nX-Injected: 1"}), "cookie"},
		{"no cookie", ok.Cookie(nil), "cookie"},
		{"Content-Length", ok.Header("Content-Length", "1"), "Content-Length"},
		{"Transfer-Encoding", ok.Header("transfer-encoding", "chunked"), "Transfer-Encoding"},
		{"a channel", respond.OK(make(chan int)), "unsupported type"},
		{"NaN, late", respond.OK([]any{strings.Repeat("x", 10000), func() {}}).ETag("1").Header("Cache-Control", "max-age=9"), "unsupported type"},
		{"a failing MarshalJSON", respond.Created("/a", failing{errors.New(canary)}), canary},
	} {
		t.Run(row.name, func(t *testing.T) {
			addr, book := serveOne(t, row.s)
			res, body := exchangeRaw(t, addr, request("GET", "/", ""), false)
			if res.StatusCode != 500 {
				t.Fatalf("the answer is %d %s", res.StatusCode, body)
			}
			wantProblem(t, res, body)
			head := headerText(res.Header)
			if strings.Contains(head+body, "Injected") || strings.Contains(head+body, canary) {
				t.Errorf("it got through: %s%s", head, body)
			}
			for _, name := range []string{"Location", "ETag", "Set-Cookie", "Link"} {
				if res.Header.Get(name) != "" {
					t.Errorf("the 500 has %s", name)
				}
			}
			if log := book.String(); !strings.Contains(log, row.log) || strings.Count(log, "\n") != 1 {
				t.Errorf("the log is %s", log)
			}
			if level := book.worst(); level != slog.LevelError {
				t.Errorf("logged at %v", level)
			}
		})
	}
}

func TestFail(t *testing.T) {
	cause := problem.NotFound("")
	if s, err := respond.Fail(cause); err != error(cause) || s.Code() != 0 {
		t.Errorf("Fail returns %v, %v", s, err)
	}
	if _, err := respond.Fail(nil); err == nil {
		t.Error("Fail(nil) is no error")
	}
}

// What is built on a shared Response is not shared.
func TestBuildersDoNotAlias(t *testing.T) {
	base := respond.OK(thing{"b"}).Header("X-A", "1").Add("X-B", "1").Vary("Accept").Link("/a", "self").Header("X-Z", "1")
	get := func(s respond.Response) string {
		w := httptest.NewRecorder()
		checked(t, s).ServeHTTP(w, httptest.NewRequest("GET", "/", nil))
		w.Header().Del("Content-Type")
		return headerText(w.Header())
	}
	before := get(base)
	var wait sync.WaitGroup
	for i := range 8 {
		wait.Go(func() {
			n := strconv.Itoa(i)
			s := base.Add("X-B", n).Header("X-C", n).Link("/"+n, "next")
			for range 100 {
				_ = base.Add("X-B", "other").Header("X-C", "other").Cookie(&http.Cookie{Name: "x", Value: "y"})
				if text := get(s); !strings.Contains(text, "X-C: "+n+"\r\n") || strings.Contains(text, "other") || strings.Contains(text, "Set-Cookie") {
					t.Errorf("%s: %s", n, text)
					return
				}
			}
		})
	}
	wait.Wait()
	if after := get(base); after != before {
		t.Errorf("the base became\n%s, was\n%s", after, before)
	}
}

// Fields that a middleware has set stay, but for those that the Response
// sets itself and those about content.
func TestResponseAndMiddleware(t *testing.T) {
	for _, row := range []struct {
		s    respond.Response
		want string
	}{
		{respond.OK(thing{"b"}).Header("X-A", "2").Vary("Accept").Cookie(&http.Cookie{Name: "c", Value: "2"}),
			"Content-Length: \r\nContent-Type: application/json\r\nSet-Cookie: c=1\r\nSet-Cookie: c=2\r\nVary: Origin, Accept\r\nX-A: 2\r\nX-B: 1\r\n"},
		{respond.NoContent(), "Set-Cookie: c=1\r\nVary: Origin\r\nX-A: 1\r\nX-B: 1\r\n"},
	} {
		w := httptest.NewRecorder()
		h := w.Header()
		for _, f := range []string{"X-A", "X-B", "Content-Length", "Content-Type"} {
			h.Set(f, "1")
		}
		h.Set("Vary", "Origin")
		h.Set("Set-Cookie", "c=1")
		checked(t, row.s).ServeHTTP(w, httptest.NewRequest("POST", "/", nil))
		got := headerText(w.Header())
		if got != strings.Replace(row.want, "Content-Length: \r\n", "", 1) {
			t.Errorf("the header is\n%s, want\n%s", got, row.want)
		}
	}
}
