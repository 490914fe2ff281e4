package conform_test

import (
	"encoding/base64"
	"fmt"
	"strings"
	"testing"

	"github.com/forthright-http/forthright/respond/conform"
)

// har is a file with entries.
func har(entries ...string) string {
	return `{"log":{"version":"1.2","creator":{"name":"by hand","version":"1"},"entries":[` + strings.Join(entries, ",") + `]}}`
}

// entry is a GET, its request fields and its response in JSON.
func entry(fields, response string) string {
	return `{"startedDateTime":"2026-01-01T00:00:00Z","_priority":"High","request":{"method":"GET","url":"https://api.example.com/orders/1#top","httpVersion":"http/2.0",
		"headers":[{"name":":authority","value":"api.example.com"}` + fields + `],"queryString":[],"cookies":[],"headersSize":-1,"bodySize":0},
		"response":` + response + `,"cache":{},"timings":{}}`
}

func answer(status int, fields, content string, bodySize int) string {
	return fmt.Sprintf(`{"status":%d,"statusText":"","httpVersion":"http/2.0","headers":[{"name":"date","value":"Sun, 06 Nov 1994 08:49:37 GMT"}%s],"cookies":[],"content":%s,"redirectURL":"","headersSize":-1,"bodySize":%d,"_error":null}`,
		status, fields, content, bodySize)
}

func field(name, value string) string { return fmt.Sprintf(`,{"name":%q,"value":%q}`, name, value) }

func text(size int, s string) string {
	return fmt.Sprintf(`{"size":%d,"mimeType":"application/json","text":%q}`, size, s)
}

func TestReadHAR(t *testing.T) {
	checker, err := conform.New(conform.Options{})
	if err != nil {
		t.Fatal(err)
	}
	kept := field("etag", `"v1"`) + field("cache-control", "no-cache") + field("content-type", "application/json")
	digest := field("content-digest", "sha-256=:AAAA:")
	problem := field("content-type", "application/problem+json") + field("cache-control", "no-store")
	b64 := func(s string) string {
		return fmt.Sprintf(`{"size":%d,"mimeType":"x","text":%q,"encoding":"base64"}`, len(s), base64.StdEncoding.EncodeToString([]byte(s)))
	}
	for _, c := range []struct {
		name, entry, want string
	}{
		{"good", entry("", answer(200, kept, text(7, `{"a":1}`), 7)), ""},
		{"bad JSON", entry("", answer(200, kept, text(5, `{"a":`), 5)), "0:G20"},
		{"bad JSON, base64", entry("", answer(200, kept, b64(`{"a":`), 5)), "0:G20"},
		{"no text", entry("", answer(200, kept, `{"size":700,"mimeType":"application/json"}`, 90)), ""},
		{"no content member", entry("", answer(200, kept, `null`, -1)), ""},
		{"an error without content", entry("", answer(500, "", `{"size":0,"mimeType":"x-unknown"}`, 0)), "0:4xx-body"},
		{"an error of which the content is not known", entry("", answer(500, "", `{"size":0,"mimeType":"x-unknown"}`, -1)), ""},
		{"a digest that is wrong", entry("", answer(200, kept+digest, text(7, `{"a":1}`), 7)), "0:G18"},
		{"a digest of what was gzip", entry("", answer(200, kept+digest+field("content-encoding", "gzip")+field("vary", "Accept-Encoding"), text(7, `{"a":1}`), 20)), ""},
		{"a digest of what had a byte order mark", entry("", answer(200, kept+digest, text(10, `{"a":1}`), 10)), ""},
		{"the status of a problem that was gzip", entry("", answer(404, problem+field("content-encoding", "gzip"), text(14, `{"status":500}`), 20)), "0:G17-status"},
		{"a field of HTTP/1.1 in HTTP/2", entry("", answer(200, kept+field("connection", "keep-alive"), text(7, `{"a":1}`), 7)), "0:G13"},
		{"no fields were captured", entry("", `{"status":200,"headers":[],"content":{"size":0},"bodySize":-1}`), "0:200-validator"},
		{"no Date", entry("", `{"status":204,"headers":[{"name":"etag","value":"\"v1\""}],"content":{"size":0},"bodySize":0}`), "0:G6"},
		{"two values that Chrome joins", entry("", answer(200, kept+field("location", "/a\n/b"), text(7, `{"a":1}`), 7)), "0:G7 0:G10"},
		{"the cache's content of a 304", entry(field("if-none-match", `"v1"`), answer(304, field("etag", `"v1"`), text(7, `{"a":1}`), 0)), ""},
		{"blocked", entry("", `{"status":0,"statusText":"","headers":[],"content":{"size":0},"bodySize":-1,"_error":"net::ERR_ABORTED"}`), ""},
		{"data", strings.Replace(entry("", answer(200, "", `{"size":0}`, 0)), "https://api.example.com/orders/1#top", "data:text/plain,hi", 1), ""},
		{"a number out of range", entry("", answer(999, "", `{"size":1}`, 1)), "0:G1"},
	} {
		t.Run(c.name, func(t *testing.T) {
			all, err := conform.ReadHAR(strings.NewReader("\uFEFF" + har(c.entry)))
			if err != nil || len(all) != 1 {
				t.Fatalf("%d exchanges, %v", len(all), err)
			}
			if got := numbered(checker.Exchanges(all)); got != c.want {
				t.Errorf("found %q, want %q", got, c.want)
			}
		})
	}

	// Exchanges are counted as the file counts them, and compared.
	all, err := conform.ReadHAR(strings.NewReader(har(
		entry("", `{"status":0,"headers":[],"content":{"size":0}}`),
		entry("", answer(200, kept, text(7, `{"a":1}`), 7)),
		entry(field("if-none-match", `"v1"`), answer(304, field("etag", `"v1"`), `{"size":0}`, 0)),
		entry(field("if-none-match", `"v1"`)+field("cookie", "a=b"), answer(304, field("etag", `"v1"`), `{"size":0}`, 0)),
		entry(field("if-none-match", `"v2"`), answer(304, field("etag", `"v2"`), `{"size":0}`, 0)),
	)))
	if err != nil {
		t.Fatal(err)
	}
	if got := numbered(checker.Exchanges(all)); got != "2:304-pair" {
		t.Errorf("found %q", got)
	}
	if got := all[1].Request.URL.String(); got != "https://api.example.com/orders/1" || all[1].Request.Header.Get(":authority") != "" || all[1].Response.ProtoMajor != 2 {
		t.Errorf("the URL is %s", got)
	}
	post := strings.Replace(entry("", answer(422, problem, text(2, `{}`), 2)), `"method":"GET"`, `"method":"POST","postData":{"mimeType":"application/json","text":"{}"}`, 1)
	all, err = conform.ReadHAR(strings.NewReader(har(post)))
	if err != nil {
		t.Fatal(err)
	}
	if got := numbered(checker.Exchanges(all)); got != "0:422-list" || all[0].Request.ContentLength != 2 {
		t.Errorf("found %q", got)
	}
}

func numbered(found []conform.Finding) string {
	var out []string
	for _, f := range found {
		out = append(out, fmt.Sprintf("%d:%s", f.Exchange, f.Rule))
	}
	return strings.Join(out, " ")
}

func TestReadHARErrors(t *testing.T) {
	good := entry("", answer(204, "", `{"size":0}`, 0))
	for _, c := range []struct{ file, want string }{
		{`{`, "the HAR file is not what it should be"},
		{`{}`, "no log.entries"},
		{`{"log":{}}`, "no log.entries"},
		{`{"log":{"entries":null}}`, "no log.entries"},
		{har(good, `7`), "entry 1 of the HAR file: it is a number, and must be an object"},
		{har(good, `{}`), "entry 1 of the HAR file: there is no request"},
		{har(good, good, strings.Replace(good, `"GET"`, `"G T"`, 1)), `entry 2 of the HAR file: request.method "G T"`},
		{har(strings.Replace(good, `https://api.example.com/orders/1#top`, `/orders/1`, 1)), "entry 0 of the HAR file: request.url"},
		{har(strings.Replace(good, `https://api.example.com/orders/1#top`, `https://[`, 1)), "entry 0 of the HAR file: request.url"},
		{har(strings.Replace(good, `"status":204`, `"status":20.5`, 1)), "entry 0 of the HAR file: response.status 20.5"},
		{har(good, entry("", answer(200, "", `{"size":3,"text":"&&&","encoding":"base64"}`, 3))), "entry 1 of the HAR file: response.content.text: illegal base64"},
	} {
		if _, err := conform.ReadHAR(strings.NewReader(c.file)); err == nil || !strings.HasPrefix(err.Error(), "conform: ") || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%.60s: %v, want %q", c.file, err, c.want)
		}
	}
	if all, err := conform.ReadHAR(strings.NewReader(har())); err != nil || len(all) != 0 {
		t.Errorf("no entries: %v %v", all, err)
	}
	for _, s := range []string{"", "  \r\n "} {
		if _, err := conform.ReadCapture(strings.NewReader(s)); err == nil || !strings.Contains(err.Error(), "empty") {
			t.Errorf("%q: %v", s, err)
		}
	}
}

func FuzzReadHAR(f *testing.F) {
	f.Add([]byte(har()))
	f.Add([]byte(har(entry("", answer(200, field("etag", `"v1"`), text(7, `{"a":1}`), 7)), entry(field("if-none-match", `"v1"`), answer(304, "", "null", -1)))))
	f.Add([]byte(har(entry("", answer(200, field("link", "</>; rel=x\n</>"), `{"size":3,"text":"YWJj","encoding":"base64"}`, 3)))))
	f.Add([]byte(har(entry("", `{"status":0}`), `{"request":{"method":"GET","url":"x:y"}}`)))
	fuzzCapture(f)
}
