package respond_test

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"

	"github.com/forthright-http/forthright/respond"
)

func ExamplePatch() {
	type book struct {
		Title string `json:"title" validate:"required,max=200"`
		Year  int    `json:"year,omitempty"`
	}
	stored := book{"Emma", 1815}
	h := respond.Handle(func(r *http.Request) (respond.Response, error) {
		changed, err := respond.Patch(r, stored)
		if err != nil {
			return respond.Response{}, err
		}
		return respond.OK(changed), nil
	})
	for _, patch := range []string{`{"year":1816}`, `{"year":null}`, `{"title":null}`, `{"title"`} {
		r := httptest.NewRequest("PATCH", "/books/1", strings.NewReader(patch))
		r.Header.Set("Content-Type", "application/merge-patch+json")
		w := httptest.NewRecorder()
		h.ServeHTTP(w, r)
		fmt.Println(w.Code, strings.TrimSpace(w.Body.String()))
	}
	// Output:
	// 200 {"title":"Emma","year":1816}
	// 200 {"title":"Emma"}
	// 422 {"type":"/problems/invalid-result","title":"The patched resource breaks a rule","status":422,"errors":[{"detail":"is missing.","pointer":"#/title","code":"required"}]}
	// 400 {"type":"/problems/invalid-request","title":"The request is not valid","status":400,"errors":[{"detail":"ends too early.","pointer":"#/title","code":"truncated"}]}
}

func ExampleNewPatcher() {
	type list struct {
		Items []string `json:"items" validate:"max=3"`
	}
	lists, err := respond.NewPatcher[list](respond.PatchOptions{Formats: []respond.PatchFormat{respond.MergePatch, respond.JSONPatch}})
	if err != nil {
		panic(err)
	}
	stored := list{[]string{"tea", "milk"}}
	h := respond.Handle(func(r *http.Request) (respond.Response, error) {
		changed, err := lists.Apply(r, stored)
		if err != nil {
			return respond.Response{}, err
		}
		return respond.OK(changed).Header("Accept-Patch", lists.AcceptPatch()), nil
	})
	for _, patch := range []string{
		`[{"op":"test","path":"/items/0","value":"tea"},{"op":"add","path":"/items/-","value":"cake"}]`,
		`[{"op":"test","path":"/items/0","value":"coffee"},{"op":"remove","path":"/items/0"}]`,
	} {
		r := httptest.NewRequest("PATCH", "/lists/1", strings.NewReader(patch))
		r.Header.Set("Content-Type", "application/json-patch+json")
		w := httptest.NewRecorder()
		h.ServeHTTP(w, r)
		fmt.Println(w.Code, strings.TrimSpace(w.Body.String()))
	}
	// Output:
	// 200 {"items":["tea","milk","cake"]}
	// 409 {"type":"/problems/patch-conflict","title":"The patch does not fit the resource","status":409,"errors":[{"detail":"is not so: the resource has another value.","pointer":"#/0","code":"test_failed"}]}
}
