package respond_test

import (
	"log/slog"
	"net/http"
	"strings"
	"testing"

	"github.com/forthright-http/forthright/respond"
)

// Content of a type or in a coding that is not taken is a 415 that teaches
// which are.
func TestSplitContentType(t *testing.T) {
	api, book := newAPI(t, respond.Options{})
	mux := http.NewServeMux()
	handleDecode(mux, api, "/json", respond.Must(respond.NewDecoder[sized](respond.DecodeOptions{})))
	handleDecode(mux, api, "/both", respond.Must(respond.NewDecoder[sized](respond.DecodeOptions{Codecs: []respond.Codec{respond.JSON, respond.Form}})))
	addr := startServer(t, api.Wrap(mux), book)

	const doc = `{"a":"s"}`
	for _, row := range []struct {
		name, method, path, body string
		status                   int
		fields                   []string
	}{
		{"json", "POST", "/json", doc, 201, []string{jsonField}},
		{"in capitals", "POST", "/json", doc, 201, []string{"Content-Type: Application/JSON"}},
		{"charset", "POST", "/json", doc, 201, []string{`Content-Type: application/json; charset=UTF-8`}},
		{"quoted charset", "POST", "/json", doc, 201, []string{`Content-Type: application/json;charset="utf-8"`}},
		{"another parameter", "POST", "/json", doc, 201, []string{`Content-Type: application/json; version=1`}},
		{"another charset", "POST", "/json", doc, 415, []string{`Content-Type: application/json; charset=latin1`}},
		{"missing", "POST", "/json", doc, 415, nil},
		{"empty", "POST", "/json", doc, 415, []string{"Content-Type:"}},
		{"text", "POST", "/json", doc, 415, []string{"Content-Type: text/plain"}},
		{"no media type", "POST", "/json", doc, 415, []string{"Content-Type: json"}},
		{"a range", "POST", "/json", doc, 415, []string{"Content-Type: application/*"}},
		{"a suffix", "POST", "/json", doc, 415, []string{"Content-Type: application/merge-patch+json"}},
		{"twice", "POST", "/json", doc, 415, []string{jsonField, jsonField}},
		{"a list", "POST", "/json", doc, 415, []string{"Content-Type: application/json, application/json"}},
		{"a form", "POST", "/json", "a=s", 415, []string{"Content-Type: application/x-www-form-urlencoded"}},
		{"a form where taken", "POST", "/both", "a=s", 201, []string{"Content-Type: application/x-www-form-urlencoded"}},
		{"json beside forms", "POST", "/both", doc, 201, []string{jsonField}},
		{"neither", "POST", "/both", doc, 415, []string{"Content-Type: text/xml"}},
		{"PATCH", "PATCH", "/json", doc, 415, []string{"Content-Type: text/plain"}},
		{"PUT", "PUT", "/json", doc, 415, []string{"Content-Type: text/plain"}},
		{"QUERY", "QUERY", "/json", doc, 415, []string{"Content-Type: text/plain"}},
		{"identity", "POST", "/json", doc, 201, []string{jsonField, "Content-Encoding: identity"}},
		{"gzip", "POST", "/json", doc, 415, []string{jsonField, "Content-Encoding: gzip"}},
		{"gzip, in chunks", "POST", "/json", doc, 415, []string{jsonField, "Content-Encoding: gzip"}},
		{"gzip and text", "POST", "/json", doc, 415, []string{"Content-Type: text/plain", "Content-Encoding: s3cr3t"}},
		{"a list of codings", "POST", "/json", doc, 415, []string{jsonField, "Content-Encoding: identity, br"}},
	} {
		t.Run(row.name, func(t *testing.T) {
			send := request
			if strings.Contains(row.name, "chunks") {
				send = chunked
			}
			res, body := exchangeRaw(t, addr, send(row.method, row.path, row.body, row.fields...), false)
			if res.StatusCode != row.status {
				t.Fatalf("the status is %d, want %d: %s", res.StatusCode, row.status, body)
			}
			if row.status < 400 {
				return
			}
			wantProblem(t, res, body)
			if strings.Contains(body, marker) {
				t.Errorf("the answer holds what the client sent: %s", body)
			}
			types := "application/json"
			if row.path == "/both" {
				types += ", application/x-www-form-urlencoded"
			}
			want := map[string]string{"Accept": types}
			switch row.method {
			case "POST":
				want["Accept-Post"] = types
			case "PATCH":
				want["Accept-Patch"] = types
			case "QUERY":
				want["Accept-Query"] = types
			}
			if strings.Contains(strings.Join(row.fields, ""), "Encoding: ") {
				want = map[string]string{"Accept-Encoding": "identity"}
			}
			for _, name := range []string{"Accept", "Accept-Post", "Accept-Patch", "Accept-Query", "Accept-Encoding"} {
				if got := res.Header.Get(name); got != want[name] {
					t.Errorf("%s is %q, want %q", name, got, want[name])
				}
			}
		})
	}
	if level := book.worst(); level > slog.LevelInfo {
		t.Errorf("logged at %v", level)
	}
}
