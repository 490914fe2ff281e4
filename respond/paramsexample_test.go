package respond_test

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"

	"github.com/forthright-http/forthright/respond"
)

func ExampleParams() {
	type search struct {
		Customer string `query:"customer" validate:"omitempty,email"`
		Limit    int    `query:"limit" default:"20" validate:"gte=1,lte=100"`
	}
	list := respond.Handle(func(r *http.Request) (respond.Response, error) {
		q, err := respond.Params[search](r)
		if err != nil {
			return respond.Response{}, err
		}
		return respond.OK(map[string]int{"limit": q.Limit}), nil
	})
	for _, target := range []string{"/orders", "/orders?limit=abc", "/orders?limit=0"} {
		w := httptest.NewRecorder()
		list.ServeHTTP(w, httptest.NewRequest("GET", target, nil))
		fmt.Println(w.Code, strings.TrimSpace(w.Body.String()))
	}
	// Output:
	// 200 {"limit":20}
	// 400 {"type":"/problems/invalid-request","title":"The request is not valid","status":400,"errors":[{"detail":"must be an integer.","parameter":"limit","code":"type","params":{"type":"integer"}}]}
	// 422 {"type":"/problems/invalid-content","title":"The content breaks a rule","status":422,"errors":[{"detail":"must be at least 1.","parameter":"limit","code":"gte","params":{"gte":1}}]}
}

func ExampleNewParams() {
	type address struct {
		ID int `path:"id"`
	}
	orders, err := respond.NewParams[address](respond.ParamsOptions{PathNotFound: true}) // wrong tags fail here
	if err != nil {
		panic(err)
	}
	mux := http.NewServeMux()
	mux.Handle("GET /orders/{id}", respond.Handle(func(r *http.Request) (respond.Response, error) {
		at, err := orders.Decode(r)
		if err != nil {
			return respond.Response{}, err
		}
		return respond.OK(at.ID), nil
	}))
	for _, target := range []string{"/orders/7", "/orders/seven"} {
		w := httptest.NewRecorder()
		mux.ServeHTTP(w, httptest.NewRequest("GET", target, nil))
		fmt.Println(w.Code)
	}
	// Output:
	// 200
	// 404
}
