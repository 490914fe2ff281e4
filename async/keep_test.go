package async_test

import (
	"net/http"
	"testing"

	"github.com/forthright-http/forthright/async"
	"github.com/forthright-http/forthright/respond"
)

// What happens between the two halves of Accept happens once the job is kept, and
// before the client hears of it.
func TestKeepAndAnswer(t *testing.T) {
	b := newWebBackend()
	s := newWeb(t, b, nil, nil)
	export := s.define("export", "/exports", async.KindOptions{})
	between := 0
	s.mux.Handle("POST /own", respond.Handle(func(r *http.Request) (respond.Response, error) {
		before := len(b.submitted)
		kept, err := export.Keep(r, webIn{"x"})
		if err != nil {
			return respond.Fail(err)
		}
		if between++; kept.Repeated == (len(b.submitted) > before) {
			t.Errorf("%d jobs more, and Repeated is %v", len(b.submitted)-before, kept.Repeated)
		}
		return export.Answer(r, kept)
	}))
	first := s.do("POST", "/own", "", "Idempotency-Key", "k").has(t, 202, "Location", "*", "Idempotent-Replayed", "")
	s.do("POST", "/own", "", "Idempotency-Key", "k").has(t, 202, "Location", first.Header.Get("Location"), "Idempotent-Replayed", "true")
	s.do("POST", "/own", "", "Idempotency-Key", `"`).has(t, 400)
	if between != 2 {
		t.Errorf("%d were answered", between)
	}
}
