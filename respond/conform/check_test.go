package conform

//lint:file-ignore SA1008 a name in another case is what is tested

import (
	"bytes"
	"errors"
	"io"
	"math"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
)

func TestOptions(t *testing.T) {
	for _, o := range []struct {
		options Options
		want    string // of the error
	}{
		{Options{}, ""},
		{Options{Off: map[string]string{"401": "the gateway adds it", "G4": "a pair"}}, ""},
		{Options{Off: map[string]string{"402": "none"}}, `no rule "402"`},
		{Options{Off: map[string]string{"401": " "}}, "without a reason"},
		{Options{MaxBody: -1}, "MaxBody"},
		{Options{Profile: 7}, "profile"},
	} {
		_, err := New(o.options)
		if (err == nil) != (o.want == "") || err != nil && !strings.Contains(err.Error(), o.want) {
			t.Errorf("%+v: %v, want %q", o.options, err, o.want)
		}
	}
}

// The profile RFC has every rule of the RFCs, and nothing else.
func TestProfile(t *testing.T) {
	rfc, err := New(Options{Profile: RFC})
	if err != nil {
		t.Fatal(err)
	}
	level := map[string]Level{}
	for _, r := range Rules() {
		level[r.ID] = r.Level
	}
	for _, e := range examples() {
		found := ids(e.judge(t, rfc, e.bad))
		if has := strings.Contains(" "+found+" ", " "+e.rule+" "); has != (level[e.rule] != Advice) {
			t.Errorf("%s is of level %s; by the profile RFC it gives %q", e.rule, level[e.rule], found)
		}
		for _, f := range e.judge(t, rfc, e.bad) {
			if f.Level == Advice {
				t.Errorf("by the profile RFC: %s", f)
			}
		}
	}
}

func TestGravestFirst(t *testing.T) {
	found := judged(parse(t, `
GET /a HTTP/1.1
Host: www.example.com

HTTP/1.1 429 Too Many Requests
Cache-Control: max-age=60
ETag: v1
`))
	if got := ids(found); got != "G6 G8 429 42x-store 429-retry" {
		t.Errorf("found %s", got)
	}
	want := `must G8 (RFC 9110 §8.8.3) GET /a 429: The ETag is not well-formed. Here: ETag: v1. Put it in double quotes, "v1", with W/ before them if it is weak.`
	if got := found[1].String(); got != want {
		t.Errorf("got  %s\nwant %s", got, want)
	}
	line := Finding{Method: "GET\nmust 401", URL: "/a\r?\x1b"}.String()
	if strings.ContainsAny(line, "\n\r\x1b") {
		t.Errorf("%q is no line", line)
	}
}

func response(body io.Reader) (*http.Request, *http.Response) {
	req := httptest.NewRequest("GET", "/a", nil)
	h := http.Header{"Content-Type": {"application/problem+json"}, "Date": {"Fri, 31 Dec 1999 23:59:59 GMT"}, "Cache-Control": {"no-store"},
		"Content-Digest": {"sha-256=:AAAA:"}}
	return req, &http.Response{StatusCode: 404, ProtoMajor: 1, ProtoMinor: 1, Header: h, Body: io.NopCloser(body), Request: req}
}

// Of content beyond MaxBody, only the rules about all of it are silent; and
// all of it is there to be read.
func TestMaxBody(t *testing.T) {
	const content = `{"status": 400}`
	for _, m := range []struct {
		max  int64
		want string
	}{
		{0, "G17-status G18"},
		{1, ""},
		{int64(len(content)) - 1, ""},
		{int64(len(content)), "G17-status G18"},
		{math.MaxInt64, "G17-status G18"},
	} {
		c, err := New(Options{MaxBody: m.max})
		if err != nil {
			t.Fatal(err)
		}
		req, res := response(strings.NewReader(content))
		if got := ids(c.Check(req, res)); got != m.want {
			t.Errorf("MaxBody %d: found %q, want %q", m.max, got, m.want)
		}
		if b, err := io.ReadAll(res.Body); string(b) != content || err != nil {
			t.Errorf("MaxBody %d: the body is %q, %v", m.max, b, err)
		}
	}
}

// once fails once, and then ends.
type once struct {
	err  error
	done bool
}

func (o *once) Read([]byte) (int, error) {
	if o.done {
		return 0, io.EOF
	}
	o.done = true
	return 0, o.err
}

// A body that fails does so for the caller, too, and is not judged as whole.
func TestBodyFails(t *testing.T) {
	broken := errors.New("reset by peer")
	req, res := response(io.MultiReader(strings.NewReader(`{"stat`), &once{err: broken}))
	if found := Check(req, res); len(found) > 0 {
		t.Errorf("found %v", found)
	}
	if b, err := io.ReadAll(res.Body); string(b) != `{"stat` || !errors.Is(err, broken) {
		t.Errorf("the body is %q, %v", b, err)
	}
}

type closer struct {
	io.Reader
	closed int
}

func (c *closer) Close() error { c.closed++; return nil }

func TestBodyCloses(t *testing.T) {
	req, res := response(nil)
	body := &closer{Reader: bytes.NewReader(nil)}
	res.Body = body
	Check(req, res)
	Check(req, res)
	if body.closed != 0 {
		t.Error("Check closed the body")
	}
	_ = res.Body.Close()
	if body.closed != 1 {
		t.Errorf("Close reached the body %d times", body.closed)
	}
	res.Body = http.NoBody
	Check(req, res)
	if res.Body != http.NoBody {
		t.Error("there is no NoBody any more")
	}
}

// Names that a handler or a capture spells in its own way are found.
func TestSpelling(t *testing.T) {
	x := Exchange{Recorded: true,
		Request:  &http.Request{Method: "GET", Header: http.Header{"if-none-match": {`"a"`}}},
		Response: &http.Response{StatusCode: 304, Header: http.Header{"eTAG": {"a"}}}}
	if got := ids(judged(x)); got != "G8" {
		t.Errorf("found %q", got)
	}
	if len(x.Response.Header["eTAG"]) != 1 || len(x.Response.Header) != 1 {
		t.Errorf("the header is %v", x.Response.Header)
	}
}

// The request may be that of the response, and a response without one is a
// recorder's, which has no Date.
func TestCheckRequest(t *testing.T) {
	req, res := response(http.NoBody)
	req.Method = "HEAD"
	delete(res.Header, "Date")
	if got := ids(Check(nil, res)); got != "G6" {
		t.Errorf("found %s", got)
	}
	res.Request = nil
	if got := ids(Check(req, res)); got != "" {
		t.Errorf("recorded: found %s", got)
	}
}
