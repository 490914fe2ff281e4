package respond

import (
	"context"
	"net/http"
	"slices"

	"github.com/forthright-http/forthright/internal/httpfield"
)

// scope is what this package keeps about one request: its id, the API that it
// came through, and the request fields that helpers looked at, for Vary. As a context of its own it costs
// one allocation.
type scope struct {
	context.Context
	id   string
	api  *API
	vary []string
	// trace is nil unless the API traces.
	trace *trace
}

type scopeKey struct{}

func (s *scope) Value(key any) any {
	if key == (scopeKey{}) {
		return s
	}
	return s.Context.Value(key)
}

func scopeOf(ctx context.Context) *scope {
	s, _ := ctx.Value(scopeKey{}).(*scope)
	return s
}

// lookedAt is the name under which a request without a scope keeps the notes
// of lookAt: as a path value, which no pattern can have. A copy of the request
// (by WithContext) that is looked at first keeps its notes to itself; under
// [API.Wrap] it does not. A scope for every request would cost two allocations.
const lookedAt = "\x00respond.vary"

// lookAt notes that the answer depends on a request field, so that its Vary
// names it (RFC 9110 §12.5.5), also where the field is absent.
func lookAt(r *http.Request, name string) {
	if s := scopeOf(r.Context()); s != nil {
		for _, have := range s.vary {
			if have == name {
				return
			}
		}
		s.vary = append(s.vary, name)
		return
	}
	switch have := r.PathValue(lookedAt); {
	case have == "":
		r.SetPathValue(lookedAt, name)
	case !httpfield.HasElement([]string{have}, name):
		r.SetPathValue(lookedAt, have+", "+name)
	}
}

// writeVary adds the noted fields to Vary, and Accept where the form of the
// content was chosen by it.
func writeVary(h http.Header, r *http.Request, negotiated bool) {
	if negotiated {
		if len(h["Vary"]) == 0 {
			h["Vary"] = varyAccept
		} else {
			addVary(h, "Accept")
		}
	}
	if s := scopeOf(r.Context()); s != nil {
		if len(s.vary) > 0 {
			addVary(h, s.vary...)
		}
	} else if have := r.PathValue(lookedAt); have != "" {
		// What was noted has each name once.
		switch vary := h["Vary"]; {
		case len(vary) == 0:
			h["Vary"] = []string{have}
		case len(vary) == 1 && vary[0] == "Accept" && !httpfield.HasElement([]string{have}, "Accept"):
			h["Vary"] = []string{"Accept, " + have}
		default:
			h["Vary"] = []string{httpfield.MergeVary(append(slices.Clip(vary), have))}
		}
	}
}

// Shared by all responses; nobody writes to it.
var varyAccept = []string{"Accept"}
