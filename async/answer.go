package async

import (
	"net/http"
	"time"

	"github.com/forthright-http/forthright/internal/httpfield"
	"github.com/forthright-http/forthright/problem"
	"github.com/forthright-http/forthright/respond"
)

// monitor is the 202 that tells where the status is (RFC 9110 §15.3.3).
func (j *Jobs) monitor(job Job) respond.Response {
	doc := j.document(job)
	return respond.Accepted(doc.Links.Self, doc).
		Header("Operation-Location", doc.Links.Self).
		RetryAfter(j.poll(job)).
		CacheControl(respond.NoStore)
}

// poll is when a client is to ask again.
func (j *Jobs) poll(job Job) time.Duration {
	if job.Status.Final() {
		return time.Second // there is nothing to wait for
	}
	return j.pace.poll(job, j.options.Now(), j.options.Workers)
}

// learn notes how long a job took that others ran, where none is run here.
func (j *Jobs) learn(job Job) {
	if j.options.Workers == 0 && job.Status == Succeeded && !job.Started.IsZero() {
		j.pace.took(job.Kind, job.Finished.Sub(job.Started))
	}
}

// failureOf is the answer to who asks for the result of a job that has none, nil
// where it succeeded. It is a 409: a 5xx would be tried again for ever.
func failureOf(job Job) *problem.Problem {
	switch job.Status {
	case Failed:
		p := JobFailed.New("The job failed, and so it has no result.")
		if job.Error != nil {
			p = p.With("error", job.Error.document())
			if job.Error.Message != "" {
				p = p.WithDetail(job.Error.Message)
			}
		}
		return p
	case Canceled:
		return JobCanceled.New("The job was cancelled, and so it has no result.")
	}
	return nil
}

// resultOf is what a job made: 200 with it, 303 to it, or 204.
func (j *Jobs) resultOf(job Job) respond.Response {
	res := job.Result
	if location := j.made(job); location != "" {
		return respond.SeeOther(location).CacheControl(respond.NoStore)
	}
	if res == nil || res.Type == "" && len(res.Body) == 0 {
		return respond.NoContent().CacheControl(respond.NoStore)
	}
	return inline(res)
}

// made is the absolute URL of the resource that a job made, "" for none.
func (j *Jobs) made(job Job) string {
	if job.Result == nil {
		return ""
	}
	return j.absolute(job.Result.Location)
}

// inline is a result as the handler made it. A browser takes it for what it says it
// is, and runs nothing in it.
func inline(res *Result) respond.Response {
	m, ok := httpfield.ParseMediaType(res.Type)
	mediaType := res.Type
	if !ok {
		mediaType = "application/octet-stream"
	}
	s := respond.Bytes(mediaType, res.Body).Header("X-Content-Type-Options", "nosniff")
	if ok && m.Is("application/pdf") { // which browsers do not show in a sandbox
		return s
	}
	return s.Header("Content-Security-Policy", "sandbox")
}

// synchronous is the answer of a request that waited until its job had finished: 201
// where it made a resource, and otherwise what it made.
func (j *Jobs) synchronous(job Job) respond.Response {
	if location := j.made(job); location != "" {
		return respond.Created(location, j.document(job)).CacheControl(respond.NoStore)
	}
	answer := j.resultOf(job)
	if answer.Code() == http.StatusOK {
		answer = answer.ContentLocation(j.self(job) + "/result").CacheControl(respond.NoStore)
	}
	return answer
}
