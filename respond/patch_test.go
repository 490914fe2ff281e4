package respond_test

import (
	"encoding/json"
	"errors"
	"net/http"
	"net/http/httptest"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/forthright-http/forthright/respond"
)

const (
	mergeType = "application/merge-patch+json"
	jsonType  = "application/json-patch+json"
)

type patchItem struct {
	SKU      string     `json:"sku" validate:"required"`
	Quantity int        `json:"quantity" validate:"gte=1"`
	Until    *time.Time `json:"until,omitempty"`
}

type patchOrder struct {
	Reference string      `json:"reference" validate:"required,max=8"`
	Note      *string     `json:"note,omitempty" validate:"omitnil,max=5"`
	Items     []patchItem `json:"items" validate:"required,min=1,dive"`
	Labels    any         `json:"labels,omitempty"`
}

func (o *patchOrder) Validate() error {
	if o.Reference == "secret" {
		return errors.New("a secret of the program")
	}
	return nil
}

func patchCurrent() patchOrder {
	return patchOrder{Reference: "web-1", Items: []patchItem{{SKU: "A", Quantity: 2}, {SKU: "<B>", Quantity: 3}}}
}

// patchServer answers PATCH with the patched order.
func patchServer(t *testing.T, o respond.PatchOptions, pre ...respond.Precondition) http.Handler {
	t.Helper()
	p, err := respond.NewPatcher[patchOrder](o)
	if err != nil {
		t.Fatal(err)
	}
	return paramsQuiet.Handle(func(r *http.Request) (respond.Response, error) {
		current := patchCurrent()
		out, err := p.Apply(r, current, pre...)
		if !reflect.DeepEqual(current, patchCurrent()) {
			t.Error("the patch changed what it was given")
		}
		if err != nil {
			if !reflect.DeepEqual(out, patchOrder{}) {
				t.Error("a value beside an error")
			}
			return respond.Response{}, err
		}
		return respond.OK(out), nil
	})
}

type patchAnswer struct {
	status int
	typ    string
	errors string
	body   string
	header http.Header
}

func patchDo(t *testing.T, h http.Handler, mediaType, body string, fields ...string) patchAnswer {
	t.Helper()
	r := httptest.NewRequest("PATCH", "/", strings.NewReader(body))
	r.Header.Set("Content-Type", mediaType)
	for i := 0; i+1 < len(fields); i += 2 {
		r.Header.Set(fields[i], fields[i+1])
	}
	w := httptest.NewRecorder()
	checked(t, h).ServeHTTP(w, r)
	a := patchAnswer{status: w.Code, body: w.Body.String(), header: w.Header()}
	if strings.Contains(a.body, "CANARY") {
		t.Errorf("%s: the answer repeats a value: %s", body, a.body)
	}
	if a.status != 200 {
		var p struct {
			Type   string
			Errors []paramsError
		}
		if err := json.Unmarshal(w.Body.Bytes(), &p); err != nil {
			t.Fatalf("%s: %v: %s", body, err, w.Body)
		}
		a.typ = strings.TrimPrefix(p.Type, "/problems/")
		var all []string
		for _, e := range p.Errors {
			all = append(all, e.String())
		}
		a.errors = strings.Join(all, ", ")
	}
	return a
}

var patchBoth = respond.PatchOptions{Formats: []respond.PatchFormat{respond.MergePatch, respond.JSONPatch}}

func TestPatchSplit(t *testing.T) {
	h := patchServer(t, patchBoth)
	for _, c := range []struct {
		mediaType, body string
		status          int
		typ, errors     string
	}{
		{mergeType, `{"reference":"web-2"}`, 200, "", ""},
		{mergeType + ";charset=UTF-8", `{}`, 200, "", ""},
		{jsonType, `[]`, 200, "", ""},
		// The patch is malformed.
		{mergeType, ``, 400, "invalid-request", "empty #"},
		{mergeType, ` `, 400, "invalid-request", "empty #"},
		{mergeType, `{`, 400, "invalid-request", "truncated #"},
		{mergeType, `{"a":1}x`, 400, "invalid-request", "trailing_data #"},
		{mergeType, `{"reference":"a","reference":"b"}`, 400, "invalid-request", "duplicate_member #/reference"},
		{mergeType, `{"x":{"a":1,"a":2}}`, 400, "invalid-request", "duplicate_member #/x/a"},
		{mergeType, "{\"reference\":\"\xff\"}", 400, "invalid-request", "invalid_utf8 #/reference"},
		{mergeType, `{"reference":"\ud800"}`, 400, "invalid-request", "invalid_utf8 #/reference"},
		{mergeType, strings.Repeat("[", 10001) + strings.Repeat("]", 10001), 400, "invalid-request", "too_deep"},
		{jsonType, `{}`, 400, "invalid-request", "type #"},
		{jsonType, `[1]`, 400, "invalid-request", "type #/0"},
		{jsonType, `[{}]`, 400, "invalid-request", "required #/0/path, required #/0/op"},
		{jsonType, `[{"op":"test","path":"","value":1},{"op":"CANARY","path":"/x"}]`, 400, "invalid-request", "oneof #/1/op"},
		{jsonType, `[{"op":"Add","path":"/x","value":1}]`, 400, "invalid-request", "oneof #/0/op"},
		{jsonType, `[{"op":1,"path":2}]`, 400, "invalid-request", "type #/0/path, type #/0/op"},
		{jsonType, `[{"op":"add","path":"/x"}]`, 400, "invalid-request", "required #/0/value"},
		{jsonType, `[{"op":"test","path":"/x"},{"op":"replace","path":"/x"}]`, 400, "invalid-request", "required #/0/value, required #/1/value"},
		{jsonType, `[{"op":"move","path":"/x"},{"op":"copy","path":"/x","from":null}]`, 400, "invalid-request", "required #/0/from, type #/1/from"},
		{jsonType, `[{"op":"remove","path":"CANARY"}]`, 400, "invalid-request", "format #/0/path"},
		{jsonType, `[{"op":"remove","path":"x/reference"}]`, 400, "invalid-request", "format #/0/path"},
		{jsonType, `[{"op":"remove","path":"/a~"},{"op":"remove","path":"/a~2"},{"op":"copy","path":"","from":"#/a"}]`, 400, "invalid-request",
			"format #/0/path, format #/1/path, format #/2/from"},
		{jsonType, `[{"op":"remove","path":""},{"op":"nop"}]`, 400, "invalid-request", "whole_document #/0/path, required #/1/path, oneof #/1/op"},
		// It fits no resource.
		{jsonType, `[{"op":"remove","path":""}]`, 422, "invalid-content", "whole_document #/0/path"},
		{jsonType, `[{"op":"move","from":"/items","path":"/items/0"}]`, 422, "invalid-content", "inside_from #/0/path"},
		{jsonType, `[{"op":"move","from":"","path":"/items"}]`, 422, "invalid-content", "inside_from #/0/path"},
		{jsonType, "[" + strings.Repeat(`{"op":"test","path":"/reference","value":"web-1"},`, 500) + `{"op":"test","path":"/reference","value":"web-1"}]`, 422, "invalid-content", "max #"},
		// It does not fit this one.
		{jsonType, `[{"op":"test","path":"/reference","value":"web-1"},{"op":"test","path":"/reference","value":"CANARY"}]`, 409, "patch-conflict", "test_failed #/1"},
		{jsonType, `[{"op":"test","path":"/note","value":null}]`, 409, "patch-conflict", "not_found #/0/path"},
		{jsonType, `[{"op":"remove","path":"/note"}]`, 409, "patch-conflict", "not_found #/0/path"},
		{jsonType, `[{"op":"replace","path":"/note","value":"x"}]`, 409, "patch-conflict", "not_found #/0/path"},
		{jsonType, `[{"op":"add","path":"/note/x","value":"x"}]`, 409, "patch-conflict", "not_found #/0/path"},
		{jsonType, `[{"op":"add","path":"/reference/x","value":"x"}]`, 409, "patch-conflict", "not_found #/0/path"},
		{jsonType, `[{"op":"add","path":"/items/3","value":{}}]`, 409, "patch-conflict", "not_found #/0/path"},
		{jsonType, `[{"op":"move","from":"/note","path":"/reference"}]`, 409, "patch-conflict", "not_found #/0/from"},
		{jsonType, `[{"op":"copy","from":"/reference","path":"/x/y"}]`, 409, "patch-conflict", "not_found #/0/path"},
		{jsonType, `[{"op":"replace","path":"/items/-","value":{}}]`, 409, "patch-conflict", "not_found #/0/path"},
		{jsonType, `[{"op":"remove","path":"/items/-1"}]`, 409, "patch-conflict", "not_found #/0/path"},
		{jsonType, `[{"op":"remove","path":"/items/01"}]`, 409, "patch-conflict", "not_found #/0/path"},
		{jsonType, `[{"op":"remove","path":"/items/+1"}]`, 409, "patch-conflict", "not_found #/0/path"},
		{jsonType, `[{"op":"remove","path":"/items/99999999999999999999"}]`, 409, "patch-conflict", "not_found #/0/path"},
		// The result breaks something.
		{mergeType, `{"reference":null}`, 422, "invalid-result", "required #/reference"},
		{mergeType, `{"reference":""}`, 422, "invalid-result", "required #/reference"},
		{mergeType, `{"reference":7}`, 422, "invalid-result", "type #/reference"},
		{mergeType, `{"reference":"CANARY-CANARY"}`, 422, "invalid-result", "max #/reference"},
		{mergeType, `{"id":"x","created_at":null}`, 422, "invalid-result", "unknown_member #/id"},
		{mergeType, `{"items":[{"sku":"C","quantity":1.5},{"sku":null,"quantity":0}]}`, 422, "invalid-result", "integer #/items/0/quantity, null #/items/1/sku, gte #/items/1/quantity"},
		{mergeType, `{"items":[{"sku":"C","quantity":1,"until":"CANARY"}]}`, 422, "invalid-result", "format #/items/0/until"},
		{mergeType, `{"items":[]}`, 422, "invalid-result", "min #/items"},
		{mergeType, `{"reference":"secret"}`, 422, "invalid-result", "validate #"},
		{mergeType, `"CANARY"`, 422, "invalid-result", "type #"},
		{mergeType, `null`, 422, "invalid-result", "null #"},
		{jsonType, `[{"op":"add","path":"/items/-","value":{"sku":"C"}}]`, 422, "invalid-result", "gte #/items/2/quantity"},
		{jsonType, `[{"op":"remove","path":"/reference"},{"op":"add","path":"/id","value":1}]`, 422, "invalid-result", "required #/reference, unknown_member #/id"},
		{jsonType, `[{"op":"add","path":"/note","value":"CANARY"}]`, 422, "invalid-result", "max #/note"},
		// Too much.
		{jsonType, `[{"op":"add","path":"/labels","value":["0123456789012345"]}` + strings.Repeat(`,{"op":"copy","from":"/labels","path":"/labels/-"}`, 30) + `]`, 422, "invalid-result", "too_large #"},
		{jsonType, `[{"op":"add","path":"/labels","value":` + strings.Repeat("[", 9998) + strings.Repeat("]", 9998) + `},{"op":"copy","from":"/labels","path":"/labels/0/0/0/0/-"}]`, 422, "invalid-result", "too_deep #"},
	} {
		got := patchDo(t, h, c.mediaType, c.body)
		if c.errors == "too_deep" { // its place is not the matter here
			got.errors, _, _ = strings.Cut(got.errors, " ")
		}
		if got.status != c.status || got.typ != c.typ || got.errors != c.errors {
			t.Errorf("%.200s: %d %s [%s], want %d %s [%s]", c.body, got.status, got.typ, got.errors, c.status, c.typ, c.errors)
		}
	}
}

func TestPatchErrorInFull(t *testing.T) {
	h := patchServer(t, patchBoth)
	for _, c := range []struct{ mediaType, body, want string }{
		{mergeType, `{"reference":null}`,
			`{"type":"/problems/invalid-result","title":"The patched resource breaks a rule","status":422,"errors":[{"detail":"is missing.","pointer":"#/reference","code":"required"}]}`},
		{jsonType, `[{"op":"test","path":"/reference","value":"x"}]`,
			`{"type":"/problems/patch-conflict","title":"The patch does not fit the resource","status":409,"errors":[{"detail":"is not so: the resource has another value.","pointer":"#/0","code":"test_failed"}]}`},
		{jsonType, `[{"op":"x","path":""}]`,
			`{"type":"/problems/invalid-request","title":"The request is not valid","status":400,"errors":[{"detail":"must be one of: add, remove, replace, move, copy, test.","pointer":"#/0/op","code":"oneof","params":{"oneof":["add","remove","replace","move","copy","test"]}}]}`},
	} {
		if got := patchDo(t, h, c.mediaType, c.body); strings.TrimSpace(got.body) != c.want {
			t.Errorf("%s:\ngot  %s\nwant %s", c.body, got.body, c.want)
		}
	}
}

func TestPatchResult(t *testing.T) {
	h := patchServer(t, patchBoth)
	for _, c := range []struct{ mediaType, body, want string }{
		{mergeType, `{"note":"x","items":[{"sku":"C","quantity":1}]}`, `{"reference":"web-1","note":"x","items":[{"sku":"C","quantity":1}]}`},
		{mergeType, `{"\u006eote":"\u0078"}`, `{"reference":"web-1","note":"x","items":[{"sku":"A","quantity":2},{"sku":"<B>","quantity":3}]}`},
		{mergeType, `{"labels":[{"a":null}]}`, `{"reference":"web-1","items":[{"sku":"A","quantity":2},{"sku":"<B>","quantity":3}],"labels":[{"a":null}]}`},
		{jsonType, `[{"op":"move","from":"/items/1","path":"/items/0"},{"op":"copy","from":"/reference","path":"/note"}]`,
			`{"reference":"web-1","note":"web-1","items":[{"sku":"<B>","quantity":3},{"sku":"A","quantity":2}]}`},
		// The same whatever way it is written (RFC 6902 §4.6).
		{jsonType, `[{"op":"test","path":"/items/1","value":{"quantity":0.3e1,"sku":"\u003cB>"}},{"op":"remove","path":"/items/1"}]`,
			`{"reference":"web-1","items":[{"sku":"A","quantity":2}]}`},
		// What was copied is not the original.
		{jsonType, `[{"op":"copy","from":"/items/0","path":"/items/-"},{"op":"replace","path":"/items/2/sku","value":"C"}]`,
			`{"reference":"web-1","items":[{"sku":"A","quantity":2},{"sku":"<B>","quantity":3},{"sku":"C","quantity":2}]}`},
		{jsonType, `[{"op":"copy","from":"/items","path":"/labels"},{"op":"replace","path":"/labels/0/sku","value":"C"},{"op":"remove","path":"/labels/1"}]`,
			`{"reference":"web-1","items":[{"sku":"A","quantity":2},{"sku":"<B>","quantity":3}],"labels":[{"sku":"C","quantity":2}]}`},
		// The empty name is a name (RFC 6901 §5).
		{jsonType, `[{"op":"add","path":"/labels","value":{"":[1]}},{"op":"replace","path":"/labels//0","value":2}]`,
			`{"reference":"web-1","items":[{"sku":"A","quantity":2},{"sku":"<B>","quantity":3}],"labels":{"":[2]}}`},
		// The whole document.
		{jsonType, `[{"op":"add","path":"/labels","value":{"reference":"r","items":[{"sku":"C","quantity":1}]}},{"op":"move","from":"/labels","path":""}]`,
			`{"reference":"r","items":[{"sku":"C","quantity":1}]}`},
	} {
		got := patchDo(t, h, c.mediaType, c.body)
		var have, want any
		if json.Unmarshal([]byte(got.body), &have) != nil || json.Unmarshal([]byte(c.want), &want) != nil || got.status != 200 || !reflect.DeepEqual(have, want) {
			t.Errorf("%s:\ngot  %d %s\nwant %s", c.body, got.status, got.body, c.want)
		}
	}
}
