package respond_test

import (
	"net/http"
	"net/http/httptest"
	"testing"

	"github.com/forthright-http/forthright/problem"
	"github.com/forthright-http/forthright/respond"
)

// HEAD writes nothing (RFC 9110 §9.3.2), also to a writer that would take it:
// net/http drops it, a middleware's buffer does not.
func TestHeadWritesNothing(t *testing.T) {
	for name, s := range map[string]respond.Response{
		"a value": respond.OK(listedBooks), "a computed tag": respond.OK(listedBooks).ComputeETag(), "a 201": respond.Created("/x", 1),
		"bytes": respond.Bytes("text/plain", []byte(alphabet)), "a tag": respond.OK(1).ETag("v1"),
	} {
		for _, header := range [][]string{nil, {"Range", "bytes=0-2"}, {"If-None-Match", `"v1"`}, {"If-Match", `"x"`}, {"Accept", "image/png"}} {
			w := httptest.NewRecorder()
			checked(t, except(condAnswer(s), "it answers HEAD, too", "201-method")).ServeHTTP(w, condRequest("HEAD", header...))
			if w.Body.Len() > 0 {
				t.Errorf("%s, %q: %d %s", name, header, w.Code, w.Body)
			}
		}
	}
	w := httptest.NewRecorder()
	checked(t, respond.Handle(func(r *http.Request) (respond.Response, error) { return respond.Fail(problem.NotFound("")) })).ServeHTTP(w, condRequest("HEAD"))
	if w.Code != 404 || w.Body.Len() > 0 {
		t.Errorf("%d %s", w.Code, w.Body)
	}
}
