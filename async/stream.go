package async

import (
	"context"
	"net/http"
	"time"

	"github.com/forthright-http/forthright/internal/httpfield"
	"github.com/forthright-http/forthright/respond"
)

// reconnect is how long an EventSource is told to wait before it connects again.
const reconnect = 2 * time.Second

// serveStream answers with server-sent events (WHATWG HTML §9.2): the status at
// once, and each change of it, as "progress" or "state". The id is the version, the
// data the status document. The stream ends after the last state, with the client,
// or when the process shuts down.
//
// A client that connects again gets nothing that it has seen: after the last state
// that is a 204, which tells an EventSource to stop.
func (j *Jobs) serveStream(w http.ResponseWriter, r *http.Request) error {
	h := w.Header()
	h["Vary"] = []string{httpfield.MergeVary(h["Vary"], "Accept", "Last-Event-ID")}
	job, err := j.load(r)
	if err != nil {
		return err
	}
	seen := respond.LastEventID(r) == opaqueOf(job)
	if seen && job.Status.Final() {
		h["Cache-Control"] = []string{"no-store"}
		w.WriteHeader(http.StatusNoContent)
		return nil
	}
	o := respond.EventOptions{Heartbeat: j.options.Heartbeat, Retry: reconnect}
	return respond.Events(w, r, o, func(s *respond.EventStream) error { return j.stream(r.Context(), s, job, seen) })
}

func (j *Jobs) stream(ctx context.Context, s *respond.EventStream, job Job, seen bool) error {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	stop := context.AfterFunc(j.life, cancel)
	defer stop()
	name := "state"
	for {
		if !seen {
			if err := s.Send(respond.Event{ID: opaqueOf(job), Name: name, Data: j.document(job)}); err != nil {
				return err
			}
		}
		if job.Status.Final() {
			return nil
		}
		next, err := j.watch(ctx, job)
		switch {
		case ctx.Err() != nil: // the client is gone, or is to connect again
			return nil
		case err != nil: // the backend failed: the connection is aborted, and the log says why
			return err
		}
		name, seen = "state", false
		if next.Status == job.Status {
			name = "progress"
		}
		job = next
	}
}
