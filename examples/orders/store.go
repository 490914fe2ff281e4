package main

import (
	"context"
	"errors"
	"strconv"

	"github.com/forthright-http/forthright/respond"
)

var (
	errNotFound       = errors.New("store: no such order")
	errDeleted        = errors.New("store: the order was deleted")
	errReferenceTaken = errors.New("store: the owner has an order with this reference")
	errStale          = errors.New("store: the order was changed meanwhile")
)

// store keeps orders. Another's order is as unknown as one that never was.
type store interface {
	create(ctx context.Context, owner string, in NewOrder) (stored, error)
	get(ctx context.Context, owner, id string) (stored, error)
	// update changes an order with a function, if it still has the version that
	// the caller read: of two writers one gets errStale, whatever both had
	// checked before.
	update(ctx context.Context, owner, id string, version int, change func(*Order) error) (stored, error)
	// remove deletes an order that still has the version. Its id is remembered,
	// its reference is free again.
	remove(ctx context.Context, owner, id string, version int) error
	// list returns the owner's orders at a place, the newest first, and the
	// places of the pages beside them.
	list(ctx context.Context, owner, customer string, at place, limit int) ([]Order, respond.Page[place], error)
}

// stored is an order with the version that it was read at.
type stored struct {
	Order
	version int
}

// tag is the opaque part of the order's entity tag.
func (o stored) tag() string { return "v" + strconv.Itoa(o.version) }

// anyVersion lets a change through whatever version the order has.
const anyVersion = 0
