// Package riverqueue keeps jobs of package async in PostgreSQL and runs them with River
// (github.com/riverqueue/river): several processes on several machines are one service.
// Any of them accepts a job, runs it, tells of it and cancels it.
//
//	pool, err := pgxpool.New(ctx, os.Getenv("DATABASE_URL"))
//	err = riverqueue.Migrate(ctx, pool, riverqueue.MigrateOptions{})
//	backend, err := riverqueue.Open(ctx, pool, riverqueue.Options{})
//	jobs, err := async.New(backend, async.Options{ ... })
//
// Each process defines all kinds and calls [async.Jobs.Run]: with async.Options.Workers
// below 0 it runs none, but accepts jobs, tells of them and keeps house. Without Run it
// cannot drain either: those who wait and listen hold its shutdown up.
//
// With [WithTx] or [SubmitTx] a job is kept in a transaction of your own: your rows and
// the job are both there, or neither is. The doc of [async.Kind.Keep] has the handler.
//
// Give the queue a pool of its own, of 4 connections or more, as pgxpool makes it by
// default: where handlers hold all of them, the heartbeat of the process is late and
// its jobs are given to others. Your transactions may be of any pool to the same
// database.
//
// A [Queue] is an async.Backend, a Watcher and an Outbox, and [Queue.Replays] keeps the
// answers of async.Idempotent for all processes.
//
// # What it promises, and what that costs
//
//   - A job that was accepted is there: its row, in our table async_job, and its job of
//     River are one transaction. What one process is asked for at the same time shares a
//     transaction, so 16 who submit at once wait little longer than one. Where the
//     connection breaks while that is committed, nobody knows whether it was: the error
//     is [ErrUnavailable] and the job may be there. With an idempotency key a repetition
//     tells.
//   - MaxQueued and MaxOwned are exact, and one key makes one job, whichever processes
//     are asked. For that, those who submit take turns at a lock of the schema, for the
//     time of one transaction. Within a transaction of yours nobody takes it: there the
//     limits may be passed by as many as are at it at once.
//   - A job runs again when its process has died: after Lease and a tenth of it at most,
//     33 s by default, and at once where the process ended in order. For that each
//     process writes one row six times in a Lease. A job that runs long is not given to
//     others while its process is alive.
//   - What has finished stays so. Each attempt is a job of River of its own, and a job of
//     River that is late finds that it is not the one.
//   - All processes know of a change at once: it is notified (LISTEN, NOTIFY), with one
//     connection a process. PostgreSQL lets transactions that notify commit one after the
//     other; changes that come at once share one.
//   - A job is kept as long as it was submitted for, and then its tombstone, whatever
//     River does with its own rows.
//
// # When PostgreSQL is down
//
// A call returns [ErrUnavailable] within seconds, which package async answers by 503
// with Retry-After. Attempts go on, and what they return waits. Where PostgreSQL is back
// within five sixths of the Lease, nothing is lost; later, attempts are lost
// ([async.ErrLost]) and run again, once more counted as interrupted. All goes on by
// itself. The Logger is told once when it begins and once when it is over; River may
// log failures of its own beside that. An attempt that is lost may end well all the same:
// what it returned is dropped, and the log says so.
//
// Times are those of the server.
//
// # River
//
// A job of River has our kind (a kind that River does not take has "kind:" before it),
// the Queue and Priority of the [Options], and our id as its argument. River's programs
// list them, pause queues, and cancel jobs, running ones too. Of an attempt that failed
// they show the reason, and the next attempt as a job of its own. To delete a job of
// River by hand is no cancellation: ours stays queued for ever. Rows of River
// whose process has died are running there for a day; that does not concern our jobs,
// which run again as is said above.
//
// A process fetches jobs of its own kinds alone, so processes with different kinds may
// share a queue. A job whose kind no process has waits for ever. Among the clients of River in one schema one leads, and gives up jobs
// that hang of kinds that it does not know: where the schema has jobs of yours that have
// nothing to do with this package, set LeaderElectionDisabled by Options.River and let a
// client of yours lead.
//
// An attempt that is to come in 5 s or more begins up to a second and Lease/10, 3 s at
// most, later than that, an earlier one within FetchPollInterval.
//
// # Rights
//
// [Migrate] makes the tables, or [Migrations] lists the statements for who may. After
// that a role needs USAGE on the schema; SELECT, INSERT, UPDATE and DELETE on its
// tables; and USAGE and SELECT on its sequences.
//
// SIZING.md beside the source has what a job costs, what one server does, and the way
// to many.
//
// # Where not to use it
//
// On one machine: package sqlitestore is faster, and needs no server. With a pooler
// between that gives each transaction another connection, like PgBouncer in its
// transaction mode: notifications do not come through. Where the
// server does not wait for the disk (synchronous_commit = off): what was accepted may be
// lost with it. For results of many megabytes: keep those elsewhere, and tell their
// address by Task.Location; 256 MiB is the most for an input or a result.
package riverqueue
