package main

import (
	"errors"
	"net/http"

	"github.com/forthright-http/forthright/problem"
	"github.com/forthright-http/forthright/respond"
)

func (s *service) createOrder(r *http.Request, owner string) (respond.Response, error) {
	in, err := s.newOrder.Decode(r)
	if err != nil {
		return respond.Fail(err)
	}
	o, err := s.orders.create(r.Context(), owner, in)
	if err != nil {
		return respond.Fail(err)
	}
	return answer(respond.Created("/v1/orders/"+o.ID, o.Order), o).Prefer(respond.Prefer(r)), nil
}

func (s *service) getOrder(r *http.Request, owner string) (respond.Response, error) {
	o, err := s.orders.get(r.Context(), owner, r.PathValue("id"))
	if err != nil {
		return respond.Fail(err)
	}
	return answer(respond.OK(o.Order), o), nil
}

// replaceOrder is a PUT: the client must know the state that it replaces. It
// may send back all that it got; what the service owns is ignored.
func (s *service) replaceOrder(r *http.Request, owner string) (respond.Response, error) {
	o, err := s.orders.get(r.Context(), owner, r.PathValue("id"))
	if err != nil {
		return respond.Fail(err)
	}
	in, err := s.replace.Decode(r, respond.Matching(o.tag())) // 415 and 413, then 428 and 412, then 400 and 422
	if err != nil {
		return respond.Fail(err)
	}
	version := o.version
	if r.Header.Get("If-Match") == "*" { // whatever it is by now
		version = anyVersion
	}
	return s.change(r, owner, o.ID, version, in.NewOrder)
}

// patchOrder is a PATCH with a merge patch (RFC 7396).
func (s *service) patchOrder(r *http.Request, owner string) (respond.Response, error) {
	o, err := s.orders.get(r.Context(), owner, r.PathValue("id"))
	if err != nil {
		return respond.Fail(err)
	}
	in, err := s.patch.Apply(r, o.NewOrder, respond.Matching(o.tag()))
	if err != nil {
		return respond.Fail(err)
	}
	return s.change(r, owner, o.ID, o.version, in)
}

// change writes what a client may change. The store compares the version once
// more while it writes.
func (s *service) change(r *http.Request, owner, id string, version int, in NewOrder) (respond.Response, error) {
	o, err := s.orders.update(r.Context(), owner, id, version, func(o *Order) error {
		o.NewOrder, o.Total = in, in.total()
		return nil
	})
	if err != nil {
		return respond.Fail(stale(r, err))
	}
	return answer(respond.OK(o.Order), o).Prefer(respond.Prefer(r)), nil
}

func (s *service) deleteOrder(r *http.Request, owner string) (respond.Response, error) {
	o, err := s.orders.get(r.Context(), owner, r.PathValue("id"))
	if err != nil {
		return respond.Fail(err)
	}
	if err := respond.CheckPreconditions(r, &respond.State{ETag: o.tag(), LastModified: o.UpdatedAt}); err != nil {
		return respond.Fail(err)
	}
	version := o.version
	if !guarded(r) {
		version = anyVersion
	}
	if err := s.orders.remove(r.Context(), owner, o.ID, version); err != nil {
		return respond.Fail(stale(r, err))
	}
	return respond.NoContent(), nil
}

// guarded tells whether a request is about the state that its client knows.
func guarded(r *http.Request) bool {
	h := r.Header
	return h.Get("If-Match") != "" && h.Get("If-Match") != "*" || h.Get("If-Unmodified-Since") != ""
}

// stale makes a 412 of a change that came in between, where the request had a
// precondition that is false by now; else it stays a 409.
func stale(r *http.Request, err error) error {
	if errors.Is(err, errStale) && guarded(r) {
		return problem.PreconditionFailed("The order was changed meanwhile. Get it again, and decide anew.").Wrap(err)
	}
	return err
}

// answer adds the fields that go with every order.
func answer(res respond.Response, o stored) respond.Response {
	return res.ETag(o.tag()).LastModified(o.UpdatedAt).CacheControl(respond.Private, respond.NoCache)
}
