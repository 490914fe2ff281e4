package respond_test

import (
	"errors"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/go-playground/validator/v10"

	"github.com/forthright-http/forthright/problem"
	"github.com/forthright-http/forthright/respond"
)

// decodeErr decodes a JSON document and returns the answer, nil if it is fine.
func decodeErr[T any](t *testing.T, o respond.DecodeOptions, doc string) *problem.Problem {
	t.Helper()
	d, err := respond.NewDecoder[T](o)
	if err != nil {
		t.Fatal(err)
	}
	_, err = d.Decode(jsonRequest(doc))
	if err == nil {
		return nil
	}
	p, ok := errors.AsType[*problem.Problem](err)
	if !ok {
		t.Fatalf("the error is no problem: %v", err)
	}
	return p
}

func jsonRequest(doc string) *http.Request { return jsonRequestTo("/", doc) }

func jsonRequestTo(target, doc string) *http.Request {
	r := httptest.NewRequest("POST", target, strings.NewReader(doc))
	r.Header.Set("Content-Type", "application/json")
	return r
}

// summary is the status of a problem and its errors.
func summary(p *problem.Problem) string {
	if p == nil {
		return "fine"
	}
	var b strings.Builder
	b.WriteString(map[int]string{400: "400", 422: "422", 409: "409"}[p.Status()])
	for _, e := range p.Errors() {
		b.WriteString(" " + e.Pointer + e.Parameter + " " + e.Code)
	}
	return b.String()
}

type optioned struct {
	A string   `json:"a" validate:"required,max=3"`
	N int      `json:"n" validate:"lte=9"`
	S []int    `json:"s"`
	D date     `json:"d"`
	P *int     `json:"p"`
	M nullable `json:"m"`
}

// nullable reads JSON by itself, null too.
type nullable struct{ set bool }

func (n *nullable) UnmarshalJSON([]byte) error { n.set = true; return nil }

func TestSplitOption(t *testing.T) {
	movesMax := func(code string, status int) int {
		if code == "max" {
			return 400
		}
		return status
	}
	movesEmpty := func(code string, status int) int {
		if code == "empty" {
			return 422
		}
		return status
	}
	for _, row := range []struct {
		name, doc string
		split     respond.Split
		want      string
	}{
		{"by default", `{"a":"long"}`, nil, "422 #/a max"},
		{"always 400", `{"a":"long"}`, respond.AlwaysBadRequest, "400 #/a max"},
		{"always 400, format", `{"a":"b","d":"x"}`, respond.AlwaysBadRequest, "400 #/d format"},
		{"always 422, type", `{"a":1}`, respond.AlwaysUnprocessable, "422 #/a type"},
		{"always 422, unknown and absent", `{"x":1}`, respond.AlwaysUnprocessable, "422 #/a required #/x unknown_member"},
		{"always 422, syntax", `{"a":1`, respond.AlwaysUnprocessable, "400 #/a type # truncated"},
		{"always 422, no content", ``, respond.AlwaysUnprocessable, "400 # empty"},
		{"one rule moved", `{"a":"long"}`, movesMax, "400 #/a max"},
		{"one rule moved, another", `{"a":"b","n":10}`, movesMax, "422 #/n lte"},
		{"one rule moved, both", `{"a":"long","n":10}`, movesMax, "400 #/a max #/n lte"},
		{"no content moved", ``, movesEmpty, "422 # empty"},
		{"white space moved", ` `, movesEmpty, "422 # empty"},
	} {
		got := summary(decodeErr[optioned](t, respond.DecodeOptions{Split: row.split}, row.doc))
		if got != row.want {
			t.Errorf("%s: %s, want %s", row.name, got, row.want)
		}
	}
	if p := decodeErr[optioned](t, respond.DecodeOptions{Split: movesMax}, `{"a":"long"}`); p.Type() != problem.InvalidRequest {
		t.Errorf("the type of a rule moved to 400 is %v", p.Type())
	}
	if p := decodeErr[plainError](t, respond.DecodeOptions{Split: respond.AlwaysBadRequest}, `{}`); p.Status() != 400 {
		t.Errorf("a plain error of Validate is a %d", p.Status())
	}
}

type plainError struct{}

func (plainError) Validate() error { return errDomain }

var errDomain = errors.New("it is not right")

func TestNullPolicy(t *testing.T) {
	for _, row := range []struct {
		policy respond.NullPolicy
		doc    string
		want   string
	}{
		{respond.NullWhereNilable, `{"a":"b","n":null,"s":null,"p":null,"m":null}`, "400 #/n null"},
		{respond.NullPointersOnly, `{"a":"b","n":null,"s":null,"p":null,"m":null}`, "400 #/n null #/s null"},
		{respond.NullAnywhere, `{"a":"b","n":null,"s":null,"p":null,"m":null,"d":null}`, "fine"},
		{respond.NullAnywhere, `{"a":null}`, "422 #/a required"},
	} {
		if got := summary(decodeErr[optioned](t, respond.DecodeOptions{Null: row.policy}, row.doc)); got != row.want {
			t.Errorf("policy %d, %s: %s, want %s", row.policy, row.doc, got, row.want)
		}
	}
}

func TestDetails(t *testing.T) {
	o := respond.DecodeOptions{Details: map[string]string{"max": "ist zu lang.", "required": "fehlt."}}
	p := decodeErr[optioned](t, o, `{"a":"long"}`)
	if got := p.Errors()[0].Detail; got != "ist zu lang." {
		t.Errorf("the detail is %q", got)
	}
	p = decodeErr[optioned](t, o, `{}`)
	if got := p.Errors()[0].Detail; got != "fehlt." || p.Status() != 400 {
		t.Errorf("the detail of an absent member is %q, the status %d", got, p.Status())
	}
	p = decodeErr[optioned](t, respond.DecodeOptions{}, `{}`)
	if got := p.Errors()[0].Detail; got != "is missing." {
		t.Errorf("the detail of an absent member is %q", got)
	}
}

type skued struct {
	SKU  string `json:"sku" validate:"sku"`
	Code string `json:"code" validate:"code"`
}

func TestValidatorOfOnesOwn(t *testing.T) {
	v := validator.New()
	must := func(err error) {
		if err != nil {
			t.Fatal(err)
		}
	}
	must(v.RegisterValidation("sku", func(fl validator.FieldLevel) bool {
		return len(fl.Field().String()) == 6 && fl.Parent().IsValid()
	}))
	v.RegisterAlias("code", "required,len=3")
	o := respond.DecodeOptions{Validator: v, Details: map[string]string{"sku": "must look like AB-123."}}
	for _, row := range []struct{ doc, want, detail string }{
		{`{"sku":"AB-123","code":"abc"}`, "fine", ""},
		{`{"sku":"AB","code":"abc"}`, "422 #/sku sku", "must look like AB-123."},
		{`{"sku":"AB-123"}`, "400 #/code code", "is missing."}, // an alias that holds required
		{`{"sku":"AB-123","code":""}`, "422 #/code code", "must not be empty."},
		{`{"sku":"AB-123","code":"ab"}`, "422 #/code code", "must have exactly 3 characters."},
	} {
		p := decodeErr[skued](t, o, row.doc)
		if got := summary(p); got != row.want {
			t.Errorf("%s: %s, want %s", row.doc, got, row.want)
		} else if p != nil && p.Errors()[0].Detail != row.detail {
			t.Errorf("%s: the detail is %q, want %q", row.doc, p.Errors()[0].Detail, row.detail)
		}
	}
	p := decodeErr[skued](t, o, `{"sku":"AB-123","code":"ab"}`)
	if got := p.Errors()[0].Params["len"]; got != int64(3) {
		t.Errorf("the parameter of a rule behind an alias is %v", got)
	}
}

// The method Validate is found on a value, on a pointer, and where the type
// itself is a pointer.
func TestValidateMethod(t *testing.T) {
	if got := summary(decodeErr[byPointer](t, respond.DecodeOptions{}, `{}`)); got != "422 #/a odd" {
		t.Errorf("on a pointer: %s", got)
	}
	if got := summary(decodeErr[*byPointer](t, respond.DecodeOptions{}, `{}`)); got != "422 #/a odd" {
		t.Errorf("of a pointer: %s", got)
	}
	if got := summary(decodeErr[*byPointer](t, respond.DecodeOptions{}, `null`)); got != "fine" {
		t.Errorf("of a pointer that is nil: %s", got)
	}
	if p := decodeErr[plainError](t, respond.DecodeOptions{}, `{}`); summary(p) != "422 # validate" || !errors.Is(p, errDomain) {
		t.Errorf("on a value: %v", p)
	}
	if got := summary(decodeErr[reportsAbsent](t, respond.DecodeOptions{}, `{}`)); got != "400 #/a required" {
		t.Errorf("required, absent: %s", got)
	}
	if got := summary(decodeErr[reportsAbsent](t, respond.DecodeOptions{}, `{"a":""}`)); got != "422 #/a required" {
		t.Errorf("required, empty: %s", got)
	}
	if got := summary(decodeErr[reportsParameter](t, respond.DecodeOptions{}, `{}`)); got != "422 limit max" {
		t.Errorf("about a parameter: %s", got)
	}
}

type byPointer struct{}

func (*byPointer) Validate() error {
	var errs problem.Items
	errs.Add("odd", "must be even.", "a")
	return errs.Err()
}

type reportsAbsent struct {
	A string `json:"a"`
}

func (reportsAbsent) Validate() error {
	var errs problem.Items
	errs.Add("required", "must not be empty.", "a")
	return errs.Err()
}

type reportsParameter struct{}

func (reportsParameter) Validate() error {
	return problem.Items{{Parameter: "limit", Code: "max", Detail: "is too large."}}
}
