package problemlang_test

import (
	"fmt"
	"log/slog"
	"net/http/httptest"
	"os"

	"github.com/forthright-http/forthright/problem"
	"github.com/forthright-http/forthright/problem/problemlang"
)

// The files are in testdata here; a program embeds them.
func Example() {
	languages, err := problemlang.Load(os.DirFS("testdata"), "*.json")
	if err != nil {
		panic(err)
	}
	catalog, err := problemlang.New(problemlang.Options{Languages: languages})
	if err != nil {
		panic(err)
	}
	problems, err := problem.NewWriter(problem.Options{Translate: catalog.Translate, Logger: slog.New(slog.DiscardHandler)})
	if err != nil {
		panic(err)
	}

	r := httptest.NewRequest("GET", "/orders/1", nil)
	r.Header.Set("Accept-Language", "de-CH, en;q=0.7")
	rec := httptest.NewRecorder()
	problems.Write(rec, r, problem.NotFound("There is no such order."))
	fmt.Println("Content-Language:", rec.Header().Get("Content-Language"))
	fmt.Println("Vary:", rec.Header().Get("Vary"))
	fmt.Print(rec.Body)
	// Output:
	// Content-Language: de
	// Vary: Accept-Language
	// {"type":"about:blank","title":"Nicht gefunden","status":404,"detail":"Diese Bestellung gibt es nicht."}
}
