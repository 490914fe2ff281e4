package main

import (
	"context"
	"crypto/rand"
	"encoding/json"
	"errors"
	"slices"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
	"github.com/jackc/pgx/v5/pgxpool"

	"github.com/forthright-http/forthright/problem"
	"github.com/forthright-http/forthright/respond"
)

// pgStore keeps orders in PostgreSQL, where all processes of the service find them.
type pgStore struct {
	pool *pgxpool.Pool
	now  func() time.Time
}

// pgTables may hold any bytes where a client chooses them.
const pgTables = `
CREATE TABLE IF NOT EXISTS orders (
  number     bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  id         text NOT NULL UNIQUE,
  owner      bytea NOT NULL,
  version    integer NOT NULL DEFAULT 1,
  reference  bytea, -- NULL once it is deleted
  customer   text NOT NULL,
  content    json -- NULL once it is deleted
);
CREATE UNIQUE INDEX IF NOT EXISTS orders_reference ON orders (owner, reference);
CREATE INDEX IF NOT EXISTS orders_owner ON orders (owner, number);
CREATE TABLE IF NOT EXISTS orders_secret (one boolean PRIMARY KEY CHECK (one), secret bytea NOT NULL);
`

// openPGStore makes the tables where they are not there yet, and returns the secret
// that all processes share.
func openPGStore(ctx context.Context, pool *pgxpool.Pool, now func() time.Time) (s *pgStore, secret []byte, err error) {
	err = pgx.BeginFunc(ctx, pool, func(tx pgx.Tx) error {
		if _, err := tx.Exec(ctx, "SELECT pg_advisory_xact_lock(hashtext('orders'))"); err != nil {
			return err
		}
		if _, err := tx.Exec(ctx, pgTables); err != nil {
			return err
		}
		secret = make([]byte, 32)
		rand.Read(secret)
		if _, err := tx.Exec(ctx, "INSERT INTO orders_secret VALUES (true, $1) ON CONFLICT DO NOTHING", secret); err != nil {
			return err
		}
		return tx.QueryRow(ctx, "SELECT secret FROM orders_secret").Scan(&secret)
	})
	return &pgStore{pool, now}, secret, err
}

// known makes an answer of what the database says: a reference that is taken, and
// else that it is not to be had.
func known(ctx context.Context, err error) error {
	var pg *pgconn.PgError
	var p *problem.Problem
	switch {
	case err == nil, errors.As(err, &p), ctx.Err() != nil:
		return err
	case errors.Is(err, errNotFound), errors.Is(err, errDeleted), errors.Is(err, errStale), errors.Is(err, errPaid):
		return err
	case errors.As(err, &pg) && pg.ConstraintName == "orders_reference":
		return errReferenceTaken
	}
	return problem.Unavailable(5 * time.Second).Wrap(err)
}

func (s *pgStore) create(ctx context.Context, owner string, in NewOrder) (stored, error) {
	now := s.now().UTC()
	o := Order{ID: rand.Text(), NewOrder: in, Total: in.total(), Status: statusOpen, CreatedAt: now, UpdatedAt: now}
	content, err := json.Marshal(o)
	if err != nil {
		return stored{}, err
	}
	_, err = s.pool.Exec(ctx, "INSERT INTO orders (id, owner, reference, customer, content) VALUES ($1, $2, $3, $4, $5)",
		o.ID, []byte(owner), []byte(o.Reference), o.Customer, content)
	return stored{o, 1}, known(ctx, err)
}

func (s *pgStore) get(ctx context.Context, owner, id string) (o stored, err error) {
	o, err = readOrder(s.pool.QueryRow(ctx, "SELECT version, content FROM orders WHERE owner = $1 AND id = $2", []byte(owner), id))
	return o, known(ctx, err)
}

func readOrder(row pgx.Row) (o stored, err error) {
	var content []byte
	err = row.Scan(&o.version, &content)
	switch {
	case errors.Is(err, pgx.ErrNoRows):
		return o, errNotFound
	case err != nil:
		return o, err
	case content == nil:
		return o, errDeleted
	}
	return o, json.Unmarshal(content, &o.Order)
}

// locked reads an order that is about to be changed.
func locked(ctx context.Context, tx pgx.Tx, owner, id string, version int) (stored, error) {
	o, err := readOrder(tx.QueryRow(ctx, "SELECT version, content FROM orders WHERE owner = $1 AND id = $2 FOR UPDATE", []byte(owner), id))
	if err == nil && version != anyVersion && o.version != version {
		err = errStale
	}
	return o, err
}

func (s *pgStore) update(ctx context.Context, owner, id string, version int, change func(*Order) error) (o stored, err error) {
	err = pgx.BeginFunc(ctx, s.pool, func(tx pgx.Tx) (err error) {
		if o, err = locked(ctx, tx, owner, id, version); err != nil {
			return err
		}
		if err := change(&o.Order); err != nil {
			return err
		}
		o.UpdatedAt = s.now().UTC()
		o.version++
		content, err := json.Marshal(o.Order)
		if err != nil {
			return err
		}
		_, err = tx.Exec(ctx, "UPDATE orders SET version = $2, reference = $3, customer = $4, content = $5 WHERE id = $1", id, o.version, []byte(o.Reference), o.Customer, content)
		return err
	})
	return o, known(ctx, err)
}

func (s *pgStore) remove(ctx context.Context, owner, id string, version int) error {
	return known(ctx, pgx.BeginFunc(ctx, s.pool, func(tx pgx.Tx) error {
		if _, err := locked(ctx, tx, owner, id, version); err != nil {
			return err
		}
		_, err := tx.Exec(ctx, "UPDATE orders SET reference = NULL, content = NULL WHERE id = $1", id)
		return err
	}))
}

func (s *pgStore) list(ctx context.Context, owner, customer string, at place, limit int) ([]Order, respond.Page[place], error) {
	var page respond.Page[place]
	side, order := "number < $3", "DESC" // towards the older ones
	switch {
	case at == (place{}):
		side = "$3 = 0"
	case at.Back:
		side, order = "number > $3", "ASC"
	}
	rows, err := s.pool.Query(ctx, `SELECT number, content FROM orders WHERE owner = $1 AND content IS NOT NULL AND ($2 = '' OR customer = $2) AND `+side+
		` ORDER BY number `+order+` LIMIT $4`, []byte(owner), customer, at.Number, limit+1)
	if err != nil {
		return nil, page, known(ctx, err)
	}
	type numbered struct {
		number int
		Order
	}
	found, err := pgx.CollectRows(rows, func(row pgx.CollectableRow) (n numbered, err error) {
		var content []byte
		if err = row.Scan(&n.number, &content); err == nil {
			err = json.Unmarshal(content, &n.Order)
		}
		return n, err
	})
	if err != nil {
		return nil, page, known(ctx, err)
	}
	more := len(found) > limit
	found = found[:min(limit, len(found))]
	if at.Back {
		slices.Reverse(found)
	}
	orders := make([]Order, 0, len(found))
	for _, n := range found {
		orders = append(orders, n.Order)
	}
	if n := len(found); n > 0 {
		// There was something on the side that the client came from.
		if more || at.Back {
			page.Next = &place{Number: found[n-1].number}
		}
		if at != (place{}) && (more || !at.Back) {
			page.Prev = &place{Number: found[0].number, Back: true}
		}
	}
	return orders, page, nil
}
