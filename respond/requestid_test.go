package respond_test

import (
	"encoding/json"
	"errors"
	"net/http"
	"regexp"
	"strings"
	"testing"

	"github.com/forthright-http/forthright/respond"
)

func TestRequestID(t *testing.T) {
	api, book := newAPI(t, respond.Options{})
	mux := http.NewServeMux()
	mux.Handle("/ok", api.Handle(func(r *http.Request) (respond.Response, error) {
		return respond.OK(respond.RequestIDFrom(r.Context())), nil
	}))
	mux.Handle("/error", api.Handle(func(*http.Request) (respond.Response, error) { return respond.Fail(errors.New("x")) }))
	mux.HandleFunc("/panic", func(http.ResponseWriter, *http.Request) { panic("x") })
	addr := startServer(t, api.Wrap(mux), book)

	long := strings.Repeat("a", 128)
	random := regexp.MustCompile(`^[A-Z2-7]{26}$`)
	for _, row := range []struct {
		name   string
		fields []string
		want   string // "" for a new one
	}{
		{"none", nil, ""},
		{"well-formed", []string{"X-Request-Id: aZ09-._~+/=:"}, "aZ09-._~+/=:"},
		{"in lower case", []string{"x-request-id: a"}, "a"},
		{"as long as may be", []string{"X-Request-Id: " + long}, long},
		{"too long", []string{"X-Request-Id: " + long + "a"}, ""},
		{"empty", []string{"X-Request-Id: "}, ""},
		{"a space", []string{"X-Request-Id: a b"}, ""},
		{"a comma", []string{"X-Request-Id: a,b"}, ""},
		{"a quote", []string{`X-Request-Id: a"b`}, ""},
		{"a bracket", []string{`X-Request-Id: <a>`}, ""},
		{"beyond ASCII", []string{`X-Request-Id: ä`}, ""},
		{"two lines", []string{"X-Request-Id: a", "X-Request-Id: b"}, ""},
	} {
		for path, status := range map[string]int{"/ok": 200, "/error": 500, "/panic": 500, "/none": 404} {
			book.worst()
			res, body := exchangeRaw(t, addr, request("GET", path, "", row.fields...), false)
			ids := res.Header.Values("X-Request-Id")
			if res.StatusCode != status || len(ids) != 1 {
				t.Errorf("%s: %s: the status is %d, the ids are %q", row.name, path, res.StatusCode, ids)
				continue
			}
			if row.want != "" && ids[0] != row.want || row.want == "" && !random.MatchString(ids[0]) {
				t.Errorf("%s: %s: the id is %q, want %q", row.name, path, ids[0], row.want)
			}
			var seen string
			if status == 200 {
				_ = json.Unmarshal([]byte(body), &seen)
			} else {
				var record struct {
					ID string `json:"request_id"`
				}
				_ = json.Unmarshal([]byte(book.String()), &record)
				seen = record.ID
			}
			if seen != ids[0] {
				t.Errorf("%s: %s: in the context or the log it is %q, in the answer %q", row.name, path, seen, ids[0])
			}
		}
	}
}

// A service may make its own ids; a bad one is replaced.
func TestRequestIDOfOnesOwn(t *testing.T) {
	for made, ok := range map[string]bool{"mine-1": true, "a\r\nX-Injected: 1": false, "": false} {
		api, book := newAPI(t, respond.Options{RequestID: func() string { return made }})
		addr := startServer(t, api.Wrap(http.NewServeMux()), book)
		res, _ := exchangeRaw(t, addr, request("GET", "/", ""), false)
		if got := res.Header.Get("X-Request-Id"); (got == made) != ok || got == "" || res.Header.Get("X-Injected") != "" {
			t.Errorf("%q: the id is %q", made, got)
		}
	}
	if id := respond.RequestIDFrom(t.Context()); id != "" {
		t.Errorf("without the middleware the id is %q", id)
	}
}
