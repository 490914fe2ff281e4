package async

import (
	"encoding/json"
	"errors"
	"fmt"

	"github.com/forthright-http/forthright/internal/httpfield"
)

// errTooLarge: a result has more than MaxResult bytes.
var errTooLarge = errors.New("async: the result is too large")

// result makes what is kept of what a handler returned, or says why it cannot be.
func (j *Jobs) result(t *Task, out any) (*Result, error) {
	t.mu.Lock()
	location := t.location
	t.mu.Unlock()
	if location != "" {
		made := j.absolute(location)
		if made == "" {
			return nil, errors.New("async: Task.Location was given what is not a URL")
		}
		return &Result{Location: made}, nil
	}
	r := &Result{}
	switch v := out.(type) {
	case None, *None:
		return nil, nil
	case *Content:
		if v == nil {
			return nil, nil
		}
		r.Type, r.Body = v.Type, v.Body
	case Content:
		r.Type, r.Body = v.Type, v.Body
	default:
		body, err := json.Marshal(v)
		if err != nil {
			return nil, fmt.Errorf("async: the result: %w", err)
		}
		r.Type, r.Body = "application/json", body
	}
	if r.Type == "" {
		r.Type = "application/octet-stream"
	}
	if _, ok := httpfield.ParseMediaType(r.Type); !ok {
		return nil, errors.New("async: the Type of a Content is not a media type")
	}
	if int64(len(r.Body)) > j.options.MaxResult {
		return nil, fmt.Errorf("%w: %d bytes, where %d are kept: store it elsewhere, and tell Task.Location", errTooLarge, len(r.Body), j.options.MaxResult)
	}
	return r, nil
}
