package houses

import (
	"context"
	"errors"
	"net/http"
	"time"

	"github.com/danielgtaylor/huma/v2"
	"github.com/danielgtaylor/huma/v2/adapters/humago"
	"github.com/danielgtaylor/huma/v2/conditional"
)

type humaItem struct {
	Name string `json:"name" minLength:"1"`
}

type humaOut struct {
	Etag         string    `header:"Etag"`
	LastModified time.Time `header:"Last-Modified"`
	Body         humaItem
}

func humaHouse() House {
	mux := http.NewServeMux()
	api := humago.New(mux, huma.DefaultConfig("judged", "1"))
	modified := time.Date(2023, 6, 30, 23, 59, 59, 0, time.UTC)
	get := func(path string, f func() error) {
		huma.Register(api, huma.Operation{Method: http.MethodGet, Path: path, OperationID: path}, func(context.Context, *struct{}) (*struct{ Body humaItem }, error) {
			return &struct{ Body humaItem }{humaItem{"one"}}, f()
		})
	}
	huma.Register(api, huma.Operation{Method: http.MethodGet, Path: "/items/{id}", OperationID: "item"}, func(_ context.Context, in *struct {
		ID int `path:"id"`
	}) (*struct{ Body humaItem }, error) {
		if in.ID != 1 {
			return nil, huma.Error404NotFound("no such item")
		}
		return &struct{ Body humaItem }{humaItem{"one"}}, nil
	})
	huma.Register(api, huma.Operation{Method: http.MethodPost, Path: "/items", DefaultStatus: http.StatusCreated, MaxBodyBytes: maxBytes, OperationID: "make"},
		func(_ context.Context, in *struct{ Body humaItem }) (*struct{ Body humaItem }, error) {
			return &struct{ Body humaItem }{in.Body}, nil
		})
	huma.Register(api, huma.Operation{Method: http.MethodGet, Path: "/tagged", OperationID: "tagged"}, func(_ context.Context, in *struct{ conditional.Params }) (*humaOut, error) {
		if in.HasConditionalParams() {
			if err := in.PreconditionFailed("v1", modified); err != nil {
				return nil, err
			}
		}
		return &humaOut{`"v1"`, modified, humaItem{"one"}}, nil
	})
	get("/unauthorized", func() error { return huma.Error401Unauthorized("who are you?") })
	get("/forbidden", func() error { return huma.Error403Forbidden("no") })
	get("/busy", func() error { return huma.Error429TooManyRequests("later") })
	get("/down", func() error { return huma.Error503ServiceUnavailable("later") })
	get("/error", func() error { return errors.New("out") })
	return House{Name: "huma", Module: "github.com/danielgtaylor/huma/v2", Handler: mux, Asks: append(common("/items/1"),
		Ask{What: "404 of a handler", Method: "GET", Path: "/items/2"},
		Ask{What: "a path parameter", Method: "GET", Path: "/items/b"},
		Ask{What: "201", Method: "POST", Path: "/items", Body: `{"name":"b"}`, Header: []string{jsonType}},
		Ask{What: "a rule", Method: "POST", Path: "/items", Body: `{"name":""}`, Header: []string{jsonType}},
		Ask{What: "no JSON", Method: "POST", Path: "/items", Body: `{`, Header: []string{jsonType}},
		Ask{What: "no content", Method: "POST", Path: "/items", Header: []string{jsonType}},
		Ask{What: "another media type", Method: "POST", Path: "/items", Body: `a`, Header: []string{"Content-Type: text/plain"}},
		Ask{What: "MaxBodyBytes", Method: "POST", Path: "/items", Body: long, Header: []string{jsonType}},
		Ask{What: "Accept, nothing fits", Method: "GET", Path: "/items/1", Header: []string{"Accept: image/png"}},
		Ask{What: "Accept, CBOR", Method: "GET", Path: "/items/1", Header: []string{"Accept: application/cbor"}},
		Ask{What: "Error401Unauthorized", Method: "GET", Path: "/unauthorized"},
		Ask{What: "Error403Forbidden", Method: "GET", Path: "/forbidden"},
		Ask{What: "Error429TooManyRequests", Method: "GET", Path: "/busy"},
		Ask{What: "Error503ServiceUnavailable", Method: "GET", Path: "/down"},
		Ask{What: "an error", Method: "GET", Path: "/error"},
		Ask{What: "conditional, 200", Method: "GET", Path: "/tagged"},
		Ask{What: "conditional, 304", Method: "GET", Path: "/tagged", Header: []string{`If-None-Match: "v1"`}},
		Ask{What: "conditional, 304 by date", Method: "GET", Path: "/tagged", Header: []string{"If-Modified-Since: Fri, 30 Jun 2023 23:59:59 GMT"}},
		Ask{What: "conditional, 412", Method: "GET", Path: "/tagged", Header: []string{`If-Match: "v0"`}},
	)}
}
