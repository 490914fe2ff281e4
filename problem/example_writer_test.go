package problem_test

import (
	"errors"
	"fmt"
	"log"
	"log/slog"
	"net/http"
	"net/http/httptest"

	"github.com/forthright-http/forthright/problem"
)

var errNoRows = errors.New("sql: no rows in result set")

// The errors of a domain become problems in one table.
func ExampleWriter() {
	problems, err := problem.NewWriter(problem.Options{
		Base:   "https://api.example.com/problems/",
		Logger: slog.New(slog.DiscardHandler),
		Map: []problem.Mapping{
			problem.Map(errNoRows, problem.NotFound("There is no such book.")),
		},
	})
	if err != nil {
		log.Fatal(err)
	}
	find := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		err := fmt.Errorf("find book 7: %w", errNoRows)
		problems.Write(w, r, err) // the log has the error; the client does not
	})

	w := httptest.NewRecorder()
	find.ServeHTTP(w, httptest.NewRequest("GET", "/books/7", nil))
	fmt.Print(w.Body)
	// Output:
	// {"type":"about:blank","title":"Not Found","status":404,"detail":"There is no such book."}
}
