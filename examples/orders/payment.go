package main

import (
	"errors"
	"net/http"

	"github.com/forthright-http/forthright/problem"
	"github.com/forthright-http/forthright/respond"
)

// OutOfCredit is the type of the example in RFC 9457 §3.
var OutOfCredit = problem.NewType("out-of-credit", http.StatusConflict, "The payment does not cover the order",
	problem.Doc("An order is paid in one sum of at least its total. Nothing was taken; pay again with the cost."),
	problem.Member("balance", "What was offered, a decimal string."),
	problem.Member("cost", "What the order costs, a decimal string."))

// Payment is what POST /v1/orders/{id}/payment takes.
type Payment struct {
	Amount Amount `json:"amount" validate:"required,gt=0"`
}

var errPaid = errors.New("store: the order is paid")

// payOrder pays an order, and leads back to it. To pay it again changes
// nothing.
func (s *service) payOrder(r *http.Request, owner string) (respond.Response, error) {
	o, err := s.orders.get(r.Context(), owner, r.PathValue("id"))
	if err != nil {
		return respond.Fail(err)
	}
	in, err := s.payment.Decode(r, respond.Preconditions(&respond.State{ETag: o.tag(), LastModified: o.UpdatedAt}))
	if err != nil {
		return respond.Fail(err)
	}
	version := anyVersion // the store looks at the total while it writes
	if guarded(r) {
		version = o.version
	}
	_, err = s.orders.update(r.Context(), owner, o.ID, version, func(o *Order) error {
		switch {
		case o.Status == statusPaid:
			return errPaid
		case in.Amount < o.Total:
			return OutOfCredit.New("").With("balance", in.Amount).With("cost", o.Total)
		}
		o.Status = statusPaid
		return nil
	})
	if err != nil && !errors.Is(err, errPaid) {
		return respond.Fail(stale(r, err))
	}
	return respond.SeeOther("/v1/orders/" + o.ID), nil
}
