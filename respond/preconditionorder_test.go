package respond_test

import (
	"net/http"
	"strconv"
	"strings"
	"testing"

	"github.com/forthright-http/forthright/problem"
	"github.com/forthright-http/forthright/respond"
)

type orderedValue struct {
	Name string `json:"name" validate:"required"`
}

// orderedFault is one thing that is wrong with a request.
type orderedFault struct {
	status  int
	header  []string
	content string
}

// The order of refusals: 401, 403, 404; 406, 415, 413, 428 or 412, 400 or 422.
// A request with two faults is refused for the one that comes first (RFC 9110
// §13.2.1 for what is before and behind the preconditions).
var orderedFaults = []orderedFault{
	{status: 401},
	{status: 404},
	{status: 406, header: []string{"Accept", "image/png"}},
	{status: 415, header: []string{"Content-Type", "text/plain"}},
	{status: 413, content: `{"name":"` + strings.Repeat("a", 100) + `"}`},
	{status: 428, header: []string{"If-Match"}},
	{status: 412, header: []string{"If-Match", `"v0"`}},
	{status: 400, content: `{"name":`},
	{status: 422, content: `{"name":""}`},
}

func TestOrderOfRefusals(t *testing.T) {
	decoder := respond.Must(respond.NewDecoder[orderedValue](respond.DecodeOptions{MaxBytes: 64}))
	current := &respond.State{ETag: "v1"}
	checks := map[string]func(*http.Request) error{
		"Matching":      func(r *http.Request) error { _, err := decoder.Decode(r, respond.Matching("v1")); return err },
		"Preconditions": func(r *http.Request) error { _, err := decoder.Decode(r, respond.Preconditions(current)); return err },
		"both": func(r *http.Request) error {
			_, err := decoder.Decode(r, respond.Preconditions(current), respond.Matching("v1"))
			return err
		},
	}
	for name, check := range checks {
		acted := false
		url, _ := fieldServer(t, func(r *http.Request) (respond.Response, error) {
			switch {
			case r.Header.Get("X-Fault-401") != "":
				return respond.Fail(problem.Unauthorized("Bearer"))
			case r.Header.Get("X-Fault-404") != "":
				return respond.Fail(problem.NotFound(""))
			}
			if err := check(r); err != nil {
				return respond.Fail(err)
			}
			acted = true
			return respond.NoContent(), nil
		})
		ask := func(faults ...orderedFault) int {
			h := map[string]string{"Accept": "application/json", "Content-Type": "application/json", "If-Match": `"v1"`}
			content := `{"name":"a"}`
			for _, f := range faults {
				switch {
				case f.status == 401 || f.status == 404:
					h["X-Fault-"+strconv.Itoa(f.status)] = "yes"
				case len(f.header) == 1:
					delete(h, f.header[0])
				case len(f.header) == 2:
					h[f.header[0]] = f.header[1]
				case f.status == 413 || content == `{"name":"a"}`:
					content = f.content
				case f.status == 400: // behind a 413
					content = strings.TrimSuffix(content, "}")
				case f.status == 422:
					content = strings.Replace(content, `{`, `{"name":"",`, 1)
				}
			}
			r, err := http.NewRequestWithContext(t.Context(), "PUT", url, strings.NewReader(content))
			if err != nil {
				t.Fatal(err)
			}
			for name, value := range h {
				r.Header.Set(name, value)
			}
			res, err := http.DefaultTransport.RoundTrip(r)
			if err != nil {
				t.Fatal(err)
			}
			res.Body.Close()
			return res.StatusCode
		}
		if got := ask(); got != 204 || !acted {
			t.Fatalf("%s: without a fault: %d", name, got)
		}
		acted = false
		for i, first := range orderedFaults {
			if name == "Preconditions" && first.status == 428 {
				continue // it requires none
			}
			if got := ask(first); got != first.status {
				t.Errorf("%s: %d alone is answered with %d", name, first.status, got)
			}
			for _, second := range orderedFaults[i+1:] {
				if first.status == 428 && second.status == 412 || first.status == 400 && second.status == 422 {
					continue // not both
				}
				if got := ask(first, second); got != first.status {
					t.Errorf("%s: %d and %d are answered with %d", name, first.status, second.status, got)
				}
			}
		}
		if acted {
			t.Errorf("%s: a request with a fault was acted on", name)
		}
	}
}

// A precondition of the author's own is called once, at its place.
func TestPreconditionOfOnesOwn(t *testing.T) {
	called := 0
	own := func(r *http.Request) error {
		called++
		if r.Header.Get("X-Version") != "1" {
			return problem.PreconditionFailed("")
		}
		return nil
	}
	url := fieldServe(t, except(respond.Handle(func(r *http.Request) (respond.Response, error) {
		if _, err := respond.Decode[orderedValue](r, own); err != nil {
			return respond.Fail(err)
		}
		return respond.NoContent(), nil
	}), "X-Version is the precondition", "412"))
	for _, c := range []struct {
		content string
		header  []string
		status  int
		called  int
	}{
		{`{"name":"a"}`, []string{"X-Version", "1"}, 204, 1},
		{`{"name":"a"}`, nil, 412, 1},
		{`{`, nil, 412, 1},
		{`{`, []string{"X-Version", "1"}, 400, 1},
		{`{`, []string{"X-Version", "1", "Accept", "image/png"}, 406, 0},
	} {
		called = 0
		res, _ := fieldAsk(t, "PUT", url, c.content, c.header...)
		if res.StatusCode != c.status || called != c.called {
			t.Errorf("%s %q: %d after %d calls", c.content, c.header, res.StatusCode, called)
		}
	}
}
