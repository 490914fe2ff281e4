package problem_test

import (
	"net/http"
	"regexp"
	"testing"
	"time"

	"github.com/forthright-http/forthright/problem"
)

// RFC 9562 §5.4: version 4, variant 10.
var uuid4 = regexp.MustCompile(`^urn:uuid:[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$`)

func TestInstanceIsThatOfTheLog(t *testing.T) {
	var event problem.Event
	w, log := logged(t, problem.Options{OnProblem: func(e problem.Event) { event = e }})
	seen := map[any]bool{}
	fixed := problem.Unavailable(time.Second)
	for range 500 {
		log.records = nil
		m := members(t, answerTo(t, w, get(), fixed))
		id, _ := m["instance"].(string)
		if !uuid4.MatchString(id) {
			t.Fatalf("instance %q", id)
		}
		if seen[id] {
			t.Fatalf("instance %q twice", id)
		}
		seen[id] = true
		eq(t, "in the log", log.one(t).attrs["instance"], any(id))
		eq(t, "in the event", event.Instance, id)
	}
	eq(t, "the value keeps none", fixed.Instance(), "")
}

func TestInstanceIsForA5xx(t *testing.T) {
	for status := 400; status < 600; status += 3 {
		if status == 401 || status == 405 || status == 407 || status == 426 {
			continue
		}
		_, there := members(t, answer(t, problem.New(status, ""), anyStatus))["instance"]
		eq(t, http.StatusText(status), there, status >= 500)
	}
}

func TestInstanceHook(t *testing.T) {
	for _, tt := range []struct{ name, made, want string }{
		{"a trace id", "urn:trace:4bf92f3577b34da6a3ce929d0e0e4736", "urn:trace:4bf92f3577b34da6a3ce929d0e0e4736"},
		{"a path", "/traces/7", "/traces/7"},
		{"none", "", ""},
		{"a space", "/traces/a b", ""},
		{"CR LF", "/a\r\nX-A: b", ""},
		{"not ASCII", "/é", ""},
	} {
		w, log := logged(t, problem.Options{Instance: func(r *http.Request) string {
			eq(t, tt.name, r.URL.Path, "/orders/1")
			return tt.made
		}})
		id, _ := members(t, answerTo(t, w, get(), problem.BadGateway("")))["instance"].(string)
		if tt.want == "" && !uuid4.MatchString(id) || tt.want != "" && id != tt.want {
			t.Errorf("%s: instance %q", tt.name, id)
		}
		eq(t, tt.name, log.one(t).attrs["instance"], any(id))
		_, there := members(t, answerTo(t, w, get(), problem.NotFound("")))["instance"]
		eq(t, tt.name+": of a 404", there, false)
	}
}

// An instance that the author set stands, for a 4xx and for a 5xx.
func TestInstanceOfTheAuthor(t *testing.T) {
	for _, p := range []*problem.Problem{problem.Conflict(""), problem.BadGateway("")} {
		w, log := logged(t, problem.Options{Instance: func(*http.Request) string { return "/hook" }})
		p = p.WithInstance("/jobs/7")
		for range 3 {
			log.records = nil
			eq(t, p.Error(), members(t, answerTo(t, w, get(), p))["instance"], any("/jobs/7"))
			eq(t, p.Error(), log.one(t).attrs["instance"], any("/jobs/7"))
		}
	}
}
