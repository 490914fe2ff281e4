package riverqueue_test

import (
	"bufio"
	"context"
	"crypto/rand"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"os"
	"time"

	"github.com/jackc/pgx/v5/pgxpool"

	"github.com/forthright-http/forthright/async"
	"github.com/forthright-http/forthright/async/riverqueue"
	"github.com/forthright-http/forthright/problem"
)

// The tests of faults have several processes: each is this test binary again, with
// nothing but the test that starts it, and serves a service over HTTP.

// faultVariable tells such a process its settings, in JSON.
const faultVariable = "FORTHRIGHT_FAULT_CHILD"

type faultSettings struct {
	Name           string
	URL, Schema    string
	Workers        int // negative: it accepts jobs and runs none
	Lease, Drain   time.Duration
	MaxInterrupted int
}

// faultEvent is a line that such a process prints.
type faultEvent struct {
	What    string    `json:"what"` // ready, begin, log, ended
	At      time.Time `json:"at"`
	ID      string    `json:"id,omitempty"`
	Attempt int       `json:"attempt,omitempty"`
	Text    string    `json:"text,omitempty"`
}

const faultPrefix = "fault: "

func (e faultEvent) say() {
	e.At = time.Now()
	text, _ := json.Marshal(e)
	_, _ = os.Stdout.WriteString(faultPrefix + string(text) + "\n")
}

// faultChild is the first call of a test that starts processes: in one of them it
// serves, and does not return.
func faultChild() {
	text, ok := os.LookupEnv(faultVariable)
	if !ok {
		return
	}
	var s faultSettings
	err := json.Unmarshal([]byte(text), &s)
	if err == nil {
		err = s.serve()
	}
	if err != nil {
		fmt.Println(err)
		os.Exit(1)
	}
	faultEvent{What: "ended"}.say()
	os.Exit(0)
}

// serve serves until a line comes by the standard input, and then ends as the
// documentation of package async says. Where the input ends, the parent is gone.
func (s *faultSettings) serve() error {
	c, err := pgxpool.ParseConfig(s.URL)
	if err != nil {
		return errors.New("the URL of PostgreSQL cannot be read")
	}
	c.MaxConns = 5
	pool, err := pgxpool.NewWithConfig(context.Background(), c)
	if err != nil {
		return err
	}
	log := slog.New(slog.NewTextHandler(faultLog{}, nil))
	queue, err := riverqueue.Open(context.Background(), pool, riverqueue.Options{Schema: s.Schema, Lease: s.Lease, Logger: log})
	if err != nil {
		return err
	}
	jobs, handler, err := s.service(queue)
	if err != nil {
		return err
	}
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return err
	}
	server := &http.Server{Handler: handler}
	go func() { _ = server.Serve(listener) }() // until Shutdown
	ctx, stop := context.WithCancel(context.Background())
	defer stop()
	ran := make(chan error, 1)
	go func() { ran <- jobs.Run(ctx) }()
	faultEvent{What: "ready", Text: listener.Addr().String()}.say()

	end := make(chan struct{})
	go func() {
		if _, err := bufio.NewReader(os.Stdin).ReadString('\n'); err != nil {
			os.Exit(3)
		}
		close(end)
	}()
	select {
	case <-end:
	case err := <-ran:
		return fmt.Errorf("Run returned early: %w", err)
	}
	stop()
	within, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	err = errors.Join(server.Shutdown(within), <-ran, queue.Close())
	pool.Close()
	return err
}

// faultLog has each record printed as an event.
type faultLog struct{}

func (faultLog) Write(line []byte) (int, error) {
	faultEvent{What: "log", Text: string(line)}.say()
	return len(line), nil
}

// faultInput is what a job is to do.
type faultInput struct {
	Name  string `json:"name"`
	Takes int64  `json:"takes"` // milliseconds
	Fails bool   `json:"fails"` // its first attempt does
}

// faultResult is what it made: no two attempts make the same.
type faultResult struct {
	Name    string `json:"name"`
	By      string `json:"by"`
	Attempt int    `json:"attempt"`
	Once    string `json:"once"`
}

// service has one kind of jobs. Below the URL that clients see are all processes.
func (s *faultSettings) service(b async.Backend) (*async.Jobs, http.Handler, error) {
	loud := slog.New(slog.NewTextHandler(faultLog{}, &slog.HandlerOptions{Level: slog.LevelError}))
	problems, err := problem.NewWriter(problem.Options{Logger: loud})
	if err != nil {
		return nil, nil, err
	}
	jobs, err := async.New(b, async.Options{
		URL: "http://service.test/v1/jobs", Workers: s.Workers, Drain: s.Drain, MaxInterrupted: s.MaxInterrupted,
		Problems: problems, Logger: quiet,
		Owner: func(r *http.Request) (string, bool) { return r.Header.Get("X-Owner"), true },
	})
	if err != nil {
		return nil, nil, err
	}
	work := func(ctx context.Context, task *async.Task, in faultInput) (faultResult, error) {
		faultEvent{What: "begin", ID: task.ID(), Attempt: task.Attempt()}.say()
		timer := time.NewTimer(time.Duration(in.Takes) * time.Millisecond)
		defer timer.Stop()
		select {
		case <-timer.C:
		case <-ctx.Done():
			return faultResult{}, ctx.Err()
		}
		if in.Fails && task.Attempt() == 1 {
			return faultResult{}, errors.New("the first attempt fails")
		}
		return faultResult{Name: in.Name, By: s.Name, Attempt: task.Attempt(), Once: rand.Text()}, nil
	}
	kind, err := async.Define(jobs, "work", work, async.KindOptions{
		RequireKey: true, MaxAttempts: 20, Backoff: func(int) time.Duration { return 100 * time.Millisecond },
	})
	if err != nil {
		return nil, nil, err
	}
	mux := http.NewServeMux()
	mux.Handle("POST /v1/work", kind)
	mux.Handle("/v1/jobs/", jobs)
	mux.Handle("/v1/jobs", jobs)
	return jobs, mux, nil
}
