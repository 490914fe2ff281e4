package main

import (
	"net/http"

	"github.com/forthright-http/forthright/async"
	"github.com/forthright-http/forthright/authn"
)

// once answers a repetition of a request, by its Idempotency-Key, as the first was
// answered. The answers are where the jobs are, if that keeps them.
func (s *service) once(o serviceOptions) (func(http.Handler) http.Handler, error) {
	var answers async.ReplayStore
	if s, ok := o.Backend.(interface{ Replays() async.ReplayStore }); ok {
		answers = s.Replays()
	} else {
		var err error
		if answers, err = async.NewMemoryReplays(async.MemoryReplayOptions{}); err != nil {
			return nil, err
		}
	}
	return async.Idempotent(answers, async.IdempotentOptions{
		Owner: authn.Subject, MaxContent: maxContent, Problems: s.problems, Logger: o.Logger, Now: o.Now,
	})
}
