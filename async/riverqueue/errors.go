package riverqueue

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/jackc/pgx/v5/pgconn"
	"github.com/riverqueue/river"
)

// Errors of this package. Each is found by errors.Is in what a call returns, beside
// those of package async.
var (
	// ErrNotMigrated: the tables are not there, or are of an earlier version of this
	// package or of River.
	ErrNotMigrated = errors.New("riverqueue: the tables are not there or not up to date: call riverqueue.Migrate once, or apply what riverqueue.Migrations lists")
	// ErrNewer: the tables are of a later version of this package.
	ErrNewer = errors.New("riverqueue: the tables are of a later version of this package")
	// ErrUnavailable: PostgreSQL cannot be reached, or does not take queries at the
	// moment. Where it was while a job was submitted, that may have been kept.
	ErrUnavailable = errors.New("riverqueue: PostgreSQL cannot be used at the moment")
	// ErrClosed: the queue was closed.
	ErrClosed = errors.New("riverqueue: the queue is closed")
)

// known puts what the database says under one of this package's errors.
func known(err error) error {
	switch {
	case err == nil, errors.Is(err, ErrClosed), errors.Is(err, ErrUnavailable), errors.Is(err, ErrNotMigrated), errors.Is(err, ErrNewer), errors.Is(err, errHeld):
		return err
	case unavailable(err):
		return fmt.Errorf("%w: %w", ErrUnavailable, err)
	}
	return fmt.Errorf("riverqueue: %w", err)
}

// unavailable reports whether an error is one of the connection or of the server, and
// not of what was asked.
func unavailable(err error) bool {
	var e *pgconn.PgError
	switch {
	case errors.Is(err, context.Canceled):
		return false
	case !errors.As(err, &e):
		return true
	}
	class := e.Code[:min(2, len(e.Code))]
	// 08: connection; 53: out of memory, of connections or of disk; 57P: shut down,
	// starting, or an administrator's command; 58: the system failed; 25006: a standby.
	return class == "08" || class == "53" || class == "58" || strings.HasPrefix(e.Code, "57P") || e.Code == "25006"
}

// again reports whether a transaction failed for nothing but another one.
func again(err error) bool {
	return isCode(err, "40P01") || isCode(err, "40001")
}

// held reports whether a statement waited too long for somebody else's lock.
func held(err error) bool { return isCode(err, "55P03") }

// notAll reports whether fewer rows were inserted than had to be, or that one was
// refused since its key or its id is in use.
func notAll(err error) bool { return isCode(err, "22012") || isCode(err, "23505") }

// missingTable reports whether a statement named a table that is not there.
func missingTable(err error) bool { return isCode(err, "42P01") }

func isCode(err error, code string) bool {
	var e *pgconn.PgError
	return errors.As(err, &e) && e.Code == code
}

// isGone reports whether River knows a job no more.
func isGone(err error) bool { return errors.Is(err, river.ErrNotFound) }
