package async_test

import (
	"context"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/forthright-http/forthright/async"
)

// An answer that is a stream or too large is sent as it comes, and not kept: its
// repetition is told so, and is not carried out.
func TestIdempotentAnswerNotKept(t *testing.T) {
	s, once := newOnce(t, nil, func(o *async.IdempotentOptions) { o.MaxAnswer = 10 })
	var calls atomic.Int64
	handle := func(path string, h func(w http.ResponseWriter)) {
		s.mux.Handle("POST "+path, once(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
			calls.Add(1)
			w.Header().Set("Content-Type", "text/plain")
			h(w)
		})))
	}
	handle("/fits", func(w http.ResponseWriter) { _, _ = io.WriteString(w, "12345"); _, _ = io.WriteString(w, "67890") })
	handle("/large", func(w http.ResponseWriter) {
		w.Header().Set("Location", "/large/1")
		w.WriteHeader(201)
		_, _ = io.WriteString(w, "12345")
		_, _ = io.WriteString(w, "678901")
		_, _ = io.WriteString(w, "2")
	})
	handle("/flushed", func(w http.ResponseWriter) {
		_, _ = io.WriteString(w, "123")
		if err := http.NewResponseController(w).Flush(); err != nil {
			t.Error(err)
		}
		_, _ = io.WriteString(w, "456")
	})
	handle("/failed", func(w http.ResponseWriter) {
		w.WriteHeader(500)
		_, _ = io.WriteString(w, "this is more than ten")
	})
	post := func(path string) webAnswer { return s.do("POST", path, "{}", "Idempotency-Key", "k") }
	for _, c := range []struct {
		path, body string
		status     int
		kept       bool
		location   any
	}{
		{"/fits", "1234567890", 200, true, nil},
		{"/large", "123456789012", 201, false, "/large/1"},
		{"/flushed", "123456", 200, false, nil},
	} {
		calls.Store(0)
		if a := post(c.path).has(t, c.status); a.body != c.body {
			t.Errorf("%s: %q", c.path, a.body)
		}
		again := post(c.path)
		if c.kept {
			again.has(t, c.status, "Idempotent-Replayed", "true")
		} else {
			doc := again.has(t, 409, "Location", "", "Retry-After", "").json(t)
			if again.typ(t) != "idempotency-answer-not-kept" || doc["first_status"] != float64(c.status) || doc["location"] != c.location {
				t.Errorf("%s: %s", c.path, again.body)
			}
		}
		if calls.Load() != 1 {
			t.Errorf("%s: %d calls", c.path, calls.Load())
		}
	}
	calls.Store(0)
	post("/failed").has(t, 500)
	post("/failed").has(t, 500)
	if calls.Load() != 2 {
		t.Errorf("/failed: %d calls", calls.Load())
	}
}

// A flushed answer arrives before its handler has returned.
func TestIdempotentLetsStreamsThrough(t *testing.T) {
	s, once := newOnce(t, nil, nil)
	read := make(chan struct{})
	s.mux.Handle("POST /orders", once(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "text/plain")
		_, _ = io.WriteString(w, "first")
		w.(http.Flusher).Flush()
		<-read
		_, _ = io.WriteString(w, "second")
	})))
	r, err := http.NewRequest("POST", s.url+"/orders", strings.NewReader("{}"))
	if err != nil {
		t.Fatal(err)
	}
	r.Header.Set("Idempotency-Key", "k")
	r.Header.Set("X-Owner", "ana")
	res, err := http.DefaultClient.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	defer res.Body.Close()
	buf := make([]byte, 5)
	if _, err := io.ReadFull(res.Body, buf); err != nil || string(buf) != "first" {
		t.Fatalf("%q, %v", buf, err)
	}
	close(read)
	if rest, err := io.ReadAll(res.Body); err != nil || string(rest) != "second" {
		t.Errorf("%q, %v", rest, err)
	}
}

// A handler that panics leaves its key free, and its panic goes on.
func TestIdempotentPanic(t *testing.T) {
	s, once := newOnce(t, nil, nil)
	var calls atomic.Int64
	guard := func(h http.Handler) http.Handler {
		return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			defer func() {
				if v := recover(); v != nil {
					http.Error(w, "no", 500)
				}
			}()
			h.ServeHTTP(w, r)
		})
	}
	s.mux.Handle("POST /orders", guard(once(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		if calls.Add(1) == 1 {
			w.WriteHeader(201) // held back, and never sent
			_, _ = io.WriteString(w, "half")
			panic("oops")
		}
		w.WriteHeader(204)
	}))))
	if a := s.post("k").has(t, 500); strings.Contains(a.body, "half") {
		t.Errorf("the client got %q", a.body)
	}
	s.post("k").has(t, 204, "Idempotent-Replayed", "")
	s.post("k").has(t, 204, "Idempotent-Replayed", "true")
}

// Nobody finished the first request: its process died. The key is free after InFlight.
func TestIdempotentInFlightIsBounded(t *testing.T) {
	store := &failingReplays{ReplayStore: newReplays(t, async.MemoryReplayOptions{}), finish: errWebSecret}
	s, once := newOnce(t, store, func(o *async.IdempotentOptions) { o.InFlight = time.Minute })
	calls := 0
	s.mux.Handle("POST /orders", once(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		calls++
		if end, ok := r.Context().Deadline(); !ok || time.Until(end) > time.Minute {
			t.Errorf("the handler has time until %v", end)
		}
		w.WriteHeader(204)
	})))
	s.post("k").has(t, 204)
	store.finish = nil
	s.clock.add(time.Minute - time.Nanosecond)
	s.post("k").has(t, 409)
	s.clock.add(time.Nanosecond)
	s.post("k").has(t, 204, "Idempotent-Replayed", "")
	s.post("k").has(t, 204, "Idempotent-Replayed", "true")
	if calls != 2 {
		t.Errorf("%d calls", calls)
	}
}

func TestIdempotentKeep(t *testing.T) {
	s, once := newOnce(t, nil, nil)
	calls := 0
	s.mux.Handle("POST /orders", once(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { calls++; w.WriteHeader(204) })))
	s.post("k").has(t, 204)
	s.clock.add(24*time.Hour - time.Nanosecond)
	s.post("k").has(t, 204, "Idempotent-Replayed", "true")
	s.clock.add(time.Nanosecond)
	s.post("k").has(t, 204, "Idempotent-Replayed", "")
	if calls != 2 {
		t.Errorf("%d calls", calls)
	}
}

// Fields that stand around the handler are those of each answer.
func TestIdempotentFieldsAround(t *testing.T) {
	s, once := newOnce(t, nil, nil)
	n := 0
	inner := once(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		h := w.Header()
		h.Add("Vary", "Prefer")
		h.Set("X-Own", "mine")
		h.Set("Link", "</style.css>; rel=preload; as=style")
		w.WriteHeader(103)
		w.WriteHeader(204)
	}))
	s.mux.Handle("POST /orders", http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		n++
		w.Header().Set("Vary", "Origin")
		w.Header().Set("X-Around", strings.Repeat("x", n))
		inner.ServeHTTP(w, r)
	}))
	s.post("k").has(t, 204, "X-Around", "x", "X-Own", "mine").varies(t, "Origin")
	s.post("k").has(t, 204, "X-Around", "xx", "X-Own", "mine", "Idempotent-Replayed", "true").varies(t, "Origin").varies(t, "Prefer")
}

// watchedReplays looks at the answer when it is kept.
type watchedReplays struct {
	async.ReplayStore
	finished func(async.Answer)
}

func (s watchedReplays) Finish(ctx context.Context, c async.Claim, a async.Answer, until time.Time) error {
	s.finished(a)
	return s.ReplayStore.Finish(ctx, c, a, until)
}

// An answer is kept before it is sent: who has it gets it again.
func TestIdempotentKeepsBeforeItSends(t *testing.T) {
	w := httptest.NewRecorder()
	kept := false
	store := watchedReplays{newReplays(t, async.MemoryReplayOptions{}), func(a async.Answer) {
		kept = a.Status == 201 && string(a.Body) == "made" && a.Header.Get("Location") == "/1"
		if w.Body.Len() != 0 {
			t.Errorf("%q was sent before it was kept", w.Body)
		}
	}}
	s, once := newOnce(t, store, nil)
	s.mux.Handle("POST /orders", once(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Location", "/1")
		w.WriteHeader(201)
		_, _ = io.WriteString(w, "made")
	})))
	r := httptest.NewRequest("POST", "/orders", strings.NewReader("{}"))
	r.Header.Set("Idempotency-Key", "k")
	r.Header.Set("X-Owner", "ana")
	ctx, gone := context.WithCancel(r.Context())
	gone() // the client went away meanwhile: its answer is kept all the same
	s.mux.ServeHTTP(w, r.WithContext(ctx))
	if !kept || w.Code != 201 || w.Body.String() != "made" {
		t.Errorf("kept %t, sent %d %q", kept, w.Code, w.Body)
	}
}
