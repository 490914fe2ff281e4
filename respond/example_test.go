package respond_test

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"regexp"
	"strings"

	"github.com/go-playground/validator/v10"

	"github.com/forthright-http/forthright/problem"
	"github.com/forthright-http/forthright/respond"
)

// post sends JSON to a handler and prints the answer.
func post(h http.Handler, target, content string) {
	r := httptest.NewRequest("POST", target, strings.NewReader(content))
	r.Header.Set("Content-Type", "application/json")
	w := httptest.NewRecorder()
	h.ServeHTTP(w, r)
	fmt.Println(strings.TrimSpace(fmt.Sprint(w.Code, " ", w.Header().Get("Location"))))
	fmt.Println(strings.TrimSpace(strings.ReplaceAll(w.Body.String(), `{"detail"`, "\n"+`  {"detail"`)))
}

type Book struct {
	Title string `json:"title" validate:"required,max=200"`
	Year  int    `json:"year" validate:"gte=1450"`
}

func ExampleHandle() {
	mux := http.NewServeMux()
	mux.Handle("POST /books", respond.Handle(func(r *http.Request) (respond.Response, error) {
		book, err := respond.Decode[Book](r) // 400, 413, 415 or 422; every error with its pointer
		if err != nil {
			return respond.Fail(err)
		}
		return respond.Created("/books/1", book).ETag("1"), nil
	}))
	service := respond.Wrap(mux)

	post(service, "/books", `{"title":"Dubliners","year":1914}`)
	// Output:
	// 201 /books/1
	// {"title":"Dubliners","year":1914}
}

func ExampleDecode() {
	books := respond.Handle(func(r *http.Request) (respond.Response, error) {
		book, err := respond.Decode[Book](r)
		if err != nil {
			return respond.Fail(err)
		}
		return respond.OK(book), nil
	})

	post(books, "/books", `{"title":"","year":1914}`) // well-formed, and breaks a rule
	post(books, "/books", `{"year":"1914"}`)          // not the structure that it must have
	// Output:
	// 422
	// {"type":"/problems/invalid-content","title":"The content breaks a rule","status":422,"errors":[
	//   {"detail":"must not be empty.","pointer":"#/title","code":"required"}]}
	// 400
	// {"type":"/problems/invalid-request","title":"The request is not valid","status":400,"errors":[
	//   {"detail":"is missing.","pointer":"#/title","code":"required"},
	//   {"detail":"must be an integer.","pointer":"#/year","code":"type","params":{"type":"integer"}}]}
}

type Stay struct {
	Arrival   string `json:"arrival" validate:"required,datetime=2006-01-02"`
	Departure string `json:"departure" validate:"required,datetime=2006-01-02"`
}

// Validate checks what tags cannot say.
func (s Stay) Validate() error {
	var errs problem.Items
	if s.Departure != "" && s.Departure <= s.Arrival {
		errs.Add("after_arrival", "must be after the arrival.", "departure")
	}
	return errs.Err()
}

func ExampleDecode_validate() {
	stays := respond.Handle(func(r *http.Request) (respond.Response, error) {
		stay, err := respond.Decode[Stay](r)
		if err != nil {
			return respond.Fail(err)
		}
		return respond.OK(stay), nil
	})

	post(stays, "/stays", `{"arrival":"2027-01-08","departure":"2027-01-04"}`)
	// Output:
	// 422
	// {"type":"/problems/invalid-content","title":"The content breaks a rule","status":422,"errors":[
	//   {"detail":"must be after the arrival.","pointer":"#/departure","code":"after_arrival"}]}
}

type Line struct {
	SKU string `json:"sku" validate:"required,sku"`
}

func ExampleNewDecoder() {
	sku := regexp.MustCompile(`^[A-Z]{2}-[0-9]{3}$`)
	rules := validator.New(validator.WithRequiredStructEnabled())
	_ = rules.RegisterValidation("sku", func(fl validator.FieldLevel) bool { return sku.MatchString(fl.Field().String()) })

	lines, err := respond.NewDecoder[[]Line](respond.DecodeOptions{ // a rule that nobody knows fails here
		MaxBytes:  64 << 10,
		Validator: rules,
		Details:   map[string]string{"sku": "must look like AB-123."},
	})
	if err != nil {
		fmt.Println(err)
		return
	}
	service := respond.Handle(func(r *http.Request) (respond.Response, error) {
		all, err := lines.Decode(r)
		if err != nil {
			return respond.Fail(err)
		}
		return respond.OK(all), nil
	})

	post(service, "/lines", `[{"sku":"AB-123"},{"sku":"12"}]`)
	// Output:
	// 422
	// {"type":"/problems/invalid-content","title":"The content breaks a rule","status":422,"errors":[
	//   {"detail":"must look like AB-123.","pointer":"#/1/sku","code":"sku"}]}
}
