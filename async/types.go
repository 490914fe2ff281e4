package async

import (
	"net/http"

	"github.com/forthright-http/forthright/problem"
)

// The problem types of this package, for [problem.Catalog].
var (
	// KeyReused: the idempotency key came with another payload before.
	KeyReused = problem.NewType("idempotency-key-reused", http.StatusUnprocessableEntity, "The idempotency key was used for something else",
		problem.Doc("A request with this Idempotency-Key and another content was taken before. A key is for one request and its repetitions."))
	// CallbackRefused: the address for the callback is none that can be called.
	CallbackRefused = problem.NewType("callback-refused", http.StatusUnprocessableEntity, "The callback's address is not taken",
		problem.Doc("The address that is to be called when the job has finished must be an absolute https URL of the public internet, without a user."))
	// KeyInFlight: the first request with this key has no answer yet.
	KeyInFlight = problem.NewType("idempotency-key-in-flight", http.StatusConflict, "The first request with this key is not answered yet",
		problem.Doc("A request with the same Idempotency-Key is being worked on. Send it again later: it will be answered as the first was."))
	// KeyInvalid: there is no key where one is required, or it is malformed.
	KeyInvalid = problem.NewType("idempotency-key-invalid", http.StatusBadRequest, "The idempotency key is missing or malformed",
		problem.Doc("Idempotency-Key is a token, or a string in quotes, such as \"8e03978e-40d5-43dd-bc93-6894a57f9324\", of 1 to 255 characters, sent once. Make a new one for each request, and send the same one with each repetition of it."))
	// AnswerNotKept: the first request was answered, and that is all that is known.
	AnswerNotKept = problem.NewType("idempotency-answer-not-kept", http.StatusConflict, "The first answer was not kept",
		problem.Doc("A request with this Idempotency-Key was carried out and answered, by a stream or by more than is kept. It is not carried out again: look at what it made, or make a new key."),
		problem.Member("first_status", "the status code of the first answer"),
		problem.Member("location", "its Location, if it had one"))
	// JobFailed: the result is asked for of a job that failed.
	JobFailed = problem.NewType("job-failed", http.StatusConflict, "The job failed",
		problem.Doc("There is no result: the job failed. The member \"error\" says why."),
		problem.Member("error", "the problem of the job, with code and message"))
	// JobCanceled: the result is asked for of a job that was cancelled.
	JobCanceled = problem.NewType("job-canceled", http.StatusConflict, "The job was cancelled",
		problem.Doc("There is no result: the job was cancelled before it was done. Send the request that started it again, with another Idempotency-Key."))
	// JobFinished: a job is to be cancelled that has finished.
	JobFinished = problem.NewType("job-finished", http.StatusConflict, "The job has finished",
		problem.Doc("A job that has finished cannot be cancelled."))
	// JobExpired: the job was kept for as long as jobs are.
	JobExpired = problem.NewType("job-expired", http.StatusGone, "The job has expired",
		problem.Doc("A finished job is kept for a time, expiresAt in its status says until when. After that its status and its result are gone."))
)

// Types returns the problem types of this package.
func Types() []*problem.Type {
	return []*problem.Type{CallbackRefused, KeyReused, KeyInFlight, KeyInvalid, AnswerNotKept, JobFailed, JobCanceled, JobFinished, JobExpired}
}
