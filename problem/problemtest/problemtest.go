// Package problemtest has one-line assertions for tests of a service that
// answers with problems.
//
//	func TestCreate(t *testing.T) {
//		res := problemtest.Do(t, service, "POST", "/orders", `{"items":[{}]}`)
//		problemtest.Want(t, res, http.StatusBadRequest, problem.InvalidRequest)
//		problemtest.WantError(t, res, "#/items/0/sku", "required")
//	}
//
// and a [Canary] that proves that the text of an internal error never leaves.
//
// It is for tests alone: it imports testing.
package problemtest

import (
	"bytes"
	"crypto/rand"
	"encoding/json"
	"io"
	"mime"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"

	"github.com/forthright-http/forthright/problem"
)

// Do sends a request to h without a network and returns the answer. A body
// that is not empty is sent as application/json; header holds further fields
// as names and values in turn. A handler that aborts the connection
// (http.ErrAbortHandler) fails the test.
func Do(t testing.TB, h http.Handler, method, target, body string, header ...string) *http.Response {
	t.Helper()
	var content io.Reader
	if body != "" {
		content = strings.NewReader(body)
	}
	r := httptest.NewRequestWithContext(t.Context(), method, target, content)
	if len(header)%2 != 0 {
		t.Fatalf("the field %q has no value: names and values come in turn", header[len(header)-1])
	}
	for i := 0; i < len(header); i += 2 {
		r.Header.Add(header[i], header[i+1])
	}
	if _, given := r.Header["Content-Type"]; body != "" && !given {
		r.Header.Set("Content-Type", "application/json")
	}
	w := httptest.NewRecorder()
	func() {
		defer func() {
			switch e := recover(); e {
			case nil:
			case http.ErrAbortHandler:
				t.Fatalf("%s %s: the handler aborted the connection", method, target)
			default:
				panic(e)
			}
		}()
		h.ServeHTTP(w, r)
	}()
	res := w.Result()
	res.Request = r
	return res
}

// Want fails the test unless res is a correct problem in JSON of the status
// and type (nil: about:blank): its media type, the body's members, the status
// member (RFC 9457 §3.1.2), the type's title unless the answer says what
// language it is in, X-Content-Type-Options, Cache-Control (there must be one,
// and no-store where RFC 6585 forbids to store: 428, 429, 431, 511), and the
// fields that the status must have. The body can still be read after it.
func Want(t testing.TB, res *http.Response, status int, typ *problem.Type) {
	t.Helper()
	body := Body(t, res)
	if res.StatusCode != status {
		t.Fatalf("the status is %d, want %d; the body is %s", res.StatusCode, status, body)
	}
	if got, _, _ := mime.ParseMediaType(res.Header.Get("Content-Type")); got != "application/problem+json" {
		t.Errorf("the Content-Type is %q, want application/problem+json", res.Header.Get("Content-Type"))
	}
	if got := res.Header.Get("X-Content-Type-Options"); got != "nosniff" {
		t.Errorf("X-Content-Type-Options is %q, want nosniff", got)
	}
	switch caching := res.Header.Values("Cache-Control"); {
	case len(caching) == 0:
		t.Error("there is no Cache-Control: caches may keep this by heuristics (RFC 9110 §15.1)")
	case (status == 428 || status == 429 || status == 431 || status == 511) && !strings.Contains(strings.Join(caching, ","), "no-store"):
		t.Errorf("Cache-Control is %q, and a %d must not be stored (RFC 6585)", caching, status)
	}
	if name := mustHave[status]; name != "" {
		// Only Allow may be empty (RFC 9110 §10.2.1).
		if values := res.Header.Values(name); len(values) == 0 || values[0] == "" && name != "Allow" {
			t.Errorf("a %d must have %s", status, name)
		}
	}
	if res.Request != nil && res.Request.Method == http.MethodHead {
		if len(body) > 0 {
			t.Errorf("an answer to HEAD has a body of %d bytes (RFC 9110 §9.3.2)", len(body))
		}
		return
	}
	var got struct {
		Type, Title string
		Status      int
	}
	if err := json.Unmarshal(body, &got); err != nil {
		t.Fatalf("the body is not JSON: %v; it is %s", err, body)
	}
	if got.Status != status {
		t.Errorf("the member status is %d, want %d as the response's (RFC 9457 §3.1.2)", got.Status, status)
	}
	if got.Title == "" {
		t.Error("there is no title")
	}
	switch {
	case typ == nil:
		if got.Type != "" && got.Type != "about:blank" {
			t.Errorf("the type is %q, want about:blank", got.Type)
		}
		return
	case got.Title != typ.Title() && res.Header.Get("Content-Language") == "": // a translation is not
		t.Errorf("the title is %q, want %q as the type has it (RFC 9457 §3.1.3)", got.Title, typ.Title())
	}
	if want, placed := uri(t, typ); placed && got.Type != want || !placed && !strings.HasSuffix(got.Type, "/"+typ.Name()) {
		t.Errorf("the type is %q, want %q, or its name below another base", got.Type, want)
	}
}

// uri returns the URI of a type, and whether problem.At placed it there.
func uri(t testing.TB, typ *problem.Type) (uri string, placed bool) {
	t.Helper()
	var p struct{ Type string }
	b, err := json.Marshal(typ.New(""))
	if err != nil || json.Unmarshal(b, &p) != nil {
		t.Fatalf("the type %q cannot be encoded: %v", typ.Name(), err)
	}
	return p.Type, p.Type != "/problems/"+typ.Name()
}

var mustHave = map[int]string{
	http.StatusUnauthorized:      "WWW-Authenticate",
	http.StatusMethodNotAllowed:  "Allow",
	http.StatusProxyAuthRequired: "Proxy-Authenticate",
	http.StatusUpgradeRequired:   "Upgrade",
}

// WantError fails the test unless the member "errors" has an item at this
// place (a pointer such as "#/items/0/sku", or the name of a parameter or
// header field; "" for an item that names no place) with this code.
func WantError(t testing.TB, res *http.Response, at, code string) {
	t.Helper()
	items := Errors(t, res)
	if !slices.ContainsFunc(items, func(i Item) bool {
		return i.Code == code && slices.Contains([]string{i.Pointer, i.Parameter, i.Header}, at) &&
			(at != "" || i.Pointer+i.Parameter+i.Header == "")
	}) {
		t.Errorf("no error %q at %q among %+v", code, at, items)
	}
}

// Item is an element of the member "errors" as it was sent.
type Item struct {
	Detail, Pointer, Parameter, Header, Code string
	Params                                   map[string]any
}

// Errors returns the member "errors" of a problem.
func Errors(t testing.TB, res *http.Response) []Item {
	t.Helper()
	var p struct{ Errors []Item }
	if body := Body(t, res); json.Unmarshal(body, &p) != nil {
		t.Fatalf("the body is not a problem: %s", body)
	}
	return p.Errors
}

// Body reads the body of res and leaves it to be read again.
func Body(t testing.TB, res *http.Response) []byte {
	t.Helper()
	b, err := io.ReadAll(res.Body)
	if err != nil {
		t.Fatalf("the body cannot be read: %v", err)
	}
	res.Body.Close()
	res.Body = io.NopCloser(bytes.NewReader(b))
	return b
}

// Canary is an error whose text is found nowhere else. Let a dependency of
// the service return it, and see that no answer has it:
//
//	canary := problemtest.NewCanary()
//	service := newService(brokenStore{canary})
//	res := problemtest.Do(t, service, "GET", "/orders/1", "")
//	problemtest.Want(t, res, http.StatusInternalServerError, nil)
//	canary.WantAbsent(t, res)
type Canary struct{ text string }

// NewCanary makes a canary.
func NewCanary() *Canary { return &Canary{"canary-" + rand.Text()} }

// Error returns the text that must not leave.
func (c *Canary) Error() string { return c.text }

// WantAbsent fails the test where the header, the body or the trailer of res
// has the text of the canary.
func (c *Canary) WantAbsent(t testing.TB, res *http.Response) {
	t.Helper()
	if body := Body(t, res); bytes.Contains(body, []byte(c.text)) { // first: the trailer comes behind it
		t.Errorf("the text of an internal error leaked into the body: %s", body)
	}
	for _, fields := range []http.Header{res.Header, res.Trailer} {
		for name, values := range fields {
			for _, v := range values {
				if strings.Contains(v, c.text) {
					t.Errorf("the text of an internal error leaked into %s: %s", name, v)
				}
			}
		}
	}
}
