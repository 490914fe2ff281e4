package respond_test

import (
	"bufio"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/forthright-http/forthright/respond"
)

// events is a handler that streams what run sends.
func events(api *respond.API, o respond.EventOptions, run func(*http.Request, *respond.EventStream) error) http.Handler {
	return api.Wrap(api.HandleWriter(func(w http.ResponseWriter, r *http.Request) error {
		return respond.Events(w, r, o, func(s *respond.EventStream) error { return run(r, s) })
	}))
}

func TestEvents(t *testing.T) {
	next := make(chan respond.Event)
	api, _ := logged(t)
	h := events(api, respond.EventOptions{Retry: 1500 * time.Millisecond}, func(r *http.Request, s *respond.EventStream) error {
		for e := range next {
			if err := s.Send(e); err != nil {
				return err
			}
			if e.Name == "last" {
				return nil
			}
		}
		return nil
	})
	overBoth(t, h, func(t *testing.T, s *httptest.Server) {
		res, err := s.Client().Get(s.URL) // returns before there is an event: the header was flushed
		if err != nil {
			t.Fatal(err)
		}
		defer res.Body.Close()
		want := map[string]string{"Content-Type": "text/event-stream", "Cache-Control": "no-store", "X-Accel-Buffering": "no", "Content-Length": ""}
		for name, value := range want {
			if got := res.Header.Get(name); got != value {
				t.Errorf("%s: %q", name, got)
			}
		}
		source := newEventSource(bufio.NewReader(res.Body))
		for _, c := range []struct {
			send respond.Event
			want received
		}{
			{respond.Event{Data: "a"}, received{"", "message", "a"}},
			{respond.Event{ID: "1", Name: "x", Data: []byte(" a\r\n\nb\rc\n")}, received{"1", "x", " a\n\nb\nc\n"}},
			{respond.Event{Data: map[string]any{"a": "1\n2"}}, received{"1", "message", `{"a":"1\n2"}`}},
			{respond.Event{Data: json.RawMessage("[1,\n 2]")}, received{"1", "message", "[1,2]"}},
			{respond.Event{ID: "é: 2"}, received{"é: 2", "message", ""}},
			{respond.Event{Data: "data: x\n\nid: 4", Retry: time.Microsecond}, received{"é: 2", "message", "data: x\n\nid: 4"}},
			{respond.Event{Name: "last", Data: 1}, received{"é: 2", "last", "1"}},
		} {
			next <- c.send // and so the one before has arrived alone
			if got, err := source.next(); err != nil || got != c.want {
				t.Errorf("got %+v, %v, want %+v", got, err, c.want)
			}
			if c.send.Data == "a" && source.retry != 1500 {
				t.Error("retry", source.retry)
			}
		}
		if source.retry != 1 {
			t.Error("retry", source.retry)
		}
		if _, err := source.next(); err != io.EOF {
			t.Error("the stream did not end in order:", err)
		}
	})
}

func TestEventRefused(t *testing.T) {
	api, _ := logged(t)
	h := events(api, respond.EventOptions{}, func(r *http.Request, s *respond.EventStream) error {
		for _, e := range []respond.Event{
			{ID: "a\nb"}, {ID: "a\rb"}, {ID: "a\x00"}, {ID: " a"}, {ID: "a "}, {ID: "a\tb"}, {ID: "\x01"}, {ID: "\xff"},
			{Name: "a\nb"}, {Name: "a\rb"}, {Name: "a\x00b"}, {Name: "\xff"},
			{Data: "\xff"}, {Data: []byte("a\xc3")}, {Data: func() {}}, {Retry: -1},
		} {
			if s.Send(e) == nil {
				t.Errorf("sent: %+v", e)
			}
		}
		return s.Send(respond.Event{Data: "fine"})
	})
	w := httptest.NewRecorder()
	checked(t, h).ServeHTTP(w, httptest.NewRequest("GET", "/", nil))
	if got := w.Body.String(); got != "data: fine\n\n" {
		t.Errorf("%q", got)
	}
}

// Before the stream begins there is a status; after it the connection is all
// that can say that something went wrong.
func TestEventsErrors(t *testing.T) {
	api, log := logged(t)
	mux := http.NewServeMux()
	mux.Handle("/setting", events(api, respond.EventOptions{Retry: -1}, func(*http.Request, *respond.EventStream) error { return nil }))
	mux.Handle("/flush", api.HandleWriter(func(w http.ResponseWriter, r *http.Request) error {
		return respond.Events(&plainWriter{w}, r, respond.EventOptions{}, func(*respond.EventStream) error { return nil })
	}))
	mux.Handle("/nil", api.HandleWriter(func(w http.ResponseWriter, r *http.Request) error {
		return respond.Events(w, r, respond.EventOptions{}, nil)
	}))
	mux.Handle("/run", events(api, respond.EventOptions{}, func(*http.Request, *respond.EventStream) error { return errTest }))
	mux.Handle("/panic", events(api, respond.EventOptions{}, func(*http.Request, *respond.EventStream) error { panic(errTest) }))
	var kept *respond.EventStream
	mux.Handle("/kept", events(api, respond.EventOptions{}, func(_ *http.Request, s *respond.EventStream) error { kept = s; return nil }))
	overBoth(t, api.Wrap(mux), func(t *testing.T, s *httptest.Server) {
		for _, path := range []string{"/setting", "/flush", "/nil"} {
			res, body, err := get(t, s.Client(), s.URL+path)
			if err != nil || res.StatusCode != 500 || res.Header.Get("Content-Type") != "application/problem+json" {
				t.Error(path, res, body, err)
			}
		}
		for _, path := range []string{"/run", "/panic"} {
			if res, body, err := get(t, s.Client(), s.URL+path); err == nil {
				t.Error(path, res, body)
			}
		}
		if _, _, err := get(t, s.Client(), s.URL+"/kept"); err != nil {
			t.Error(err)
		}
		if kept.Send(respond.Event{}) == nil {
			t.Error("sent after the end")
		}
		kept = nil
		res, err := s.Client().Head(s.URL + "/kept")
		if err != nil || res.StatusCode != 200 || res.Header.Get("Content-Type") != "text/event-stream" || kept != nil {
			t.Error(res, err, kept)
		}
	})
	if !strings.Contains(log.String(), "cannot be flushed") {
		t.Error(log)
	}
}

func TestLastEventID(t *testing.T) {
	for _, c := range []struct {
		lines []string
		want  string
	}{{nil, ""}, {[]string{"7"}, "7"}, {[]string{"é"}, "é"}, {[]string{"\xff"}, ""}, {[]string{"1", "2"}, ""}} {
		r := httptest.NewRequest("GET", "/", nil)
		r.Header["Last-Event-Id"] = c.lines
		if got := respond.LastEventID(r); got != c.want {
			t.Errorf("%q: %q", c.lines, got)
		}
	}
}

// An id that Send takes comes back through a real server.
func TestLastEventIDRoundTrip(t *testing.T) {
	api, _ := logged(t)
	h := events(api, respond.EventOptions{}, func(r *http.Request, s *respond.EventStream) error {
		return s.Send(respond.Event{ID: "order é#1, \"x\"", Data: respond.LastEventID(r)})
	})
	overBoth(t, h, func(t *testing.T, s *httptest.Server) {
		id := ""
		for range 2 {
			req, _ := http.NewRequest("GET", s.URL, nil)
			if id != "" {
				req.Header.Set("Last-Event-ID", id)
			}
			res, err := s.Client().Do(req)
			if err != nil {
				t.Fatal(err)
			}
			e, err := newEventSource(bufio.NewReader(res.Body)).next()
			res.Body.Close()
			if err != nil || e.data != id {
				t.Fatalf("%+v %v", e, err)
			}
			id = e.id
		}
	})
}

func TestEventsConcurrent(t *testing.T) {
	api, _ := logged(t)
	h := events(api, respond.EventOptions{Heartbeat: time.Microsecond}, func(r *http.Request, s *respond.EventStream) error {
		var wg sync.WaitGroup
		for i := range 8 {
			wg.Go(func() {
				for j := range 50 {
					if err := s.Send(respond.Event{ID: fmt.Sprint(i, ".", j), Data: fmt.Sprintf("%d\n%d", i, j)}); err != nil {
						t.Error(err)
					}
				}
			})
		}
		wg.Wait()
		return nil
	})
	overBoth(t, h, func(t *testing.T, s *httptest.Server) {
		res, err := s.Client().Get(s.URL)
		if err != nil {
			t.Fatal(err)
		}
		defer res.Body.Close()
		source := newEventSource(bufio.NewReader(res.Body))
		var seen [8]int
		for {
			e, err := source.next()
			if err == io.EOF {
				break
			}
			if err != nil {
				t.Fatal(err)
			}
			var i, j int
			if _, err := fmt.Sscanf(e.data, "%d\n%d", &i, &j); err != nil || j != seen[i] {
				t.Fatalf("%+v: %v", e, err)
			}
			seen[i]++
		}
		for i, n := range seen {
			if n != 50 {
				t.Error(i, n)
			}
		}
	})
}
