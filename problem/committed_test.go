package problem_test

import (
	"errors"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"testing"

	"github.com/forthright-http/forthright/internal/commit"
	"github.com/forthright-http/forthright/problem"
)

// After the header was sent no answer is possible: log, abort, write nothing.
func TestAfterTheHeaderWasSent(t *testing.T) {
	for _, tt := range []struct {
		name  string
		err   error
		level slog.Level
	}{
		{"404", problem.NotFound(""), slog.LevelWarn},
		{"501", problem.NotImplemented(""), slog.LevelWarn},
		{"503", problem.Unavailable(1), slog.LevelWarn},
		{"500", errors.New("broken"), slog.LevelError},
		{"502", problem.BadGateway(""), slog.LevelError},
	} {
		var event problem.Event
		w, log := logged(t, problem.Options{OnProblem: func(e problem.Event) { event = e }})
		rec := httptest.NewRecorder()
		rw := commit.Track(rec)
		rw.WriteHeader(202)
		_, _ = rw.Write([]byte("half"))
		eq(t, tt.name+" aborts", aborts(func() { w.Write(rw, get(), tt.err) }), true)
		eq(t, tt.name, rec.Code, 202)
		eq(t, tt.name, rec.Body.String(), "half")
		eq(t, tt.name+" Content-Type", rec.Header().Get("Content-Type"), "")
		r := log.one(t)
		eq(t, tt.name, r.level, tt.level)
		eq(t, tt.name, r.message, "problem after the header was sent")
		eq(t, tt.name, itoa(int(r.attrs["status"].(int64))), tt.name)
		eq(t, tt.name+" sent", r.attrs["sent"], any(int64(202)))
		eq(t, tt.name, itoa(event.Status), tt.name)
		eq(t, tt.name+" Sent", event.Sent, false)
		eq(t, tt.name+" Instance", event.Instance, "") // nobody was given one
	}
}

// An interim response is no commit (RFC 9110 §15.2).
func TestRFC9110Section15_2_AProblemAfterEarlyHints(t *testing.T) {
	srv := serve(t, false, func(w http.ResponseWriter, r *http.Request) {
		rw := commit.Track(w)
		rw.Header().Set("Link", "</style.css>; rel=preload")
		rw.WriteHeader(http.StatusEarlyHints)
		newWriter(t, problem.Options{}).Write(rw, r, problem.NotFound(""))
	})
	res, err := srv.Client().Get(srv.URL)
	if err != nil {
		t.Fatal(err)
	}
	defer res.Body.Close()
	eq(t, "status", res.StatusCode, 404)
	eq(t, "body", members(t, res)["status"], any(404.0))
}

// The client of a real server sees an answer that is cut off, over HTTP/1.1
// and HTTP/2; never a whole one.
func TestTheClientSeesAnAbortedAnswer(t *testing.T) {
	for _, http2 := range []bool{false, true} {
		for _, flush := range []bool{false, true} {
			w, log := logged(t, problem.Options{})
			srv := serve(t, http2, func(rw http.ResponseWriter, r *http.Request) {
				tracked := commit.Track(rw)
				_, _ = io.WriteString(tracked, "half of")
				if flush {
					tracked.Flush()
				}
				w.Write(tracked, r, errors.New("the rest is lost"))
			})
			var got []byte
			res, err := srv.Client().Get(srv.URL)
			if err == nil {
				got, err = io.ReadAll(res.Body)
				res.Body.Close()
			}
			if err == nil {
				t.Errorf("http2 %v, flushed %v: a whole answer of %q", http2, flush, got)
			}
			if s := string(got); s != "" && s != "half of" {
				t.Errorf("http2 %v, flushed %v: the client got %q", http2, flush, s)
			}
			srv.Close()
			eq(t, "level", log.one(t).level, slog.LevelError)
		}
	}
}

// A client that went away: the log has 499, at level info, once.
func TestClientGoneOverARealServer(t *testing.T) {
	w, log := logged(t, problem.Options{})
	started, done := make(chan struct{}), make(chan struct{})
	srv := serve(t, false, func(rw http.ResponseWriter, r *http.Request) {
		defer close(done)
		close(started)
		<-r.Context().Done()
		w.Write(commit.Track(rw), r, r.Context().Err())
	})
	ctx, cancel := contextFor(t)
	go func() { <-started; cancel() }()
	req, _ := http.NewRequestWithContext(ctx, "GET", srv.URL, nil)
	if res, err := srv.Client().Do(req); err == nil {
		res.Body.Close()
		t.Error("there was an answer")
	}
	<-done
	r := log.one(t)
	eq(t, "status", r.attrs["status"], any(int64(499)))
	eq(t, "level", r.level, slog.LevelInfo)
}

// Who has the answer finds the record, and the hook has been called: both come
// before the first byte.
func TestTheRecordComesBeforeTheAnswer(t *testing.T) {
	var told []problem.Event
	w, log := logged(t, problem.Options{OnProblem: func(e problem.Event) { told = append(told, e) }})
	for _, err := range []error{problem.NotFound(""), errUnknown, problem.Gone("").With("member", make(chan int))} {
		log.records, told = nil, nil
		var rec first
		rec.ResponseRecorder = httptest.NewRecorder()
		rec.begin = func() {
			log.one(t)
			if len(told) != 1 || !told[0].Sent {
				t.Errorf("%v: told %+v", err, told)
			}
		}
		send(t, w, &rec, get(), err)
		log.one(t)
		eq(t, "told", len(told), 1)
	}
}

// first calls begin before the header is written.
type first struct {
	*httptest.ResponseRecorder
	begin func()
}

func (f *first) WriteHeader(status int) { f.begin(); f.ResponseRecorder.WriteHeader(status) }

// One body write, after one header write, with the length known.
func TestOneHeaderOneBody(t *testing.T) {
	var rec counting
	rec.ResponseRecorder = httptest.NewRecorder()
	send(t, newWriter(t, problem.Options{}), &rec, get(), problem.NotFound("").With("chan", make(chan int)))
	eq(t, "headers", rec.headers, 1)
	eq(t, "writes", rec.writes, 1)
	eq(t, "length", rec.Header().Get("Content-Length"), itoa(rec.Body.Len()))
}

type counting struct {
	*httptest.ResponseRecorder
	headers, writes int
}

func (c *counting) WriteHeader(status int) { c.headers++; c.ResponseRecorder.WriteHeader(status) }
func (c *counting) Write(b []byte) (int, error) {
	c.writes++
	return c.ResponseRecorder.Write(b)
}
