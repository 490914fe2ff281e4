// Quickstart is a service that answers every request, good or bad, with the
// right status: go run ./examples/quickstart
package main

import (
	"log"
	"net/http"
	"sync"

	"github.com/forthright-http/forthright/problem"
	"github.com/forthright-http/forthright/respond"
)

type Book struct {
	ISBN  string `json:"isbn" validate:"required,isbn"`
	Title string `json:"title" validate:"required,max=200"`
	Year  int    `json:"year" validate:"gte=1450"`
}

var Duplicate = problem.NewType("duplicate-book", http.StatusConflict, "There is such a book already")

func main() {
	var books sync.Map // by ISBN
	mux := http.NewServeMux()
	mux.Handle("POST /books", respond.Handle(func(r *http.Request) (respond.Response, error) {
		book, err := respond.Decode[Book](r) // 400, 413, 415 or 422: every error with its place
		if err != nil {
			return respond.Fail(err)
		}
		if _, taken := books.LoadOrStore(book.ISBN, book); taken {
			return respond.Fail(Duplicate.New("A book with this ISBN is on the shelf."))
		}
		return respond.Created("/books/"+book.ISBN, book), nil
	}))
	mux.Handle("GET /books/{isbn}", respond.Handle(func(r *http.Request) (respond.Response, error) {
		book, ok := books.Load(r.PathValue("isbn"))
		if !ok {
			return respond.Fail(problem.NotFound("No book here has this ISBN."))
		}
		return respond.OK(book), nil
	}))
	mux.Handle("GET /problems/", problem.Catalog(Duplicate))
	log.Fatal(http.ListenAndServe("127.0.0.1:8080", respond.Wrap(mux))) // request id, recovery, 404, 405, OPTIONS
}
