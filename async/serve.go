package async

import (
	"errors"
	"maps"
	"net/http"
	"slices"
	"strconv"

	"github.com/forthright-http/forthright/internal/httpfield"
	"github.com/forthright-http/forthright/problem"
	"github.com/forthright-http/forthright/respond"
)

// mux routes what is below the path of [Options.URL].
func (j *Jobs) mux() http.Handler {
	mux := http.NewServeMux()
	mux.Handle("GET "+j.base+"/{id}", j.status())
	mux.Handle("GET "+j.base+"/{id}/result", j.anyForm(j.api.Handle(j.serveResult)))
	mux.Handle("DELETE "+j.base+"/{id}", j.api.Handle(j.serveCancel))
	mux.Handle("POST "+j.base+"/{id}/cancel", j.api.Handle(j.serveCancel))
	if !j.options.Capability {
		list := j.api.Handle(j.serveList)
		mux.Handle("GET "+j.base+"/{$}", list)
		if j.base != "" {
			mux.Handle("GET "+j.base, list)
		}
	}
	return j.api.Mux(mux)
}

// anyForm lets JSON be answered where Accept does not name it: what a job makes has a
// form of its own, such as text/csv, and who asks for that is told of its progress all
// the same.
func (j *Jobs) anyForm(h http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		accept := r.Header["Accept"]
		if _, ok := httpfield.NegotiateType(accept, jsonForm); !ok {
			r = r.WithContext(r.Context()) // a copy
			r.Header = maps.Clone(r.Header)
			r.Header["Accept"] = append(slices.Clone(accept), "*/*;q=0.001")
		}
		h.ServeHTTP(w, r)
	})
}

// owner tells who asks. Where that is nobody the route is not protected as it must
// be: only an authenticator has a challenge, so it is a 403.
func (j *Jobs) owner(r *http.Request) (string, error) {
	if j.options.Capability {
		return "", nil
	}
	owner, ok := j.options.Owner(r)
	if !ok || owner == "" {
		return "", nobody
	}
	return owner, nil
}

var (
	nobody     = problem.Forbidden("Who asks is not known.")
	unknownJob = problem.NotFound("There is no job with this id.")
)

// validID tells whether it can be an id: a store is not asked for anything else.
func validID(s string) bool {
	for i := range len(s) {
		c := s[i]
		if !(c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c >= '0' && c <= '9' || c == '-' || c == '_') {
			return false
		}
	}
	return s != "" && len(s) <= 64
}

// load returns the job of a request, for its owner alone: another's is as unknown as
// one that never was.
func (j *Jobs) load(r *http.Request) (Job, error) {
	owner, err := j.owner(r)
	if err != nil {
		return Job{}, err
	}
	id := r.PathValue("id")
	if !validID(id) {
		return Job{}, unknownJob
	}
	job, err := j.backend.Get(r.Context(), id)
	switch {
	case errors.Is(err, ErrNotFound):
		return Job{}, unknownJob
	case err != nil && !errors.Is(err, ErrGone):
		return Job{}, j.unavailable(r.Context(), err)
	case job.Owner != owner:
		return Job{}, unknownJob
	case err != nil:
		return Job{}, JobExpired.New("The job was kept as long as jobs are.").Wrap(err)
	}
	return job, nil
}

// The forms that a status can be had in, by Accept.
var (
	jsonForm, _    = httpfield.NewOffers("application/json")
	statusTypes    = []string{"application/json", "text/html", "text/event-stream"}
	statusForms, _ = httpfield.NewOffers(statusTypes...)
	noStatusForm   = problem.NotAcceptable(statusTypes...).WithHeader("Vary", "Accept").
			WithDetail("The status is not to be had in a form that the request accepts; available lists those that there are.")
)

// status serves GET /{id} in one of its forms.
func (j *Jobs) status() http.Handler {
	stream := j.api.HandleWriter(j.serveStream)
	document := j.api.Offer(asJSON{}, page{}).Handle(j.serveStatus)
	refusal := j.api.Handle(func(r *http.Request) (respond.Response, error) {
		if _, err := j.load(r); err != nil {
			return respond.Fail(err)
		}
		return respond.Fail(noStatusForm)
	})
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		choice, ok := httpfield.NegotiateType(r.Header["Accept"], statusForms)
		switch {
		case !ok:
			refusal.ServeHTTP(w, r)
		case statusTypes[choice.Index] == "text/event-stream":
			stream.ServeHTTP(w, r)
		case statusTypes[choice.Index] == "text/html":
			w.Header()["Content-Security-Policy"] = pagePolicy
			fallthrough
		default:
			document.ServeHTTP(w, r)
		}
	})
}

// serveStatus answers 202 while a job goes on, and 200 once it has finished, never
// 303: pollers follow it. With Prefer: wait=N it waits for a change against the
// version of If-None-Match, or the newest.
func (j *Jobs) serveStatus(r *http.Request) (respond.Response, error) {
	job, err := j.load(r)
	if err != nil {
		return respond.Fail(err)
	}
	prefer := j.waiting(r)
	if prefer.asked && !hasOther(r, job) {
		seen := job.Version
		job = j.await(r, job, &prefer, func(job Job) bool { return job.Status.Final() || job.Version != seen })
	}
	doc := j.document(job)
	if !job.Status.Final() {
		res := respond.Status(j.pending(), doc).ETag(opaqueOf(job)).RetryAfter(j.poll(job)).CacheControl(respond.NoStore)
		return prefer.applied(res), nil
	}
	j.learn(job)
	return prefer.applied(respond.OK(doc).ETag(opaqueOf(job)).CacheControl(respond.Private, respond.NoCache)), nil
}

// hasOther tells that the client has another version than the newest, by
// If-None-Match: of the document, or of the page, whose tag ends in its form.
func hasOther(r *http.Request, job Job) bool {
	known := r.Header["If-None-Match"]
	if len(known) == 0 {
		return false
	}
	for _, tag := range []string{`"` + opaqueOf(job) + `"`, `"` + opaqueOf(job) + `;html"`} {
		if m := httpfield.MatchWeak(known, tag); m.Any || m.Found {
			return false
		}
	}
	return true
}

func (j *Jobs) pending() int {
	if j.options.PollOK {
		return http.StatusOK
	}
	return http.StatusAccepted
}

// opaqueOf is the version as an entity tag, without the quotes, and as the id of an
// event.
func opaqueOf(job Job) string { return strconv.FormatInt(job.Version, 10) }

// serveResult answers with what a job made.
func (j *Jobs) serveResult(r *http.Request) (respond.Response, error) {
	job, err := j.load(r)
	if err != nil {
		return respond.Fail(err)
	}
	prefer := j.waiting(r)
	job = j.await(r, job, &prefer, Job.ended)
	if !job.Status.Final() {
		return prefer.applied(j.monitor(job)), nil
	}
	if p := failureOf(job); p != nil {
		return respond.Fail(prefer.refused(p))
	}
	res := j.resultOf(job)
	if res.Code() == http.StatusOK {
		res = res.ETag(opaqueOf(job)).CacheControl(respond.Private, respond.NoCache)
	}
	return prefer.applied(res), nil
}

// serveCancel stops a job: 200 where it had not begun, 202 where its handler has
// still to return, 409 where it has finished.
func (j *Jobs) serveCancel(r *http.Request) (respond.Response, error) {
	job, err := j.load(r)
	if err != nil {
		return respond.Fail(err)
	}
	if err := respond.CheckPreconditions(r, &respond.State{ETag: opaqueOf(job)}); err != nil {
		return respond.Fail(err)
	}
	prefer := j.waiting(r)
	job, err = j.backend.Cancel(r.Context(), job.ID)
	switch {
	case errors.Is(err, ErrFinished):
		return respond.Fail(JobFinished.New("The job has ended already: it is " + string(job.Status) + "."))
	case errors.Is(err, ErrNotFound), errors.Is(err, ErrGone): // since it was loaded
		return respond.Fail(unknownJob)
	case err != nil:
		return respond.Fail(j.unavailable(r.Context(), err))
	}
	job = j.await(r, job, &prefer, Job.ended)
	if !job.Status.Final() {
		return prefer.applied(j.monitor(job)), nil
	}
	return prefer.applied(respond.OK(j.document(job)).CacheControl(respond.NoStore)), nil
}

// listQuery is what GET on all jobs takes.
type listQuery struct {
	Limit int    `query:"limit" default:"20" validate:"gte=1,lte=100"`
	After string `query:"after"`
}

type jobList struct {
	Jobs []*document `json:"jobs"`
}

// serveList shows an owner's jobs, the newest first.
func (j *Jobs) serveList(r *http.Request) (respond.Response, error) {
	owner, err := j.owner(r)
	if err != nil {
		return respond.Fail(err)
	}
	q, err := respond.Params[listQuery](r)
	if err != nil {
		return respond.Fail(err)
	}
	if q.After != "" && !validID(q.After) {
		return respond.Fail(unknownAfter)
	}
	jobs, err := j.backend.List(r.Context(), owner, q.After, q.Limit+1)
	switch {
	case errors.Is(err, ErrNotFound):
		return respond.Fail(unknownAfter)
	case err != nil:
		return respond.Fail(j.unavailable(r.Context(), err))
	}
	list := jobList{Jobs: make([]*document, 0, q.Limit)}
	for _, job := range jobs[:min(len(jobs), q.Limit)] {
		list.Jobs = append(list.Jobs, j.document(job))
	}
	first := j.options.URL + "?limit=" + strconv.Itoa(q.Limit)
	res := respond.OK(list).CacheControl(respond.NoStore).Link(first, "first")
	if len(jobs) > q.Limit {
		res = res.Link(first+"&after="+jobs[q.Limit-1].ID, "next")
	}
	return res, nil
}

var unknownAfter = problem.InvalidRequest.New("").
	WithErrors(problem.Item{Parameter: "after", Code: "unknown", Detail: "is not a job of this list."})
