package respond_test

import (
	"errors"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"slices"
	"strings"
	"testing"

	"github.com/forthright-http/forthright/problem"
	"github.com/forthright-http/forthright/respond"
)

// What one request does to its defaults, the next does not see.
func TestParamsDefaultsAreNotShared(t *testing.T) {
	type in struct {
		N *int  `query:"n" default:"1"`
		L []int `query:"l" default:"1,2"`
	}
	r := httptest.NewRequest("GET", "/", nil)
	first, err := respond.Params[in](r)
	if err != nil || *first.N != 1 || !slices.Equal(first.L, []int{1, 2}) {
		t.Fatal(first, err)
	}
	*first.N, first.L[0] = 9, 9
	if second, _ := respond.Params[in](r); *second.N != 1 || second.L[0] != 1 {
		t.Error("defaults are shared")
	}
}

func TestParamsOptions(t *testing.T) {
	url, _ := paramsServer(t, respond.ParamsOptions{RejectUnknown: true, PathNotFound: true})
	long := strings.Repeat("é", 150)
	for _, c := range []struct {
		target string
		status int
		want   string
	}{
		{"12?need=1", 200, ""},
		{"12?need=1&utm=1&utm=2&a%22%3C%0Ab=", 400, "unknown_parameter utm, unknown_parameter a\"<\nb"},
		{"12?need=1&" + long, 400, "unknown_parameter " + long[:200]},
		{"12?need=1&" + "x" + long, 400, "unknown_parameter x" + long[:198]},
		{"12?need=1&=1", 400, "unknown_parameter"},
		{"x?limit=x", 404, ""},
		{"9?need=1", 404, ""},
	} {
		status, errs, _ := paramsGet(t, url+"/shops/"+c.target)
		var got []string
		for _, e := range errs {
			got = append(got, e.String())
		}
		if status != c.status || strings.Join(got, ", ") != c.want {
			t.Errorf("%s: %d %q, want %d %q", c.target, status, got, c.status, c.want)
		}
	}
	for _, c := range []struct {
		split  respond.Split
		target string
		status int
	}{
		{respond.AlwaysBadRequest, "12?need=1&limit=0", 400},
		{respond.AlwaysBadRequest, "12?need=1&q=plain", 400},
		{respond.AlwaysUnprocessable, "12?need=1&limit=x", 422},
		{respond.AlwaysUnprocessable, "12", 422},
		{respond.AlwaysUnprocessable, "12?need=%zz", 400},
	} {
		url, _ := paramsServer(t, respond.ParamsOptions{Split: c.split})
		if status, errs, _ := paramsGet(t, url+"/shops/"+c.target); status != c.status {
			t.Errorf("split %s: %d %v, want %d", c.target, status, errs, c.status)
		}
	}
	url, _ = paramsServer(t, respond.ParamsOptions{Details: map[string]string{"gte": "is too small."}})
	if _, errs, _ := paramsGet(t, url+"/shops/12?need=1&limit=0"); len(errs) != 1 || errs[0].Detail != "is too small." {
		t.Error(errs)
	}
}

func TestParamsWrongTypes(t *testing.T) {
	refused := func(name string, err error, want string) {
		t.Helper()
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v, want %q", name, err, want)
		}
	}
	make1 := func(_ any, err error) error { return err }
	refused("int", make1(respond.NewParams[int](respond.ParamsOptions{})), "struct")
	refused("two tags", make1(respond.NewParams[struct {
		A int `query:"a" path:"a"`
	}](respond.ParamsOptions{})), "field A: it has the tags path and query")
	refused("empty tag", make1(respond.NewParams[struct {
		A int `query:""`
	}](respond.ParamsOptions{})), "is empty")
	refused("unexported", make1(respond.NewParams[struct {
		a int `query:"a"`
	}](respond.ParamsOptions{})), "not exported")
	refused("twice", make1(respond.NewParams[struct {
		A int `query:"a"`
		B int `query:"a"`
	}](respond.ParamsOptions{})), "another one")
	refused("twice in a header", make1(respond.NewParams[struct {
		A int `header:"x-a"`
		B int `header:"X-A"`
	}](respond.ParamsOptions{})), "another one")
	refused("type", make1(respond.NewParams[struct {
		A map[string]int `query:"a"`
	}](respond.ParamsOptions{})), "map[string]int")
	refused("slice in the path", make1(respond.NewParams[struct {
		A []int `path:"a"`
	}](respond.ParamsOptions{})), "one value")
	refused("header name", make1(respond.NewParams[struct {
		A int `header:"a b"`
	}](respond.ParamsOptions{})), "name of a header")
	refused("Host", make1(respond.NewParams[struct {
		A int `header:"host"`
	}](respond.ParamsOptions{})), "net/http")
	refused("cookie name", make1(respond.NewParams[struct {
		A int `cookie:"a=b"`
	}](respond.ParamsOptions{})), "name of a cookie")
	refused("default type", make1(respond.NewParams[struct {
		A int `query:"a" default:"x"`
	}](respond.ParamsOptions{})), "default does not parse")
	refused("empty default", make1(respond.NewParams[struct {
		A int `query:"a" default:""`
	}](respond.ParamsOptions{})), "default does not parse")
	refused("default format", make1(respond.NewParams[struct {
		A netip.Addr `query:"a" default:"x"`
	}](respond.ParamsOptions{})), "default does not parse")
	refused("default rule", make1(respond.NewParams[struct {
		A *int `query:"a" default:"0" validate:"omitnil,gte=1"`
	}](respond.ParamsOptions{})), "breaks the rule gte")
	refused("default in a slice", make1(respond.NewParams[struct {
		A []int `query:"a" default:"1,0" validate:"dive,gte=1"`
	}](respond.ParamsOptions{})), "breaks the rule gte")
	refused("rule", make1(respond.NewParams[struct {
		A int `query:"a" validate:"nosuchrule"`
	}](respond.ParamsOptions{})), "nosuchrule")
	refused("rule without a place", make1(respond.NewParams[struct {
		A int `validate:"gte=1"`
	}](respond.ParamsOptions{})), "no tag")
	refused("embedded pointer", make1(respond.NewParams[struct{ *paramsPaging }](respond.ParamsOptions{})), "embedded pointer")
	_, err := respond.Params[int](httptest.NewRequest("GET", "/", nil))
	var p *problem.Problem
	if err == nil || errors.As(err, &p) {
		t.Errorf("Params of a wrong type: %v", err)
	}
	for _, ok := range []error{
		make1(respond.NewParams[struct {
			A int `query:"a" default:"3" validate:"ltefield=B"`
			B int `query:"b" validate:"required"`
		}](respond.ParamsOptions{})),
		make1(respond.NewParams[struct {
			A int `path:"a"`
			B int `query:"a"`
			C int `header:"a"`
			D int `cookie:"a"`
		}](respond.ParamsOptions{})),
		make1(respond.NewParams[struct{}](respond.ParamsOptions{})),
	} {
		if ok != nil {
			t.Error(ok)
		}
	}
}

// A wildcard that the pattern does not have is a mistake of the program: 500.
func TestParamsPathWildcards(t *testing.T) {
	type in struct {
		ID   string `path:"id" validate:"required"`
		Rest string `path:"rest"`
	}
	for pattern, want := range map[string]int{"/{id}/{rest...}": 200, "/{id}/": 500, "/{rest...}": 500} {
		mux := http.NewServeMux()
		mux.Handle(pattern, paramsQuiet.Handle(func(r *http.Request) (respond.Response, error) {
			in, err := respond.Params[in](r)
			return respond.OK(in), err
		}))
		w := httptest.NewRecorder()
		checked(t, mux).ServeHTTP(w, httptest.NewRequest("GET", "/1/", nil))
		if w.Code != want {
			t.Errorf("%s: %d %s, want %d", pattern, w.Code, w.Body, want)
		}
	}
	if _, err := respond.Params[in](httptest.NewRequest("GET", "/", nil)); !errors.Is(err, problem.InvalidRequest) {
		t.Errorf("without a ServeMux: %v", err)
	}
}

// A 406 goes before a 400 (spec: the order of refusals), for what is not read.
func TestParamsAfterNotAcceptable(t *testing.T) {
	h := paramsQuiet.Handle(func(r *http.Request) (respond.Response, error) {
		_, err := respond.Params[paramsPaging](r)
		return respond.NoContent(), err
	})
	for target, want := range map[string]int{"/?limit=x": 406, "/": 204} {
		w := httptest.NewRecorder()
		r := httptest.NewRequest("DELETE", target, nil)
		r.Header.Set("Accept", "image/png")
		checked(t, h).ServeHTTP(w, r)
		if w.Code != want {
			t.Errorf("%s: %d, want %d", target, w.Code, want)
		}
	}
}
