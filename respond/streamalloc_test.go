package respond

import (
	"net/http"
	"net/http/httptest"
	"testing"
	"time"
)

// sinkWriter can flush and has deadlines, and does nothing.
type sinkWriter struct{ h http.Header }

func (w *sinkWriter) Header() http.Header              { return w.h }
func (w *sinkWriter) WriteHeader(int)                  {}
func (w *sinkWriter) Write(b []byte) (int, error)      { return len(b), nil }
func (w *sinkWriter) FlushError() error                { return nil }
func (w *sinkWriter) SetWriteDeadline(time.Time) error { return nil }

// withEvents runs f with a stream to nowhere.
func withEvents(tb testing.TB, f func(*EventStream)) {
	err := Events(&sinkWriter{http.Header{}}, httptest.NewRequest("GET", "/", nil), EventOptions{}, func(s *EventStream) error {
		f(s)
		return nil
	})
	if err != nil {
		tb.Fatal(err)
	}
}

type tickData struct {
	N    int    `json:"n"`
	Name string `json:"name"`
}

func TestSendAllocs(t *testing.T) {
	if raceEnabled {
		t.Skip("the race detector allocates")
	}
	var text any = "a line\nand another"
	var value any = &tickData{1, "x"}
	withEvents(t, func(s *EventStream) {
		for name, data := range map[string]any{"text": text, "JSON": value} {
			if n := testing.AllocsPerRun(200, func() {
				if err := s.Send(Event{ID: "1", Name: "tick", Data: data}); err != nil {
					t.Error(err)
				}
			}); n > 0 {
				t.Errorf("%s: %v allocations", name, n)
			}
		}
	})
}

func BenchmarkSend(b *testing.B) {
	var value any = &tickData{1, "x"}
	withEvents(b, func(s *EventStream) {
		b.ReportAllocs()
		for b.Loop() {
			if err := s.Send(Event{ID: "1", Name: "tick", Data: value}); err != nil {
				b.Fatal(err)
			}
		}
	})
}

func BenchmarkLines(b *testing.B) {
	r := httptest.NewRequest("GET", "/", nil)
	v := &tickData{1, "x"}
	b.ReportAllocs()
	err := Lines(&sinkWriter{http.Header{}}, r, func(yield func(*tickData, error) bool) {
		for b.Loop() {
			yield(v, nil)
		}
	})
	if err != nil {
		b.Fatal(err)
	}
}
