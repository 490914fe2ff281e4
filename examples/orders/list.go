package main

import (
	"net/http"

	"github.com/forthright-http/forthright/respond"
)

// listQuery are the parameters of GET /v1/orders.
type listQuery struct {
	Limit    int    `query:"limit" default:"20" validate:"gte=1,lte=100"`
	Customer string `query:"customer" validate:"omitempty,max=254,email"`
}

// place is a position in the list: what lies beyond the order with this
// number, towards the older ones, or back to the newer ones.
type place struct {
	Number int  `json:"n"`
	Back   bool `json:"b,omitempty"`
}

type orderList struct {
	Orders []Order `json:"orders"`
}

func (s *service) listOrders(r *http.Request, owner string) (respond.Response, error) {
	query, queryErr := s.listQuery.Decode(r)
	at, _, cursorErr := s.cursors.Open(r)
	if err := respond.All(queryErr, cursorErr); err != nil {
		return respond.Fail(err)
	}
	orders, page, err := s.orders.list(r.Context(), owner, query.Customer, at, query.Limit)
	if err != nil {
		return respond.Fail(err)
	}
	return s.cursors.Page(r, orderList{orders}, page).ComputeETag().CacheControl(respond.Private, respond.NoCache), nil
}

// latestOrder leads to the newest order.
func (s *service) latestOrder(r *http.Request, owner string) (respond.Response, error) {
	orders, _, err := s.orders.list(r.Context(), owner, "", place{}, 1)
	switch {
	case err != nil:
		return respond.Fail(err)
	case len(orders) == 0:
		return respond.Fail(errNotFound)
	}
	return respond.TemporaryRedirect("/v1/orders/" + orders[0].ID).CacheControl(respond.NoStore), nil
}
