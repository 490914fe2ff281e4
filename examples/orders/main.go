// Orders is a service that shows the whole of Forthright at work: orders that
// are created, read and deleted, every mistake answered as HTTP wants it, limits on
// what each user does, and exports that go on when the request is long answered.
//
//	go run ./examples/orders [-addr 127.0.0.1:8080] [-jobs WHERE] [-workers N] [-limits WHERE] [-rate P]... [-public-url URL] [-drain 10s] [-check=false]
//
// Open http://127.0.0.1:8080/ in a browser for a console that triggers every
// answer, or use curl, with a password or with a token of the demo issuer:
//
//	curl -i -u 'ana:correct horse battery staple' http://127.0.0.1:8080/v1/orders
//	curl -s -H 'Content-Type: application/json' -d '{"subject":"ana","scope":"orders:read orders:write"}' http://127.0.0.1:8080/demo/token
//	curl -i -H 'Authorization: Bearer TOKEN' http://127.0.0.1:8080/v1/orders
//	curl -i -u 'ana:correct horse battery staple' -H 'Content-Type: application/json' -d '{"format":"csv","seconds":20}' http://127.0.0.1:8080/v1/exports
//
// Location in the answer to the last one is the status of the job: to curl it is
// JSON, with -H 'Accept: text/event-stream' a stream of its changes, to a browser a
// page. Jobs are kept in a file, and go on after a restart.
//
// GET /openapi.json describes each request with all its answers.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/url"
	"os"
	"os/signal"
	"strconv"
	"syscall"
	"time"

	"github.com/forthright-http/forthright/problem"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	context.AfterFunc(ctx, stop) // a second signal ends the process at once
	os.Exit(run(ctx, os.Args[1:], os.Stdout, os.Stderr))
}

// settings are what the flags say.
type settings struct {
	addr      string
	publicURL string
	drain     time.Duration
	check     bool
	jobs      string
	workers   int
	limits    string
	rates     []string
}

// run serves until ctx ends, and then drains. It returns the exit code of the
// process: 2 for a flag that makes no sense.
func run(ctx context.Context, args []string, stdout, stderr io.Writer) int {
	set, err := parse(args, stderr)
	switch {
	case errors.Is(err, flag.ErrHelp):
		return 0
	case err != nil:
		fmt.Fprintln(stderr, "orders:", err)
		return 2
	}
	logger := slog.New(slog.NewJSONHandler(stderr, nil))
	listener, err := net.Listen("tcp", set.addr)
	if err != nil {
		fmt.Fprintln(stderr, "orders:", err)
		return 1
	}
	origin := "http://" + listener.Addr().String()
	if set.publicURL == "" {
		set.publicURL = origin
	}
	limits, err := newLimits(set.limits, set.rates)
	if err != nil {
		fmt.Fprintln(stderr, "orders: -limits or -rate:", err)
		return 2
	}
	defer limits.close()
	jobs, err := newBackend(ctx, set.jobs)
	if err != nil {
		fmt.Fprintln(stderr, "orders: -jobs:", err)
		return 2
	}
	defer jobs.close()
	svc, err := newService(serviceOptions{PublicURL: set.publicURL, Logger: logger, Check: set.check, Limits: limits, Backend: jobs.Backend, Orders: jobs.orders, Secret: jobs.secret, Workers: set.workers, Drain: set.drain / 2})
	if err != nil {
		fmt.Fprintln(stderr, "orders:", err)
		return 1
	}
	server := &http.Server{
		Handler:           svc.handler,
		ErrorLog:          slog.NewLogLogger(logger.Handler(), slog.LevelWarn),
		MaxHeaderBytes:    32 << 10,
		ReadHeaderTimeout: 5 * time.Second, // a client that is slow on purpose must not hold a connection
		ReadTimeout:       15 * time.Second,
		WriteTimeout:      30 * time.Second,
		IdleTimeout:       time.Minute,
	}
	failed := make(chan error, 2)
	go func() { failed <- server.Serve(listener) }()
	work, stopWork := context.WithCancel(context.Background())
	defer stopWork()
	worked := make(chan struct{})
	go func() {
		defer close(worked)
		if err := svc.jobs.Run(work); err != nil {
			failed <- err
		}
	}()
	fmt.Fprintf(stdout, "listening on %s\n", origin)
	if jobs.file != "" {
		fmt.Fprintf(stdout, "jobs are kept in %s\n", jobs.file)
	}
	fmt.Fprintf(stdout, "a token: curl -s -H 'Content-Type: application/json' -d '%s' %s/demo/token\n", demoTokenRequest, origin)
	fmt.Fprintf(stdout, "try: curl -i -u '%s:%s' -H 'Content-Type: application/json' -d '%s' %s/v1/orders\n", demoUser, demoPassword, demoOrder, origin)
	select {
	case err := <-failed:
		fmt.Fprintln(stderr, "orders:", err)
		return 1
	case <-ctx.Done():
	}
	stopWork() // running jobs go on for a while, and waiting requests end
	code := drain(server, svc, set.drain, logger)
	<-worked
	return code
}

// drain lets running requests end. The listener stays open for a moment, or
// while they last, but at most half of the time, so that a balancer sees
// /healthz turn 503; then it is closed, and what still runs has the rest.
func drain(server *http.Server, svc *service, wait time.Duration, logger *slog.Logger) int {
	logger.Info("draining", "for", wait.String())
	svc.draining.Store(true)
	server.SetKeepAlivesEnabled(false)
	ctx, cancel := context.WithTimeout(context.Background(), wait)
	defer cancel()
	select {
	case <-time.After(min(wait, time.Second)):
	case <-ctx.Done():
	}
	half, stop := context.WithTimeout(ctx, wait/2)
	defer stop()
	svc.idle(half)
	if err := server.Shutdown(ctx); err != nil {
		logger.Warn("requests were cut off", "error", err.Error())
		_ = server.Close()
	}
	return 0
}

func parse(args []string, stderr io.Writer) (settings, error) {
	var set settings
	flags := flag.NewFlagSet("orders", flag.ContinueOnError)
	flags.StringVar(&set.addr, "addr", "127.0.0.1:8080", "listen `address`; port 0 picks one")
	flags.StringVar(&set.publicURL, "public-url", "", "the `origin` in absolute URLs (default http:// and the address it listens on)")
	flags.DurationVar(&set.drain, "drain", 10*time.Second, "how long a shutdown waits; jobs get half of it, and go on after a restart")
	flags.StringVar(&set.jobs, "jobs", "", "`where` jobs are kept: memory, sqlite:PATH, or the postgres:// URL of a database that several processes share, orders included (default a file in the user's cache directory)")
	flags.IntVar(&set.workers, "workers", 0, "how many jobs run here at once (default 4 for each CPU); -1 for a process that only accepts them")
	flags.StringVar(&set.limits, "limits", "memory", "`where` limits are counted: memory, or redis://HOST:PORT/DB")
	flags.Func("rate", "how much each user may do, `NAME=N/DURATION`, repeatable; off for no limits (default burst=20/1s and hour=5000/1h)", func(s string) error {
		set.rates = append(set.rates, s)
		return nil
	})
	flags.BoolVar(&set.check, "check", true, "check each answer against the rules of HTTP, and log what breaks one")
	flags.SetOutput(io.Discard)
	if err := flags.Parse(args); err != nil {
		if errors.Is(err, flag.ErrHelp) {
			flags.SetOutput(stderr)
			flags.Usage()
		}
		return set, err
	}
	if flags.NArg() > 0 {
		return set, fmt.Errorf("unexpected argument %q", flags.Arg(0))
	}
	if set.rates == nil {
		set.rates = []string{"burst=20/1s", "hour=5000/1h"}
	}
	if set.drain < 0 {
		return set, fmt.Errorf("-drain is %v: it cannot be negative", set.drain)
	}
	if _, port, err := net.SplitHostPort(set.addr); err != nil || !isPort(port) {
		return set, fmt.Errorf("-addr %q is not a host and port such as 127.0.0.1:8080", set.addr)
	}
	if set.publicURL != "" && !isOrigin(set.publicURL) {
		return set, fmt.Errorf("-public-url %q is not an origin such as https://api.example.com", set.publicURL)
	}
	return set, nil
}

func isPort(s string) bool {
	_, err := strconv.ParseUint(s, 10, 16)
	return err == nil
}

// isOrigin tells whether s is a scheme, a host and perhaps a port.
func isOrigin(s string) bool {
	u, err := url.Parse(s)
	if err != nil || u.Scheme != "http" && u.Scheme != "https" || u.Hostname() == "" || u.User != nil || u.Port() != "" && !isPort(u.Port()) {
		return false
	}
	_, err = problem.NewWriter(problem.Options{Base: s + "/"})
	return err == nil && s == u.Scheme+"://"+u.Host
}
