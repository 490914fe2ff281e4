package problem_test

import (
	"errors"
	"fmt"
	"io/fs"
	"net/http"
	"strings"
	"testing"

	"github.com/forthright-http/forthright/problem"
	"github.com/forthright-http/forthright/problem/problemtest"
)

// unencodable refuses to be encoded, with words that must not leave.
type unencodable struct{ err error }

func (u unencodable) MarshalJSON() ([]byte, error) { return nil, u.err }

type asError struct{ err error }

func (e *asError) Error() string { return "as: " + e.err.Error() }

// RFC 9457 §5: nothing internal leaves, in any member or field, of any
// status; the log has it.
func TestRFC9457Section5_TheTextOfAnErrorNeverLeaves(t *testing.T) {
	canary := problemtest.NewCanary()
	errMapped := fmt.Errorf("mapped: %w", canary)
	typ := problem.NewType("conflict", 409, "Conflict")
	expired := problem.NewType("expired", 401, "Expired")
	table := []problem.Mapping{
		problem.Map(errMapped, problem.NotFound("")),
		problem.MapAs(func(*asError) *problem.Problem { return problem.Gone("") }),
	}
	w, log := logged(t, problem.Options{Map: table,
		Unknown: func(_ *http.Request, err error) *problem.Problem {
			if errors.Is(err, fs.ErrClosed) {
				return problem.BadGateway("").Wrap(err)
			}
			return nil
		}})
	for _, tt := range []struct {
		name   string
		err    error
		status int
	}{
		{"unknown", canary, 500},
		{"unknown, wrapped", fmt.Errorf("query: %w", canary), 500},
		{"a panic, as respond passes it on", fmt.Errorf("panic: %v", canary), 500},
		{"Unknown hook", fmt.Errorf("%w: %w", fs.ErrClosed, canary), 502},
		{"Wrap in a 4xx", problem.NotFound("").Wrap(canary), 404},
		{"Wrap in a 5xx", problem.Unavailable(1).Wrap(canary), 503},
		{"Wrap, wrapped", fmt.Errorf("%w: %w", problem.Conflict("").Wrap(canary), canary), 409},
		{"Wrap of a type", typ.New("").Wrap(canary), 409},
		{"a type beside it", fmt.Errorf("%w: %w", typ, canary), 409},
		{"joined", errors.Join(canary, problem.Gone("")), 410},
		{"joined, unknown", errors.Join(canary, errors.New("x")), 500},
		{"Map", errMapped, 404},
		{"MapAs", &asError{canary}, 410},
		{"Items", errors.Join(canary, problem.Items{{Code: "max", Pointer: "#/a"}}), 422},
		{"MaxBytesError", errors.Join(canary, &http.MaxBytesError{Limit: 1}), 413},
		{"header value", problem.NotFound("").WithHeader("X-A", canary.Error()+"\n"), 500},
		{"header name", problem.NotFound("").WithHeader(canary.Error()+" ", "a"), 500},
		{"challenge", problem.Unauthorized(`Basic realm="` + canary.Error()), 500},
		{"Allow", problem.MethodNotAllowed(canary.Error() + " x"), 500},
		{"instance", problem.NotFound("").WithInstance("/" + canary.Error() + " x"), 500},
		{"a 401 without a challenge", expired.New("").Wrap(canary), 500},
		{"a member that cannot be encoded", problem.NotFound("").With("member", unencodable{canary}), 500},
		{"the second member", problem.NotFound(canary.Error()).With("first", canary.Error()).With("second", make(chan int)), 500},
		{"a param that cannot be encoded", problem.Invalid(problem.Item{Detail: canary.Error(), Params: map[string]any{"a": unencodable{canary}}}), 500},
		{"two params", problem.Invalid(problem.Item{Params: map[string]any{"a": canary.Error(), "b": unencodable{canary}}}), 500},
	} {
		log.records = nil
		res := answerTo(t, w, get(), tt.err)
		eq(t, tt.name, res.StatusCode, tt.status)
		canary.WantAbsent(t, res)
		problemtest.Want(t, res, tt.status, problemType(tt.err, tt.status))
		r := log.one(t)
		if text, _ := r.attrs["error"].(string); !strings.Contains(text, canary.Error()) && tt.name != "header value" &&
			tt.name != "header name" && tt.name != "challenge" && tt.name != "Allow" && tt.name != "instance" {
			t.Errorf("%s: the cause is not in the log: %v", tt.name, r.attrs)
		}
		eq(t, tt.name+" in the log", r.attrs["status"], any(int64(tt.status)))
	}
}

func problemType(err error, status int) *problem.Type {
	if status == 422 {
		return problem.InvalidContent
	}
	if p, ok := errors.AsType[*problem.Problem](err); ok && p.Status() == status {
		return p.Type()
	}
	if typ, ok := errors.AsType[*problem.Type](err); ok && typ.Status() == status {
		return typ
	}
	return nil
}

// A member that cannot be encoded, at the second writing as at the first.
func TestUnencodableIsAClean500(t *testing.T) {
	for name, v := range map[string]any{"channel": make(chan int), "function": func() {}, "Marshaler": unencodable{errors.New("secret")}} {
		w, log := logged(t, problem.Options{})
		p := problem.NotFound("d").WithHeader("X-Of-The-404", "1").With("member", v)
		for range 3 {
			log.records = nil
			res := answerTo(t, w, get(), p)
			eq(t, name, res.StatusCode, 500)
			eq(t, name, res.Header.Get("X-Of-The-404"), "")
			problemtest.Want(t, res, 500, nil)
			if text, _ := log.one(t).attrs["error"].(string); !strings.Contains(text, "member") {
				t.Errorf("%s: the log does not name the member: %q", name, text)
			}
		}
	}
}
