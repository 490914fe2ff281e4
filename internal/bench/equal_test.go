package bench

import (
	"bytes"
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"reflect"
	"slices"
	"strings"
	"testing"
)

// ask sends a request three times, so that what is kept after an answer is
// looked at too, and returns the last answer.
func ask(h http.Handler, method, path string, content []byte) *httptest.ResponseRecorder {
	var w *httptest.ResponseRecorder
	for range 3 {
		r := httptest.NewRequest(method, path, nil)
		if content != nil {
			r = httptest.NewRequest(method, path, bytes.NewReader(content))
			r.Header.Set("Content-Type", "application/json")
		}
		w = httptest.NewRecorder()
		h.ServeHTTP(w, r)
	}
	return w
}

// same checks an answer: the status, the fields that
// matter, and the content as JSON.
func same(t *testing.T, got *httptest.ResponseRecorder, status int, content string, fields map[string]string) {
	t.Helper()
	if got.Code != status {
		t.Fatalf("status %d, want %d: %s", got.Code, status, got.Body)
	}
	for name, want := range fields {
		value := got.Result().Header.Get(name) // as it was sent
		value, _, _ = strings.Cut(value, ";")  // some say charset=utf-8
		if value != want {
			t.Errorf("%s: %q, want %q", name, value, want)
		}
	}
	if content == "" {
		return
	}
	var a, b any
	if err := json.Unmarshal(got.Body.Bytes(), &a); err != nil {
		t.Fatal(err)
	}
	if err := json.Unmarshal([]byte(content), &b); err != nil {
		t.Fatal(err)
	}
	if !reflect.DeepEqual(a, b) {
		t.Errorf("content\n%s\nwant\n%s", got.Body, content)
	}
}

func each(t *testing.T, handler func(contender) http.Handler, f func(t *testing.T, h http.Handler)) {
	for _, c := range contenders {
		if h := handler(c); h != nil {
			t.Run(c.name, func(t *testing.T) { f(t, h) })
		}
	}
}

func create(c contender) http.Handler { return c.create }

func TestCreate(t *testing.T) {
	for n := 0; n < varied; n += 73 {
		content := validOrder(n)
		if len(content) < 900 || len(content) > 1100 {
			t.Fatalf("an order of %d bytes", len(content))
		}
		want := `{"id":"` + orderID + `",` + strings.TrimSuffix(string(content[1:]), "}") + `,"status":"open"}`
		each(t, create, func(t *testing.T, h http.Handler) {
			same(t, ask(h, "POST", "/orders", content), http.StatusCreated, want,
				map[string]string{"Content-Type": "application/json", "Location": orderURI})
		})
	}
}

func TestInvalid(t *testing.T) {
	content := invalidOrder()
	each(t, create, func(t *testing.T, h http.Handler) {
		got := ask(h, "POST", "/orders", content)
		same(t, got, http.StatusUnprocessableEntity, "", map[string]string{"Content-Type": problemType})
		want := []string{"currency", "items.3.quantity", "items.5.sku"}
		if found := places(t, got.Body.Bytes()); !slices.Equal(found, want) {
			t.Errorf("the errors are at %q, want %q: %s", found, want, got.Body)
		}
	})
}

// places reads where the errors of an answer are: each contender has a
// member and a notation of its own.
func places(t *testing.T, content []byte) []string {
	t.Helper()
	var p struct {
		Errors []map[string]any `json:"errors"`
	}
	if err := json.Unmarshal(content, &p); err != nil {
		t.Fatal(err)
	}
	var all []string
	for _, e := range p.Errors {
		for _, name := range []string{"pointer", "field", "location", "name"} {
			if at, ok := e[name].(string); ok {
				at = strings.NewReplacer("#/", "", "/", ".", "[", ".", "]", "", "body.", "", "NewOrder.", "").Replace(at)
				at = strings.NewReplacer("unitprice", "unit_price").Replace(strings.ToLower(at))
				all = append(all, at)
				break
			}
		}
	}
	slices.Sort(all)
	return all
}

func TestNotFound(t *testing.T) {
	want := `{"type":"about:blank","title":"Not Found","status":404,"detail":"` + noOrder + `"}`
	each(t, func(c contender) http.Handler { return c.notFound }, func(t *testing.T, h http.Handler) {
		same(t, ask(h, "GET", "/orders/none", nil), http.StatusNotFound, want, map[string]string{
			"Content-Type": problemType, "Cache-Control": "no-store", "X-Content-Type-Options": "nosniff",
		})
	})
}

func TestGet(t *testing.T) {
	want := `{"id":"bk_17","title":"The Name of the Rose","author":"Umberto Eco","year":1980,"available":true}`
	each(t, func(c contender) http.Handler { return c.get }, func(t *testing.T, h http.Handler) {
		same(t, ask(h, "GET", "/books/bk_17", nil), http.StatusOK, want, map[string]string{"Content-Type": "application/json"})
	})
}

// TestSameBytes holds this module to the very bytes of net/http where both say
// the same.
func TestSameBytes(t *testing.T) {
	ours, theirs := forthright(), nethttp()
	for _, x := range []struct {
		name, method, path string
		content            []byte
		a, b               http.Handler
	}{
		{"create", "POST", "/orders", validOrder(0), ours.create, theirs.create},
		{"notFound", "GET", "/orders/none", nil, ours.notFound, theirs.notFound},
		{"get", "GET", "/books/bk_17", nil, ours.get, theirs.get},
	} {
		a, b := ask(x.a, x.method, x.path, x.content), ask(x.b, x.method, x.path, x.content)
		if a.Code != b.Code || a.Body.String() != b.Body.String() {
			t.Errorf("%s: %d %s\nand %d %s", x.name, a.Code, a.Body, b.Code, b.Body)
		}
	}
}
