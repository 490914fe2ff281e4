package bench

import (
	"context"
	"errors"
	"net/http"

	"github.com/go-fuego/fuego"
)

// fuegoAPI is fuego without logs, with the validator of the others (a package
// variable of fuego's). Its answer to a broken rule is a 400, which the
// controller turns into a 422.
func fuegoAPI() contender {
	s := fuego.NewServer(
		fuego.WithoutLogger(),
		fuego.WithValidator(jsonNames(newValidator())),
		fuego.WithMaxBodySize(maxBytes),
		fuego.WithEngineOptions(
			fuego.WithErrorHandler(func(_ context.Context, err error) error { return err }), // its own one logs
			fuego.WithOpenAPIConfig(fuego.OpenAPIConfig{Disabled: true}),
		),
	)
	fuego.Post(s, "/orders", func(c fuego.ContextWithBody[NewOrder]) (Order, error) {
		in, err := c.Body()
		if err != nil {
			var broken fuego.HTTPError
			if errors.As(err, &broken) && len(broken.Errors) > 0 {
				broken.Status = http.StatusUnprocessableEntity
				err = broken
			}
			return Order{}, err
		}
		// SetStatus sends the header: what is set after it is lost, and so is
		// the Content-Type that fuego itself sets.
		c.SetHeader("Location", orderURI)
		c.SetHeader("Content-Type", "application/json")
		c.SetStatus(http.StatusCreated)
		return created(in), nil
	})
	fuego.Get(s, "/orders/none", func(c fuego.ContextNoBody) (Order, error) {
		c.SetHeader("Cache-Control", "no-store")
		c.SetHeader("X-Content-Type-Options", "nosniff")
		return Order{}, fuego.HTTPError{Type: "about:blank", Title: noOrderTitle, Status: http.StatusNotFound, Detail: noOrder}
	})
	fuego.Get(s, "/books/bk_17", func(c fuego.ContextNoBody) (Book, error) {
		return book, nil
	})
	return contender{name: "fuego", create: s.Mux, notFound: s.Mux, get: s.Mux}
}
