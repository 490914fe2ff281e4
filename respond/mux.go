package respond

import (
	"fmt"
	"maps"
	"net/http"
	"path"
	"slices"
	"strings"

	"github.com/forthright-http/forthright/internal/httpfield"
	"github.com/forthright-http/forthright/problem"
)

// defaultMethods are those of RFC 9110 §9.3, PATCH (RFC 5789) and QUERY (RFC
// 10008).
var defaultMethods = map[string]bool{
	"GET": true, "HEAD": true, "POST": true, "PUT": true, "DELETE": true,
	"CONNECT": true, "OPTIONS": true, "TRACE": true, "PATCH": true, "QUERY": true,
}

func knownMethods(more []string) (map[string]bool, error) {
	if len(more) == 0 {
		return nil, nil
	}
	known := maps.Clone(defaultMethods)
	for _, m := range more {
		if !httpfield.IsToken(m) {
			return nil, fmt.Errorf("respond: the method %q is not a token (RFC 9110 §9.1)", m)
		}
		known[m] = true
	}
	return known, nil
}

func (a *API) knows(method string) bool {
	if a != nil && a.known != nil {
		return a.known[method]
	}
	return defaultMethods[method]
}

// Mux is middleware for one http.ServeMux: it answers what the mux itself
// would answer, and not what handlers do.
//
//   - No pattern for the path: 404, as a problem.
//   - A method that nobody knows, on a path with a pattern: 501 (RFC 9110
//     §15.6.2).
//   - OPTIONS, where no pattern takes it: 204 with Allow (§9.3.7).
//   - Another method than the path's patterns take: 405 with Allow
//     (§15.5.6).
//   - OPTIONS *, which is about the whole server, where net/http passes it on
//     (http.Server.DisableGeneralOptionsHandler): 204 with the methods that
//     are known in Allow; another method with *: 400 (§7.1).
//   - A redirect of the mux to the clean form of a path stays as it is, but
//     where the path has escapes, which the mux would encode once more.
//
// A handler's own 404 or 405 is left alone: nothing that a handler writes is
// looked at.
func (a *API) Mux(mux *http.ServeMux) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.RequestURI == "*" {
			a.wholeServer(w, r)
			return
		}
		if to, ok := cleanTarget(r); ok {
			w.Header()["Location"] = []string{to}
			w.WriteHeader(http.StatusTemporaryRedirect)
			return
		}
		own, pattern := mux.Handler(r)
		if pattern != "" {
			mux.ServeHTTP(w, r)
			return
		}
		// No pattern takes it: the mux would answer by itself. Ask how.
		answer := answerRecorder{header: make(http.Header)}
		own.ServeHTTP(&answer, r)
		switch {
		case answer.status == http.StatusMethodNotAllowed:
			a.otherMethod(w, r, answer.header.Get("Allow"))
		case answer.status/100 == 3:
			mux.ServeHTTP(w, r)
		default:
			a.writer().Write(w, r, unknownPath)
		}
	})
}

// cleanTarget returns where a request is led whose path has escapes and is not
// clean: the same target with a clean path, its escapes untouched (RFC 3986 §2.4: nothing is
// encoded twice).
func cleanTarget(r *http.Request) (string, bool) {
	p := r.URL.EscapedPath()
	if r.Method == http.MethodConnect || !strings.Contains(p, "%") || p[0] != '/' || !strings.Contains(p, "//") && !strings.Contains(p, "/.") {
		return "", false
	}
	clean := path.Clean(p)
	if p[len(p)-1] == '/' && clean != "/" {
		clean += "/"
	}
	if clean == p {
		return "", false
	}
	if r.URL.RawQuery != "" {
		clean += "?" + r.URL.RawQuery
	}
	return httpfield.EscapeURI(clean)
}

var unknownPath = problem.NotFound("There is nothing at this path.")

// otherMethod answers for a path whose patterns take the methods in allow,
// which the request's is not one of.
func (a *API) otherMethod(w http.ResponseWriter, r *http.Request, allow string) {
	methods := strings.Split(allow, ", ")
	if !slices.Contains(methods, http.MethodOptions) {
		methods = append(methods, http.MethodOptions)
		slices.Sort(methods)
	}
	switch {
	case r.Method == http.MethodOptions:
		w.Header().Set("Allow", strings.Join(methods, ", "))
		w.WriteHeader(http.StatusNoContent)
	case !a.knows(r.Method):
		a.writer().Write(w, r, problem.NotImplemented("This method is not known here.").WithHeader("Allow", strings.Join(methods, ", ")))
	default:
		a.writer().Write(w, r, problem.MethodNotAllowed(methods...))
	}
}

// wholeServer answers for the target "*", which is no path.
func (a *API) wholeServer(w http.ResponseWriter, r *http.Request) {
	switch {
	case r.Method == http.MethodOptions:
		known := defaultMethods
		if a != nil && a.known != nil {
			known = a.known
		}
		w.Header().Set("Allow", strings.Join(slices.Sorted(maps.Keys(known)), ", "))
		w.WriteHeader(http.StatusNoContent)
	case !a.knows(r.Method):
		a.writer().Write(w, r, problem.NotImplemented("This method is not known here."))
	default:
		a.writer().Write(w, r, problem.BadRequest("The target * is for OPTIONS alone."))
	}
}

// answerRecorder takes the status and header of the mux's own answers.
type answerRecorder struct {
	header http.Header
	status int
}

func (a *answerRecorder) Header() http.Header         { return a.header }
func (a *answerRecorder) WriteHeader(status int)      { a.status = status }
func (a *answerRecorder) Write(b []byte) (int, error) { return len(b), nil }
