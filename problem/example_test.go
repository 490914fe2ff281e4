package problem_test

import (
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"

	"github.com/forthright-http/forthright/problem"
)

// A problem type is made once. It makes errors, and errors.Is finds it in
// whatever wraps them.
func ExampleNewType() {
	duplicate := problem.NewType("duplicate-book", http.StatusConflict, "There is such a book already")

	add := func(title string) error {
		return fmt.Errorf("add: %w", duplicate.New("Its title is taken.").With("title_taken", true))
	}
	err := add("Emma")
	fmt.Println(errors.Is(err, duplicate))

	w := httptest.NewRecorder()
	problem.Write(w, httptest.NewRequest("POST", "/books", nil), err)
	fmt.Println(w.Code, w.Header().Get("Content-Type"))
	fmt.Print(w.Body)
	// Output:
	// true
	// 409 application/problem+json
	// {"type":"/problems/duplicate-book","title":"There is such a book already","status":409,"detail":"Its title is taken.","title_taken":true}
}
