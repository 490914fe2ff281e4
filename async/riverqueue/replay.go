package riverqueue

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/forthright-http/forthright/async"
)

// Replays returns a store for [async.Idempotent] in the same schema, which all
// processes share. Keys that are free again are dropped by and by; there is no limit
// but the disk.
func (q *Queue) Replays() async.ReplayStore { return replays{q} }

type replays struct{ queue *Queue }

// replaysSwept is how many keys are dropped, if they are free again, where one is
// claimed: so there are never many.
const replaysSwept = 8

// Begin implements async.ReplayStore.
func (r replays) Begin(ctx context.Context, c async.Claim) (found async.Replay, err error) {
	err = r.queue.reading(ctx, func(ctx context.Context) error {
		for try := 0; ; try++ {
			if found, err = r.begin(ctx, c); err == nil && found.State == 0 && try < 3 {
				continue // it became free between the two looks
			}
			return err
		}
	})
	switch {
	case err != nil:
		return async.Replay{}, err
	case found.State == 0:
		return async.Replay{}, errors.New("riverqueue: the key of a replay changes too fast")
	}
	return found, nil
}

func (r replays) begin(ctx context.Context, c async.Claim) (found async.Replay, err error) {
	b := &pgx.Batch{}
	b.Queue(r.queue.sql.replayClaim, c.Key[:], c.Fingerprint[:], c.Token, c.Until, c.Now).QueryRow(func(row pgx.Row) error {
		var fresh bool
		if err := row.Scan(&fresh); errors.Is(err, pgx.ErrNoRows) {
			return nil
		} else if err != nil {
			return err
		}
		found.State = async.ReplayFresh
		return nil
	})
	b.Queue(r.queue.sql.replayGet, c.Key[:], c.Now).QueryRow(func(row pgx.Row) error {
		var fingerprint, body []byte
		var status *int
		var header *string
		var notKept bool
		err := row.Scan(&fingerprint, &status, &header, &body, &notKept)
		switch {
		case errors.Is(err, pgx.ErrNoRows) || err == nil && found.State == async.ReplayFresh:
			return nil
		case err != nil:
			return err
		case string(fingerprint) != string(c.Fingerprint[:]):
			found.State = async.ReplayReused
		case status == nil:
			found.State = async.ReplayInFlight
		default:
			found.State = async.ReplayAnswered
			found.Answer = async.Answer{Status: *status, Body: body, NotKept: notKept}
			found.Answer.Header, err = decodeHeader(*header)
			return err
		}
		return nil
	})
	b.Queue(r.queue.sql.replayExpired, c.Now, replaysSwept)
	return found, r.queue.pool.SendBatch(ctx, b).Close()
}

// Finish implements async.ReplayStore.
func (r replays) Finish(ctx context.Context, c async.Claim, a async.Answer, until time.Time) error {
	if len(a.Body) > largest {
		a = async.Answer{Status: a.Status, NotKept: true}
	}
	header, err := encodeHeader(a.Header)
	if err != nil {
		return fmt.Errorf("riverqueue: %w", err)
	}
	return r.held(ctx, r.queue.sql.replayAnswer, c.Key[:], c.Token, a.Status, header, a.Body, a.NotKept, until)
}

// Abandon implements async.ReplayStore.
func (r replays) Abandon(ctx context.Context, c async.Claim) error {
	return r.held(ctx, r.queue.sql.replayAbandon, c.Key[:], c.Token)
}

// held changes the row of a claim, which is lost where there is none.
func (r replays) held(ctx context.Context, sql string, args ...any) error {
	lost := false
	err := r.queue.reading(ctx, func(ctx context.Context) error {
		tag, err := r.queue.pool.Exec(ctx, sql, args...)
		lost = tag.RowsAffected() == 0
		return err
	})
	if err == nil && lost {
		return async.ErrLost
	}
	return err
}

// encodeHeader writes fields as JSON. Their lines are in base64: they may have bytes
// that are no UTF-8.
func encodeHeader(h http.Header) (string, error) {
	var fields map[string][][]byte
	if h != nil {
		fields = make(map[string][][]byte, len(h))
	}
	for name, lines := range h {
		fields[name] = make([][]byte, len(lines))
		for i, line := range lines {
			fields[name][i] = []byte(line)
		}
	}
	text, err := json.Marshal(fields)
	return string(text), err
}

func decodeHeader(text string) (http.Header, error) {
	var fields map[string][][]byte
	if err := json.Unmarshal([]byte(text), &fields); err != nil || fields == nil {
		return nil, err
	}
	h := make(http.Header, len(fields))
	for name, lines := range fields {
		h[name] = make([]string, len(lines))
		for i, line := range lines {
			h[name][i] = string(line)
		}
	}
	return h, nil
}
