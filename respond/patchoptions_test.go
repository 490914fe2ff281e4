package respond_test

import (
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/forthright-http/forthright/problem"
	"github.com/forthright-http/forthright/respond"
)

func TestPatchOptions(t *testing.T) {
	// 415, 413 and preconditions, in the order of refusals.
	pre := func(*http.Request) error { return problem.PreconditionFailed("") }
	h := patchServer(t, respond.PatchOptions{MaxBytes: 30}, pre)
	long := `{"reference":"` + strings.Repeat("x", 30) + `"}`
	for _, c := range []struct {
		mediaType, body string
		status          int
	}{
		{"application/json", long, 415},
		{jsonType, "[]", 415},
		{mergeType + ";charset=latin1", "{}", 415},
		{mergeType, long, 413},
		{mergeType, "{", 412},
		{"", "", 412},
	} {
		got := patchDo(t, h, c.mediaType, c.body, "If-Match", `"x"`)
		if got.status != c.status {
			t.Errorf("%s %s: %d %s, want %d", c.mediaType, c.body, got.status, got.body, c.status)
		}
		if accept := got.header.Get("Accept-Patch"); got.status == 415 && accept != mergeType {
			t.Errorf("Accept-Patch: %q", accept)
		}
	}
	if got := patchDo(t, h, mergeType, "{}", "Content-Encoding", "gzip"); got.status != 415 || got.header.Get("Accept-Encoding") != "identity" {
		t.Errorf("gzip: %d %v", got.status, got.header)
	}
	if got := patchDo(t, patchServer(t, respond.PatchOptions{}), mergeType, "{}", "Accept", "image/png"); got.status != 406 {
		t.Errorf("Accept: %d", got.status)
	}

	for _, c := range []struct {
		name            string
		o               respond.PatchOptions
		mediaType, body string
		status          int
		typ, errors     string
	}{
		{"split", respond.PatchOptions{Split: respond.AlwaysBadRequest}, mergeType, `{"reference":null}`, 400, "invalid-request", "required #/reference"},
		{"unknown", respond.PatchOptions{AllowUnknown: true}, mergeType, `{"id":1}`, 200, "", ""},
		{"null", respond.PatchOptions{Null: respond.NullAnywhere}, mergeType, `{"items":[{"sku":"A","quantity":1},{"sku":"B","quantity":1,"until":null}]}`, 200, "", ""},
		{"result", respond.PatchOptions{MaxResultBytes: 50}, mergeType, `{"note":"x"}`, 422, "invalid-result", "too_large #"},
		{"operations", respond.PatchOptions{Formats: []respond.PatchFormat{respond.JSONPatch}, MaxOperations: 1}, jsonType,
			`[{"op":"remove","path":"/items/0"},{"op":"remove","path":"/items/0"}]`, 422, "invalid-content", "max #"},
		{"JSON Patch alone", respond.PatchOptions{Formats: []respond.PatchFormat{respond.JSONPatch}}, mergeType, `{}`, 415, "about:blank", ""},
	} {
		got := patchDo(t, patchServer(t, c.o), c.mediaType, c.body)
		if got.typ == "" && got.status != 200 {
			got.typ = "about:blank"
		}
		if got.status != c.status || got.typ != c.typ || got.errors != c.errors {
			t.Errorf("%s: %d %s [%s], want %d %s [%s]", c.name, got.status, got.typ, got.errors, c.status, c.typ, c.errors)
		}
	}

	for name, o := range map[string]respond.PatchOptions{
		"limit":  {MaxBytes: -1},
		"result": {MaxResultBytes: -1},
		"many":   {MaxOperations: -1},
		"format": {Formats: []respond.PatchFormat{7}},
		"twice":  {Formats: []respond.PatchFormat{respond.JSONPatch, respond.JSONPatch}},
		"null":   {Null: 9},
	} {
		if _, err := respond.NewPatcher[patchOrder](o); err == nil {
			t.Errorf("%s: no error", name)
		}
	}
	if _, err := respond.NewPatcher[chan int](respond.PatchOptions{}); err == nil {
		t.Error("a channel: no error")
	}
	if _, err := respond.NewPatcher[struct {
		A int `validate:"nosuchrule"`
	}](respond.PatchOptions{}); err == nil {
		t.Error("an unknown rule: no error")
	}
	if got := respond.Must(respond.NewPatcher[patchOrder](patchBoth)).AcceptPatch(); got != mergeType+", "+jsonType {
		t.Errorf("AcceptPatch: %s", got)
	}
}

// What cannot be encoded is the program's mistake, and its text stays inside.
func TestPatchOfWhatCannotBeEncoded(t *testing.T) {
	type in struct {
		A any `json:"a"`
	}
	r := httptest.NewRequest("PATCH", "/", strings.NewReader(`{}`))
	r.Header.Set("Content-Type", mergeType)
	_, err := respond.Patch(r, in{make(chan int)})
	var p *problem.Problem
	if err == nil || errors.As(err, &p) {
		t.Errorf("%v", err)
	}
}

// The library that was measured first took 25 seconds for the least of these.
func TestPatchOfGreatDepth(t *testing.T) {
	p := respond.Must(respond.NewPatcher[any](respond.PatchOptions{}))
	for _, depth := range []int{1000, 9999} {
		deep := strings.Repeat(`{"a":`, depth) + `"` + strings.Repeat("x", 1<<20-8*depth) + `"` + strings.Repeat("}", depth)
		r := httptest.NewRequest("PATCH", "/", strings.NewReader(deep))
		r.Header.Set("Content-Type", mergeType)
		if _, err := p.Apply(r, map[string]any{}); err != nil {
			t.Error(depth, err)
		}
	}
}

func BenchmarkPatch(b *testing.B) {
	p := respond.Must(respond.NewPatcher[patchOrder](patchBoth))
	for _, c := range []struct{ name, mediaType, body string }{
		{"merge", mergeType, `{"note":"x"}`},
		{"json", jsonType, `[{"op":"test","path":"/reference","value":"web-1"},{"op":"add","path":"/note","value":"x"}]`},
	} {
		b.Run(c.name, func(b *testing.B) {
			b.ReportAllocs()
			current := patchCurrent()
			body := strings.NewReader(c.body)
			r := httptest.NewRequest("PATCH", "/", body)
			r.Header.Set("Content-Type", c.mediaType)
			for b.Loop() {
				body.Reset(c.body)
				r.Body = io.NopCloser(body)
				if _, err := p.Apply(r, current); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
