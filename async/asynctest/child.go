package asynctest

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/forthright-http/forthright/async"
)

// child is what the test does in a process that is to be killed. It does not return.
func child(t *testing.T, open func(*testing.T, Setup) async.Backend, o KillOptions, role string) {
	go func() {
		_, _ = io.Copy(io.Discard, os.Stdin)
		os.Exit(3) // the parent is gone
	}()
	role, reopened := strings.CutSuffix(role, again)
	b := open(t, Setup{Clock: &Clock{real: true}, Dir: os.Getenv(dirVariable), Reopened: reopened})
	if role == roleLoad {
		load(b, o)
	} else {
		hold(b, reopened)
	}
	select {}
}

func say(e event) { _, _ = os.Stdout.WriteString(e.line()) }

// broken ends the child: the parent tells of what it printed.
func broken(what string, err error) {
	fmt.Println(what, err)
	os.Exit(1)
}

func newChildJob(kind, key string) async.NewJob {
	c := check{o: Options{Unit: time.Hour}}
	n := c.job(keyed(key, 1))
	n.Kind, n.MaxQueued, n.MaxOwned = kind, 1<<30, 1<<30
	if key == "" {
		n.Fingerprint = [32]byte{}
	}
	return n
}

// made is what a job of the load makes.
func made(job async.Job) async.Outcome {
	return async.Outcome{Status: async.Succeeded, Result: &async.Result{Type: "text/plain", Body: []byte("made by " + job.ID)}}
}

// load submits and runs as fast as it can.
func load(b async.Backend, o KillOptions) {
	say(event{what: "ready"})
	c := check{b: b}
	for i := range o.Submitters {
		go func() {
			for n := 0; ; n++ {
				job := newChildJob("work", fmt.Sprint(os.Getpid(), "-", i, "-", n, "-", time.Now().UnixNano()))
				if _, _, err := b.Submit(context.Background(), job); err != nil {
					broken("Submit:", err)
				}
				say(event{what: "kept", id: job.ID, key: job.Key})
				if n%4 > 0 {
					continue
				}
				end := c.readEnd(context.Background(), job.ID)
				if end.err != nil {
					broken("Get:", end.err)
				}
				say(event{what: "end", id: job.ID, version: end.job.Version})
			}
		}()
	}
	err := b.Run(context.Background(), &executor{workers: 8, execute: func(_ context.Context, job async.Job, _ report) async.Outcome {
		say(event{what: "run", id: job.ID})
		return made(job)
	}})
	broken("Run:", err)
}

// hold runs two jobs that do not end, of which one is asked to stop.
func hold(b async.Backend, reopened bool) {
	stopping := make(chan string, 1)
	begun := make(chan event, 16)
	go func() {
		err := b.Run(context.Background(), &executor{kinds: []string{"held", "stop"}, workers: 2, execute: func(_ context.Context, job async.Job, _ report) async.Outcome {
			e := event{what: "again", id: job.ID, attempt: job.Attempt, interrupted: job.Interrupted}
			if job.Kind == "stop" && !reopened {
				stopping <- job.ID
			} else {
				begun <- e
			}
			select {}
		}})
		broken("Run:", err)
	}()
	if !reopened {
		for _, name := range []string{"held", "stop"} {
			job, _, err := b.Submit(context.Background(), newChildJob(name, ""))
			if err != nil {
				broken("Submit:", err)
			}
			say(event{what: name, id: job.ID})
		}
		id := <-stopping
		if job, err := b.Cancel(context.Background(), id); err != nil || job.Status != async.Cancelling {
			broken("Cancel:", errors.Join(err, fmt.Errorf("the job is %s", job.Status)))
		}
		say(event{what: "stopping", id: id})
	}
	say(event{what: "ready"})
	for e := range begun {
		say(e)
	}
}
