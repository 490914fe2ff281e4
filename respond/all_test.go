package respond_test

import (
	"errors"
	"testing"

	"github.com/forthright-http/forthright/problem"
	"github.com/forthright-http/forthright/respond"
)

func TestAll(t *testing.T) {
	at := func(name string) problem.Item { return problem.Item{Parameter: name, Code: "x"} }
	bad := problem.InvalidRequest.New("").WithErrors(at("a"))
	rule := problem.InvalidContent.New("").WithErrors(at("b"), at("c"))
	other := problem.NotFound("")
	for _, row := range []struct {
		name   string
		errs   []error
		status int
		items  int
	}{
		{"400 beside 422", []error{bad, rule}, 400, 3},
		{"422 beside 400", []error{rule, nil, bad}, 400, 3},
		{"422 alone", []error{nil, rule}, 422, 2},
		{"another goes before", []error{bad, other, rule}, 404, 0},
	} {
		err := respond.All(row.errs...)
		p, ok := errors.AsType[*problem.Problem](err)
		if !ok || p.Status() != row.status || len(p.Errors()) != row.items {
			t.Errorf("%s: %v", row.name, err)
		}
	}
	if err := respond.All(nil, nil); err != nil {
		t.Errorf("of none: %v", err)
	}
	if err := respond.All(errors.ErrUnsupported); err != errors.ErrUnsupported {
		t.Errorf("of what is no problem: %v", err)
	}
}
