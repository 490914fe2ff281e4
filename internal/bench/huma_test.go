package bench

import (
	"context"
	"net/http"

	"github.com/danielgtaylor/huma/v2"
	"github.com/danielgtaylor/huma/v2/adapters/humago"
)

type (
	humaOrderInput  struct{ Body humaOrder }
	humaOrder       struct{ NewOrder }
	humaOrderAnswer struct {
		Location string `header:"Location"`
		Body     Order
	}
	humaBookAnswer struct{ Body Book }
)

// Resolve checks the rule that no tag of huma's can say.
func (o *humaOrder) Resolve(huma.Context) []error {
	if o.DeliverBefore != "" && o.DeliverBefore <= o.DeliverAfter {
		return []error{&huma.ErrorDetail{Location: "body.deliver_before", Message: "must be after deliver_after"}}
	}
	return nil
}

// humaAPI leaves out the links to schemas that huma adds by default. Rules
// are huma's own; currency is a pattern, not a list.
func humaAPI() contender {
	config := huma.DefaultConfig("bench", "1")
	config.CreateHooks = nil
	config.OpenAPIPath, config.DocsPath, config.SchemasPath = "", "", ""
	mux := http.NewServeMux()
	api := humago.New(mux, config)
	huma.Register(api, huma.Operation{Method: http.MethodPost, Path: "/orders", DefaultStatus: http.StatusCreated, MaxBodyBytes: maxBytes},
		func(_ context.Context, in *humaOrderInput) (*humaOrderAnswer, error) {
			return &humaOrderAnswer{Location: orderURI, Body: created(in.Body.NewOrder)}, nil
		})
	huma.Register(api, huma.Operation{Method: http.MethodGet, Path: "/orders/none"},
		func(context.Context, *struct{}) (*humaBookAnswer, error) {
			return nil, huma.ErrorWithHeaders(
				&huma.ErrorModel{Type: "about:blank", Title: noOrderTitle, Status: http.StatusNotFound, Detail: noOrder},
				http.Header{"Cache-Control": {"no-store"}, "X-Content-Type-Options": {"nosniff"}})
		})
	huma.Register(api, huma.Operation{Method: http.MethodGet, Path: "/books/bk_17"},
		func(context.Context, *struct{}) (*humaBookAnswer, error) {
			return &humaBookAnswer{Body: book}, nil
		})
	return contender{name: "huma", create: mux, notFound: mux, get: mux}
}
