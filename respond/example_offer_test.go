package respond_test

import (
	"encoding/csv"
	"errors"
	"fmt"
	"html/template"
	"io"
	"net/http"
	"net/http/httptest"

	"github.com/forthright-http/forthright/respond"
)

type shelf []string // titles

// shelfCSV writes a shelf as text/csv (RFC 4180).
type shelfCSV struct{}

func (shelfCSV) MediaType() string { return "text/csv; charset=utf-8" }

func (shelfCSV) Encode(w io.Writer, v any) error {
	books, ok := v.(shelf)
	if !ok {
		return errors.New("no shelf")
	}
	out := csv.NewWriter(w)
	for _, title := range books {
		if err := out.Write([]string{title}); err != nil {
			return err
		}
	}
	out.Flush()
	return out.Error()
}

// shelfHTML writes a shelf as a page for people.
type shelfHTML struct{}

var shelfPage = template.Must(template.New("").Parse(`<!DOCTYPE html><title>Books</title><ul>{{range .}}<li>{{.}}{{end}}</ul>`))

func (shelfHTML) MediaType() string { return "text/html; charset=utf-8" }

func (shelfHTML) Encode(w io.Writer, v any) error { return shelfPage.Execute(w, v) }

// One handler, three forms: the client chooses by Accept.
func ExampleAPI_Offer() {
	var api *respond.API // with the defaults
	h := api.Offer(respond.AsJSON, shelfCSV{}, shelfHTML{}).Handle(func(*http.Request) (respond.Response, error) {
		return respond.OK(shelf{"Emma", "Silas Marner"}).ETag("v1"), nil
	})
	for _, accept := range []string{"", "text/csv", "text/html, */*;q=0.1", "image/png"} {
		r := httptest.NewRequest("GET", "/books", nil)
		if accept != "" {
			r.Header.Set("Accept", accept)
		}
		w := httptest.NewRecorder()
		h.ServeHTTP(w, r)
		fmt.Println(w.Code, w.Header().Get("Content-Type"), w.Header().Get("ETag"), w.Header().Get("Vary"))
	}
	// Output:
	// 200 application/json "v1" Accept
	// 200 text/csv; charset=utf-8 "v1;csv" Accept
	// 200 text/html; charset=utf-8 "v1;html" Accept
	// 406 application/problem+json  Accept
}
