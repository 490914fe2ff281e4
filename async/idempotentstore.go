package async

import (
	"context"
	"net/http"
	"time"
)

// ReplayStore keeps the first answers to requests with an Idempotency-Key, for
// [Idempotent]. [NewMemoryReplays] makes one for one process; one in a database that
// several processes share is three statements. It is safe for concurrent use, and has
// no clock of its own.
type ReplayStore interface {
	// Begin claims a key: of several at once, one gets ReplayFresh. A key that is
	// claimed is ReplayInFlight until the Until of its claim, then free again; one
	// that is answered is ReplayAnswered until the until of Finish. In both cases,
	// another fingerprint is ReplayReused. [ErrFull] where there is no room.
	Begin(ctx context.Context, c Claim) (Replay, error)
	// Finish keeps the answer of a fresh claim. Where the key is not held by that
	// Token any longer it does nothing, and returns [ErrLost].
	Finish(ctx context.Context, c Claim, answer Answer, until time.Time) error
	// Abandon makes the key of a fresh claim free again. Where it is not held by that
	// Token any longer it does nothing, and returns [ErrLost].
	Abandon(ctx context.Context, c Claim) error
}

// Claim is a request on its way to its handler.
type Claim struct {
	// Key is the hash of the key and of its scope (owner, method, path), Fingerprint
	// that of the payload.
	Key         [32]byte
	Fingerprint [32]byte
	// Token is random: it tells this claim from a later one of the same key.
	Token string
	// Now is the time of the request, and Until when the key is free again if nobody
	// finishes or abandons the claim.
	Now   time.Time
	Until time.Time
}

// Replay is what is known of a key.
type Replay struct {
	State ReplayState
	// Answer is that of ReplayAnswered.
	Answer Answer
}

// ReplayState is the state of a key.
type ReplayState int

// The states of a key.
const (
	ReplayFresh    ReplayState = iota + 1 // claimed by this call
	ReplayInFlight                        // claimed by another request
	ReplayAnswered                        // its answer is kept
	ReplayReused                          // it came with another payload
)

// Answer is the first answer to a request. It is not changed once it is kept.
type Answer struct {
	Status int `json:"status"`
	// Header are the fields that the handler set.
	Header http.Header `json:"header,omitempty"`
	Body   []byte      `json:"body,omitempty"`
	// NotKept: it was a stream or too large, so that Body is not the whole; the
	// Header is Location alone.
	NotKept bool `json:"notKept,omitempty"`
}
