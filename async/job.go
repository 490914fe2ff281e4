package async

import (
	"encoding/json"
	"time"
)

// Status is the state of a job. The last three are final.
type Status string

// The states: queued -> running -> (cancelling ->) succeeded, failed or canceled.
const (
	Queued     Status = "queued"
	Running    Status = "running"
	Cancelling Status = "cancelling" // it was asked to stop, and has not yet
	Succeeded  Status = "succeeded"
	Failed     Status = "failed"
	Canceled   Status = "canceled"
)

// Final reports whether a job of this status never changes again.
func (s Status) Final() bool { return s == Succeeded || s == Failed || s == Canceled }

// Job is a job as a [Backend] keeps it. A Job that was returned is not changed.
type Job struct {
	// ID names the job in URLs: at least 128 random bits.
	ID string
	// Kind is the name that [Define] gave.
	Kind string
	// Owner is who submitted it. It is checked for each request.
	Owner string
	// Key is the idempotency key with its scope, "" for none, and Fingerprint the
	// hash of what was submitted with it.
	Key         string
	Fingerprint [32]byte
	// Input is the input of the job, in JSON.
	Input json.RawMessage
	// Callback is where the end of the job is announced, "" for nowhere.
	Callback string

	Status Status
	// Version grows by at least 1 with each change.
	Version int64
	// Attempt counts the times that the job was begun, from 1; an attempt that was
	// ended by a shutdown does not count. Interrupted counts those that ended with
	// their worker.
	Attempt     int
	Interrupted int
	Progress    Progress
	// Position is the job's place in the queue: 1 is the next. 0 where that is not
	// known, or it is not queued.
	Position int

	Created  time.Time
	Started  time.Time // of the first attempt
	Updated  time.Time
	Finished time.Time
	// RunAt is when a queued job may begin: after a failed attempt, some time later.
	RunAt time.Time
	// Retention is how long it is kept once it is finished, until Expires, and
	// Tombstone how much longer its tombstone is.
	Retention time.Duration
	Tombstone time.Duration
	Expires   time.Time

	Result *Result
	Error  *Failure
}

// Progress is how far a job is. Total is 0 where it is not known.
type Progress struct {
	Done    int64  `json:"done"`
	Total   int64  `json:"total,omitempty"`
	Message string `json:"message,omitempty"`
}

// Percent is Done of Total, 0 to 100; false where Total is not known.
func (p Progress) Percent() (int, bool) {
	if p.Total <= 0 {
		return 0, false
	}
	return int(min(max(p.Done, 0), p.Total) * 100 / p.Total), true
}

// Result is what a job made.
type Result struct {
	// Type is the media type of Body.
	Type string `json:"type,omitempty"`
	Body []byte `json:"body,omitempty"`
	// Location is the absolute URL of the resource that the job made, in place of a
	// Body.
	Location string `json:"location,omitempty"`
}

// Failure is why a job failed.
type Failure struct {
	// Code is for programs: "timed_out", "interrupted", "result_too_large",
	// "internal", or what the
	// problem's type is named; "failed" for a problem of no type.
	Code string `json:"code"`
	// Message is for people.
	Message string `json:"message"`
	// Problem is the problem (RFC 9457) as a client sees it, in JSON.
	Problem json.RawMessage `json:"problem"`
}

// Codes of a [Failure] that this package gives.
const (
	CodeTimedOut    = "timed_out"        // it ran longer than its kind may
	CodeInterrupted = "interrupted"      // its worker died, more often than is allowed
	CodeTooLarge    = "result_too_large" // its result is larger than one that is kept
	CodeInternal    = "internal"         // an error that nobody knows
)
