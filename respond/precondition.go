package respond

import (
	"net/http"
	"strings"
	"time"

	"github.com/forthright-http/forthright/internal/httpfield"
	"github.com/forthright-http/forthright/problem"
)

// Precondition is a check that comes after those that need not look at the
// content of a request, and before its content is read as a value: the order
// of RFC 9110 §13.2.1. It is given to a decoder:
//
//	in, err := orders.Decode(r, respond.Matching(current.Tag())) // 415, 413; 428, 412; 400, 422
type Precondition func(*http.Request) error

// State is the state of a resource that a precondition is compared with.
type State struct {
	// ETag is the opaque part of the strong entity tag, without quotes; ""
	// where there is none.
	ETag string
	// WeakETag is that of a weak one. A weak tag never fulfils If-Match.
	WeakETag string
	// LastModified is compared at whole seconds; the zero time is none.
	LastModified time.Time
}

// RequireMatch lets a write pass whose If-Match names the current entity tag
// of the resource, or is "*" (RFC 9110 §13.1.1). opaque is the part between
// the quotes, as given to [Response.ETag].
//
// Without If-Match the answer is a 428 that tells how to send the request
// again (RFC 6585 §3), and a 412 where it is stale, or where another
// precondition of the request fails. Call it before anything is changed, and
// let the store compare once more while it writes: two clients with the same
// tag may both come this far.
func RequireMatch(r *http.Request, opaque string) error {
	if err := acceptableForm(r); err != nil {
		return err
	}
	if len(r.Header["If-Match"]) == 0 {
		return errPreconditionRequired
	}
	return CheckPreconditions(r, &State{ETag: opaque})
}

// Matching is [RequireMatch] as a [Precondition].
func Matching(opaque string) Precondition {
	return func(r *http.Request) error { return RequireMatch(r, opaque) }
}

// CheckPreconditions answers a write whose preconditions fail with a 412, in
// the order of RFC 9110 §13.2.2: If-Match, or else If-Unmodified-Since; then
// If-None-Match. A request without any passes. A nil state is that of a
// resource which does not exist: with If-None-Match: * a client makes sure
// that its PUT creates, and overwrites nothing.
//
// Reads need no call: [Handle] compares them with the fields of the Response.
func CheckPreconditions(r *http.Request, current *State) error {
	if err := acceptableForm(r); err != nil {
		return err
	}
	var etag string
	var modified int64
	if current != nil {
		etag = current.tag()
		if !current.LastModified.IsZero() {
			modified = current.LastModified.Unix()
		}
	}
	out := evaluate(r, current != nil, etag, modified)
	if out != proceed {
		if t := traceOf(r); t != nil {
			tracePrecondition(t, r, current != nil, etag, out)
		}
	}
	switch out {
	case proceed:
		return nil
	case notModified: // a GET or HEAD, written by hand: nothing is changed by it
		return nil
	}
	if current == nil {
		return errNothingToMatch
	}
	return errPreconditionFailed
}

// acceptableForm is Acceptable, but for DELETE, whose answer seldom has content
// to choose a form for.
func acceptableForm(r *http.Request) error {
	if r.Method == http.MethodDelete {
		return nil
	}
	return Acceptable(r)
}

// Preconditions is [CheckPreconditions] as a [Precondition].
func Preconditions(current *State) Precondition {
	return func(r *http.Request) error { return CheckPreconditions(r, current) }
}

var (
	errPreconditionRequired = problem.PreconditionRequired("")
	errPreconditionFailed   = problem.PreconditionFailed("The resource is not in the state that the request expects. Get it again, and decide anew.")
	errNothingToMatch       = problem.PreconditionFailed("The request expects a state of this resource, which does not exist.")
)

func (s *State) tag() string {
	switch {
	case s.ETag != "":
		return `"` + s.ETag + `"`
	case s.WeakETag != "":
		return `W/"` + s.WeakETag + `"`
	}
	return ""
}

// outcome is what the preconditions of a request come to.
type outcome int

const (
	proceed     outcome = iota
	notModified         // 304
	failed              // 412
)

// evaluate follows RFC 9110 §13.2.2, steps 1 to 4; Range is the fifth. etag
// has its quotes, or is empty; modified is 0 where it is not known.
func evaluate(r *http.Request, exists bool, etag string, modified int64) outcome {
	read := r.Method == http.MethodGet || r.Method == http.MethodHead
	if lines := r.Header["If-Match"]; len(lines) > 0 { // step 1; §13.1.1
		if !exists {
			return failed
		}
		if m := httpfield.MatchStrong(lines, etag); !m.Any && !m.Found && (read || !matchesForm(lines, etag)) {
			return failed
		}
	} else if since, ok := dateField(r.Header["If-Unmodified-Since"]); ok && exists && modified != 0 && modified > since { // step 2; §13.1.4
		return failed
	}
	if lines := r.Header["If-None-Match"]; len(lines) > 0 { // step 3; §13.1.2
		if !exists {
			return proceed
		}
		if m := httpfield.MatchWeak(lines, etag); m.Any || m.Found {
			if read {
				return notModified
			}
			return failed
		} else if m.Malformed && !read {
			return failed // §13.1.2 does not say what it means; nothing is overwritten by mistake
		}
		return proceed // If-Modified-Since is ignored beside it
	}
	if !read || !exists || modified == 0 {
		return proceed
	}
	if since, ok := dateField(r.Header["If-Modified-Since"]); ok && modified <= since { // step 4; §13.1.3
		return notModified
	}
	return proceed
}

// matchesForm finds the strong entity tag of another form of the resource: the
// tag with an end such as ";csv", which [API.Offer] gives it. It reads a line
// up to the first member that is no entity tag. What forms there are is not
// looked at: the handler that writes may offer others than the one that reads.
func matchesForm(lines []string, etag string) bool {
	if len(etag) < 2 || etag[0] != '"' {
		return false
	}
	opaque := etag[1 : len(etag)-1]
	for _, rest := range lines {
		for {
			rest = strings.TrimLeft(rest, ", \t")
			given, weak := strings.CutPrefix(rest, "W/")
			if given == "" || given[0] != '"' {
				break
			}
			given, after, closed := strings.Cut(given[1:], `"`)
			rest = strings.TrimLeft(after, " \t")
			if _, ok := httpfield.NewETag(given, false); !ok || !closed || rest != "" && rest[0] != ',' {
				break
			}
			if end, ok := strings.CutPrefix(given, opaque); ok && !weak && end != "" && end[0] == ';' && httpfield.IsToken(end[1:]) {
				return true
			}
		}
	}
	return false
}

// dateField reads a field that holds one HTTP-date; what does not parse is
// ignored (RFC 9110 §13.1.3, §13.1.4).
func dateField(lines []string) (unix int64, ok bool) {
	if len(lines) != 1 {
		return 0, false
	}
	t, ok := httpfield.ParseDate(lines[0], time.Now())
	return t.Unix(), ok
}
