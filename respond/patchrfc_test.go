package respond_test

import (
	"encoding/json"
	"errors"
	"net/http/httptest"
	"reflect"
	"strings"
	"testing"

	"github.com/forthright-http/forthright/problem"
	"github.com/forthright-http/forthright/respond"
)

var patchAny = respond.Must(respond.NewPatcher[any](patchBoth))

// patchApply applies a patch to a document. An error is a problem.
func patchApply(t *testing.T, mediaType string, current any, patch string) (any, *problem.Problem) {
	t.Helper()
	r := httptest.NewRequest("PATCH", "/", strings.NewReader(patch))
	r.Header.Set("Content-Type", mediaType)
	got, err := patchAny.Apply(r, current)
	var p *problem.Problem
	if err != nil && !errors.As(err, &p) {
		t.Fatalf("%q: %v", patch, err)
	}
	return got, p
}

func patchValue(t *testing.T, s string) (v any) {
	t.Helper()
	if err := json.Unmarshal([]byte(s), &v); err != nil {
		t.Fatal(s, err)
	}
	return v
}

func TestRFC7396AppendixA(t *testing.T) {
	for _, c := range []struct{ original, patch, result string }{
		{`{"a":"b"}`, `{"a":"c"}`, `{"a":"c"}`},
		{`{"a":"b"}`, `{"b":"c"}`, `{"a":"b","b":"c"}`},
		{`{"a":"b"}`, `{"a":null}`, `{}`},
		{`{"a":"b","b":"c"}`, `{"a":null}`, `{"b":"c"}`},
		{`{"a":["b"]}`, `{"a":"c"}`, `{"a":"c"}`},
		{`{"a":"c"}`, `{"a":["b"]}`, `{"a":["b"]}`},
		{`{"a":{"b":"c"}}`, `{"a":{"b":"d","c":null}}`, `{"a":{"b":"d"}}`},
		{`{"a":[{"b":"c"}]}`, `{"a":[1]}`, `{"a":[1]}`},
		{`["a","b"]`, `["c","d"]`, `["c","d"]`},
		{`{"a":"b"}`, `["c"]`, `["c"]`},
		{`{"a":"foo"}`, `null`, `null`},
		{`{"a":"foo"}`, `"bar"`, `"bar"`},
		{`{"e":null}`, `{"a":1}`, `{"e":null,"a":1}`},
		{`[1,2]`, `{"a":"b","c":null}`, `{"a":"b"}`},
		{`{}`, `{"a":{"bb":{"ccc":null}}}`, `{"a":{"bb":{}}}`},
		// The example of §3.
		{`{"title":"Goodbye!","author":{"givenName":"John","familyName":"Doe"},"tags":["example","sample"],"content":"This will be unchanged"}`,
			`{"title":"Hello!","phoneNumber":"+01-123-456-7890","author":{"familyName":null},"tags":["example"]}`,
			`{"title":"Hello!","author":{"givenName":"John"},"tags":["example"],"content":"This will be unchanged","phoneNumber":"+01-123-456-7890"}`},
	} {
		got, err := patchApply(t, mergeType, patchValue(t, c.original), c.patch)
		if err != nil || !reflect.DeepEqual(got, patchValue(t, c.result)) {
			t.Errorf("%s + %s = %v, %v, want %s", c.original, c.patch, got, err, c.result)
		}
	}
}

func TestRFC6902AppendixA(t *testing.T) {
	for _, c := range []struct {
		name, target, patch, result string
		status                      int
	}{
		{"A.1 adding an object member", `{"foo":"bar"}`,
			`[{"op":"add","path":"/baz","value":"qux"}]`, `{"baz":"qux","foo":"bar"}`, 0},
		{"A.2 adding an array element", `{"foo":["bar","baz"]}`,
			`[{"op":"add","path":"/foo/1","value":"qux"}]`, `{"foo":["bar","qux","baz"]}`, 0},
		{"A.3 removing an object member", `{"baz":"qux","foo":"bar"}`,
			`[{"op":"remove","path":"/baz"}]`, `{"foo":"bar"}`, 0},
		{"A.4 removing an array element", `{"foo":["bar","qux","baz"]}`,
			`[{"op":"remove","path":"/foo/1"}]`, `{"foo":["bar","baz"]}`, 0},
		{"A.5 replacing a value", `{"baz":"qux","foo":"bar"}`,
			`[{"op":"replace","path":"/baz","value":"boo"}]`, `{"baz":"boo","foo":"bar"}`, 0},
		{"A.6 moving a value", `{"foo":{"bar":"baz","waldo":"fred"},"qux":{"corge":"grault"}}`,
			`[{"op":"move","from":"/foo/waldo","path":"/qux/thud"}]`, `{"foo":{"bar":"baz"},"qux":{"corge":"grault","thud":"fred"}}`, 0},
		{"A.7 moving an array element", `{"foo":["all","grass","cows","eat"]}`,
			`[{"op":"move","from":"/foo/1","path":"/foo/3"}]`, `{"foo":["all","cows","eat","grass"]}`, 0},
		{"A.8 testing a value: success", `{"baz":"qux","foo":["a",2,"c"]}`,
			`[{"op":"test","path":"/baz","value":"qux"},{"op":"test","path":"/foo/1","value":2}]`, `{"baz":"qux","foo":["a",2,"c"]}`, 0},
		{"A.9 testing a value: error", `{"baz":"qux"}`,
			`[{"op":"test","path":"/baz","value":"bar"}]`, "", 409},
		{"A.10 adding a nested member object", `{"foo":"bar"}`,
			`[{"op":"add","path":"/child","value":{"grandchild":{}}}]`, `{"foo":"bar","child":{"grandchild":{}}}`, 0},
		{"A.11 ignoring unrecognized elements", `{"foo":"bar"}`,
			`[{"op":"add","path":"/baz","value":"qux","xyz":123}]`, `{"foo":"bar","baz":"qux"}`, 0},
		{"A.12 adding to a nonexistent target", `{"foo":"bar"}`,
			`[{"op":"add","path":"/baz/bat","value":"qux"}]`, "", 409},
		{"A.13 invalid JSON Patch document", `{"foo":"bar"}`,
			`[{"op":"add","path":"/baz","value":"qux","op":"remove"}]`, "", 400},
		{"A.14 ~ escape ordering", `{"/":9,"~1":10}`,
			`[{"op":"test","path":"/~01","value":10}]`, `{"/":9,"~1":10}`, 0},
		{"A.15 comparing strings and numbers", `{"/":9,"~1":10}`,
			`[{"op":"test","path":"/~01","value":"10"}]`, "", 409},
		{"A.16 adding an array value", `{"foo":["bar"]}`,
			`[{"op":"add","path":"/foo/-","value":["abc","def"]}]`, `{"foo":["bar",["abc","def"]]}`, 0},
	} {
		got, err := patchApply(t, jsonType, patchValue(t, c.target), c.patch)
		switch {
		case c.status != 0:
			if err == nil || err.Status() != c.status {
				t.Errorf("%s: %v, %v, want %d", c.name, got, err, c.status)
			}
		case err != nil || !reflect.DeepEqual(got, patchValue(t, c.result)):
			t.Errorf("%s: %v, %v, want %s", c.name, got, err, c.result)
		}
	}
}

// RFC 6902 §4.6, and what the library that was tried first got wrong.
func TestRFC6902Section4_6(t *testing.T) {
	document := patchValue(t, `{"n":1,"big":1e21,"zero":0,"null":null,"list":[null,1],"s":"é<","o":{"a":1,"b":[{}]},"":7}`)
	for _, c := range []struct {
		path, value string
		equal       bool
	}{
		{"/n", "1", true}, {"/n", "1.0", true}, {"/n", "10e-1", true}, {"/n", "0.01E+2", true}, {"/n", "1.0000000000000000000000001", false},
		{"/n", "-1", false}, {"/n", `"1"`, false}, {"/n", "true", false},
		{"/big", "1000000000000000000000", true}, {"/big", "1e22", false}, {"/big", "1e99999999999999999999", false},
		{"/zero", "-0.0e5", true}, {"/zero", "0e99999999999999999999", true}, {"/zero", "false", false}, {"/zero", "null", false},
		{"/null", "null", true}, {"/null", "0", false},
		{"/list", "[null,1]", true}, {"/list", "[1,null]", false}, {"/list", "[null]", false}, {"/list", "{}", false},
		{"/s", `"\u00e9\u003C"`, true}, {"/s", `"e\u0301<"`, false},
		{"/o", `{"b":[{}],"a":1}`, true}, {"/o", `{"a":1}`, false}, {"/o", `{"a":1,"b":[{}],"c":1}`, false}, {"/o", `{"a":1,"c":[{}]}`, false},
		{"/", "7", true},
	} {
		_, err := patchApply(t, jsonType, document, `[{"op":"test","path":"`+c.path+`","value":`+c.value+`}]`)
		if (err == nil) != c.equal || err != nil && (err.Status() != 409 || err.Errors()[0].Code != "test_failed") {
			t.Errorf("%s %s: %v, want %v", c.path, c.value, err, c.equal)
		}
	}
}

// More members than are searched one by one, removed and added again.
func TestPatchOfManyMembers(t *testing.T) {
	document := map[string]any{}
	for _, c := range "abcdefghijklmnopqrstuvwxyz" {
		document[string(c)] = "x"
	}
	got, err := patchApply(t, jsonType, document, `[{"op":"remove","path":"/a"},{"op":"add","path":"/a","value":1},{"op":"remove","path":"/b"},
		{"op":"add","path":"/new","value":2},{"op":"replace","path":"/new","value":3},{"op":"remove","path":"/z"},{"op":"add","path":"/z","value":4},
		{"op":"remove","path":"/z"},{"op":"copy","from":"","path":"/all"},{"op":"test","path":"/all/new","value":3}]`)
	_, again := patchApply(t, jsonType, map[string]any{"a": 1, "b": 1, "c": 1, "d": 1, "e": 1, "f": 1, "g": 1, "h": 1, "i": 1},
		`[{"op":"remove","path":"/a"},{"op":"add","path":"/a","value":1},{"op":"test","path":"","value":{"a":1,"b":1,"c":1,"d":1,"e":1,"f":1,"g":1,"h":1,"i":1}}]`)
	if again != nil {
		t.Error(again)
	}
	delete(document, "b")
	delete(document, "z")
	document["a"], document["new"] = 1.0, 3.0
	all := map[string]any{}
	for k, v := range document {
		all[k] = v
	}
	document["all"] = all
	if err != nil || !reflect.DeepEqual(got, any(document)) {
		t.Errorf("%v, %v", got, err)
	}
}
