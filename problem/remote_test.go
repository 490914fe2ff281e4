package problem_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/forthright-http/forthright/problem"
	"github.com/forthright-http/forthright/problem/problemtest"
)

var noStock = problem.NewType("no-stock", 409, "There is not enough in stock")

const problemJSON = "application/problem+json"

// reply is a response from https://api.example.com/orders/1.
func reply(status int, contentType, content string, fields ...string) *http.Response {
	h := http.Header{"Content-Type": {contentType}}
	for i := 0; i < len(fields); i += 2 {
		h.Add(fields[i], fields[i+1])
	}
	u, _ := url.Parse("https://ana:secret@api.example.com/orders/1?a=b")
	return &http.Response{StatusCode: status, Header: h, ContentLength: -1, Body: io.NopCloser(strings.NewReader(content)),
		Request: &http.Request{Method: "GET", URL: u}}
}

// remote is what is read of a response that failed.
func remote(t testing.TB, err error) *problem.Remote {
	t.Helper()
	p, ok := errors.AsType[*problem.Remote](err)
	if !ok {
		t.Fatalf("%v is no Remote", err)
	}
	return p
}

// The client gets the type that the server made, over the wire.
func TestTheClientsHalfOverARealServer(t *testing.T) {
	w := newWriter(t, problem.Options{})
	absolute := newWriter(t, problem.Options{Base: "https://errors.example.com/p/"})
	srv := serve(t, false, func(rw http.ResponseWriter, r *http.Request) {
		switch r.URL.Path {
		case "/stock":
			w.Write(rw, r, fmt.Errorf("reserve: %w", noStock.New("2 are left.").With("left", 2).With("large", uint64(1)<<60+1)))
		case "/credit":
			w.Write(rw, r, outOfCredit)
		case "/items":
			w.Write(rw, r, problem.Invalid(problem.Item{Detail: "must be at most 64.", Pointer: "#/a", Code: "max", Params: map[string]any{"max": 64}},
				problem.Item{Parameter: "limit"}, problem.Item{Header: "Accept"}))
		case "/429":
			w.Write(rw, r, problem.TooManyRequests(90*time.Second))
		case "/401":
			w.Write(rw, r, problem.Unauthorized(`Basic realm="a"`, "Bearer"))
		case "/absolute":
			absolute.Write(rw, r, noStock)
		case "/moved":
			http.Redirect(rw, r, "/stock", http.StatusFound)
		}
	}, anyRequest, except("/fine has no content", "200-validator"))
	call := func(rd *problem.Reader, method, path string) error {
		req, _ := http.NewRequestWithContext(t.Context(), method, srv.URL+path, nil)
		res, err := srv.Client().Do(req)
		if err != nil {
			t.Fatal(err)
		}
		defer res.Body.Close()
		return rd.FromResponse(res)
	}
	newReader := func(o problem.ReaderOptions) *problem.Reader {
		rd, err := problem.NewReader(o)
		if err != nil {
			t.Fatal(err)
		}
		return rd
	}
	rd := newReader(problem.ReaderOptions{Types: []*problem.Type{outOfCredit, noStock}})
	elsewhere := newReader(problem.ReaderOptions{Types: []*problem.Type{noStock}, Base: "https://errors.example.com/p/"})

	for _, tt := range []struct {
		name   string
		reader *problem.Reader
		path   string
		status int
		typ    *problem.Type
		uri    string
	}{
		{"a type", rd, "/stock", 409, noStock, srv.URL + "/problems/no-stock"},
		{"after a redirect", rd, "/moved", 409, noStock, srv.URL + "/problems/no-stock"},
		{"a type placed elsewhere", rd, "/credit", 403, outOfCredit, "https://example.com/probs/out-of-credit"},
		{"a type of this module", rd, "/items", 422, problem.InvalidContent, srv.URL + "/problems/invalid-content"},
		{"the same by nil", nil, "/items", 422, problem.InvalidContent, srv.URL + "/problems/invalid-content"},
		{"about:blank", rd, "/429", 429, nil, "about:blank"},
		{"a type that was not given", nil, "/stock", 409, nil, srv.URL + "/problems/no-stock"},
		{"below another base", rd, "/absolute", 409, nil, "https://errors.example.com/p/no-stock"},
		{"below the base that was given", elsewhere, "/absolute", 409, noStock, "https://errors.example.com/p/no-stock"},
		{"not below the base that was given", elsewhere, "/stock", 409, nil, srv.URL + "/problems/no-stock"},
	} {
		err := fmt.Errorf("order: %w", call(tt.reader, "GET", tt.path))
		p := remote(t, err)
		eq(t, tt.name, p.Status(), tt.status)
		eq(t, tt.name, p.Type(), tt.typ)
		eq(t, tt.name, p.TypeURI(), tt.uri)
		for _, typ := range []*problem.Type{noStock, outOfCredit, problem.InvalidContent, problem.InvalidRequest} {
			eq(t, tt.name+": errors.Is "+typ.Name(), errors.Is(err, typ), typ == tt.typ)
		}
		eq(t, tt.name+": nil type", errors.Is(err, (*problem.Type)(nil)), false)
		if _, ok := errors.AsType[*problem.Problem](err); ok {
			t.Errorf("%s: it is a Problem", tt.name)
		}
	}

	p := remote(t, call(rd, "GET", "/stock"))
	eq(t, "title", p.Title(), "There is not enough in stock")
	eq(t, "detail", p.Detail(), "2 are left.")
	left, ok := p.Member("left")
	eq(t, "member", left, any(2.0))
	eq(t, "member there", ok, true)
	var stock struct {
		Left  int
		Large uint64
	}
	if err := p.Decode(&stock); err != nil || stock.Left != 2 || stock.Large != 1<<60+1 {
		t.Errorf("got %+v, %v", stock, err)
	}
	eq(t, "error", p.Error(), "409 no-stock from "+strings.TrimPrefix(srv.URL, "http://")+": 2 are left.")

	p = remote(t, call(rd, "GET", "/items"))
	want := []problem.Item{{Detail: "must be at most 64.", Pointer: "#/a", Code: "max", Params: map[string]any{"max": 64.0}}, {Parameter: "limit"}, {Header: "Accept"}}
	if !reflect.DeepEqual(p.Errors(), want) {
		t.Errorf("got %+v", p.Errors())
	}
	p = remote(t, call(rd, "GET", "/429"))
	after, ok := p.RetryAfter()
	eq(t, "Retry-After", after, 90*time.Second)
	eq(t, "Retry-After there", ok, true)
	p = remote(t, call(rd, "GET", "/401"))
	if got := p.Header()["Www-Authenticate"]; !reflect.DeepEqual(got, []string{`Basic realm="a"`, "Bearer"}) {
		t.Errorf("challenges: %q", got)
	}
	p.Header().Set("Www-Authenticate", "changed")
	eq(t, "a copy", p.Header().Get("Www-Authenticate"), `Basic realm="a"`)
	p = remote(t, call(rd, "HEAD", "/stock"))
	eq(t, "HEAD", p.Status(), 409)
	eq(t, "HEAD", p.TypeURI(), "about:blank")
	eq(t, "HEAD", p.Unwrap(), error(nil))
	if err := call(rd, "GET", "/fine"); err != nil {
		t.Errorf("a 200 is %v", err)
	}
}

// "If a member's value type does not match the specified type, the member MUST
// be ignored -- i.e., processing will continue as if the member had not been
// present."
func TestRFC9457Section3_1_WhatDoesNotMatchIsIgnored(t *testing.T) {
	for _, tt := range []struct {
		name, content                string
		uri, title, detail, instance string
	}{
		{"empty", `{}`, "about:blank", "Not Found", "", ""},
		{"§3.1.1 no type", `{"title":"a"}`, "about:blank", "a", "", ""},
		{"§3.1.2 another status", `{"status":500,"detail":"d"}`, "about:blank", "Not Found", "d", ""},
		{"§3.1.2 status as text", `{"status":"500","detail":"d"}`, "about:blank", "Not Found", "d", ""},
		{"all of the wrong type", `{"type":1,"title":[],"detail":{},"instance":true,"status":null}`, "about:blank", "Not Found", "", ""},
		{"null", `{"type":null,"title":null,"detail":null,"instance":null}`, "about:blank", "Not Found", "", ""},
		{"one wrong", `{"type":7,"title":"a","detail":"d"}`, "about:blank", "a", "d", ""},
		{"type is no URI", `{"type":"out of credit","detail":"d"}`, "about:blank", "Not Found", "d", ""},
		{"§3.1.1 a full path", `{"type":"/types/123"}`, "https://api.example.com/types/123", "Not Found", "", ""},
		{"§3.1.1 relative", `{"type":"example-problem"}`, "https://api.example.com/orders/example-problem", "Not Found", "", ""},
		{"§3.1.1 the document itself", `{"type":""}`, "https://api.example.com/orders/1?a=b", "Not Found", "", ""},
		{"§3.1.1 upwards", `{"type":"../p/./x"}`, "https://api.example.com/p/x", "Not Found", "", ""},
		{"§3.1.1 another host", `{"type":"//other.example/x"}`, "https://other.example/x", "Not Found", "", ""},
		{"§3.1.1 tag", `{"type":"tag:example@example.org,2021-09-17:OutOfLuck"}`, "tag:example@example.org,2021-09-17:OutOfLuck", "Not Found", "", ""},
		{"§3.1.5 relative", `{"instance":"example-instance"}`, "about:blank", "Not Found", "", "https://api.example.com/orders/example-instance"},
		{"§3.1.5 urn", `{"instance":"urn:uuid:1"}`, "about:blank", "Not Found", "", "urn:uuid:1"},
		{"names in another case", `{"Type":"/a","TITLE":"a","Detail":"d"}`, "about:blank", "Not Found", "", ""},
		{"control characters", `{"title":"a\u0000b\nc","detail":"\u001b[31md\r\n"}`, "about:blank", "a b c", " [31md  ", ""},
		{"a byte order mark", "\ufeff" + `{"detail":"d"}`, "about:blank", "Not Found", "d", ""},
		{"white space", " \r\n{\"detail\":\"d\"}\n\n", "about:blank", "Not Found", "d", ""},
	} {
		p := remote(t, problem.FromResponse(reply(404, problemJSON, tt.content)))
		eq(t, tt.name, p.Status(), 404)
		eq(t, tt.name+": type", p.TypeURI(), tt.uri)
		eq(t, tt.name+": title", p.Title(), tt.title)
		eq(t, tt.name+": detail", p.Detail(), tt.detail)
		eq(t, tt.name+": instance", p.Instance(), tt.instance)
		eq(t, tt.name, p.Unwrap(), error(nil))
		if s := p.Error(); strings.Contains(s, "secret") || strings.ContainsAny(s, "\r\n\x00\x1b") {
			t.Errorf("%s: the error is %q", tt.name, s)
		}
	}
}

// §3.2: what a client does not know it ignores; what has the wrong type is
// absent, in the items, too.
func TestRFC9457Section3_2_Extensions(t *testing.T) {
	p := remote(t, problem.FromResponse(reply(409, problemJSON, `{"balance":30,"Accounts":["a"],"x":null,"errors":[
		{"detail":"d","pointer":"#/a","code":7,"params":[]}, 1, null, "a", {"detail":null,"parameter":"p","Code":"c","params":{"max":1}}]}`)))
	want := []problem.Item{{Detail: "d", Pointer: "#/a"}, {Parameter: "p", Params: map[string]any{"max": 1.0}}}
	if !reflect.DeepEqual(p.Errors(), want) {
		t.Errorf("got %+v", p.Errors())
	}
	for name, want := range map[string]any{"balance": 30.0, "x": nil} {
		got, ok := p.Member(name)
		eq(t, name, got, want)
		eq(t, name, ok, true)
	}
	for _, name := range []string{"accounts", "type", "status", "y"} {
		if v, ok := p.Member(name); ok {
			t.Errorf("%s is %v", name, v)
		}
	}
	var v struct {
		Balance  string
		Accounts []string
	}
	if err := p.Decode(&v); err == nil || len(v.Accounts) != 1 {
		t.Errorf("got %+v, %v: a member of another type is told, and the others are there", v, err)
	}
	for _, content := range []string{`{"errors":1}`, `{"errors":{"detail":"d"}}`, `{"errors":null}`} {
		eq(t, content, len(remote(t, problem.FromResponse(reply(422, problemJSON, content))).Errors()), 0)
	}
}

// What is no problem has its status, and no more.
func TestAResponseThatIsNoProblem(t *testing.T) {
	cut := reply(502, problemJSON, "")
	cut.Body = io.NopCloser(io.MultiReader(strings.NewReader(`{"detail":"d"`), failing{io.ErrUnexpectedEOF}))
	announced := reply(502, problemJSON, `{"detail":"d"}`)
	announced.ContentLength = 64<<10 + 1
	bare := reply(502, problemJSON, "")
	bare.Body, bare.Request, bare.Header = nil, nil, nil
	full := func(n int) string { return `{"detail":"` + strings.Repeat("a", n-len(`{"detail":""}`)) + `"}` }
	for _, tt := range []struct {
		name  string
		res   *http.Response
		cause bool
	}{
		{"a proxy's page", reply(502, "text/html; charset=utf-8", "<h1>secret</h1>"), false},
		{"JSON of another kind", reply(502, "application/json", `{"type":"/a","detail":"secret"}`), false},
		{"XML", reply(502, problemXML, `<problem xmlns="urn:ietf:rfc:7807"><detail>secret</detail></problem>`), false},
		{"no type of content", reply(502, "", `{"detail":"secret"}`), false},
		{"no content", reply(502, problemJSON, ""), true},
		{"a list", reply(502, problemJSON, `[{"detail":"secret"}]`), true},
		{"null", reply(502, problemJSON, `null`), true},
		{"broken", reply(502, problemJSON, `{"detail":"secret"`), true},
		{"trailing data", reply(502, problemJSON, `{"detail":"secret"}{}`), true},
		{"cut off", cut, true},
		{"one byte too long", reply(502, problemJSON, full(64<<10+1)), true},
		{"a problem, and more than may be behind it", reply(502, problemJSON, `{"detail":"secret"}`+strings.Repeat(" ", 64<<10)), true},
		{"endless", reply(502, problemJSON, strings.Repeat(" ", 1<<20)), true},
		{"too long, as announced", announced, true},
		{"not from a client", bare, false},
	} {
		err := problem.FromResponse(tt.res, noStock)
		p := remote(t, err)
		eq(t, tt.name, p.Status(), 502)
		eq(t, tt.name, p.TypeURI(), "about:blank")
		eq(t, tt.name, p.Title(), "Bad Gateway")
		eq(t, tt.name, p.Detail(), "")
		eq(t, tt.name+": a cause", p.Unwrap() != nil, tt.cause)
		v := struct{ Detail string }{"as it was"}
		if err := p.Decode(&v); err != nil || v.Detail != "as it was" {
			t.Errorf("%s: got %+v, %v", tt.name, v, err)
		}
		if _, ok := p.Member("detail"); ok {
			t.Errorf("%s: a member", tt.name)
		}
		eq(t, tt.name+": not quoted", strings.Contains(err.Error(), "secret"), false)
	}
	eq(t, "the cause", errors.Is(problem.FromResponse(cut), io.EOF), false)
	p := remote(t, problem.FromResponse(reply(502, problemJSON, full(64<<10))))
	eq(t, "as long as may be", len(p.Detail()), 64<<10-len(`{"detail":""}`))
	eq(t, "cut in the log", len(p.Error()) < 500, true)
	rd, _ := problem.NewReader(problem.ReaderOptions{MaxBytes: 20})
	eq(t, "20 bytes", remote(t, rd.FromResponse(reply(404, problemJSON, full(20)))).Detail(), "aaaaaaa")
	eq(t, "21 bytes", remote(t, rd.FromResponse(reply(404, problemJSON, full(21)))).Detail(), "")
}

type failing struct{ err error }

func (f failing) Read([]byte) (int, error) { return 0, f.err }

func TestFromResponseOfASuccess(t *testing.T) {
	for _, status := range []int{200, 204, 304, 399} {
		res := reply(status, problemJSON, `{"detail":"d"}`)
		if err := problem.FromResponse(res); err != nil {
			t.Errorf("%d: %v", status, err)
		}
		eq(t, "the body is not read", body(t, res), `{"detail":"d"}`)
	}
	closed := &closing{Reader: strings.NewReader(`{}`)}
	res := reply(404, problemJSON, "")
	res.Body = closed
	_ = problem.FromResponse(res)
	eq(t, "closed", closed.closed, false)
}

type closing struct {
	io.Reader
	closed bool
}

func (c *closing) Close() error { c.closed = true; return nil }

func TestRFC9110Section10_2_3_RetryAfterOfARemote(t *testing.T) {
	now := time.Date(2027, 1, 4, 12, 0, 0, 0, time.UTC)
	rd, err := problem.NewReader(problem.ReaderOptions{Now: func() time.Time { return now }})
	if err != nil {
		t.Fatal(err)
	}
	for _, tt := range []struct {
		name, value, date string
		want              time.Duration
		ok                bool
	}{
		{"absent", "", "", 0, false},
		{"seconds", "120", "", 2 * time.Minute, true},
		{"0", "0", "", 0, true},
		{"a date, by our clock", "Mon, 04 Jan 2027 12:00:30 GMT", "", 30 * time.Second, true},
		{"a date, by their clock", "Mon, 04 Jan 2027 13:00:30 GMT", "Mon, 04 Jan 2027 13:00:00 GMT", 30 * time.Second, true},
		{"past", "Mon, 04 Jan 2027 11:00:00 GMT", "", 0, true},
		{"broken", "soon", "", 0, false},
	} {
		res := reply(503, "text/plain", "")
		if tt.value != "" {
			res.Header.Set("Retry-After", tt.value)
		}
		if tt.date != "" {
			res.Header.Set("Date", tt.date)
		}
		got, ok := remote(t, rd.FromResponse(res)).RetryAfter()
		eq(t, tt.name, got, tt.want)
		eq(t, tt.name, ok, tt.ok)
	}
}

func TestNewReaderRefuses(t *testing.T) {
	for name, o := range map[string]problem.ReaderOptions{
		"a base without a slash": {Base: "https://a.example/p"}, "a relative base": {Base: "p/"},
		"nil": {Types: []*problem.Type{nil}}, "a limit below 0": {MaxBytes: -1},
	} {
		if rd, err := problem.NewReader(o); err == nil || rd != nil {
			t.Errorf("%s passes", name)
		}
	}
}

// The type is compared in every character: nothing but its URI makes a type.
func TestRFC9457Section3_1_1_OnlyTheURIMakesAType(t *testing.T) {
	for uri, want := range map[string]bool{
		"/problems/no-stock": true, "https://api.example.com/problems/no-stock": true, "../problems/no-stock": true, "//api.example.com/problems/no-stock": true,
		"https://api.example.org/problems/no-stock": false, "https://evil.example/problems/no-stock": false, "http://api.example.com/problems/no-stock": false, "/problems/no-stock/": false,
		"/problems/no-stock?a": false, "/problems/no-stock#a": false, "/problems/No-Stock": false, "no-stock": false, "/v1/problems/no-stock": false,
		"/problems/": false, "/problems/x/no-stock": false, "/problems/almost-no-stock": false, "/problems/no%2Dstock": false, "https://api.example.com:443/problems/no-stock": false, "about:blank": false,
	} {
		err := problem.FromResponse(reply(409, problemJSON, `{"type":"`+uri+`"}`), noStock)
		eq(t, uri, errors.Is(err, noStock), want)
	}
}

// A handler that returns what another service said says nothing of it.
func TestRFC9457Section5_ARemoteDoesNotLeak(t *testing.T) {
	canary := problemtest.NewCanary()
	upstream := func(status int) *http.Response {
		return reply(status, problemJSON, `{"type":"/problems/no-stock","title":"`+canary.Error()+`","detail":"`+canary.Error()+`","instance":"/`+canary.Error()+
			`","left":"`+canary.Error()+`","errors":[{"detail":"`+canary.Error()+`"}]}`, "Www-Authenticate", `Basic realm="`+canary.Error()+`"`, "Allow", "GET",
			"X-Host", canary.Error(), "Retry-After", "7", "Set-Cookie", "a="+canary.Error())
	}
	cut := upstream(503)
	cut.Body = io.NopCloser(failing{&http.MaxBytesError{Limit: 1}})
	late := upstream(500)
	late.Body = io.NopCloser(failing{context.DeadlineExceeded})
	var none *problem.Remote
	for name, tt := range map[string]struct {
		err    error
		status int
	}{
		"404":           {problem.FromResponse(upstream(404), noStock), 502},
		"401":           {problem.FromResponse(upstream(401), noStock), 502},
		"503":           {problem.FromResponse(upstream(503), noStock), 502},
		"wrapped":       {fmt.Errorf("stock: %w", problem.FromResponse(upstream(409), noStock)), 502},
		"as a cause":    {problem.Conflict("").Wrap(problem.FromResponse(upstream(409), noStock)), 409},
		"cut off":       {problem.FromResponse(cut), 502},
		"too late":      {problem.FromResponse(late), 504},
		"beside a type": {fmt.Errorf("%w: %w", noStock, problem.FromResponse(upstream(500))), 409},
		"nil":           {none, 502},
	} {
		w, log := logged(t, problem.Options{})
		res := answerTo(t, w, get(), tt.err)
		eq(t, name, res.StatusCode, tt.status)
		canary.WantAbsent(t, res)
		eq(t, name, res.Header.Get("Retry-After"), "")
		r := log.one(t)
		if text, _ := r.attrs["error"].(string); !strings.Contains(text, canary.Error()) && name != "cut off" && name != "too late" && name != "nil" {
			t.Errorf("%s: the log has %q", name, text)
		}
	}
	// The author may decide otherwise.
	w := newWriter(t, problem.Options{Map: []problem.Mapping{problem.Map(noStock, problem.Conflict("Not enough is left."))}})
	res := answerTo(t, w, get(), fmt.Errorf("stock: %w", problem.FromResponse(upstream(409), noStock)))
	eq(t, "mapped", res.StatusCode, 409)
	canary.WantAbsent(t, res)
}

func TestRelay(t *testing.T) {
	const stock = `{"type":"/problems/no-stock","title":"t","detail":"2 are left.","instance":"/i","left":2,"errors":[{"detail":"d","code":"c"}],"Odd name":[1,{"a":"<"}]}`
	for _, tt := range []struct {
		name   string
		res    *http.Response
		status int
		fields map[string]string
		want   string
	}{
		{"a known type", reply(409, problemJSON, stock, "Set-Cookie", "a=b", "Link", "<http://internal/>", "Location", "http://internal/"), 409, nil,
			`{"type":"/problems/no-stock","title":"There is not enough in stock","status":409,"detail":"2 are left.","Odd name":[1,{"a":"<"}],"left":2,"errors":[{"detail":"d","code":"c"}]}`},
		{"its type at another status", reply(404, problemJSON, stock), 404, nil,
			`{"type":"/problems/no-stock","title":"There is not enough in stock","status":404,"detail":"2 are left.","Odd name":[1,{"a":"<"}],"left":2,"errors":[{"detail":"d","code":"c"}]}`},
		{"an unknown type", reply(409, problemJSON, `{"type":"/internal","title":"t","detail":"d","left":2,"errors":[{"detail":"e"}]}`), 409, nil,
			`{"type":"about:blank","title":"Conflict","status":409,"detail":"d"}`},
		{"no problem", reply(404, "text/html", "<h1>"), 404, nil, `{"type":"about:blank","title":"Not Found","status":404}`},
		{"429", reply(429, "", "", "Retry-After", "7"), 429, map[string]string{"Retry-After": "7"}, `{"type":"about:blank","title":"Too Many Requests","status":429}`},
		{"401", reply(401, "", "", "Www-Authenticate", "Bearer"), 401, map[string]string{"Www-Authenticate": "Bearer"}, `{"type":"about:blank","title":"Unauthorized","status":401}`},
		{"405", reply(405, "", "", "Allow", "PUT"), 405, map[string]string{"Allow": "PUT"}, `{"type":"about:blank","title":"Method Not Allowed","status":405}`},
		{"426", reply(426, "", "", "Upgrade", "HTTP/2.0"), 426, map[string]string{"Upgrade": "HTTP/2.0", "Connection": "Upgrade"}, `{"type":"about:blank","title":"Upgrade Required","status":426}`},
		{"401 without a challenge", reply(401, problemJSON, `{"detail":"d"}`), 502, nil, ""},
		{"a challenge that does not parse", reply(401, "", "", "Www-Authenticate", `Basic realm="`), 502, nil, ""},
		{"405 without Allow", reply(405, "", ""), 502, nil, ""},
		{"a status that is none", reply(999, problemJSON, `{"detail":"d"}`), 502, nil, ""},
	} {
		p := remote(t, problem.FromResponse(tt.res, noStock))
		w, log := logged(t, problem.Options{})
		res := answerTo(t, w, get(), p.Relay())
		eq(t, tt.name, res.StatusCode, tt.status)
		got := members(t, res)
		if tt.status >= 500 {
			tt.want = `{"type":"about:blank","title":"Bad Gateway","status":502,"instance":"` + got["instance"].(string) + `"}`
		}
		if want := parse(t, tt.want); !reflect.DeepEqual(any(got), want) {
			t.Errorf("%s: got %v, want %v", tt.name, got, want)
		}
		for name, want := range tt.fields {
			eq(t, tt.name+": "+name, res.Header.Get(name), want)
		}
		for _, name := range []string{"Set-Cookie", "Link", "Location"} {
			eq(t, tt.name+": "+name, res.Header.Get(name), "")
		}
		eq(t, tt.name, errors.Is(p.Relay(), p), true)
		if text, _ := log.one(t).attrs["error"].(string); !strings.Contains(text, "from api.example.com") {
			t.Errorf("%s: the log has %q", tt.name, text)
		}
		asXML(t, p.Relay()) // whatever its members are named
	}
}

// Whatever comes, there is a problem of the response's status, its text is one
// line, and what is relayed can be sent.
func FuzzFromResponse(f *testing.F) {
	for _, s := range []string{`{}`, `{"type":"/problems/no-stock","left":2}`, `{"type":"","instance":"?"}`, `{"errors":[{"params":{"a":1}}]}`, "\ufeff{}", `{"type":"\ud800","status":1e999}`, `[]`} {
		f.Add(404, problemJSON, s, "7")
	}
	f.Add(401, "application/problem+json;a", `{}`, "")
	f.Fuzz(func(t *testing.T, status int, contentType, content, retry string) {
		res := reply(status, contentType, content, "Retry-After", retry, "Www-Authenticate", content, "Allow", content)
		err := problem.FromResponse(res, noStock)
		if status < 400 {
			if err != nil {
				t.Fatal(err)
			}
			return
		}
		p := remote(t, err)
		if p.Status() != status || p.TypeURI() == "" || p.Title() == "" && status < 600 {
			t.Errorf("got %d, %q, %q", p.Status(), p.TypeURI(), p.Title())
		}
		if p.Unwrap() == nil && strings.ContainsAny(p.Error(), "\r\n\x00") {
			t.Errorf("the text is %q", p.Error())
		}
		if errors.Is(err, noStock) != (p.TypeURI() == "https://api.example.com/problems/no-stock") {
			t.Errorf("the type is %v of %q", p.Type(), p.TypeURI())
		}
		if after, ok := p.RetryAfter(); after < 0 || !ok && after != 0 {
			t.Errorf("Retry-After is %v, %v", after, ok)
		}
		// Not through package conform: what the other service chose (a status,
		// a Retry-After, a challenge) is passed on, wise or not.
		relay := func(accept string) *http.Response {
			r, rec := get(), httptest.NewRecorder()
			r.Header.Set("Accept", accept)
			newWriter(t, problem.Options{}).Write(rec, r, p.Relay())
			return rec.Result()
		}
		sent := relay(problemJSON)
		if sent.StatusCode >= 600 || sent.StatusCode == 500 && status != 500 {
			t.Errorf("%d is relayed as %d", status, sent.StatusCode)
		}
		if b := body(t, sent); !json.Valid([]byte(b)) {
			t.Errorf("%q is relayed", b)
		}
		tree(t, body(t, relay(problemXML)))
		if bytes.Contains([]byte(body(t, answer(t, err))), []byte("no-stock")) {
			t.Error("the problem of the other service was sent")
		}
	})
}
