package respond_test

import (
	"errors"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/forthright-http/forthright/problem"
	"github.com/forthright-http/forthright/respond"
)

// interval has a Validate method that trusts its tags.
type interval struct {
	From *int `json:"from" validate:"required"`
	To   *int `json:"to" validate:"required"`
}

func (i interval) Validate() error {
	var errs problem.Items
	if *i.To <= *i.From {
		errs.Add("order", "must be after from.", "to")
	}
	return errs.Err()
}

// A member that is absent, null or unreadable leaves a hole that a Validate
// method may fall into: that is the client's mistake, and no 500.
func TestValidateOnAValueWithHoles(t *testing.T) {
	for body, want := range map[string]string{
		`{}`:                      "400 #/from required #/to required",
		`{"from":1}`:              "400 #/to required",
		`{"from":null,"to":1}`:    "422 #/from required",
		`{"from":"x","to":1}`:     "400 #/from type",
		`{"from":2,"to":1}`:       "422 #/to order",
		`{"from":1,"to":2}`:       "fine",
		`{"from":1,"to":2,"x":3}`: "400 #/x unknown_member",
	} {
		if got := summary(decodeErr[interval](t, respond.DecodeOptions{}, body)); got != want {
			t.Errorf("%s: %s, want %s", body, got, want)
		}
	}
}

// buggy panics on values without a hole: that is the service's mistake.
type buggy struct {
	A int `json:"a"`
}

func (buggy) Validate() error { panic("a bug") }

func TestValidateThatPanics(t *testing.T) {
	defer func() {
		if recover() == nil {
			t.Error("the panic of a Validate method on a whole value is lost")
		}
	}()
	r := httptest.NewRequest("POST", "/", strings.NewReader(`{"a":1}`))
	r.Header.Set("Content-Type", "application/json")
	_, _ = respond.Decode[buggy](r)
}

// isoWeek is a type that tells in its own words what its format is.
type isoWeek string

func (w *isoWeek) UnmarshalText(text []byte) error {
	if len(text) != 8 {
		return problem.Items{{Code: "iso_week", Detail: "must be a week such as 2027-W04.", Params: map[string]any{"format": "YYYY-Www"}}}
	}
	*w = isoWeek(text)
	return nil
}

func TestFormatInItsOwnWords(t *testing.T) {
	type in struct {
		Week isoWeek `json:"week" form:"week" query:"week"`
	}
	p, ok := errors.AsType[*problem.Problem](decodeErr[in](t, respond.DecodeOptions{}, `{"week":"next"}`))
	if !ok || p.Status() != 422 || len(p.Errors()) != 1 {
		t.Fatalf("it is %v", p)
	}
	if i := p.Errors()[0]; i.Code != "iso_week" || i.Detail != "must be a week such as 2027-W04." || i.Params["format"] != "YYYY-Www" || i.Pointer != "#/week" {
		t.Errorf("the error is %+v", i)
	}
	_, err := respond.Params[in](httptest.NewRequest("GET", "/?week=next", nil))
	if p, _ := errors.AsType[*problem.Problem](err); p == nil || p.Status() != 422 || p.Errors()[0].Code != "iso_week" || p.Errors()[0].Parameter != "week" {
		t.Errorf("of a parameter: %v", err)
	}
}

func TestParamsKnownToOthers(t *testing.T) {
	type in struct {
		Limit int `query:"limit"`
	}
	d := respond.Must(respond.NewParams[in](respond.ParamsOptions{RejectUnknown: true, Known: []string{"cursor"}}))
	if _, err := d.Decode(httptest.NewRequest("GET", "/?limit=1&cursor=x", nil)); err != nil {
		t.Errorf("a parameter that something else reads: %v", err)
	}
	if _, err := d.Decode(httptest.NewRequest("GET", "/?limit=1&cursors=x", nil)); err == nil {
		t.Error("an unknown parameter passes")
	}
}
