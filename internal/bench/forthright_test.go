package bench

import (
	"log/slog"
	"net/http"

	"github.com/forthright-http/forthright/problem"
	"github.com/forthright-http/forthright/respond"
)

var errNoOrder = problem.NotFound(noOrder)

var details = map[string]string{
	"sku":   "must look like AB-123.",
	"price": "must be a decimal of at most two places, above 0.",
	"after": "must be after deliver_after.",
}

func newAPI() *respond.API {
	problems, err := problem.NewWriter(problem.Options{Logger: slog.New(slog.DiscardHandler)})
	if err != nil {
		panic(err)
	}
	api, err := respond.New(respond.Options{Problems: problems})
	if err != nil {
		panic(err)
	}
	return api
}

// forthright has its rules in struct tags.
func forthright() contender {
	api := newAPI()
	orders := respond.Must(respond.NewDecoder[NewOrder](respond.DecodeOptions{
		MaxBytes: maxBytes, Validator: newValidator(), Details: details,
	}))
	return contender{
		name: "forthright",
		create: api.Handle(func(r *http.Request) (respond.Response, error) {
			in, err := orders.Decode(r)
			if err != nil {
				return respond.Fail(err)
			}
			return respond.Created(orderURI, created(in)), nil
		}),
		notFound: api.Handle(func(*http.Request) (respond.Response, error) {
			return respond.Fail(errNoOrder)
		}),
		get: api.Handle(func(*http.Request) (respond.Response, error) {
			return respond.OK(book), nil
		}),
	}
}

// forthrightValidate has them in a Validate method.
func forthrightValidate() contender {
	orders := respond.Must(respond.NewDecoder[PlainOrder](respond.DecodeOptions{MaxBytes: maxBytes}))
	return contender{
		name: "forthright-validate",
		create: newAPI().Handle(func(r *http.Request) (respond.Response, error) {
			in, err := orders.Decode(r)
			if err != nil {
				return respond.Fail(err)
			}
			return respond.Created(orderURI, createdPlain(in)), nil
		}),
	}
}
