package riverqueue_test

import (
	"context"
	"log"
	"net/http"
	"os"

	"github.com/jackc/pgx/v5/pgxpool"

	"github.com/forthright-http/forthright/async"
	"github.com/forthright-http/forthright/async/riverqueue"
)

type export struct {
	Customer string `json:"customer"`
}

// A service of which any number of processes may run, on any number of machines.
func Example() {
	ctx := context.Background()
	pool, err := pgxpool.New(ctx, os.Getenv("DATABASE_URL"))
	if err != nil {
		log.Fatal(err)
	}
	defer pool.Close()
	if err := riverqueue.Migrate(ctx, pool, riverqueue.MigrateOptions{}); err != nil {
		log.Fatal(err)
	}
	backend, err := riverqueue.Open(ctx, pool, riverqueue.Options{})
	if err != nil {
		log.Fatal(err)
	}
	defer backend.Close()
	jobs, err := async.New(backend, async.Options{URL: "https://api.example.com/jobs", Capability: true})
	if err != nil {
		log.Fatal(err)
	}
	exports, err := async.Define(jobs, "export", func(ctx context.Context, t *async.Task, in export) (string, error) {
		return "exported " + in.Customer, nil
	})
	if err != nil {
		log.Fatal(err)
	}
	go jobs.Run(ctx)
	http.Handle("POST /exports", exports)
	http.Handle("/jobs/", jobs)
	log.Fatal(http.ListenAndServe(":8080", nil))
}

// The order and the job that works on it are kept together, or not at all.
func ExampleSubmitTx() {
	var pool *pgxpool.Pool
	var exports *async.Kind[export, string]
	place := func(ctx context.Context, customer string) error {
		tx, err := pool.Begin(ctx)
		if err != nil {
			return err
		}
		defer tx.Rollback(ctx)
		if _, err := tx.Exec(ctx, "INSERT INTO orders (customer) VALUES ($1)", customer); err != nil {
			return err
		}
		if _, err := riverqueue.SubmitTx(ctx, tx, exports, customer, "", export{customer}); err != nil {
			return err
		}
		return tx.Commit(ctx)
	}
	_ = place
}
