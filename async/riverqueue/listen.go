package riverqueue

import (
	"context"
	"errors"
	"strconv"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"
)

const (
	// listenAgain is how long it takes at least until a connection that was lost is
	// made anew, and at most as it is tried again and again.
	listenAgain = 50 * time.Millisecond
	listenMost  = time.Second
	// listenCheck is how often a silent connection is asked whether it is there.
	listenCheck = 15 * time.Second
)

// listen hears of changes until the queue is closed. What was changed while nobody
// listened is looked for afterwards.
func (q *Queue) listen() {
	wait := listenAgain
	for q.background.Err() == nil {
		heard, err := q.listenOnce()
		if heard {
			wait = listenAgain
		}
		if q.background.Err() != nil {
			return
		}
		q.health(err)
		timer := time.NewTimer(wait)
		select {
		case <-timer.C:
		case <-q.background.Done():
		}
		timer.Stop()
		wait = min(2*wait, listenMost)
	}
}

func (q *Queue) listenOnce() (heard bool, err error) {
	ctx, cancel := context.WithTimeout(q.background, timeout)
	defer cancel()
	conn, err := connect(ctx, q.pool)
	if err != nil {
		return false, err
	}
	defer func() {
		ctx, cancel := context.WithTimeout(context.Background(), timeout)
		defer cancel()
		_ = conn.Close(ctx)
	}()
	if _, err := conn.Exec(ctx, "LISTEN "+pgx.Identifier{q.channel}.Sanitize()); err != nil {
		return false, err
	}
	q.health(nil)
	go q.lookAgain()
	for {
		ctx, cancel := context.WithTimeout(q.background, listenCheck)
		n, err := conn.WaitForNotification(ctx)
		cancel()
		switch {
		case err == nil:
			q.notified(n.Payload)
		case q.background.Err() == nil && errors.Is(err, context.DeadlineExceeded):
			ctx, cancel := context.WithTimeout(q.background, timeout)
			err = conn.Ping(ctx)
			cancel()
			if err != nil {
				return true, err
			}
		default:
			return true, err
		}
	}
}

// notified reads what a notification tells: id, version and whether it is asked to
// stop, of each job.
func (q *Queue) notified(payload string) {
	for item := range strings.SplitSeq(payload, ",") {
		id, rest, _ := strings.Cut(item, " ")
		number, mark, _ := strings.Cut(rest, " ")
		version, err := strconv.ParseInt(number, 10, 64)
		if err != nil {
			continue // somebody else's
		}
		if mark == "c" {
			q.stopAttempt(id)
		}
		if q.hub.toRead(id, version) {
			go q.refresh(id)
		}
	}
}

// lookAgain looks at all that somebody waits for, and at all that runs here.
func (q *Queue) lookAgain() {
	for _, r := range q.runs() {
		r.lookSoon()
	}
	for _, id := range q.hub.waited() {
		if q.hub.toRead(id, 0) {
			q.refresh(id)
		}
	}
}
