package clients_test

import (
	"context"
	"net/http"
	"strings"
	"testing"

	"github.com/forthright-http/forthright/async"
)

// listener is a page whose EventSource is never closed by it: it keeps the events, and
// the state of the connection.
const listener = `<!DOCTYPE html><title>listener</title><link rel=icon href="data:,"><script>
const seen = [], source = new EventSource('URL?of=listener');
for (const name of ['state', 'progress'])
	source.addEventListener(name, e => seen.push(name + ' ' + JSON.parse(e.data).status));
</script>`

// looks is what a person sees of a job's page.
const looks = `[document.title, ...['status', 'message'].map(id => document.getElementById(id).textContent),
	...['bar', 'result', 'error', 'lost'].filter(id => !document.getElementById(id).hidden),
	document.getElementById('bar').getAttribute('value') ?? 'unknown'].join(' | ')`

// WHATWG HTML §9.2: a job's own page moves with the job, goes on where a lost connection
// left off, and is done when the job is; an EventSource that nobody closes is told by a
// 204 that there is no more.
func TestBrowser(t *testing.T) {
	t.Parallel()
	b := newBrowser(t)
	steps := make(chan struct{})
	s, srv := listen(t, func(ctx context.Context, task *async.Task, _ order) (report, error) {
		for done, message := range []string{"", "one", "two", "three"} {
			task.Progress(int64(done), 4)
			task.Message(message)
			select {
			case <-steps:
			case <-ctx.Done():
				return report{}, ctx.Err()
			}
		}
		return report{Rows: 12}, nil
	}, nil)
	post(t, s)
	job := listed(t, s)[0].Links.Self
	s.mux.HandleFunc("GET /listener", func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "text/html; charset=utf-8")
		w.Header().Set("Cache-Control", "no-store")
		_, _ = w.Write([]byte(strings.Replace(listener, "URL", job, 1)))
	})
	streams := func(query string) []visit {
		return s.seen(func(v visit) bool {
			return v.header.Get("Accept") == "text/event-stream" && v.query == query
		})
	}

	page, other := b.open(job), b.open(s.url+"/listener")
	page.shows(looks, "export: queued | queued |  | bar | unknown")
	other.shows("seen.join()", "state queued")
	s.run(t)
	steps <- struct{}{}
	page.shows(looks, "export: running | running | one | bar | 25")

	// Both connections break, and while there is none the job goes on.
	srv.CloseClientConnections()
	steps <- struct{}{}
	page.shows(looks, "export: running | running | two | bar | 50")

	steps <- struct{}{}
	steps <- struct{}{}
	page.shows(looks, "export: succeeded | succeeded | three | bar | result | 100")
	if got := page.eval("document.getElementById('result').href"); got != job+"/result" {
		t.Errorf("the link to the result is %q", got)
	}
	other.shows("String(source.readyState)", "2")
	if got := other.eval("seen.at(0) + ', ' + seen.at(-1)"); got != "state queued, state succeeded" {
		t.Errorf("the other was told %q", got)
	}

	// By now an EventSource that goes on would have connected again.
	mine, others := streams(""), streams("of=listener")
	sent(t, mine, 200, 200)
	sent(t, others, 200, 200, 204)
	for _, v := range append(mine, others...) {
		if v.ended.IsZero() {
			t.Errorf("a stream is still open: %+v", v)
		}
	}
	for _, v := range []visit{mine[1], others[1], others[2]} {
		if v.header.Get("Last-Event-Id") == "" {
			t.Error("a connection that was made again does not say what was seen")
		}
	}
	if v := s.seen(func(v visit) bool {
		return v.path == strings.TrimPrefix(job, s.url) && strings.HasPrefix(v.header.Get("Accept"), "text/html")
	}); len(v) != 1 {
		t.Errorf("the page was loaded %d times", len(v))
	}
}
