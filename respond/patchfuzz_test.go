package respond_test

import (
	"encoding/json"
	"reflect"
	"strings"
	"testing"
)

// naiveMerge is the pseudo-code of RFC 7396 §2, word for word.
func naiveMerge(target, patch any) any {
	p, ok := patch.(map[string]any)
	if !ok {
		return patch
	}
	t, ok := target.(map[string]any)
	if !ok {
		t = map[string]any{}
	}
	for name, value := range p {
		if value == nil {
			delete(t, name)
		} else {
			t[name] = naiveMerge(t[name], value)
		}
	}
	return t
}

func FuzzMergePatch(f *testing.F) {
	for _, s := range [][2]string{
		{`{"a":"b"}`, `{"a":null,"c":{"d":null,"e":[{"f":null}]}}`},
		{`[1,2]`, `{"a":"b","c":null}`},
		{`null`, `{"a":{}}`},
		{`{"a":{"b":{"c":1}}}`, `{"a":{"b":{"c":null,"d":-1.50e+2}}}`},
		{`{"a":1,"b":1,"c":1,"d":1,"e":1,"f":1,"g":1,"h":1,"i":1}`, `{"i":null,"j":"\u00e9\"\\","":true}`},
		{`{}`, `{"a":1,"a":2}`},
		{`{}`, "{\"\xff\":1}"},
		{`{}`, ` [ { } , [ ] , "" ] `},
	} {
		f.Add(s[0], s[1])
	}
	f.Fuzz(func(t *testing.T, document, patch string) {
		var current, want any
		if json.Unmarshal([]byte(document), &current) != nil {
			t.Skip()
		}
		got, refused := patchApply(t, mergeType, current, patch)
		err := json.Unmarshal([]byte(patch), &want)
		switch {
		case refused != nil:
			// encoding/json takes more than we do; what we take, it takes.
			if s := refused.Status(); s != 400 && s != 413 && s != 422 || s == 422 && err == nil && !strings.Contains(patch, "null") {
				t.Fatalf("%s + %s: %v", document, patch, refused)
			}
			return
		case err != nil:
			t.Fatalf("%s + %s: taken, and %v", document, patch, err)
		}
		if want = naiveMerge(patchValue(t, document), want); !reflect.DeepEqual(got, want) {
			t.Errorf("%s + %s = %v, want %v", document, patch, got, want)
		}
	})
}

// A JSON Patch never panics, is refused with the statuses that are documented,
// and what it made equals itself.
func FuzzJSONPatch(f *testing.F) {
	for _, patch := range []string{
		`[]`, `{}`, `[{"op":"add","path":"/a/-","value":[null]},{"op":"test","path":"/a","value":[1,[null]]}]`,
		`[{"op":"replace","path":"","value":null},{"op":"add","path":"/x","value":1}]`,
		`[{"op":"copy","from":"","path":"/a/0"},{"op":"move","from":"/a/0","path":""},{"op":"remove","path":"/a"}]`,
		`[{"op":"move","from":"/a","path":"/a"},{"op":"move","from":"/a","path":"/a/0"}]`,
		`[{"op":"test","path":"/a/0","value":1.0e0},{"op":"add","path":"/~0~1","value":{"":{}}}]`,
		`[{"op":"remove","path":"/a/00"},{"op":"remove","path":"/a/-1"},{"op":"add","path":"/~","value":0}]`,
		`[{"op":"add","path":"/a","value":1,"op":"remove"}]`,
	} {
		f.Add(`{"a":[1],"b":null,"":{"":"é"}}`, patch)
	}
	f.Fuzz(func(t *testing.T, document, patch string) {
		var current any
		if json.Unmarshal([]byte(document), &current) != nil {
			t.Skip()
		}
		got, refused := patchApply(t, jsonType, current, patch)
		if refused != nil {
			switch refused.Status() {
			case 400, 409, 413, 422:
				return
			}
			t.Fatalf("%s + %s: %v", document, patch, refused)
		}
		value, err := json.Marshal(got)
		if err != nil {
			t.Fatal(err)
		}
		end := strings.LastIndexByte(patch, ']')
		test := `{"op":"test","path":"","value":` + string(value) + `}]`
		if strings.Contains(patch, "{") {
			test = "," + test
		}
		if _, refused := patchApply(t, jsonType, current, patch[:end]+test); refused != nil && refused.Errors()[0].Code == "test_failed" {
			t.Errorf("%s + %s: the result %s does not equal itself", document, patch, value)
		}
	})
}
