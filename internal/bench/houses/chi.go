package houses

import (
	"context"
	"errors"
	"net/http"
	"time"

	"github.com/go-chi/chi/v5"
	"github.com/go-chi/chi/v5/middleware"
	"github.com/go-chi/render"
)

// chiError is the error of render's own example.
type chiError struct {
	HTTPStatusCode int    `json:"-"`
	StatusText     string `json:"status"`
	ErrorText      string `json:"error,omitempty"`
}

func (e *chiError) Render(_ http.ResponseWriter, r *http.Request) error {
	render.Status(r, e.HTTPStatusCode)
	return nil
}

type chiItem struct{ item }

func (c *chiItem) Bind(*http.Request) error {
	if c.Name == "" {
		return errors.New("missing required name")
	}
	return nil
}

func (c *chiItem) Render(http.ResponseWriter, *http.Request) error { return nil }

func chiHouse() House {
	r := chi.NewRouter()
	good := func(w http.ResponseWriter, r *http.Request) { render.PlainText(w, r, "ok") }
	r.Get("/items/{id}", func(w http.ResponseWriter, r *http.Request) {
		if chi.URLParam(r, "id") != "1" {
			_ = render.Render(w, r, &chiError{404, "Resource not found.", ""})
			return
		}
		_ = render.Render(w, r, &chiItem{item{1, "one"}})
	})
	r.With(middleware.AllowContentType("application/json"), middleware.RequestSize(maxBytes)).Post("/items", func(w http.ResponseWriter, r *http.Request) {
		var in chiItem
		if err := render.Bind(r, &in); err != nil {
			_ = render.Render(w, r, &chiError{400, "Invalid request.", err.Error()})
			return
		}
		render.Status(r, http.StatusCreated)
		_ = render.Render(w, r, &in)
	})
	r.With(middleware.AllowContentEncoding("gzip")).Post("/coded", good)
	r.With(middleware.ContentCharset("UTF-8")).Post("/charset", good)
	r.With(middleware.BasicAuth("chi", map[string]string{"a": "b"})).Get("/basic", good)
	r.With(quiet, middleware.Recoverer).Get("/panic", func(http.ResponseWriter, *http.Request) { panic("out") })
	r.With(middleware.Timeout(time.Millisecond)).Get("/slow", func(w http.ResponseWriter, r *http.Request) { <-r.Context().Done() })
	gate := middleware.ThrottleBacklog(1, 0, time.Second)
	r.With(gate, held, gate).Get("/throttled", good)
	r.With(middleware.NoCache).Get("/nocache", good)
	r.With(middleware.Compress(5)).Get("/gzip", func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Etag", `"v1"`)
		render.PlainText(w, r, long)
	})
	r.With(middleware.RedirectSlashes).Get("/slashes/*", good)
	r.With(middleware.Deprecation(time.Unix(1688169599, 0), `<https://example.com/migrate>; rel="deprecation"`), middleware.Sunset(time.Unix(1719791999, 0))).Get("/old", good)
	r.Get("/none", func(w http.ResponseWriter, r *http.Request) { render.NoContent(w, r) })
	return House{Name: "chi with render", Module: "github.com/go-chi/chi/v5", Handler: r, Asks: append(common("/items/1"),
		Ask{What: "404 of a handler", Method: "GET", Path: "/items/2"},
		Ask{What: "201", Method: "POST", Path: "/items", Body: `{"id":2,"name":"b"}`, Header: []string{jsonType}},
		Ask{What: "render.Bind, no JSON", Method: "POST", Path: "/items", Body: `{`, Header: []string{jsonType}},
		Ask{What: "RequestSize", Method: "POST", Path: "/items", Body: long, Header: []string{jsonType}},
		Ask{What: "AllowContentType", Method: "POST", Path: "/items", Body: `a`, Header: []string{"Content-Type: text/plain"}},
		Ask{What: "AllowContentEncoding", Method: "POST", Path: "/coded", Body: `a`, Header: []string{"Content-Encoding: br"}},
		Ask{What: "ContentCharset", Method: "POST", Path: "/charset", Body: `a`, Header: []string{"Content-Type: text/plain; charset=latin-1"}},
		Ask{What: "BasicAuth", Method: "GET", Path: "/basic"},
		Ask{What: "Recoverer", Method: "GET", Path: "/panic"},
		Ask{What: "Timeout", Method: "GET", Path: "/slow"},
		Ask{What: "Throttle", Method: "GET", Path: "/throttled"},
		Ask{What: "NoCache", Method: "GET", Path: "/nocache"},
		Ask{What: "Compress, not asked for", Method: "GET", Path: "/gzip"},
		Ask{What: "Compress", Method: "GET", Path: "/gzip", Header: []string{"Accept-Encoding: gzip"}},
		Ask{What: "RedirectSlashes", Method: "GET", Path: "/slashes/a/"},
		Ask{What: "Deprecation and Sunset", Method: "GET", Path: "/old"},
		Ask{What: "render.NoContent", Method: "GET", Path: "/none"},
	)}
}

// quiet keeps chi from printing the stack of a panic.
func quiet(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		next.ServeHTTP(w, middleware.WithLogEntry(r, silence{}))
	})
}

type silence struct{}

func (silence) Write(int, int, http.Header, time.Duration, any) {}
func (silence) Panic(any, []byte)                               {}

// held lets a request wait for the gate that it is in, with a deadline.
func held(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		ctx, cancel := context.WithTimeout(r.Context(), time.Second)
		defer cancel()
		next.ServeHTTP(w, r.WithContext(ctx))
	})
}
