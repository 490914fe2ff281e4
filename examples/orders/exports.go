package main

import (
	"bytes"
	"context"
	"encoding/csv"
	"fmt"
	"net/http"
	"time"

	"github.com/forthright-http/forthright/async"
	"github.com/forthright-http/forthright/authn"
	"github.com/forthright-http/forthright/problem"
	"github.com/forthright-http/forthright/respond"
)

// exportRequest asks for all orders of its owner in a file.
type exportRequest struct {
	Format  string `json:"format" validate:"required,oneof=csv"`
	Seconds int    `json:"seconds" validate:"gte=0,lte=60"` // how long it works
	Fail    bool   `json:"fail"`                            // makes it fail
}

// ExportFailed is the problem of an export that was to fail.
var ExportFailed = problem.NewType("export-failed", http.StatusConflict, "The export failed",
	problem.Doc("The export was asked to fail, to show what becomes of a job that does."))

// newJobs makes what accepts, shows and runs jobs.
func (s *service) newJobs(o serviceOptions) (err error) {
	s.jobs, err = async.New(o.Backend, async.Options{
		URL:      o.PublicURL + "/v1/jobs",
		Owner:    authn.Subject,
		Problems: s.problems,
		Logger:   o.Logger,
		Drain:    o.Drain,
		MaxWait:  20 * time.Second, // less than the server's WriteTimeout
		Workers:  o.Workers,
		Now:      o.Now,
	})
	if err != nil {
		return err
	}
	s.exports, err = async.Define(s.jobs, "export", s.export, async.KindOptions{Decode: respond.DecodeOptions{MaxBytes: maxContent}})
	return err
}

// export writes the owner's orders as CSV, and takes its time.
func (s *service) export(ctx context.Context, t *async.Task, in exportRequest) (async.Content, error) {
	tick := time.NewTicker(time.Second)
	defer tick.Stop()
	for done := range in.Seconds {
		t.Progress(int64(done), int64(in.Seconds))
		t.Message(fmt.Sprintf("%d of %d seconds", done, in.Seconds))
		select {
		case <-tick.C:
		case <-ctx.Done():
			return async.Content{}, ctx.Err()
		}
	}
	t.Progress(int64(in.Seconds), int64(in.Seconds))
	t.Message("writing the file")
	if in.Fail {
		return async.Content{}, ExportFailed.New("It was asked to fail.")
	}
	var b bytes.Buffer
	w := csv.NewWriter(&b)
	_ = w.Write([]string{"id", "reference", "customer", "currency", "total", "status"})
	for at, more := (place{}), true; more; {
		orders, page, err := s.orders.list(ctx, t.Owner(), "", at, 100)
		if err != nil {
			return async.Content{}, err
		}
		for _, o := range orders {
			total, _ := o.Total.MarshalText()
			_ = w.Write([]string{o.ID, o.Reference, o.Customer, o.Currency, string(total), o.Status})
		}
		if more = page.Next != nil; more {
			at = *page.Next
		}
	}
	w.Flush()
	return async.Content{Type: "text/csv; charset=utf-8", Body: b.Bytes()}, w.Error()
}
