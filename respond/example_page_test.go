package respond_test

import (
	"crypto/rand"
	"fmt"
	"log"
	"net/http"
	"net/http/httptest"
	"regexp"

	"github.com/forthright-http/forthright/respond"
)

func ExampleCursors_Page() {
	books := []string{"Emma", "Middlemarch", "Persuasion", "Ulysses", "Villette"}

	// The same key on every machine of a service: from its secrets, not like here.
	key := make([]byte, 32)
	_, _ = rand.Read(key)
	type place struct {
		After string `json:"after"`
	}
	cursors, err := respond.NewCursors[place](key, respond.CursorOptions{})
	if err != nil {
		log.Fatal(err)
	}

	mux := http.NewServeMux()
	mux.Handle("GET /books", respond.Handle(func(r *http.Request) (respond.Response, error) {
		from, _, err := cursors.Open(r)
		if err != nil {
			return respond.Fail(err) // 400: it is none of ours, or of another query
		}
		page := []string{} // the zero place is the beginning
		for _, b := range books {
			if b > from.After {
				page = append(page, b)
			}
		}
		var beside respond.Page[place]
		if len(page) > 2 {
			page = page[:2]
			beside.Next = &place{After: page[1]}
		}
		return cursors.Page(r, page, beside), nil
	}))

	target := "/books?sort=title"
	for target != "" {
		w := httptest.NewRecorder()
		mux.ServeHTTP(w, httptest.NewRequest("GET", target, nil))
		fmt.Print(w.Body)
		target = ""
		for _, link := range w.Header()["Link"] {
			if m := regexp.MustCompile(`^<(.*)>; rel="next"$`).FindStringSubmatch(link); m != nil {
				target = m[1] // /books?cursor=...&sort=title
			}
		}
	}
	// Output:
	// ["Emma","Middlemarch"]
	// ["Persuasion","Ulysses"]
	// ["Villette"]
}
