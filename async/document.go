package async

import (
	"encoding/json"
	"strings"
	"time"

	"github.com/forthright-http/forthright/internal/httpfield"
)

// document is the status document of a job, the members in the order of
// the specification. status is a string at the top level, since pollers look for it
// there; an error is nested, since the number "status" of a problem would collide.
type document struct {
	ID               string          `json:"id"`
	Kind             string          `json:"kind"`
	Status           Status          `json:"status"`
	CreatedAt        time.Time       `json:"createdAt"`
	StartedAt        time.Time       `json:"startedAt,omitzero"`
	UpdatedAt        time.Time       `json:"updatedAt"`
	FinishedAt       time.Time       `json:"finishedAt,omitzero"`
	ExpiresAt        time.Time       `json:"expiresAt,omitzero"`
	Attempt          int             `json:"attempt"`
	Progress         *progress       `json:"progress,omitempty"`
	QueuePosition    int             `json:"queuePosition,omitempty"`
	Result           json.RawMessage `json:"result,omitempty"`
	ResourceLocation string          `json:"resourceLocation,omitempty"`
	Error            json.RawMessage `json:"error,omitempty"`
	Links            links           `json:"links"`
}

type progress struct {
	Percent *int   `json:"percent,omitempty"`
	Done    int64  `json:"done"`
	Total   int64  `json:"total,omitempty"`
	Message string `json:"message,omitempty"`
}

// links are absolute URLs.
type links struct {
	Self string `json:"self"`
	// Result is set where there is one; it leads to resourceLocation, too.
	Result string `json:"result,omitempty"`
	Cancel string `json:"cancel,omitempty"`
}

// maxInline is the size in bytes up to which a result stands in the document.
const maxInline = 16 << 10

func (j *Jobs) document(job Job) *document {
	self := j.self(job)
	d := &document{
		ID: job.ID, Kind: job.Kind, Status: job.Status, Attempt: job.Attempt,
		CreatedAt: moment(job.Created), StartedAt: moment(job.Started), UpdatedAt: moment(job.Updated),
		FinishedAt: moment(job.Finished), ExpiresAt: moment(job.Expires),
		QueuePosition: job.Position, Links: links{Self: self},
	}
	if p := job.Progress; p != (Progress{}) {
		d.Progress = &progress{Done: p.Done, Total: p.Total, Message: p.Message}
		if percent, ok := p.Percent(); ok {
			d.Progress.Percent = &percent
		}
	}
	if !job.Status.Final() {
		d.Links.Cancel = self + "/cancel"
	}
	if res := job.Result; res != nil && job.Status == Succeeded {
		d.Links.Result = self + "/result"
		d.ResourceLocation = j.absolute(res.Location)
		if isJSON(res.Type) && len(res.Body) <= maxInline && json.Valid(res.Body) {
			d.Result = res.Body
		}
	}
	if f := job.Error; f != nil {
		d.Error = f.document()
	}
	return d
}

// self is the URL of a job's status.
func (j *Jobs) self(job Job) string { return j.options.URL + "/" + job.ID }

// absolute makes an absolute URL of what a handler told [Task.Location], which may
// have left out the origin; "" where it is no reference at all.
func (j *Jobs) absolute(location string) string {
	escaped, ok := httpfield.EscapeURI(location)
	if !ok || location == "" {
		return ""
	}
	u, err := j.url.Parse(escaped)
	if err != nil || u.Scheme != "https" && u.Scheme != "http" || u.Host == "" {
		return "" // a client makes a link of it
	}
	return u.String()
}

// document is the problem with code and message added.
func (f *Failure) document() json.RawMessage {
	members := map[string]json.RawMessage{}
	_ = json.Unmarshal(f.Problem, &members)
	members["code"], _ = json.Marshal(f.Code)
	members["message"], _ = json.Marshal(f.Message)
	doc, _ := json.Marshal(members)
	return doc
}

func isJSON(mediaType string) bool {
	t, _, _ := strings.Cut(mediaType, ";")
	t = strings.ToLower(strings.TrimSpace(t))
	return t == "application/json" || strings.HasSuffix(t, "+json")
}

// moment is a time as the document has it: in UTC, to a millisecond.
func moment(t time.Time) time.Time { return t.UTC().Truncate(time.Millisecond) }
