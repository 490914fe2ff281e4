package async

import (
	"context"
	"crypto/rand"
	"crypto/sha256"
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"time"

	"github.com/forthright-http/forthright/problem"
	"github.com/forthright-http/forthright/respond"
)

// ServeHTTP decodes the content of the request into an In, validates it, and
// accepts a job.
func (k *Kind[In, Out]) ServeHTTP(w http.ResponseWriter, r *http.Request) { k.handler.ServeHTTP(w, r) }

// serve refuses in the order of the rules: who asks (403), then what does not depend
// on the content (415, 413), then the key and the content (400, 422).
func (k *Kind[In, Out]) serve(r *http.Request) (respond.Response, error) {
	if _, err := k.jobs.owner(r); err != nil {
		return respond.Fail(err)
	}
	if k.jobs.draining() {
		return respond.Fail(stopping)
	}
	var in In
	if k.decoder != nil {
		var err error
		if in, err = k.decoder.Decode(r, k.checkKey); err != nil {
			return respond.Fail(err)
		}
	}
	return k.Accept(r, in)
}

func (k *Kind[In, Out]) checkKey(r *http.Request) error {
	_, err := idempotencyKey(r, k.options.RequireKey)
	return err
}

// Accept keeps a job with this input, and then answers 202 with the address of its
// status. Inside a handler of one's own, it is what that returns:
//
//	return export.Accept(r, in)
//
// With an Idempotency-Key, a repetition of the request is answered with the job of
// the first, and Idempotent-Replayed: true, for as long as that or its tombstone is
// kept; once it is a tombstone, its address is answered by 410. The key counts for one
// owner, method and path; a repetition has the same query and the same in, which
// therefore holds what the client asked for, and nothing that is made anew each time.
//
// With Prefer: wait=N the answer is that of the finished job where it is done within
// N seconds: 200 with its result, 201 where it made a resource, 409 where it failed.
//
// It is not for a request with a transaction ([WithTx]): that is committed between
// [Kind.Keep] and [Kind.Answer].
func (k *Kind[In, Out]) Accept(r *http.Request, in In) (respond.Response, error) {
	if _, ok := Tx(r.Context()); ok {
		return respond.Fail(errAnswered)
	}
	kept, err := k.Keep(r, in)
	if err != nil {
		return respond.Fail(err)
	}
	return k.Answer(r, kept)
}

// Keep is the first half of [Kind.Accept], and [Kind.Answer] the second: for what has
// to happen between them, above all the commit of a transaction that the job is part
// of. An error is the answer. In riverqueue:
//
//	tx, err := pool.Begin(r.Context())
//	if err != nil {
//		return respond.Fail(problem.Unavailable(5 * time.Second).Wrap(err))
//	}
//	defer tx.Rollback(context.WithoutCancel(r.Context()))
//	kept, err := export.Keep(r.WithContext(riverqueue.WithTx(r.Context(), tx)), in)
//	if err == nil && !kept.Repeated {
//		_, err = tx.Exec(r.Context(), "INSERT INTO invoice ...", kept.Job.ID)
//	}
//	if err == nil {
//		err = tx.Commit(r.Context()) // also where it was a repetition: Answer may wait
//	}
//	if err != nil {
//		return respond.Fail(err)
//	}
//	return export.Answer(r, kept)
func (k *Kind[In, Out]) Keep(r *http.Request, in In) (Kept, error) {
	j := k.jobs
	owner, err := j.owner(r)
	if err != nil {
		return Kept{}, err
	}
	if j.draining() {
		return Kept{}, stopping
	}
	key, err := idempotencyKey(r, k.options.RequireKey)
	if err != nil {
		return Kept{}, err
	}
	input, err := json.Marshal(in)
	if err != nil {
		return Kept{}, err
	}
	callback, err := j.sender.callbackOf(r)
	if err != nil {
		return Kept{}, err
	}
	return j.submit(r.Context(), NewJob{Kind: k.name, Owner: owner, Key: scopedKey(r, key), Input: input, Callback: callback}, r.URL.RawQuery)
}

// Kept is a job that [Kind.Keep] has kept.
type Kept struct {
	Job Job
	// Repeated: it is that of an earlier request with the same key.
	Repeated bool
}

// Answer answers the request that a job was kept for: 202, or as its Prefer has it.
// Where that is to wait it does: no transaction is open then.
func (k *Kind[In, Out]) Answer(r *http.Request, kept Kept) (respond.Response, error) {
	j, job := k.jobs, kept.Job
	prefer := j.waiting(r)
	if prefer.asked && !j.expired(job) {
		job = j.await(r, job, &prefer, Job.ended)
	}
	if !prefer.asked || !job.Status.Final() || j.expired(job) {
		return prefer.applied(kept.repeated(j.monitor(job))), nil
	}
	if p := failureOf(job); p != nil {
		p = prefer.refused(p.WithHeader("Operation-Location", j.self(job)))
		if kept.Repeated {
			p = p.WithHeader(replayedField, "true")
		}
		return respond.Fail(p)
	}
	return prefer.applied(kept.repeated(j.synchronous(job).Header("Operation-Location", j.self(job)))), nil
}

func (k Kept) repeated(res respond.Response) respond.Response {
	if k.Repeated {
		return res.Header(replayedField, "true")
	}
	return res
}

// expired: what is left is the tombstone, which still answers for its key.
func (j *Jobs) expired(job Job) bool {
	return !job.Expires.IsZero() && !j.options.Now().Before(job.Expires)
}

// Submit keeps a job for an owner, without a request: for schedulers, and for what
// comes in by other ways. With a key (at most 255 bytes), a second call returns the job
// of the first; these keys are apart from those of requests. [Kind.KeepFor] also tells
// whether it was one. The input is kept as it is: rules are checked for requests alone. While
// the process shuts down it returns an error, as where there is no room.
func (k *Kind[In, Out]) Submit(ctx context.Context, owner, key string, in In) (Job, error) {
	kept, err := k.KeepFor(ctx, owner, key, in)
	return kept.Job, err
}

// KeepFor is [Kind.Submit], and tells whether the job is that of an earlier call.
func (k *Kind[In, Out]) KeepFor(ctx context.Context, owner, key string, in In) (Kept, error) {
	switch {
	case owner == "" && !k.jobs.options.Capability:
		return Kept{}, errors.New("async: Submit without an owner")
	case len(key) > maxKey:
		return Kept{}, fmt.Errorf("async: a key of %d bytes is longer than %d", len(key), maxKey)
	case k.jobs.draining():
		return Kept{}, stopping
	}
	input, err := json.Marshal(in)
	if err != nil {
		return Kept{}, err
	}
	if key != "" {
		key = "kind:" + k.name + " " + key // no method has a colon
	}
	return k.jobs.submit(ctx, NewJob{Kind: k.name, Owner: owner, Key: key, Input: input}, "")
}

// submit completes a job and hands it to the backend.
func (j *Jobs) submit(ctx context.Context, n NewJob, query string) (Kept, error) {
	if err := j.joins(ctx); err != nil {
		return Kept{}, err
	}
	n.ID = rand.Text() // 130 bits
	if n.Key != "" {
		n.Fingerprint = fingerprint([]byte(n.Kind), []byte(n.Callback), []byte(query), n.Input)
	}
	n.Retention, n.Tombstone = j.options.Retention, j.options.Tombstone
	n.MaxQueued, n.MaxOwned = j.options.MaxQueued, j.options.MaxOwned
	job, existed, err := j.backend.Submit(ctx, n)
	switch {
	case errors.Is(err, ErrFull):
		return Kept{}, full.Wrap(err)
	case errors.Is(err, ErrKeyReused):
		return Kept{}, keyReused.Wrap(err)
	case err != nil:
		return Kept{}, j.unavailable(ctx, err)
	}
	return Kept{job, existed}, nil
}

// fingerprint is the hash of several parts, each with its length before it, so that
// no two lists of parts have the same.
func fingerprint(parts ...[]byte) (sum [32]byte) {
	h := sha256.New()
	var length [8]byte
	for _, part := range parts {
		binary.BigEndian.PutUint64(length[:], uint64(len(part)))
		h.Write(length[:])
		h.Write(part)
	}
	h.Sum(sum[:0])
	return sum
}

var keyReused = KeyReused.New("Make a new key for another request.").
	WithErrors(problem.Item{Header: keyField, Code: "reused", Detail: "came with another payload before."})

// The answers where no job can be taken: before anything is kept.
var (
	full     = problem.Unavailable(busyFor).WithDetail("No further job can be taken at the moment. Send the same request again later.")
	stopping = problem.Unavailable(busyFor).WithDetail("The service is being restarted. Send the same request again soon.")
)

// unavailable is the answer where the backend fails.
func (j *Jobs) unavailable(ctx context.Context, err error) error {
	if ctx.Err() != nil {
		return ctx.Err()
	}
	return problem.Unavailable(downFor).Wrap(err)
}

// How long a client is asked to wait while the queue is full, and while the backend
// fails.
const (
	busyFor = 5 * time.Second
	downFor = 5 * time.Second
)
