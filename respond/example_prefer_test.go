package respond_test

import (
	"fmt"
	"net/http"
	"net/http/httptest"

	"github.com/forthright-http/forthright/respond"
)

func ExamplePrefer() {
	type book struct {
		Title string `json:"title"`
	}
	put := respond.Handle(func(r *http.Request) (respond.Response, error) {
		return respond.OK(book{"Emma"}).ETag("v2").Prefer(respond.Prefer(r)), nil
	})

	for _, prefer := range []string{"", "return=representation", "return=minimal"} {
		r := httptest.NewRequest("PUT", "/books/1", nil)
		r.Header.Set("Prefer", prefer)
		w := httptest.NewRecorder()
		put.ServeHTTP(w, r)
		fmt.Println(w.Code, w.Header().Get("Preference-Applied"), "vary by", w.Header().Get("Vary"))
	}
	// Output:
	// 200  vary by Accept, Prefer
	// 200 return=representation vary by Accept, Prefer
	// 204 return=minimal vary by Prefer
}
