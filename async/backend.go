package async

import (
	"context"
	"encoding/json"
	"errors"
	"time"
)

// Backend keeps jobs and runs them. [NewMemory] makes one that ends with the
// process; package sqlitestore has a durable one. asynctest judges
// any.
//
// A job runs at least once: when a worker dies, its job is run again by another.
// A Backend is safe for concurrent use.
//
// Times are those of the Backend's clock, which a test may stand in for, and are kept
// to a millisecond or better. A job expires when that clock says so: every method
// heeds it, whether Run is at work or not.
//
// What a [Job] or a [NewJob] refers to (Input, Result, Error) is shared between the
// Backend and its callers, and neither changes it. A Job that is returned may lack its
// Input, and one that has finished does not keep it; [Executor.Execute] gets it.
type Backend interface {
	// Submit keeps a job before it returns, or the error says that it did not:
	// [ErrFull] where a limit of n, or one of the backend's own, is reached. Where
	// the owner's key is known, that of a tombstone included, it returns that job as
	// it is now and true, or [ErrKeyReused] where it has another fingerprint; this is
	// looked at before the limits. All is decided together with the keeping: of
	// several at once with one key one creates, and no more than the limits are let
	// in.
	Submit(ctx context.Context, n NewJob) (job Job, existed bool, err error)
	// Get returns a job, or [ErrNotFound]. From Expires on it returns the tombstone
	// (ID, Kind, Owner, Key, Fingerprint, Status, Version and times) and [ErrGone],
	// and Tombstone later it knows neither job nor key any more.
	Get(ctx context.Context, id string) (Job, error)
	// List returns an owner's jobs, the last submitted first, at most limit, behind
	// the one with the id after ("" for the first page; one that is unknown or
	// another's is [ErrNotFound]). Expired ones are left out; after may be one.
	List(ctx context.Context, owner, after string, limit int) ([]Job, error)
	// Cancel asks a job to stop: a queued one is Canceled, a running one is
	// Cancelling and the context of its attempt is cancelled with [ErrCanceled] as
	// its cause. One that is Cancelling stays as it is. Of a finished one it returns
	// the job and [ErrFinished]; else the errors are those of Get.
	Cancel(ctx context.Context, id string) (Job, error)
	// Run works on jobs until ctx ends, and then drains: it claims no more, waits
	// for those that run as long as the executor says, then cancels them with
	// [ErrDraining] as the cause, and puts those that have not finished back into
	// the queue without counting the attempt. It returns when no job of its own
	// is running, nil unless the backend failed. It may be called again then.
	//
	// Of the queued jobs of its kinds whose RunAt has come, it begins that of the
	// earliest RunAt first, and of the same RunAt the first submitted. It looks for
	// them whenever a job is submitted or put back, and besides at least once a
	// second by the time of the machine, since the clock may be a test's.
	//
	// A job whose worker died, at the latest when a new one starts: if it was
	// Cancelling, it is Canceled; else Interrupted grows by 1, and the job is queued
	// again, or is finished by [Interrupted] where that makes MaxInterrupted. The
	// attempt counts.
	Run(ctx context.Context, e Executor) error
}

// Watcher is a [Backend] that can wait for a change. Others are asked again and
// again.
type Watcher interface {
	// Watch returns the job as soon as its version is above after, at once where it
	// is already or where the job has finished, since that never changes again. Else
	// it returns the error of ctx when that ends, or what Get returns.
	Watch(ctx context.Context, id string, after int64) (Job, error)
}

// NewJob is a job to be kept.
type NewJob struct {
	ID          string // made by [New]'s Jobs: at least 128 random bits
	Kind        string
	Owner       string // any bytes, as Key
	Key         string // "" for none
	Fingerprint [32]byte
	Input       json.RawMessage
	Callback    string
	// Retention is how long it is kept once it is finished, and Tombstone how much
	// longer its tombstone.
	Retention time.Duration
	Tombstone time.Duration
	// MaxQueued and MaxOwned are how many jobs that are not finished there may be,
	// in all and of this owner, this one included.
	MaxQueued int
	MaxOwned  int
}

// Executor runs attempts for a [Backend]. [Jobs] is one.
type Executor interface {
	// Kinds are the kinds that can be run here. They do not change.
	Kinds() []string
	// Workers is how many attempts run at once; 0: none are begun, and Run only
	// keeps house.
	Workers() int
	// Drain is how long attempts may go on once the backend's context has ended.
	Drain() time.Duration
	// MaxInterrupted is how many times a job loses its worker until it is Failed as
	// [Interrupted] says.
	MaxInterrupted() int
	// Execute runs one attempt of a job that is Running, with its Input. It returns
	// when the handler has. A context that is cancelled has [ErrCanceled],
	// [ErrDraining] or [ErrLost] as its cause.
	//
	// report keeps progress; the executor calls it at most once a second, and a
	// backend with leases renews the lease by it. It returns [ErrLost] where the
	// attempt is this worker's no longer, or has ended, and changes nothing then.
	// After another error the attempt goes on.
	Execute(ctx context.Context, job Job, report func(Progress) error) Outcome
}

// Outcome is how an attempt ended.
type Outcome struct {
	// Status is Succeeded, Failed or Canceled, which is kept as it is, also where the
	// job was asked to stop; or Queued: again, when Delay has passed. A job that was
	// asked to stop meanwhile is not queued again: it is Canceled.
	Status Status
	Result *Result
	Error  *Failure
	Delay  time.Duration
	// Free: the attempt does not count. With no Delay the job goes back to its place
	// in the queue: its RunAt stays.
	Free bool
	// Progress is the last that the handler told.
	Progress Progress
}

// Errors of a [Backend].
var (
	ErrFull      = errors.New("async: there is no room for another job")
	ErrKeyReused = errors.New("async: the idempotency key was used for something else")
	ErrNotFound  = errors.New("async: there is no such job")
	ErrGone      = errors.New("async: the job has expired")
	ErrFinished  = errors.New("async: the job has finished")
)

// Causes for which the context of an attempt ends.
var (
	// ErrCanceled: the job was cancelled.
	ErrCanceled = errors.New("async: the job was cancelled")
	// ErrDraining: the process shuts down.
	ErrDraining = errors.New("async: the process shuts down")
	// ErrLost: the job is no longer this worker's. What it returns is dropped.
	ErrLost = errors.New("async: the job was given to another worker")
	// errTimedOut: the attempt took longer than its kind may.
	errTimedOut = errors.New("async: the attempt took too long")
)
