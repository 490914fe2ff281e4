package respond

import (
	"errors"
	"net/http"
	"time"
	"unicode/utf8"
)

// EventOptions are the settings of [Events]. The zero value is useful.
type EventOptions struct {
	// Heartbeat is how long the stream is silent before a comment is sent, so
	// that proxies keep the connection and a client that went away is
	// noticed. By default 15 seconds; below 0 there is none.
	Heartbeat time.Duration
	// Retry is how long a client is told to wait before it connects again,
	// in whole milliseconds. By default it is told nothing, and decides
	// itself: a few seconds in a browser.
	Retry time.Duration
	// Stall is how long the client may take to accept one event before it
	// counts as gone. By default 30 seconds; below 0 there is no limit.
	Stall time.Duration
}

// Events answers with a stream of server-sent events (WHATWG HTML §9.2), which
// run sends. It is for a handler in [HandleWriter]:
//
//	mux.Handle("GET /news", respond.HandleWriter(func(w http.ResponseWriter, r *http.Request) error {
//		news, err := store.Follow(r.Context(), respond.LastEventID(r))
//		if err != nil {
//			return err // still a status: 404, 503...
//		}
//		return respond.Events(w, r, respond.EventOptions{}, func(s *respond.EventStream) error {
//			for n := range news { // ends with r.Context()
//				if err := s.Send(respond.Event{ID: n.ID, Data: n}); err != nil {
//					return err
//				}
//			}
//			return nil
//		})
//	}))
//
// Before run is called the header is sent: 200, Content-Type:
// text/event-stream, Cache-Control: no-store, and X-Accel-Buffering: no,
// without which nginx holds events back; the latter two only where the header
// of w has no other value. From then on there is no other status: an error of
// run aborts the connection. After an answer to HEAD, run is not called.
//
// The stream lives until run returns. run should end with r.Context(), which
// ends when the client goes away or is stuck; an http.Server does not end it
// in Shutdown, so have RegisterOnShutdown end what run waits for. The
// server's WriteTimeout does not end a stream that is alive, but a deadline of
// its context does.
//
// An EventSource connects again whenever a stream ends, be it in good order.
// A 204 in place of the stream tells it to stop: send that to a client whose
// [LastEventID] is the last event there will ever be.
//
// Events returns an error without having sent anything where a setting is
// wrong or the writer cannot flush, and otherwise what run returns.
func Events(w http.ResponseWriter, r *http.Request, o EventOptions, run func(*EventStream) error) error {
	if run == nil {
		return errors.New("respond: Events without a function")
	}
	if o.Retry < 0 {
		return errors.New("respond: the time to retry an event stream after is negative")
	}
	h := w.Header()
	h["Content-Type"] = []string{"text/event-stream"}
	for name, value := range map[string]string{"Cache-Control": "no-store", "X-Accel-Buffering": "no"} {
		if _, ok := h[name]; !ok {
			h[name] = []string{value}
		}
	}
	delete(h, "Content-Length")
	if r.Method == http.MethodHead {
		w.WriteHeader(http.StatusOK)
		return nil
	}
	s := &EventStream{heartbeat: orDefault(o.Heartbeat, 15*time.Second)}
	s.init(w, orDefault(o.Stall, defaultStall))
	defer s.end()
	if err := s.begin(o.Retry); err != nil {
		return err
	}
	return run(s)
}

// LastEventID returns the id of the last event that the client had, when it
// connects again: its Last-Event-ID (WHATWG HTML §9.2.4). It is "" on a first
// connection. Like all input it can be anything that the client wants it to
// be, as long as it is valid UTF-8.
func LastEventID(r *http.Request) string {
	ids := r.Header["Last-Event-Id"]
	if len(ids) != 1 || !utf8.ValidString(ids[0]) {
		return ""
	}
	return ids[0]
}

func orDefault(d, def time.Duration) time.Duration {
	if d == 0 {
		return def
	}
	return d
}

// EventStream is a stream that [Events] began. It is safe for concurrent use,
// and of no use after the function that was given it has returned.
type EventStream struct {
	outlet
	heartbeat time.Duration
	buf       eventBuffer
}

func (s *EventStream) begin(retry time.Duration) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.limit()
	if err := s.control.Flush(); errors.Is(err, http.ErrNotSupported) {
		return errors.New("respond: the response cannot be flushed, so it cannot carry events: some middleware hides the server's writer and has no Unwrap method")
	}
	var first []byte
	if retry > 0 {
		first = append(appendRetry(nil, retry), '\n')
	}
	if err := s.write(first); err != nil {
		return err
	}
	if s.heartbeat > 0 {
		s.timer = time.AfterFunc(s.heartbeat, s.beat)
	}
	return nil
}

// Send sends one event and flushes it. It returns an error, and sends nothing,
// where the event cannot be expressed: see [Event]. After that the stream is
// as good as before. Any other error is final: the client is gone or stuck, or
// the stream has ended, and all later calls return it too.
func (s *EventStream) Send(e Event) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.err != nil {
		return s.err
	}
	s.buf.b = s.buf.b[:0]
	if cap(s.buf.b) > maxKept {
		s.buf.b = nil
	}
	if err := s.buf.event(&e); err != nil {
		return err
	}
	if s.timer == nil {
		return s.write(s.buf.b)
	}
	s.timer.Stop() // no heartbeat is to wait for a write that takes long
	err := s.write(s.buf.b)
	if err == nil {
		s.timer.Reset(s.heartbeat)
	}
	return err
}

// heartbeat is an empty comment, which every client ignores.
var heartbeat = []byte(":\n\n")

// beat runs in the goroutine of the timer. There is none between two beats.
func (s *EventStream) beat() {
	s.mu.Lock()
	defer s.mu.Unlock()
	defer s.guard()
	if s.write(heartbeat) == nil {
		s.timer.Reset(s.heartbeat)
	}
}
