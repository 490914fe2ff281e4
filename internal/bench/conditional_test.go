package bench

import (
	"bytes"
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/forthright-http/forthright/respond"
)

// stored is a value of 1 KB, and storedTag its version.
var (
	stored    = storedOrder()
	storedTag = "v1"
)

func storedOrder() Order {
	var in NewOrder
	if err := json.Unmarshal(validOrder(0), &in); err != nil {
		panic(err)
	}
	return created(in)
}

// conditionals answer GET /orders/1 with 200 or 304. Those named -bytes have
// the content already; the others encode it.
func conditionals() []struct {
	name string
	h    http.Handler
} {
	api := newAPI()
	content, err := json.Marshal(stored)
	if err != nil {
		panic(err)
	}
	return []struct {
		name string
		h    http.Handler
	}{
		{"forthright", api.Handle(func(*http.Request) (respond.Response, error) {
			return respond.OK(&stored).ETag(storedTag), nil
		})},
		{"forthright-bytes", api.Handle(func(*http.Request) (respond.Response, error) {
			return respond.Bytes("application/json", content).ETag(storedTag), nil
		})},
		{"nethttp", http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			w.Header().Set("ETag", `"`+storedTag+`"`)
			if noneMatches(r.Header["If-None-Match"], `"`+storedTag+`"`) {
				writeJSON(w, http.StatusOK, &stored)
			} else {
				w.WriteHeader(http.StatusNotModified)
			}
		})},
		{"servecontent", http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			b, err := json.Marshal(&stored)
			if err != nil {
				panic(err)
			}
			w.Header().Set("ETag", `"`+storedTag+`"`)
			w.Header().Set("Content-Type", "application/json")
			http.ServeContent(w, r, "", time.Time{}, bytes.NewReader(b))
		})},
		{"servecontent-bytes", http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			w.Header().Set("ETag", `"`+storedTag+`"`)
			w.Header().Set("Content-Type", "application/json")
			http.ServeContent(w, r, "", time.Time{}, bytes.NewReader(content))
		})},
	}
}

// noneMatches is If-None-Match by hand. It splits at any comma, one within a
// tag too.
func noneMatches(lines []string, tag string) bool {
	for _, line := range lines {
		for part := range strings.SplitSeq(line, ",") {
			part = strings.TrimSpace(part)
			if part == "*" || strings.TrimPrefix(part, "W/") == tag {
				return false
			}
		}
	}
	return true
}

func TestConditional(t *testing.T) {
	want, err := json.Marshal(stored)
	if err != nil {
		t.Fatal(err)
	}
	if len(want) < 900 || len(want) > 1200 {
		t.Fatalf("a value of %d bytes", len(want))
	}
	for _, c := range conditionals() {
		for condition, status := range map[string]int{
			"": 200, `"v0"`: 200, `"v0", "v2"`: 200, `"v1"`: 304, `W/"v1"`: 304, `"v0", "v1"`: 304, "*": 304,
		} {
			r := httptest.NewRequest("GET", "/orders/1", nil)
			if condition != "" {
				r.Header.Set("If-None-Match", condition)
			}
			w := httptest.NewRecorder()
			c.h.ServeHTTP(w, r)
			fields := map[string]string{"ETag": `"v1"`}
			content := ""
			if status == http.StatusOK {
				fields["Content-Type"], content = "application/json", string(want)
			} else if w.Body.Len() > 0 {
				t.Errorf("%s: content with a 304", c.name)
			}
			t.Run(c.name, func(t *testing.T) { same(t, w, status, content, fields) })
		}
	}
}

// BenchmarkConditional asks with an If-None-Match of one entity tag: a stale
// one, and the current one.
func BenchmarkConditional(b *testing.B) {
	for _, ask := range []struct {
		name, tag string
		status    int
	}{{"200", `"v0"`, http.StatusOK}, {"304", `"v1"`, http.StatusNotModified}} {
		for _, c := range conditionals() {
			b.Run(ask.name+"/"+c.name, func(b *testing.B) {
				x := newExchange("GET", "/orders/1")
				x.r.Header.Set("If-None-Match", ask.tag)
				x.measure(b, c.h, ask.status)
			})
		}
	}
}
