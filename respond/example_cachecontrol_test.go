package respond_test

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"time"

	"github.com/forthright-http/forthright/respond"
)

func ExampleResponse_CacheControl() {
	h := respond.Handle(func(*http.Request) (respond.Response, error) {
		return respond.OK("Emma").CacheControl(respond.Private, respond.MaxAge(time.Minute)), nil
	})
	w := httptest.NewRecorder()
	h.ServeHTTP(w, httptest.NewRequest("GET", "/books/1", nil))
	fmt.Println(w.Header().Get("Cache-Control"))

	// What contradicts itself is never sent: it would be a 500, and a line in the log.
	fmt.Println(respond.OK("Emma").CacheControl(respond.Public, respond.Private).Err())
	// Output:
	// private, max-age=60
	// respond: Cache-Control is both public and private
}
