package problem_test

import (
	"encoding/json"
	"net/http"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/forthright-http/forthright/problem"
)

// A body ends with a line feed, as a json.Encoder ends its values, and
// Content-Length counts it; the value of MarshalJSON does not have it.
func TestBodyEndsWithALineFeed(t *testing.T) {
	p := problem.NotFound("d")
	const want = `{"type":"about:blank","title":"Not Found","status":404,"detail":"d"}`
	for range 3 { // plain, then serialised and kept, then what was kept
		res := answer(t, p)
		eq(t, "body", body(t, res), want+"\n")
		eq(t, "length", res.Header.Get("Content-Length"), "69")
	}
	b, err := p.MarshalJSON()
	if err != nil {
		t.Fatal(err)
	}
	eq(t, "MarshalJSON", string(b), want)
}

// The order is that of §3.1, then the members, then the errors.
func TestMembersAreInOrder(t *testing.T) {
	p := outOfCredit.New("d").WithInstance("/i").With("zzz", 1).With("aaa", 2).
		WithErrors(problem.Item{Params: map[string]any{"max": 1}, Code: "c", Header: "h", Parameter: "q", Pointer: "#", Detail: "d"})
	b, err := p.MarshalJSON()
	if err != nil {
		t.Fatal(err)
	}
	eq(t, "body", string(b), `{"type":"https://example.com/probs/out-of-credit","title":"You do not have enough credit.",`+
		`"status":403,"detail":"d","instance":"/i","zzz":1,"aaa":2,`+
		`"errors":[{"detail":"d","pointer":"#","parameter":"q","header":"h","code":"c","params":{"max":1}}]}`)
}

// A member has the value that encoding/json gives it.
func TestMemberValues(t *testing.T) {
	type named string
	for _, v := range []any{
		"s", "", true, false, 0, -1, int64(1 << 53), int8(-8), uint64(1<<64 - 1), 1.5, 1e300, nil, []string(nil), []string{}, map[string]int{"b": 1, "a": 2},
		named("<n>"), []byte("bytes"), time.Unix(0, 0).UTC(), json.RawMessage(`{ "a" : "<" }`), json.Number("12.50"),
		struct {
			A int `json:"a,omitempty"`
			B *int
		}{}, http.StatusNotFound,
	} {
		want, err := json.Marshal(map[string]any{"value": v})
		if err != nil {
			t.Fatal(err)
		}
		p := encode(t, problem.NotFound("").With("value", v))
		if want := parse(t, string(want)).(map[string]any)["value"]; !reflect.DeepEqual(p["value"], want) {
			t.Errorf("%T: got %v, want %v", v, p["value"], want)
		}
		for _, params := range []map[string]any{{"value": v}, {"value": v, "more": 1}, {}} {
			b, err := json.Marshal(problem.Item{Params: params})
			if err != nil {
				t.Fatal(err)
			}
			got, _ := parse(t, string(b)).(map[string]any)["params"].(map[string]any)
			if want := parse(t, string(want)).(map[string]any)["value"]; !reflect.DeepEqual(got["value"], want) && len(params) > 0 {
				t.Errorf("param %T: got %v, want %v", v, got["value"], want)
			}
			eq(t, "params", len(got), len(params))
		}
	}
}

// FuzzString checks every place a string can stand against encoding/json, an
// implementation that is not ours.
func FuzzString(f *testing.F) {
	for _, s := range []string{
		"", "plain", `"\/`, "<script>&'</script>", "\u2028\u2029", "\x00\x1f\x7f", "\n\r\t\b\f", "é€😀", "\xff", "a\xc3", "\xed\xa0\x80", "\ufffd", "\xf0\x9f\x98",
	} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		encoded, err := json.Marshal(s)
		if err != nil {
			t.Fatal(err)
		}
		want := parse(t, string(encoded))
		p := problem.NotFound("").With("member", s).With("nested", []string{s}).
			WithErrors(problem.Item{Detail: s, Pointer: s, Parameter: s, Header: s, Code: s, Params: map[string]any{s: s}})
		b, err := p.MarshalJSON()
		if err != nil {
			t.Fatal(err)
		}
		if !json.Valid(b) {
			t.Fatalf("not JSON: %q", b)
		}
		if i := strings.IndexAny(string(b), "<>&\u2028\u2029\n"); i >= 0 {
			t.Errorf("a character stands as itself: %q", b[i:])
		}
		m := parse(t, string(b)).(map[string]any)
		item := m["errors"].([]any)[0].(map[string]any)
		for name, got := range map[string]any{
			"member": m["member"], "nested": m["nested"].([]any)[0], "detail": item["detail"], "param": item["params"].(map[string]any)[want.(string)],
		} {
			if got != want {
				t.Errorf("%s: %q is %q, want %q", name, s, got, want)
			}
		}
		for _, name := range []string{"pointer", "parameter", "header", "code"} {
			if got, there := item[name]; there != (s != "") || there && got != want {
				t.Errorf("%s: %q is %q", name, s, got)
			}
		}
	})
}

// The JSON of a writer has its base, and is what Write sends.
func TestWriterJSON(t *testing.T) {
	typ := problem.NewType("sold-out", 409, "Sold out")
	for base, want := range map[string]string{"": "/problems/sold-out", "https://api.example.com/p/": "https://api.example.com/p/sold-out"} {
		w := newWriter(t, problem.Options{Base: base})
		p := typ.New("Nothing is left.").With("left", 0)
		got, err := w.JSON(p)
		if err != nil {
			t.Fatal(err)
		}
		eq(t, base, string(got), strings.TrimSpace(body(t, answerTo(t, w, get(), p))))
		eq(t, base, parse(t, string(got)).(map[string]any)["type"], any(want))
	}
	var none *problem.Writer
	if got, err := none.JSON(typ.New("")); err != nil || !strings.Contains(string(got), `"/problems/sold-out"`) {
		t.Errorf("%s %v", got, err)
	}
}
