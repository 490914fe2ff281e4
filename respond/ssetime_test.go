package respond_test

import (
	"bufio"
	"context"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/forthright-http/forthright/respond"
)

// A minute of silence has four heartbeats, or none, and neither the server's
// WriteTimeout nor the time that one write may take ends the stream.
func TestEventsHeartbeat(t *testing.T) {
	for _, c := range []struct {
		version   int
		heartbeat time.Duration
		want      int
	}{{1, 0, 4}, {2, 0, 4}, {1, -1, 0}, {2, -1, 0}, {2, 20 * time.Second, 3}} {
		synctest.Test(t, func(t *testing.T) {
			api, _ := logged(t)
			client, stop := piped(t, events(api, respond.EventOptions{Heartbeat: c.heartbeat}, func(r *http.Request, s *respond.EventStream) error {
				if err := s.Send(respond.Event{Data: "first"}); err != nil {
					return err
				}
				time.Sleep(61 * time.Second)
				return s.Send(respond.Event{Data: "late"})
			}), c.version, func(s *http.Server) { s.WriteTimeout = 5 * time.Second })
			defer stop()
			res, err := client.Get("http://x/")
			if err != nil {
				t.Fatal(err)
			}
			source := newEventSource(bufio.NewReader(res.Body))
			if e, err := source.next(); err != nil || e.data != "first" || source.comments != 0 {
				t.Errorf("%+v: %+v, %v after %d comments", c, e, err, source.comments)
			}
			if e, err := source.next(); err != nil || e.data != "late" || source.comments != c.want {
				t.Errorf("%+v: %+v, %v after %d comments", c, e, err, source.comments)
			}
			if _, err := source.next(); err != io.EOF {
				t.Errorf("%+v: %v", c, err)
			}
			res.Body.Close()
		})
	}
}

// Events put heartbeats off.
func TestEventsHeartbeatOnlyInSilence(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		api, _ := logged(t)
		client, stop := piped(t, events(api, respond.EventOptions{Heartbeat: 2 * time.Second}, func(r *http.Request, s *respond.EventStream) error {
			for range 10 {
				time.Sleep(time.Second)
				if err := s.Send(respond.Event{}); err != nil {
					return err
				}
			}
			return nil
		}), 1, nil)
		defer stop()
		_, body, err := get(t, client, "http://x/")
		if err != nil || body != strings.Repeat("data: \n\n", 10) {
			t.Errorf("%q %v", body, err)
		}
	})
}

// A client that does not read ends the handler after Stall, not never.
func TestEventsStuckClient(t *testing.T) {
	for _, version := range []int{1, 2} {
		for _, quiet := range []bool{false, true} { // found by Send, or by a heartbeat
			synctest.Test(t, func(t *testing.T) {
				api, log := logged(t)
				ended := make(chan error, 1)
				var took time.Duration
				client, stop := piped(t, events(api, respond.EventOptions{Stall: 10 * time.Second, Heartbeat: time.Second}, func(r *http.Request, s *respond.EventStream) error {
					began := time.Now()
					err := s.Send(respond.Event{Data: "first"})
					for err == nil && !quiet {
						err = s.Send(respond.Event{Data: strings.Repeat("x", 1<<20)})
					}
					<-r.Context().Done() // net/http knows, too
					took = time.Since(began)
					if again := s.Send(respond.Event{}); again == nil {
						err = errors.New("sent to nobody")
					}
					ended <- errors.Join(err, r.Context().Err())
					return r.Context().Err()
				}), version, nil)
				defer stop()
				ctx, cancel := context.WithCancel(t.Context())
				defer cancel()
				req, _ := http.NewRequestWithContext(ctx, "GET", "http://x/", nil)
				res, err := client.Do(req)
				if err != nil {
					t.Fatal(err)
				}
				if _, err := newEventSource(bufio.NewReader(res.Body)).next(); err != nil {
					t.Fatal(err)
				}
				if quiet { // the client goes away instead
					cancel()
				}
				err = <-ended
				if strings.Contains(err.Error(), "sent to nobody") || !errors.Is(err, context.Canceled) {
					t.Errorf("HTTP/%d: %v", version, err)
				}
				if !quiet && took != 10*time.Second {
					t.Errorf("HTTP/%d: after %v", version, took)
				}
				synctest.Wait()
				if !strings.Contains(log.String(), "status=499") {
					t.Error(log)
				}
				res.Body.Close()
				cancel()
			})
		}
	}
}

// A writer that panics in the timer's goroutine must not end the process.
func TestEventsHeartbeatPanics(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := &panicky{httptest.NewRecorder()}
		err := respond.Events(w, httptest.NewRequest("GET", "/", nil), respond.EventOptions{}, func(s *respond.EventStream) error {
			time.Sleep(time.Minute)
			return s.Send(respond.Event{})
		})
		if err == nil || !strings.Contains(err.Error(), "panicked") {
			t.Error(err)
		}
	})
}

type panicky struct{ *httptest.ResponseRecorder }

func (p *panicky) Write([]byte) (int, error) { panic("no") }

// Nor does a client hold the server that takes all but the end.
func TestEventsStuckAtTheEnd(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		api, _ := logged(t)
		client, stop := piped(t, events(api, respond.EventOptions{Stall: 10 * time.Second}, func(_ *http.Request, s *respond.EventStream) error {
			return s.Send(respond.Event{Data: "all"})
		}), 1, nil)
		defer stop()
		res, err := client.Get("http://x/")
		if err != nil {
			t.Fatal(err)
		}
		defer res.Body.Close()
		source := newEventSource(bufio.NewReader(res.Body))
		if _, err := source.next(); err != nil {
			t.Fatal(err)
		}
		time.Sleep(11 * time.Second)
		if _, err := source.next(); err != io.ErrUnexpectedEOF {
			t.Error("the server still waited:", err)
		}
	})
}
