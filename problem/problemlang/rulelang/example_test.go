package rulelang_test

import (
	"fmt"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"

	"github.com/go-playground/locales/de"
	texts "github.com/go-playground/validator/v10/translations/de"

	"github.com/forthright-http/forthright/problem"
	"github.com/forthright-http/forthright/problem/problemlang"
	"github.com/forthright-http/forthright/problem/problemlang/rulelang"
	"github.com/forthright-http/forthright/respond"
)

// The messages of rules come from the validator's translations, all other
// texts from the catalogue.
func Example() {
	rules, err := rulelang.New(rulelang.Language{Tag: "de", Locale: de.New(), Register: texts.RegisterDefaultTranslations})
	if err != nil {
		panic(err)
	}
	catalog, err := problemlang.New(problemlang.Options{
		Languages: map[string]problemlang.Texts{"de": {"The content breaks a rule": "Der Inhalt verletzt eine Regel"}},
		Rules:     rules,
	})
	if err != nil {
		panic(err)
	}
	problems, err := problem.NewWriter(problem.Options{Translate: catalog.Translate, Logger: slog.New(slog.DiscardHandler)})
	if err != nil {
		panic(err)
	}
	api, err := respond.New(respond.Options{Problems: problems})
	if err != nil {
		panic(err)
	}
	h := api.Handle(func(r *http.Request) (respond.Response, error) {
		type book struct {
			Title string `json:"title" validate:"max=10"`
		}
		if _, err := respond.Decode[book](r); err != nil {
			return respond.Response{}, err
		}
		return respond.NoContent(), nil
	})

	r := httptest.NewRequest("POST", "/books", strings.NewReader(`{"title":"Der Zauberberg"}`))
	r.Header.Set("Content-Type", "application/json")
	r.Header.Set("Accept-Language", "de")
	rec := httptest.NewRecorder()
	h.ServeHTTP(rec, r)
	fmt.Print(rec.Body)
	// Output:
	// {"type":"/problems/invalid-content","title":"Der Inhalt verletzt eine Regel","status":422,"errors":[{"detail":"title darf maximal 10 Zeichen lang sein","pointer":"#/title","code":"max","params":{"max":10}}]}
}
