package respond_test

import (
	"bytes"
	"encoding/json"
	"io"
	"net/http/httptest"
	"testing"
	"time"
	"unicode/utf8"

	"github.com/forthright-http/forthright/respond"
)

// Whatever goes in, the client gets the same back, or Send refused it.
func FuzzEvent(f *testing.F) {
	f.Add("1", "tick", "hello", []byte("a\r\nb"), int64(0))
	f.Add("", "", "", []byte(nil), int64(1))
	f.Add("id: 1\n\ndata: x", "a\nb", "\n\ndata: x\n\n", []byte("\r"), int64(-1))
	f.Add("\ufeff", "\ufeff", "\ufeff", []byte("\xef\xbb\xbf"), int64(1<<62))
	f.Add("a\x00b", " n", " \x00", []byte(" : "), int64(1e9))
	f.Fuzz(func(t *testing.T, id, name, text string, data []byte, retry int64) {
		var want []received
		last := ""
		w := httptest.NewRecorder()
		err := respond.Events(w, httptest.NewRequest("GET", "/", nil), respond.EventOptions{Heartbeat: -1}, func(s *respond.EventStream) error {
			for _, e := range []respond.Event{
				{ID: id, Name: name, Data: text, Retry: time.Duration(retry)},
				{ID: name, Name: text, Data: data},
				{ID: text, Data: map[string]string{name: text}},
				{Name: string(data), Data: nil},
			} {
				if s.Send(e) != nil {
					continue
				}
				if e.ID != "" {
					last = e.ID
				}
				r := received{last, e.Name, ""}
				if r.name == "" {
					r.name = "message"
				}
				switch d := e.Data.(type) {
				case string:
					r.data = asReceived(d)
				case []byte:
					r.data = asReceived(string(d))
				case map[string]string:
					b, _ := json.Marshal(d)
					r.data = string(b)
				}
				want = append(want, r)
			}
			return nil
		})
		if err != nil {
			t.Fatal(err)
		}
		if !utf8.Valid(w.Body.Bytes()) {
			t.Fatal("not UTF-8")
		}
		source := newEventSource(bytes.NewReader(w.Body.Bytes()))
		for _, e := range want {
			got, err := source.next()
			if err != nil || got != e {
				t.Fatalf("got %+v, %v, want %+v", got, err, e)
			}
		}
		if got, err := source.next(); err != io.EOF {
			t.Fatalf("one more: %+v, %v", got, err)
		}
		// What is refused is what cannot be carried, no more.
		if utf8.ValidString(text) && name == "" && id == "" && retry >= 0 && (len(want) == 0 || want[0].data != asReceived(text)) {
			t.Fatalf("refused %q", text)
		}
	})
}
