package houses

import (
	"context"
	"errors"
	"log/slog"

	"github.com/go-fuego/fuego"
)

func fuegoHouse() House {
	s := fuego.NewServer(fuego.WithoutLogger(), fuego.WithMaxBodySize(maxBytes), fuego.WithEngineOptions(
		fuego.WithErrorHandler(func(ctx context.Context, err error) error { return fuego.ErrorHandler(ctx, err) }),
		fuego.WithOpenAPIConfig(fuego.OpenAPIConfig{Disabled: true}),
	))
	slog.SetDefault(slog.New(slog.DiscardHandler)) // fuego logs there
	get := func(path string, f func() (item, error)) {
		fuego.Get(s, path, func(fuego.ContextNoBody) (item, error) { return f() })
	}
	fuego.Get(s, "/items/{id}", func(c fuego.ContextNoBody) (item, error) {
		if c.PathParam("id") != "1" {
			return item{}, fuego.NotFoundError{Title: "no such item"}
		}
		return item{1, "one"}, nil
	})
	fuego.Post(s, "/items", func(c fuego.ContextWithBody[item]) (item, error) {
		in, err := c.Body()
		if err != nil {
			return item{}, err
		}
		c.SetStatus(201)
		return in, nil
	})
	get("/unauthorized", func() (item, error) { return item{}, fuego.UnauthorizedError{Title: "who are you?"} })
	get("/forbidden", func() (item, error) { return item{}, fuego.ForbiddenError{Title: "no"} })
	get("/conflict", func() (item, error) { return item{}, fuego.ConflictError{Title: "no"} })
	get("/error", func() (item, error) { return item{}, errors.New("out") })
	return House{Name: "fuego", Module: "github.com/go-fuego/fuego", Handler: s.Mux, Asks: append(common("/items/1"),
		Ask{What: "404 of a handler", Method: "GET", Path: "/items/2"},
		Ask{What: "201 by SetStatus", Method: "POST", Path: "/items", Body: `{"id":2,"name":"b"}`, Header: []string{jsonType}},
		Ask{What: "a rule", Method: "POST", Path: "/items", Body: `{}`, Header: []string{jsonType}},
		Ask{What: "no JSON", Method: "POST", Path: "/items", Body: `{`, Header: []string{jsonType}},
		Ask{What: "another media type", Method: "POST", Path: "/items", Body: `a`, Header: []string{"Content-Type: image/png"}},
		Ask{What: "WithMaxBodySize", Method: "POST", Path: "/items", Body: long, Header: []string{jsonType}},
		Ask{What: "Accept, nothing fits", Method: "GET", Path: "/items/1", Header: []string{"Accept: image/png"}},
		Ask{What: "Accept, XML", Method: "GET", Path: "/items/1", Header: []string{"Accept: application/xml"}},
		Ask{What: "an error with Accept: application/xml", Method: "GET", Path: "/items/2", Header: []string{"Accept: application/xml"}},
		Ask{What: "UnauthorizedError", Method: "GET", Path: "/unauthorized"},
		Ask{What: "ForbiddenError", Method: "GET", Path: "/forbidden"},
		Ask{What: "ConflictError", Method: "GET", Path: "/conflict"},
		Ask{What: "an error", Method: "GET", Path: "/error"},
	)}
}
