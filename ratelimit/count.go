package ratelimit

import (
	"context"
	"net/http"
	"strconv"

	"github.com/forthright-http/forthright/internal/commit"
	"github.com/forthright-http/forthright/problem"
)

// finalStatus is what [Options.Count] judges. A client that goes away before the
// answer is not told from one that failed: else a flood of wrong passwords, each
// given up at once, would never be counted.
func finalStatus(ctx context.Context, w *commit.Writer, returned bool) int {
	switch status := commit.Status(w); {
	case status != 0:
		return status
	case ctx.Err() == context.Canceled:
		return problem.ClientGone
	case returned: // net/http answers for the handler
		return http.StatusOK
	default:
		return http.StatusInternalServerError
	}
}

// Failures is an [Options.Count] that counts answers which refuse credentials or
// access, or find nothing: 400 to 499, but for 429. It is for a login route alone: a
// guard around a whole API would count each 404 and 422 of good clients too, and is
// better off with Statuses(401).
func Failures(status int) bool {
	return status >= 400 && status < 500 && status != http.StatusTooManyRequests
}

// Successes is an [Options.Count] that counts what was done: 200 to 399.
func Successes(status int) bool { return status >= 200 && status < 400 }

// Statuses makes an [Options.Count] that counts answers of these statuses. It panics
// at one that no answer has.
func Statuses(counted ...int) func(status int) bool {
	set := map[int]bool{}
	for _, s := range counted {
		if s != http.StatusSwitchingProtocols && (s < 200 || s > 599) {
			panic("ratelimit: Statuses: " + strconv.Itoa(s) + " is no final status")
		}
		set[s] = true
	}
	return func(status int) bool { return set[status] }
}
