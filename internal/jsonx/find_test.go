package jsonx

import (
	"encoding/json"
	"io"
	"strings"
	"testing"
)

// rfc6901 is the document of RFC 6901 section 5.
const rfc6901 = `{
      "foo": ["bar", "baz"],
      "": 0,
      "a/b": 1,
      "c%d": 2,
      "e^f": 3,
      "g|h": 4,
      "i\\j": 5,
      "k\"l": 6,
      " ": 7,
      "m~n": 8
   }`

func TestFind(t *testing.T) {
	for _, c := range []struct{ doc, pointer, want string }{
		{rfc6901, "", rfc6901},
		{rfc6901, "/foo", `["bar", "baz"]`},
		{rfc6901, "/foo/0", `"bar"`},
		{rfc6901, "/", "0"},
		{rfc6901, "/a~1b", "1"},
		{rfc6901, "/c%d", "2"},
		{rfc6901, "/e^f", "3"},
		{rfc6901, "/g|h", "4"},
		{rfc6901, `/i\j`, "5"},
		{rfc6901, `/k"l`, "6"},
		{rfc6901, "/ ", "7"},
		{rfc6901, "/m~0n", "8"},
		{` {"\u0061":{"b" : [ [] , {"c":null} ]}} `, "/a/b/1/c", "null"},
		{`{"\u00e9\ud83d\ude00":1}`, "/é😀", "1"},
		{`{"é😀":1}`, "/é😀", "1"},
		{`{"\/\b\f\n\r\t\"\\":1}`, "/~1\b\f\n\r\t\"\\", "1"},
		{`{"~1":1,"/":2}`, "/~01", "1"},
		{`{"~1":1,"/":2}`, "/~1", "2"},
		{`{"ab":1,"a":2,"abc":3}`, "/a", "2"},
		{`{"a":{"x":1},"x":2}`, "/x", "2"},
		{`{"a":"}","b":"\"","c":"\\","d":[{"]":"["}],"e":true}`, "/e", "true"},
		{`{"a":1,"a":2}`, "/a", "1"},
		{"[0,1,2,3,4,5,6,7,8,9,-1.5e+3]", "/10", "-1.5e+3"},
	} {
		i, ok := Find([]byte(c.doc), c.pointer)
		if !ok || !strings.HasPrefix(c.doc[i:], c.want) {
			t.Errorf("Find(%s, %q) = %d, %v", c.doc, c.pointer, i, ok)
		}
	}
	for _, c := range [][2]string{
		{rfc6901, "foo"}, {rfc6901, "/foo/2"}, {rfc6901, "/foo/-"}, {rfc6901, "/foo/00"}, {rfc6901, "/foo/01"}, {rfc6901, "/foo/"},
		{rfc6901, "/foo/+1"}, {rfc6901, "/foo/0/x"}, {rfc6901, "/m~n"}, {rfc6901, "/m~2n"}, {rfc6901, "/m~"}, {rfc6901, "#/foo"}, {rfc6901, "/fo"},
		{rfc6901, "/foo/99999999999999999999999999"}, {"", ""}, {" ", ""}, {"", "/a"}, {"{}", "/"}, {"[]", "/0"}, {"[]", "/-"}, {"1", "/0"}, {"null", "/a"},
		{`{"a`, "/a"}, {`{"a"`, "/a"}, {`{"a":`, "/a"}, {`{"a":[`, "/b"}, {`{"\u00`, "/a"}, {`["`, "/1"}, {`{"\`, "/a"}, {`{"a":1`, "/b"}, {`]`, "/0"},
	} {
		if i, ok := Find([]byte(c[0]), c[1]); ok {
			t.Errorf("Find(%s, %q) = %d", c[0], c[1], i)
		}
	}
}

func TestIsNull(t *testing.T) {
	doc := []byte(`{"a":null,"b":0}`)
	for i, want := range map[int]bool{5: true, 0: false, 14: false, -1: false, 99: false} {
		if IsNull(doc, i) != want {
			t.Errorf("IsNull at %d", i)
		}
	}
}

func TestAppendToken(t *testing.T) {
	for token, want := range map[string]string{
		"foo": "/foo", "": "/", "a/b": "/a~1b", "m~n": "/m~0n", "~1": "/~01", "//~~": "/~1~1~0~0", "é %\"": "/é %\"",
	} {
		if got := string(AppendToken(nil, token)); got != want {
			t.Errorf("%q: %q, want %q", token, got, want)
		}
	}
	if got := string(AppendIndex(AppendToken(nil, "a"), 10)); got != "/a/10" {
		t.Error(got)
	}
}

func TestFindAllocs(t *testing.T) {
	doc := []byte(strings.Replace(orderDoc, `"locale"`, `"\u006c\u006fcale"`, 1))
	if n := testing.AllocsPerRun(100, func() {
		if _, ok := Find(doc, "/meta/locale"); !ok {
			t.Error("not found")
		}
		if _, ok := Find(doc, "/items/4/gift"); !ok {
			t.Error("not found")
		}
	}); n != 0 {
		t.Errorf("%v allocations", n)
	}
}

func BenchmarkFind(b *testing.B) {
	doc := []byte(orderDoc)
	b.ReportAllocs()
	for b.Loop() {
		Find(doc, "/items/4/quantity")
	}
}

// FuzzFind compares Find with a walk through what encoding/json decodes.
func FuzzFind(f *testing.F) {
	for _, p := range []string{"", "/foo/0", "/a~1b", "/m~0n", "/", "/foo/-", "/~"} {
		f.Add([]byte(rfc6901), p)
	}
	f.Add([]byte(`{"\u0061\ud83d\ude00":[{"b":"\\\""}]}`), "/a😀/0/b")
	f.Fuzz(func(t *testing.T, doc []byte, pointer string) {
		at, ok := Find(doc, pointer) // must not panic
		var v any
		d := mustNew[any](t, Options{})
		if d.Decode(doc, &v) != nil || strings.ToValidUTF8(pointer, "") != pointer {
			return
		}
		want, exists := resolve(v, pointer)
		if ok != exists {
			t.Fatalf("Find(%q, %q) = %v, %v", doc, pointer, at, ok)
		}
		if !ok {
			return
		}
		var got any
		if err := json.NewDecoder(strings.NewReader(string(doc[at:]))).Decode(&got); err != nil && err != io.EOF {
			t.Fatalf("Find(%q, %q) = %d: %v", doc, pointer, at, err)
		}
		a, _ := json.Marshal(got)
		b, _ := json.Marshal(want)
		if string(a) != string(b) {
			t.Fatalf("Find(%q, %q) = %d: %s, want %s", doc, pointer, at, a, b)
		}
	})
}

// resolve evaluates a pointer as RFC 6901 section 4 says.
func resolve(v any, pointer string) (any, bool) {
	if pointer == "" {
		return v, true
	}
	tokens := strings.Split(pointer, "/")
	if tokens[0] != "" {
		return nil, false
	}
	for _, token := range tokens[1:] {
		if bare := strings.NewReplacer("~0", "", "~1", "").Replace(token); strings.Contains(bare, "~") {
			return nil, false
		}
		switch c := v.(type) {
		case map[string]any:
			var ok bool
			if v, ok = c[strings.ReplaceAll(strings.ReplaceAll(token, "~1", "/"), "~0", "~")]; !ok {
				return nil, false
			}
		case []any:
			found := false
			for i := range c {
				if string(AppendIndex(nil, i)) == "/"+token {
					v, found = c[i], true
					break
				}
			}
			if !found {
				return nil, false
			}
		default:
			return nil, false
		}
	}
	return v, true
}
