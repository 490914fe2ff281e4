package main

import (
	"net/http"
	"slices"

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
	orders, page := s.orders.list(owner, query.Customer, at, query.Limit)
	return s.cursors.Page(r, orderList{orders}, page).ComputeETag().CacheControl(respond.Private, respond.NoCache), nil
}

// latestOrder leads to the newest order.
func (s *service) latestOrder(_ *http.Request, owner string) (respond.Response, error) {
	orders, _ := s.orders.list(owner, "", place{}, 1)
	if len(orders) == 0 {
		return respond.Fail(errNotFound)
	}
	return respond.TemporaryRedirect("/v1/orders/" + orders[0].ID).CacheControl(respond.NoStore), nil
}

// list returns the owner's orders at a place, the newest first, and the
// places of the pages beside them.
func (s *store) list(owner, customer string, at place, limit int) ([]Order, respond.Page[place]) {
	s.mu.RLock()
	defer s.mu.RUnlock()
	var all []*record
	for _, rec := range slices.Backward(s.created) {
		if rec.owner == owner && !rec.deleted && (customer == "" || rec.order.Customer == customer) {
			all = append(all, rec)
		}
	}
	begin, end := 0, len(all)
	if at != (place{}) {
		// The first that is older than the place, or for going back, the first that is not newer.
		i := slices.IndexFunc(all, func(rec *record) bool { return rec.number < at.Number || at.Back && rec.number == at.Number })
		if i < 0 {
			i = len(all)
		}
		if begin = i; at.Back {
			begin = max(i-limit, 0)
			end = i
		}
	}
	end = min(end, begin+limit)
	orders := make([]Order, 0, end-begin)
	for _, rec := range all[begin:end] {
		orders = append(orders, rec.order)
	}
	var page respond.Page[place]
	if end < len(all) && end > begin {
		page.Next = &place{Number: all[end-1].number}
	}
	if begin > 0 && end > begin {
		page.Prev = &place{Number: all[begin].number, Back: true}
	}
	return orders, page
}
