package respond

import (
	"errors"
	"net/http"

	"github.com/forthright-http/forthright/problem"
)

// All makes one error of what several readers of a request found, so that a
// client learns of everything at once: [Params] and [Cursors.Open], for one.
//
//	query, err := respond.Params[search](r)
//	at, _, cursorErr := cursors.Open(r)
//	if err := respond.All(err, cursorErr); err != nil {
//		return respond.Fail(err)
//	}
//
// Problems of the types [problem.InvalidRequest] and [problem.InvalidContent]
// are put together: a 400 where one of them is, with the errors of all. Any
// other error goes before them, the first one first. All is nil where all are.
func All(errs ...error) error {
	var first *problem.Problem
	var items []problem.Item
	status := 0
	for _, err := range errs {
		if err == nil {
			continue
		}
		p, ok := errors.AsType[*problem.Problem](err)
		if !ok || p.Type() != problem.InvalidRequest && p.Type() != problem.InvalidContent {
			return err
		}
		items = append(items, p.Errors()...)
		if first == nil || p.Status() == http.StatusBadRequest && status != http.StatusBadRequest {
			first, status = p, p.Status()
		}
	}
	if first == nil {
		return nil
	}
	all := first.Type().New(first.Detail()).WithErrors(items...)
	return all.Wrap(errors.Join(errs...))
}
