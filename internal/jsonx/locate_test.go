package jsonx

import (
	"fmt"
	"strings"
	"testing"
)

func TestLocate(t *testing.T) {
	data := []byte(` {"a":{"b~/c":[1,{"d":null}]},"e":"x","e":2,"":{"":0},"é\u0041":[]}`)
	pointers := []string{
		"", "/a", "/a/b~0~1c", "/a/b~0~1c/1/d", "/a/b~0~1c/2", "/a/b~0~1c/01", "/a/b~0~1c/-", "/e", "/e/f", "/", "//", "/éA",
		"/none/of/it", "/a/none", "/a", "/a/b~0~1c/1",
	}
	for i, got := range Locate(data, pointers) {
		if want := locate(data, pointers[i]); got != want {
			t.Errorf("%q: %+v, want %+v", pointers[i], got, want)
		}
	}
	for pointer, want := range map[string]Place{
		"/a/b~0~1c/1/d": {22, true}, "/a/b~0~1c/2": {14, false}, "/e": {34, true}, "/e/f": {34, false}, "/none/of": {1, false},
	} {
		if got := Locate(data, []string{pointer}); got[0] != want {
			t.Errorf("%q: %+v, want %+v", pointer, got[0], want)
		}
	}
}

// One pass is enough, however many pointers there are.
func TestLocateIsLinear(t *testing.T) {
	data := []byte("[" + strings.Repeat("{},", 100_000) + "{}]")
	pointers := make([]string, 50_000)
	for i := range pointers {
		pointers[i] = fmt.Sprintf("/%d/a", i*2)
	}
	for i, p := range Locate(data, pointers) {
		if p.Found || p.Offset != 1+3*2*i {
			t.Fatalf("%s is at %+v", pointers[i], p)
		}
	}
}

// In what is no document the answer may be wrong, and nothing worse happens.
func FuzzLocate(f *testing.F) {
	for _, s := range []string{`{"a":[1,2]}`, `{"a":`, `[`, `[,]`, `{"a"}`, `{"a":}`, `"`, `{"\`, `[1,`} {
		f.Add([]byte(s), "/a/1")
	}
	f.Fuzz(func(t *testing.T, data []byte, pointer string) {
		if pointer != "" && pointer[0] != '/' {
			return
		}
		for _, p := range Locate(data, append(make([]string, few), pointer, "/0", "/a")) {
			if p.Offset < 0 || p.Offset > len(data) {
				t.Errorf("the offset is %d", p.Offset)
			}
		}
	})
}
