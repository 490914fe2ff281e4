package respond_test

import (
	"bytes"
	"encoding/json"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/forthright-http/forthright/respond"
)

func traced(t *testing.T, o respond.Options) http.Handler {
	t.Helper()
	api, err := respond.New(o)
	if err != nil {
		t.Fatal(err)
	}
	type thing struct {
		A int `json:"a" validate:"required,max=9"`
	}
	mux := http.NewServeMux()
	mux.Handle("GET /thing", api.Handle(func(*http.Request) (respond.Response, error) {
		return respond.OK(thing{1}).ETag("v1").LastModified(time.Unix(1000, 0)), nil
	}))
	mux.Handle("PUT /thing", api.Handle(func(r *http.Request) (respond.Response, error) {
		if _, err := respond.Decode[thing](r, respond.Matching("v1")); err != nil {
			return respond.Fail(err)
		}
		respond.Because(r, "policy", "nobody denied")
		return respond.NoContent(), nil
	}))
	return api.Wrap(mux)
}

func TestTrace(t *testing.T) {
	for _, row := range []struct {
		name, method, body string
		header             []string
		status             int
		want               string
	}{
		{"no Accept", "GET", "", nil, 200, "accept: none in the request: the first form, application/json"},
		{"the element of Accept", "GET", "", []string{"Accept", "text/html, application/*;q=0.5"}, 200, "accept: application/*;q=0.5 chose application/json"},
		{"nothing fits", "GET", "", []string{"Accept", "text/csv"}, 406, "accept: no form is accepted; problem: 406 Not Acceptable"},
		{"If-None-Match", "GET", "", []string{"If-None-Match", `"v1"`}, 304, "precondition: If-None-Match names the current entity tag: 304"},
		{"If-Modified-Since", "GET", "", []string{"If-Modified-Since", "Thu, 01 Jan 1970 00:16:40 GMT"}, 304, "precondition: If-Modified-Since is not before Last-Modified: 304"},
		{"If-Match", "GET", "", []string{"If-Match", `"v2"`}, 412, "precondition: If-Match does not name the current entity tag: 412"},
		{"If-Unmodified-Since", "GET", "", []string{"If-Unmodified-Since", "Thu, 01 Jan 1970 00:00:00 GMT"}, 412, "precondition: If-Unmodified-Since is before Last-Modified: 412"},
		{"a write", "PUT", `{"a":1}`, []string{"If-Match", `"v2"`}, 412, "precondition: If-Match does not name the current entity tag: 412"},
		{"400", "PUT", `{"a":10,"b":1}`, []string{"If-Match", `"v1"`}, 400, "split: 400 by unknown_member at #/b"},
		{"422", "PUT", `{"a":10}`, []string{"If-Match", `"v1"`}, 422, "split: 422: no error is one of structure; the first is max"},
		{"a reason of one's own", "PUT", `{"a":1}`, []string{"If-Match", `"v1"`}, 204, "policy: nobody denied"},
	} {
		t.Run(row.name, func(t *testing.T) {
			var logs bytes.Buffer
			logger := slog.New(slog.NewJSONHandler(&logs, &slog.HandlerOptions{Level: slog.LevelDebug}))
			for _, mode := range []respond.Tracing{respond.TraceField, respond.TraceLog, respond.TraceOff} {
				logs.Reset()
				w := httptest.NewRecorder()
				r := httptest.NewRequest(row.method, "/thing", strings.NewReader(row.body))
				r.Header.Set("Content-Type", "application/json")
				for i := 0; i < len(row.header); i += 2 {
					r.Header.Set(row.header[i], row.header[i+1])
				}
				checked(t, traced(t, respond.Options{Trace: mode, Logger: logger})).ServeHTTP(w, r)
				if w.Code != row.status {
					t.Fatalf("the status is %d, want %d", w.Code, row.status)
				}
				field := w.Header().Get("X-Decision")
				if mode == respond.TraceField != strings.Contains(field, row.want) || mode != respond.TraceField && field != "" {
					t.Errorf("mode %d: X-Decision is %q, want %q", mode, field, row.want)
				}
				var record struct {
					Msg     string
					Status  int
					Because map[string]string
				}
				_ = json.Unmarshal(logs.Bytes(), &record)
				step, why, _ := strings.Cut(strings.Split(row.want, "; problem")[0], ": ")
				if logged := record.Msg == "decision" && record.Status == row.status && record.Because[step] == why; logged != (mode == respond.TraceLog) {
					t.Errorf("mode %d: the log has %s", mode, &logs)
				}
			}
		})
	}
	if _, err := respond.New(respond.Options{Trace: 3}); err == nil {
		t.Error("a tracing that there is not is taken")
	}
}
