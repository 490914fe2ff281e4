package bench

import "net/http"

// contender is one way to write the service. A nil handler is not measured.
type contender struct {
	name     string
	create   http.Handler // POST /orders: 201 or 422
	notFound http.Handler // GET /orders/none: 404
	get      http.Handler // GET /books/bk_17: 200
}

var contenders = []contender{
	forthright(),
	forthrightValidate(),
	nethttp(),
	nethttpValidate(),
	humaAPI(),
	echoAPI(),
	ginAPI(),
	fuegoAPI(),
}

// What every contender says about an order that is not there.
const (
	problemType  = "application/problem+json"
	noOrderTitle = "Not Found"
	noOrder      = "No order has this id."
)
