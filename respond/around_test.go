package respond_test

import (
	"errors"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"testing"

	"github.com/forthright-http/forthright/problem"
	"github.com/forthright-http/forthright/respond"
)

// A handler made by the package's own Handle obeys the API around it.
func TestHandleBelowAnAPI(t *testing.T) {
	errNone := errors.New("there is none")
	problems, err := problem.NewWriter(problem.Options{
		Logger: slog.New(slog.DiscardHandler),
		Map:    []problem.Mapping{problem.Map(errNone, problem.NotFound(""))},
	})
	if err != nil {
		t.Fatal(err)
	}
	api, err := respond.New(respond.Options{Problems: problems})
	if err != nil {
		t.Fatal(err)
	}
	handlers := map[string]http.Handler{
		"Handle":       respond.Handle(func(*http.Request) (respond.Response, error) { return respond.Fail(errNone) }),
		"HandleWriter": respond.HandleWriter(func(http.ResponseWriter, *http.Request) error { return errNone }),
	}
	for name, h := range handlers {
		for around, wrapped := range map[string]http.Handler{"Wrap": api.Wrap(h), "RequestID": api.RequestID(h)} {
			w := httptest.NewRecorder()
			checked(t, wrapped).ServeHTTP(w, httptest.NewRequest("GET", "/", nil))
			if w.Code != 404 {
				t.Errorf("%s below %s answers %d, want 404 by the API's table", name, around, w.Code)
			}
		}
	}
}

// One that logs accesses stands around all of it, and knows the id.
func TestRequestIDAroundWrap(t *testing.T) {
	var seen string
	api := &respond.API{}
	h := api.RequestID(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		seen = respond.RequestIDFrom(r.Context())
		api.Wrap(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
			if got := respond.RequestIDFrom(r.Context()); got != seen {
				t.Errorf("the id is %q inside, and %q outside", got, seen)
			}
		})).ServeHTTP(w, r)
	}))
	w := httptest.NewRecorder()
	checked(t, h).ServeHTTP(w, httptest.NewRequest("GET", "/", nil))
	if got := w.Header().Values("X-Request-Id"); len(got) != 1 || got[0] != seen || seen == "" {
		t.Errorf("X-Request-Id is %q, and the log has %q", got, seen)
	}
}
