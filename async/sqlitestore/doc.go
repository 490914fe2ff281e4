// Package sqlitestore keeps jobs of package async in a SQLite file: they survive a
// crash of the process and of the machine.
//
//	backend, err := sqlitestore.Open("jobs.sqlite", sqlitestore.Options{})
//	jobs, err := async.New(backend, async.Options{ ... })
//
// It is an async.Backend, a Watcher and an Outbox, and [Store.Replays] keeps the
// answers of async.Idempotent in the same file. There is no cgo in it.
//
// # What it promises
//
// A job that was accepted is on the disk: the file has a write-ahead log, and a submit
// returns after its commit was synced (synchronous = FULL). Submits at the same time
// share a commit and its sync. A job begins within the commit that made it ready, so
// there is no polling. After a crash, jobs that were running run again as soon as
// [async.Jobs.Run] begins.
//
// One process has the file at a time: a lock beside it, of the same name with ".lock",
// says so, and a second Open fails with [ErrLocked]. So nothing has to wait for leases
// to run out. Other programs may read the file.
//
// # When the disk fails
//
// Where the disk is full, read-only or broken, a call returns one of the errors of
// this package, and nothing of what it was to keep is there. What was accepted before
// stays, and can be read. Results of jobs that ran meanwhile wait for room. When the
// disk takes writes again, all goes on by itself.
//
// A file that is damaged is [ErrCorrupt], when it is opened or when the damage is met;
// Run returns it. A log that the machine did not finish to write is cut behind the
// last commit that is whole: every job that was accepted is before that. SQLite cannot
// know of a log that somebody else has cut or removed.
//
// # The file
//
// It has what the jobs have, so it is made for its user alone. Room of jobs that were
// dropped is used for new ones; where it is more than a quarter of the file, Run gives
// it back to the system, about 1 MiB in a second. Options.MaxBytes bounds it. The log
// beside it mostly has 16 MiB. To copy the file while the store is open, use VACUUM
// INTO or the backup of the sqlite3 program, not cp.
//
// # Where not to use it
//
// For several machines, or several processes of one service: see package riverqueue.
// On a network file system, whose locks and syncs often are none. For results of
// many megabytes: keep those elsewhere, and tell their address by Task.Location; 512
// MiB is the most for an input or a result.
package sqlitestore
