package respond_test

import (
	"context"
	"fmt"
	"net/http"
	"net/http/httptest"
	"time"

	"github.com/forthright-http/forthright/respond"
)

func ExampleAPI_Deadline() {
	var api respond.API
	report := func(r *http.Request) (respond.Response, error) {
		if err := slowQuery(r.Context()); err != nil {
			return respond.Fail(err)
		}
		return respond.OK("done"), nil
	}
	h := api.Deadline(10 * time.Millisecond)(api.Handle(report))

	w := httptest.NewRecorder()
	h.ServeHTTP(w, httptest.NewRequest("GET", "/report", nil))
	fmt.Println(w.Code, "Retry-After:", w.Header().Get("Retry-After"))
	// Output: 503 Retry-After: 5
}

// slowQuery watches its context, as a database driver does.
func slowQuery(ctx context.Context) error {
	<-ctx.Done()
	return ctx.Err()
}

func ExampleAPI_HandleWithin() {
	var api respond.API
	never := make(chan struct{})
	h := api.HandleWithin(10*time.Millisecond, func(r *http.Request) (respond.Response, error) {
		<-never // does not watch its context
		return respond.OK("done"), nil
	})
	w := httptest.NewRecorder()
	h.ServeHTTP(w, httptest.NewRequest("GET", "/report", nil))
	fmt.Println(w.Code)
	// Output: 503
}

func ExampleEvents() {
	h := respond.HandleWriter(func(w http.ResponseWriter, r *http.Request) error {
		if respond.LastEventID(r) == "2" {
			w.WriteHeader(http.StatusNoContent) // there is no more: an EventSource stops here
			return nil
		}
		return respond.Events(w, r, respond.EventOptions{Retry: time.Second}, func(s *respond.EventStream) error {
			if err := s.Send(respond.Event{ID: "1", Data: "hello"}); err != nil {
				return err
			}
			return s.Send(respond.Event{ID: "2", Name: "total", Data: map[string]int{"n": 1}})
		})
	})
	w := httptest.NewRecorder()
	h.ServeHTTP(w, httptest.NewRequest("GET", "/news", nil))
	fmt.Print(w.Body)
	// Output:
	// retry: 1000
	//
	// id: 1
	// data: hello
	//
	// event: total
	// id: 2
	// data: {"n":1}
}

func ExampleLines() {
	type row struct {
		ID int `json:"id"`
	}
	rows := func(yield func(row, error) bool) {
		for id := range 3 {
			if !yield(row{id}, nil) {
				return // nobody wants more
			}
		}
	}
	h := respond.HandleWriter(func(w http.ResponseWriter, r *http.Request) error {
		return respond.Lines(w, r, rows)
	})
	w := httptest.NewRecorder()
	h.ServeHTTP(w, httptest.NewRequest("GET", "/rows", nil))
	fmt.Print(w.Body)
	// Output:
	// {"id":0}
	// {"id":1}
	// {"id":2}
}

func ExampleHints() {
	hints := respond.Must(respond.NewHints(respond.HintOptions{},
		respond.Hint{Target: "/style.css", As: "style"},
		respond.Hint{Target: "https://cdn.example", Rel: "preconnect"},
	))
	page := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		fmt.Fprintln(w, "<!doctype html>...")
	})
	w := httptest.NewRecorder()
	hints.Handler(page).ServeHTTP(w, httptest.NewRequest("GET", "/", nil)) // over HTTP/2, a 103 goes before it
	for _, link := range w.Header()["Link"] {
		fmt.Println(link)
	}
	// Output:
	// </style.css>; rel=preload; as=style
	// <https://cdn.example>; rel=preconnect
}
