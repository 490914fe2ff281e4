package respond

import (
	"net/http"
	"net/http/httptest"
	"testing"
	"time"

	"github.com/forthright-http/forthright/respond/conform/conformtest"
)

// What a handler looked at is in Vary where it was in time; where it was not,
// it must not be written to while the answer is: the race detector tells.
func TestHandleWithinVary(t *testing.T) {
	var answered, done chan struct{}
	late := func(r *http.Request) (Response, error) {
		defer close(done)
		<-r.Context().Done()
		for {
			lookAt(r, "X-Late")
			scopeOf(r.Context()).vary = nil
			select {
			case <-answered:
				return NoContent(), nil
			default:
			}
		}
	}
	inTime := func(r *http.Request) (Response, error) {
		lookAt(r, "X-Seen")
		return NoContent(), nil
	}
	for _, h := range []http.Handler{
		new(API).HandleWithin(time.Hour, inTime),
		Wrap(new(API).HandleWithin(time.Hour, inTime)),
	} {
		w := httptest.NewRecorder()
		conformtest.Handler(t, h).ServeHTTP(w, httptest.NewRequest("GET", "/", nil))
		if got := w.Header().Get("Vary"); got != "X-Seen" {
			t.Errorf("Vary: %q", got)
		}
	}
	for range 5 {
		answered, done = make(chan struct{}), make(chan struct{})
		w := httptest.NewRecorder()
		conformtest.Handler(t, Wrap(new(API).HandleWithin(time.Millisecond, late))).ServeHTTP(w, httptest.NewRequest("GET", "/", nil))
		close(answered)
		<-done
		if got := w.Header().Get("Vary"); w.Code != 503 || got != "" {
			t.Errorf("%d, Vary: %q", w.Code, got)
		}
	}
}
