package respond

import (
	"log/slog"

	"github.com/forthright-http/forthright/problem"
)

// quietAPI logs nowhere.
var quietAPI = func() *API {
	w, err := problem.NewWriter(problem.Options{Logger: slog.New(slog.DiscardHandler)})
	if err != nil {
		panic(err)
	}
	a, err := New(Options{Problems: w})
	if err != nil {
		panic(err)
	}
	return a
}()
