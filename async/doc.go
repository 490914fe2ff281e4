// Package async lets a handler accept work that takes longer than a request: the
// client gets 202 with the address of a status, polls it, waits for it or listens to
// it, and fetches the result.
//
//	backend, err := async.NewMemory(async.MemoryOptions{})
//	...
//	jobs, err := async.New(backend, async.Options{
//		URL:   "https://api.example.com/v1/jobs",
//		Owner: authn.Subject,
//	})
//	...
//	export, err := async.Define(jobs, "export", func(ctx context.Context, task *async.Task, in Query) (Report, error) {
//		...
//	})
//	...
//	mux.Handle("POST /v1/exports", export)
//	mux.Handle("/v1/jobs/", jobs)
//	mux.Handle("/v1/jobs", jobs)
//	go jobs.Run(ctx) // until ctx ends, and then it drains
//
// The backend is [NewMemory] for what may be lost, that of package sqlitestore, which
// loses nothing, or that of package riverqueue for several machines, where a job can also
// be part of a transaction ([WithTx]). Nothing else changes; jobs and keys do not move
// from one to another. The client gets
//
//	HTTP/1.1 202 Accepted
//	Location: https://api.example.com/v1/jobs/2HB7QFVJ5KXZ4D6WEMRNTA3LYC
//	Operation-Location: https://api.example.com/v1/jobs/2HB7QFVJ5KXZ4D6WEMRNTA3LYC
//	Retry-After: 3
//	Cache-Control: no-store
//
//	{"id":"2HB7QFVJ5KXZ4D6WEMRNTA3LYC","kind":"export","status":"queued", ...}
//
// # What a client can do
//
//	poll                GET the status: 202 and Retry-After, then 200
//	wait                Prefer: wait=30, on POST for the answer itself, on GET for a change
//	listen              Accept: text/event-stream
//	look                open the address in a browser: a page that moves
//	fetch the result    GET .../result: 200, or 303 to what was made; 409 where it failed
//	stop it             DELETE, or POST .../cancel: 200, or 202 until it has stopped
//	repeat              the same Idempotency-Key: the same job
//	list                GET of all its jobs, page by page (?limit=1 to 100, by default 20)
//
// # The status document
//
//	id, kind           the id is 26 letters and digits
//	status             queued, running, cancelling, succeeded, failed or canceled
//	createdAt, startedAt, updatedAt, finishedAt, expiresAt
//	                   RFC 3339 in UTC, to a millisecond; absent until they are
//	attempt            which attempt runs or was the last, 0 before the first; one that a
//	                   shutdown put back does not count
//	progress           {percent, done, total, message}, as far as the handler tells
//	queuePosition      1 is the next; absent where it is not known
//	result             a result that is JSON of at most 16 KiB; any is at links.result
//	resourceLocation   what was made, where the handler told [Task.Location]
//	error              where it failed: its problem (RFC 9457), with code and message
//	links              {self, result, cancel}, absolute URLs
//
// The stream sends it as the data of events named "state" (the status has changed, and
// the first one) and "progress", with the version of the job as their id. It ends with
// the event of the last state.
//
// Clients that poll by Operation-Location (Azure's, and their like) find status, error
// and result there: in azcore, set OperationLocationResultPath to "result".
//
// A job is its owner's: to anybody else it is unknown. [Options.Owner] says who asks;
// without one nothing starts, unless [Options.Capability] is chosen, where whoever
// knows the address may see the job.
//
// # What is promised
//
// A job runs at least once. One whose 202 was sent is kept as well as the backend
// keeps: with [Memory] until the process ends, however that happens; with a durable
// backend until it has a final state. When a process dies, its jobs are run again, so a
// handler may be called twice for one job, and also after it had done all but return:
// make what it does harmless to repeat, by the job's id ([Task.ID]) for one.
//
// A job whose attempt fails is tried again ([KindOptions.MaxAttempts]), but for a
// problem of 400 to 499 and what [Permanent] wraps. One that takes longer than
// [KindOptions.Timeout] fails as "timed_out", one that lost its process too often as
// "interrupted". A cancellation ends the handler's context; where the handler comes
// through all the same, the job has succeeded.
//
// A finished job is kept for [Options.Retention]; its address is then 410 for
// [Options.Tombstone], and its idempotency key still counts; after that both are as
// if they never were.
//
// Nothing is accepted that cannot be kept: where the queue is full, whole or for one
// owner, and while the process shuts down, the answer is 503 with Retry-After.
//
// # How a process ends
//
// First Run's context ends: new jobs are refused, waiting requests answered, and
// running jobs have [Options.Drain] to finish. So a process that runs no jobs calls Run,
// too, with [Options.Workers] below 0. Then the server, then the backend:
//
//	stopJobs()                  // the context of jobs.Run
//	err := server.Shutdown(ctx) // requests that are on their way are answered
//	<-ran                       // jobs.Run has returned
//	backend.Close()             // where it has one
//
// # Plain handlers
//
// [Idempotent] gives idempotency keys to a POST handler that answers by itself: its
// first answer is kept and replayed.
//
// # Where not to use it
//
// It is no message broker and no scheduler: there are no topics, no cron, no priorities
// and no workflows. Work that must happen exactly once is for a transaction. A result
// beyond [Options.MaxResult] is for a store of its own, at [Task.Location]. And what
// takes less than a second or two is better answered at once. A browser opens the page
// of a job with what it sends by itself, a cookie or a password: with Bearer tokens
// alone the page is not to be had. Where it is a cookie, protect POST and DELETE
// against other sites, as by http.CrossOriginProtection.
//
// Within [Options.MaxQueued] and [Options.MaxOwned], jobs run in the order in which
// they came: one owner with many jobs keeps others waiting. Set MaxOwned to what one
// may have, and give work that must not wait for other work a Jobs of its own.
package async
