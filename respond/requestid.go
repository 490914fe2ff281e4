package respond

import (
	"context"
	"crypto/rand"
	"net/http"

	"github.com/forthright-http/forthright/internal/commit"
)

// RequestID is middleware that gives each request an id: the one in its
// X-Request-Id, if that is well-formed (1 to 128 letters, digits and
// "-._~+/=:"), and a random one otherwise. The answer carries it in
// X-Request-Id, each problem's log record as request_id, and [RequestIDFrom]
// finds it for logs of your own. A request that has an id from here already
// keeps it, so that a log of accesses can stand around the rest:
//
//	http.ListenAndServe(addr, api.RequestID(logged(api.Wrap(mux))))
func (a *API) RequestID(h http.Handler) http.Handler {
	newID := rand.Text
	if a != nil && a.requestID != nil {
		newID = a.requestID
	}
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if scopeOf(r.Context()) != nil {
			h.ServeHTTP(w, r)
			return
		}
		ids := r.Header["X-Request-Id"]
		if len(ids) != 1 || !wellFormedID(ids[0]) {
			ids = []string{newID()}
			if !wellFormedID(ids[0]) {
				ids[0] = rand.Text()
			}
		}
		w.Header()["X-Request-Id"] = ids[:1:1]
		s := &scope{Context: r.Context(), id: ids[0], api: a, trace: a.newTrace()}
		outer := r
		r = r.WithContext(s)
		// What stands around this, a log of accesses or a checker, may want to
		// know the route; the mux will write it into the copy.
		defer func() { outer.Pattern = r.Pattern }()
		if s.trace != nil {
			t := commit.Track(w)
			w = t
			defer s.trace.log(a, t, r)
		}
		h.ServeHTTP(w, r)
	})
}

// RequestIDFrom returns the id that [API.RequestID] gave a request, "" where
// it has none.
func RequestIDFrom(ctx context.Context) string {
	if s := scopeOf(ctx); s != nil {
		return s.id
	}
	return ""
}

func wellFormedID(s string) bool {
	if len(s) == 0 || len(s) > 128 {
		return false
	}
	for i := 0; i < len(s); i++ {
		switch c := s[i]; {
		case 'a' <= c && c <= 'z', 'A' <= c && c <= 'Z', '0' <= c && c <= '9':
		case c == '-', c == '.', c == '_', c == '~', c == '+', c == '/', c == '=', c == ':':
		default:
			return false
		}
	}
	return true
}
