package sqlitestore

import (
	"cmp"
	"context"
	"database/sql/driver"
	"encoding/json"
	"fmt"
	"net/http"
	"time"

	"github.com/forthright-http/forthright/async"
)

// Replays returns a store for [async.Idempotent] in the same file: the first answers
// to requests outlast the process, and a claim shares its sync with what else is
// written. Keys that are free again are dropped as new ones are claimed; there is no
// limit but Options.MaxBytes and the disk.
func (s *Store) Replays() async.ReplayStore { return replays{s} }

type replays struct{ store *Store }

// replayStatements are what the writer does with answers.
type replayStatements struct {
	key, claim, answer, abandon, expired *statement
}

func (r *replayStatements) prepare(c *conn) error {
	return c.prepareAll(map[string]**statement{
		"SELECT fingerprint, until, status, header, body, not_kept FROM replay WHERE key = ?": &r.key,
		"INSERT OR REPLACE INTO replay (key, fingerprint, token, until) VALUES (?, ?, ?, ?)":  &r.claim,
		`UPDATE replay SET status = ?, header = ?, body = ?, not_kept = ?, until = ?
			WHERE key = ? AND token = ? AND status IS NULL`: &r.answer,
		"DELETE FROM replay WHERE key = ? AND token = ? AND status IS NULL":                                    &r.abandon,
		"DELETE FROM replay WHERE rowid IN (SELECT rowid FROM replay WHERE until <= ? ORDER BY until LIMIT ?)": &r.expired,
	})
}

// replaysSwept is how many keys are dropped, if they are free again, where one is
// claimed: so there are never many.
const replaysSwept = 8

// Begin implements async.ReplayStore.
func (r replays) Begin(ctx context.Context, c async.Claim) (found async.Replay, err error) {
	err = r.store.do(ctx, func(t *transaction) (err error) {
		found, err = t.beginReplay(c)
		return err
	})
	return found, err
}

func (t *transaction) beginReplay(c async.Claim) (found async.Replay, err error) {
	w := &t.writer.replays
	now := nanos(c.Now)
	var bad error
	err = w.key.query(func(row []driver.Value) bool {
		var fingerprint [32]byte
		cells := cells(row)
		copy(fingerprint[:], cells.bytes())
		switch {
		case cells.number() <= now: // free again
		case fingerprint != c.Fingerprint:
			found.State = async.ReplayReused
		case cells[0] == nil:
			found.State = async.ReplayInFlight
		default:
			found.State = async.ReplayAnswered
			found.Answer, bad = scanAnswer(cells)
		}
		return false
	}, c.Key[:])
	if err == nil {
		err = bad
	}
	if err == nil && found.State == 0 {
		if full, err := t.full(0); full || err != nil {
			return async.Replay{}, cmp.Or(err, async.ErrFull)
		}
		found.State = async.ReplayFresh
		_, err = w.claim.exec(c.Key[:], c.Fingerprint[:], c.Token, nanos(c.Until))
		if err == nil {
			_, err = w.expired.exec(now, int64(replaysSwept))
		}
	}
	if err != nil {
		return async.Replay{}, t.fail(err)
	}
	return found, nil
}

func scanAnswer(c cells) (a async.Answer, err error) {
	a.Status = int(c.number())
	if a.Header, err = decodeHeader(c.text()); err != nil {
		return a, fmt.Errorf("%w: the header of an answer: %w", ErrCorrupt, err)
	}
	a.Body, a.NotKept = c.bytes(), c.number() != 0
	return a, nil
}

// Finish implements async.ReplayStore.
func (r replays) Finish(ctx context.Context, c async.Claim, a async.Answer, until time.Time) error {
	if len(a.Body) > maxBlob {
		a = async.Answer{Status: a.Status, NotKept: true}
	}
	header, err := encodeHeader(a.Header)
	if err != nil {
		return fmt.Errorf("sqlitestore: %w", err)
	}
	var notKept int64
	if a.NotKept {
		notKept = 1
	}
	return r.held(ctx, func(t *transaction) (driver.Result, error) {
		return t.writer.replays.answer.exec(int64(a.Status), header, a.Body, notKept, nanos(until), c.Key[:], c.Token)
	})
}

// Abandon implements async.ReplayStore.
func (r replays) Abandon(ctx context.Context, c async.Claim) error {
	return r.held(ctx, func(t *transaction) (driver.Result, error) {
		return t.writer.replays.abandon.exec(c.Key[:], c.Token)
	})
}

// held changes the row of a claim, which is lost where there is none.
func (r replays) held(ctx context.Context, f func(*transaction) (driver.Result, error)) error {
	return r.store.do(ctx, func(t *transaction) error {
		result, err := f(t)
		if err != nil {
			return t.fail(err)
		}
		if n, err := result.RowsAffected(); err != nil || n == 0 {
			return async.ErrLost
		}
		return nil
	})
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
