package problemtest_test

import (
	"errors"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"

	"github.com/forthright-http/forthright/problem"
	"github.com/forthright-http/forthright/problem/problemtest"
	"github.com/forthright-http/forthright/respond/conform/conformtest"
)

var (
	taken  = problem.NewType("taken", 409, "It is taken")
	placed = problem.NewType("invalid", 422, "Not valid", problem.At("https://example.net/validation-error"))
)

// response is one that a test puts together by hand.
func response(method string, status int, body string, header ...string) *http.Response {
	h := http.Header{"Content-Type": {"application/problem+json"}, "Cache-Control": {"no-store"}, "X-Content-Type-Options": {"nosniff"}}
	for i := 0; i < len(header); i += 2 {
		h.Del(header[i])
		if header[i+1] != "-" {
			h.Set(header[i], header[i+1])
		}
	}
	return &http.Response{StatusCode: status, Header: h, Body: io.NopCloser(strings.NewReader(body)), Request: httptest.NewRequest(method, "/", nil)}
}

const (
	missing = `{"type":"about:blank","title":"Not Found","status":404}`
	is429   = `{"title":"Too Many Requests","status":429}`
	is401   = `{"title":"Unauthorized","status":401}`
	is409   = `{"type":"https://api.example.com/p/taken","title":"It is taken","status":409}`
	is422   = `{"type":"https://example.net/validation-error","title":"Not valid","status":422}`
)

func TestWant(t *testing.T) {
	for _, tt := range []struct {
		name   string
		res    *http.Response
		status int
		typ    *problem.Type
		words  string // "": passes
	}{
		{"404", response("GET", 404, missing), 404, nil, ""},
		{"no type is about:blank", response("GET", 404, `{"title":"Not Found","status":404}`), 404, nil, ""},
		{"a parameter", response("GET", 404, missing, "Content-Type", "application/problem+json; charset=utf-8"), 404, nil, ""},
		{"the author's Cache-Control", response("GET", 404, missing, "Cache-Control", "max-age=60"), 404, nil, ""},
		{"a type", response("GET", 409, is409), 409, taken, ""},
		{"a title in another language", response("GET", 409, `{"type":"/problems/taken","title":"Es ist vergeben","status":409}`, "Content-Language", "de"), 409, taken, ""},
		{"a type elsewhere", response("GET", 422, is422), 422, placed, ""},
		{"401", response("GET", 401, is401, "WWW-Authenticate", "Basic"), 401, nil, ""},
		{"405 with an empty Allow", response("GET", 405, `{"title":"x","status":405}`, "Allow", ""), 405, nil, ""},
		{"HEAD", response("HEAD", 404, ""), 404, nil, ""},

		{"another status", response("GET", 404, missing), 410, nil, "the status is 404, want 410"},
		{"Content-Type", response("GET", 404, missing, "Content-Type", "application/json"), 404, nil, "Content-Type"},
		{"no Content-Type", response("GET", 404, missing, "Content-Type", "-"), 404, nil, "Content-Type"},
		{"no Cache-Control", response("GET", 404, missing, "Cache-Control", "-"), 404, nil, "Cache-Control"},
		{"RFC6585 a 429 that may be stored", response("GET", 429, is429, "Cache-Control", "max-age=60"), 429, nil, "RFC 6585"},
		{"no nosniff", response("GET", 404, missing, "X-Content-Type-Options", "-"), 404, nil, "X-Content-Type-Options"},
		{"401 without", response("GET", 401, is401), 401, nil, "WWW-Authenticate"},
		{"401 empty", response("GET", 401, is401, "WWW-Authenticate", ""), 401, nil, "WWW-Authenticate"},
		{"405 without", response("GET", 405, `{"title":"x","status":405}`), 405, nil, "Allow"},
		{"407 without", response("GET", 407, `{"title":"x","status":407}`), 407, nil, "Proxy-Authenticate"},
		{"426 without", response("GET", 426, `{"title":"x","status":426}`), 426, nil, "Upgrade"},
		{"HEAD with a body", response("HEAD", 404, missing), 404, nil, "HEAD"},
		{"no JSON", response("GET", 404, "not found"), 404, nil, "not JSON"},
		{"no body", response("GET", 404, ""), 404, nil, "not JSON"},
		{"RFC9457 3.1.2 status", response("GET", 404, `{"title":"Not Found","status":400}`), 404, nil, "3.1.2"},
		{"no status member", response("GET", 404, `{"title":"Not Found"}`), 404, nil, "3.1.2"},
		{"no title", response("GET", 404, `{"status":404}`), 404, nil, "title"},
		{"a type that was not wanted", response("GET", 409, is409), 409, nil, "about:blank"},
		{"no type", response("GET", 409, `{"title":"It is taken","status":409}`), 409, taken, "want"},
		{"another type", response("GET", 409, strings.ReplaceAll(is409, "/taken", "/not-taken")), 409, taken, "the type is"},
		{"another place", response("GET", 422, strings.ReplaceAll(is422, "example.net", "example.com")), 422, placed, "the type is"},
		{"RFC9457 3.1.3 another title", response("GET", 409, strings.ReplaceAll(is409, "It is", "Was")), 409, taken, "3.1.3"},
	} {
		want := func(tb testing.TB) { problemtest.Want(tb, tt.res, tt.status, tt.typ) }
		if tt.words == "" {
			wantPass(t, tt.name, want)
			wantPass(t, tt.name+", again", want) // the body is still there
		} else {
			wantFailure(t, tt.name, tt.words, want)
		}
	}
}

func TestErrorsAndWantError(t *testing.T) {
	const body = `{"errors":[{"detail":"d","pointer":"#/a","code":"max","params":{"max":3}},{"parameter":"limit","code":"min"},{"header":"Cookie","code":"too_large"},{"code":"order"}]}`
	res := response("GET", 422, body)
	for _, tt := range []struct {
		at, code string
		ok       bool
	}{
		{"#/a", "max", true}, {"limit", "min", true}, {"Cookie", "too_large", true}, {"", "order", true},
		{"#/a", "min", false}, {"#/b", "max", false}, {"limit", "max", false}, {"", "max", false}, {"d", "max", false},
	} {
		want := func(tb testing.TB) { problemtest.WantError(tb, res, tt.at, tt.code) }
		if tt.ok {
			wantPass(t, tt.at+" "+tt.code, want)
		} else {
			wantFailure(t, tt.at+" "+tt.code, "no error", want)
		}
	}
	items := problemtest.Errors(t, res)
	if len(items) != 4 || items[0].Detail != "d" || items[0].Params["max"] != 3.0 {
		t.Errorf("got %+v", items)
	}
	if tb := try(t, func(tb testing.TB) { problemtest.Errors(tb, response("GET", 500, "oops")) }); !tb.stopped {
		t.Error("Errors went on with a body that is no problem")
	}
}

func TestDo(t *testing.T) {
	var got *http.Request
	var content []byte
	h := conformtest.Handler(t, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		got = r
		content, _ = io.ReadAll(r.Body)
		w.WriteHeader(202)
		_, _ = io.WriteString(w, "done")
	}))
	res := problemtest.Do(t, h, "POST", "/a?b=c", `{}`, "Accept", "text/csv", "Accept", "text/plain")
	if res.StatusCode != 202 || string(problemtest.Body(t, res)) != "done" || string(problemtest.Body(t, res)) != "done" || res.Request != got {
		t.Errorf("got %+v", res)
	}
	if got.Method != "POST" || got.URL.String() != "/a?b=c" || string(content) != "{}" || got.Header.Get("Content-Type") != "application/json" ||
		!slices.Equal(got.Header["Accept"], []string{"text/csv", "text/plain"}) {
		t.Errorf("sent %+v %s", got, content)
	}
	problemtest.Do(t, h, "POST", "/", "a=b", "Content-Type", "application/x-www-form-urlencoded")
	if ct := got.Header["Content-Type"]; !slices.Equal(ct, []string{"application/x-www-form-urlencoded"}) {
		t.Errorf("Content-Type: %q", ct)
	}
	problemtest.Do(t, h, "GET", "/", "")
	if _, there := got.Header["Content-Type"]; there {
		t.Error("a request without content has a Content-Type")
	}
	if tb := try(t, func(tb testing.TB) { problemtest.Do(tb, h, "GET", "/", "", "Accept") }); !tb.stopped {
		t.Error("a name without a value passed")
	}
	abort := http.HandlerFunc(func(http.ResponseWriter, *http.Request) { panic(http.ErrAbortHandler) })
	if tb := try(t, func(tb testing.TB) { problemtest.Do(tb, abort, "GET", "/", "") }); !tb.stopped || !strings.Contains(tb.errors[0], "aborted") {
		t.Errorf("aborted: %q", tb.errors)
	}
	defer func() {
		if e := recover(); e != "mine" {
			t.Errorf("another panic came out as %v", e)
		}
	}()
	problemtest.Do(t, http.HandlerFunc(func(http.ResponseWriter, *http.Request) { panic("mine") }), "GET", "/", "")
}

func TestBodyThatBreaksOff(t *testing.T) {
	res := response("GET", 404, "")
	res.Body = io.NopCloser(io.MultiReader(strings.NewReader("{"), brokenReader{}))
	if tb := try(t, func(tb testing.TB) { problemtest.Body(tb, res) }); !tb.stopped {
		t.Error("Body went on")
	}
}

type brokenReader struct{}

func (brokenReader) Read([]byte) (int, error) { return 0, errors.New("broken") }

func TestCanary(t *testing.T) {
	canary, other := problemtest.NewCanary(), problemtest.NewCanary()
	if canary.Error() == other.Error() || len(canary.Error()) < 20 {
		t.Fatalf("%q, %q", canary, other)
	}
	trailer := response("GET", 500, "")
	trailer.Trailer = http.Header{"Server-Timing": {canary.Error()}}
	for name, res := range map[string]*http.Response{
		"body":    response("GET", 500, `{"detail":"query: `+canary.Error()+`"}`),
		"header":  response("GET", 500, missing, "X-Error", "query: "+canary.Error()),
		"trailer": trailer,
	} {
		wantFailure(t, name, "leaked", func(tb testing.TB) { canary.WantAbsent(tb, res) })
		wantPass(t, name+", another canary", func(tb testing.TB) { other.WantAbsent(tb, res) })
	}
	// A service that leaks, and one that does not.
	leaky := conformtest.Handler(t, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { http.Error(w, canary.Error(), 500) }))
	wantFailure(t, "http.Error", "leaked", func(tb testing.TB) { canary.WantAbsent(tb, problemtest.Do(tb, leaky, "GET", "/", "")) })
	problems, err := problem.NewWriter(problem.Options{Logger: slog.New(slog.DiscardHandler)})
	if err != nil {
		t.Fatal(err)
	}
	tight := conformtest.Handler(t, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { problems.Write(w, r, canary) }))
	wantPass(t, "problem.Write", func(tb testing.TB) {
		res := problemtest.Do(tb, tight, "GET", "/", "")
		problemtest.Want(tb, res, 500, nil)
		canary.WantAbsent(tb, res)
	})
}
