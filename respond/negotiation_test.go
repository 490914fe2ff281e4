package respond_test

import (
	"encoding/csv"
	"encoding/json"
	"errors"
	"fmt"
	"html/template"
	"io"
	"net/http"
	"reflect"
	"slices"
	"strings"
	"testing"

	"github.com/forthright-http/forthright/problem"
	"github.com/forthright-http/forthright/respond"
)

type listedBook struct {
	Title string `json:"title"`
	Year  int    `json:"year"`
}

var listedBooks = []listedBook{{"Emma <1>", 1815}, {"Ulysses", 1922}}

// booksAsCSV is an encoder as a user writes one.
type booksAsCSV struct{ mediaType string }

func (e booksAsCSV) MediaType() string { return e.mediaType }

func (booksAsCSV) Encode(w io.Writer, v any) error {
	books, ok := v.([]listedBook)
	if !ok {
		return fmt.Errorf("no books but a %T", v)
	}
	c := csv.NewWriter(w)
	for _, b := range books {
		if err := c.Write([]string{b.Title, fmt.Sprint(b.Year)}); err != nil {
			return err
		}
	}
	c.Flush()
	return c.Error()
}

// booksAsHTML writes as it goes, and a broken title ends it halfway.
type booksAsHTML struct{}

var errTitle = errors.New("a broken title, a secret")

var booksPage = template.Must(template.New("").Funcs(template.FuncMap{"title": func(s string) (string, error) {
	if s == "broken" {
		return "", errTitle
	}
	return s, nil
}}).Parse(`<!doctype html><ul>{{range .}}<li>{{title .Title}} ({{.Year}}){{end}}</ul>`))

func (booksAsHTML) MediaType() string               { return "text/html; charset=utf-8" }
func (booksAsHTML) Encode(w io.Writer, v any) error { return booksPage.Execute(w, v) }

var (
	asHTML respond.Encoder = booksAsHTML{}
	asCSV  respond.Encoder = booksAsCSV{"text/csv; charset=utf-8"}
)

const (
	booksInJSON = `[{"title":"Emma \u003c1\u003e","year":1815},{"title":"Ulysses","year":1922}]` + "\n"
	booksInHTML = `<!doctype html><ul><li>Emma &lt;1&gt; (1815)<li>Ulysses (1922)</ul>`
	booksInCSV  = "Emma <1>,1815\nUlysses,1922\n"
)

func TestNegotiation(t *testing.T) {
	api, _ := logged(t)
	answer := func(*http.Request) (respond.Response, error) { return respond.OK(listedBooks), nil }
	all := fieldServe(t, api.Offer(respond.AsJSON, asHTML, asCSV).Handle(answer))
	only := fieldServe(t, api.Handle(answer))
	page := fieldServe(t, api.Offer(asHTML, respond.AsJSON).Handle(answer))
	const none = ""
	for _, c := range []struct {
		name   string
		url    string
		accept []string
		want   string // the type, none for a 406
	}{
		{"§12.5.1 absent", all, nil, "json"},
		{"§12.5.1 absent, another order", page, nil, "html"},
		{"§12.5.1 empty", all, []string{""}, "json"},
		{"§12.5.1 two empty lines", all, []string{"", " , "}, "json"},
		{"§12.5.1 exactly", all, []string{"text/csv"}, "csv"},
		{"§12.5.1 */*", all, []string{"*/*"}, "json"},
		{"§12.5.1 text/*: the server's order", all, []string{"text/*"}, "html"},
		{"§8.3.1 upper case", all, []string{"TEXT/CSV"}, "csv"},
		{"§12.4.2 q decides", all, []string{"application/json;q=0.2, text/csv;q=0.8, text/html;q=0.5"}, "csv"},
		{"§12.4.2 equal q: the server's order", all, []string{"text/csv, text/html, application/json"}, "json"},
		{"§12.4.2 q=0 excludes", all, []string{"application/json;q=0, */*"}, "html"},
		{"§12.4.2 q=0 excludes all of text", all, []string{"text/*;q=0, */*;q=0.1"}, "json"},
		{"§12.4.2 q=0 excludes the only one", only, []string{"application/json;q=0, */*"}, none},
		{"§12.4.2 q=0.0 is q=0", only, []string{"application/json;q=0.000"}, none},
		{"§12.4.2 */*;q=0", all, []string{"*/*;q=0"}, none},
		{"§12.4.2 */*;q=0 but one", all, []string{"*/*;q=0, text/csv;q=0.1"}, "csv"},
		{"§12.5.1 the most specific counts, not the highest q", all, []string{"text/*;q=0.9, text/csv;q=0.1, application/json;q=0.2, text/html;q=0.15"}, "json"},
		{"§12.5.1 the most specific counts", all, []string{"*/*;q=1, application/json;q=0.1, text/html;q=0.2"}, "csv"},
		{"§12.5.1 parameters are more specific", all, []string{"text/csv;q=0.9, text/csv;charset=utf-8;q=0.1, text/html;q=0.5"}, "html"},
		{"§12.5.1 a parameter that does not fit", all, []string{"text/csv;header=present"}, none},
		{"§12.5.1 q before the parameters", all, []string{"text/csv;q=0.1;charset=utf-8, text/html;q=0.5"}, "html"},
		{"§12.5.1 HTML before JSON", all, []string{"text/html, application/json;q=0.9"}, "html"},
		{"§12.5.1 HTML before JSON, without HTML", only, []string{"text/html, application/json;q=0.9"}, "json"},
		{"§12.5.1 a browser", all, []string{"text/html,application/xhtml+xml,application/xml;q=0.9,image/avif,*/*;q=0.8"}, "html"},
		{"§12.5.1 a browser, without HTML", only, []string{"text/html,application/xhtml+xml,application/xml;q=0.9,image/avif,*/*;q=0.8"}, "json"},
		{"§5.6.1 empty elements", all, []string{",,text/csv,,"}, "csv"},
		{"§5.3 two lines", all, []string{"text/html;q=0.5", "text/csv"}, "csv"},
		{"§5.3 two lines, the best in the first", all, []string{"text/csv", "text/html;q=0.5"}, "csv"},
		{"§12.4.2 spaces", all, []string{"text/html ; q=0.5 ,\ttext/csv"}, "csv"},
		{"§12.5.1 a malformed element is dropped", all, []string{"csv, text/html"}, "html"},
		{"§12.4.2 a malformed q drops its element", all, []string{"text/csv;q=2, text/html;q=0.1"}, "html"},
		{"§12.5.1 malformed alone counts as absent", all, []string{"csv"}, "json"},
		{"§12.5.1 */html is malformed", all, []string{"*/html"}, "json"},
		{"§12.5.1 none", all, []string{"image/png"}, none},
		{"§12.5.1 none of a type", only, []string{"text/*"}, none},
		{"§12.5.1 a longer subtype", all, []string{"application/json-seq, text/csvx"}, none},
		{"§12.5.1 a suffix is no type", only, []string{"application/vnd.api+json"}, none},
	} {
		t.Run(c.name, func(t *testing.T) {
			var header []string
			for _, line := range c.accept {
				header = append(header, "Accept", line)
			}
			res, body := condHead(t, c.url, header...)
			fieldVaries(t, res, "Accept")
			condWireHead(t, c.url, header...)
			if c.want == none {
				if res.StatusCode != 406 {
					t.Fatalf("%d %s", res.StatusCode, res.Header)
				}
				want := []any{"application/json", "text/html; charset=utf-8", "text/csv; charset=utf-8"}
				if c.url == only {
					want = want[:1]
				}
				if got := condProblem(t, res, body)["available"]; !reflect.DeepEqual(got, want) {
					t.Errorf("RFC 9110 §15.5.7: available is %v", got)
				}
				return
			}
			want := map[string][2]string{
				"json": {"application/json", booksInJSON},
				"html": {"text/html; charset=utf-8", booksInHTML},
				"csv":  {"text/csv; charset=utf-8", booksInCSV},
			}[c.want]
			if res.StatusCode != 200 || res.Header.Get("Content-Type") != want[0] || body != want[1] {
				t.Errorf("%d %s %q, want %s", res.StatusCode, res.Header.Get("Content-Type"), body, want[0])
			}
		})
	}
}

// A problem may be sent where Accept does not name it (RFC 9457 §3, RFC 9110
// §15.5.7): what a read would fail with is never covered up by a 406.
func TestNotAcceptableCoversNothing(t *testing.T) {
	api, _ := logged(t)
	for _, p := range []error{
		problem.Unauthorized("Bearer"), problem.Forbidden("Not yours."), problem.NotFound(""), problem.Gone(""), problem.Conflict("It is locked."),
		errors.New("a secret"),
	} {
		want := 500
		if q := (*problem.Problem)(nil); errors.As(p, &q) {
			want = q.Status()
		}
		url := fieldServe(t, except(api.Offer(asCSV).Handle(func(*http.Request) (respond.Response, error) { return respond.Fail(p) }),
			"it is refused to all", "403-anonymous"))
		get, body := fieldAsk(t, "GET", url, "", "Accept", "image/png")
		head, _ := fieldAsk(t, "HEAD", url, "", "Accept", "image/png")
		put, _ := fieldAsk(t, "PUT", url, "", "Accept", "image/png")
		if get.StatusCode != want || head.StatusCode != want || put.StatusCode != want {
			t.Errorf("%v: GET %d, HEAD %d, PUT %d", p, get.StatusCode, head.StatusCode, put.StatusCode)
		}
		condProblem(t, get, body)
	}
	// Nor an answer without content, a redirect, or content as it is.
	for _, s := range []respond.Response{
		respond.NoContent(), respond.OK(nil), respond.SeeOther("/x"), respond.Status(303, listedBooks).Header("Location", "/x"), respond.Bytes("image/gif", []byte("x")),
	} {
		url := fieldServe(t, api.Offer(asCSV).Handle(func(*http.Request) (respond.Response, error) { return s, nil }))
		if res, body := condHead(t, url, "Accept", "image/png"); res.StatusCode != s.Code() {
			t.Errorf("%d became a %d: %s", s.Code(), res.StatusCode, body)
		}
	}
	// 406 is a normal check, and comes before the preconditions (§13.2.1).
	url := fieldServe(t, api.Offer(asCSV).Handle(func(*http.Request) (respond.Response, error) { return respond.OK(listedBooks).ETag("v1"), nil }))
	for _, header := range [][]string{{"If-None-Match", `"v1"`}, {"If-Match", `"x"`}} {
		if res, _ := condHead(t, url, append(header, "Accept", "image/png")...); res.StatusCode != 406 || res.Header["Etag"] != nil {
			t.Errorf("§13.2.1 %q: %d", header, res.StatusCode)
		}
	}
}

// Unsafe methods: 406 before the handler acts, by whatever helper comes first,
// and never after.
func TestNotAcceptableBeforeActing(t *testing.T) {
	api, _ := logged(t)
	for name, check := range map[string]func(*http.Request) error{
		"Decode":             func(r *http.Request) error { _, err := respond.Decode[listedBook](r); return err },
		"RequireMatch":       func(r *http.Request) error { return respond.RequireMatch(r, "v1") },
		"CheckPreconditions": func(r *http.Request) error { return respond.CheckPreconditions(r, nil) },
		"Acceptable":         respond.Acceptable,
		"Matching":           respond.Matching("v1"),
		"Preconditions":      respond.Preconditions(nil),
		"nothing":            func(*http.Request) error { return nil },
	} {
		for _, method := range []string{"POST", "PUT", "PATCH", "QUERY"} {
			acted := false
			url := fieldServe(t, api.Wrap(api.Offer(asCSV, respond.AsJSON).Handle(func(r *http.Request) (respond.Response, error) {
				// A copy has to do as well.
				if err := check(r.WithContext(r.Context())); err != nil {
					return respond.Fail(err)
				}
				acted = true
				return respond.OK(listedBooks), nil
			})))
			header := []string{"Accept", "image/png"}
			res, body := fieldAsk(t, method, url, "{", header...)
			fieldVaries(t, res, "Accept")
			if name == "nothing" {
				// It has acted: that is not to be taken back by a refusal.
				if res.StatusCode != 200 || !acted || body != booksInCSV {
					t.Errorf("%s: %d %s", method, res.StatusCode, body)
				}
				continue
			}
			if method == "DELETE" && (name == "CheckPreconditions" || name == "Preconditions") {
				if res.StatusCode != 200 || !acted { // a DELETE has no content to choose a form for
					t.Errorf("%s: %d %s", name, res.StatusCode, body)
				}
				continue
			}
			if res.StatusCode != 406 || acted {
				t.Errorf("%s, %s: %d, acted: %v", name, method, res.StatusCode, acted)
				continue
			}
			want := []any{"text/csv; charset=utf-8", "application/json"}
			if got := condProblem(t, res, body)["available"]; !reflect.DeepEqual(got, want) {
				t.Errorf("%s, %s: available is %v", name, method, got)
			}
			if res, _ := fieldAsk(t, method, url, `{"title":"a","year":1}`, "Accept", "application/json", "If-Match", `"v1"`); name != "CheckPreconditions" && name != "Preconditions" && res.StatusCode != 200 {
				t.Errorf("%s, %s: accepted: %d", name, method, res.StatusCode)
			}
		}
	}
	// A precondition of DELETE does not refuse for a form: there is seldom any
	// content to choose one for.
	for name, check := range map[string]func(*http.Request) error{
		"RequireMatch":  func(r *http.Request) error { return respond.RequireMatch(r, "v1") },
		"Preconditions": respond.Preconditions(&respond.State{ETag: "v1"}),
	} {
		url := fieldServe(t, api.Handle(func(r *http.Request) (respond.Response, error) { return respond.NoContent(), check(r) }))
		for tag, status := range map[string]int{`"v1"`: 204, `"v0"`: 412} {
			if res, _ := fieldAsk(t, "DELETE", url, "", "Accept", "text/html", "If-Match", tag); res.StatusCode != status {
				t.Errorf("%s, DELETE of %s: %d", name, tag, res.StatusCode)
			}
		}
	}
	// A read is asked by nobody but Handle.
	url := fieldServe(t, api.Handle(func(r *http.Request) (respond.Response, error) {
		return respond.NoContent(), respond.Acceptable(r)
	}))
	if res, _ := fieldAsk(t, "GET", url, "", "Accept", "image/png"); res.StatusCode != 204 {
		t.Errorf("GET: %d", res.StatusCode)
	}
}

// A handler nested in another one, or chosen by it, refuses for itself.
func TestNotAcceptableNested(t *testing.T) {
	api, _ := logged(t)
	inner := api.Offer(asCSV).Handle(func(r *http.Request) (respond.Response, error) { return respond.NoContent(), respond.Acceptable(r) })
	url := fieldServe(t, api.HandleWriter(func(w http.ResponseWriter, r *http.Request) error { inner.ServeHTTP(w, r); return nil }))
	for accept, status := range map[string]int{"text/csv": 204, "application/json": 406} {
		if res, _ := fieldAsk(t, "POST", url, "", "Accept", accept); res.StatusCode != status {
			t.Errorf("%s: %d", accept, res.StatusCode)
		}
	}
}

// An encoder that fails halfway leaves a clean 500: nothing of what it wrote,
// none of the fields of the success.
func TestEncoderFails(t *testing.T) {
	for name, encoder := range map[string]respond.Encoder{"html": asHTML, "csv": asCSV, "json": respond.AsJSON} {
		for _, compute := range []bool{false, true} {
			api, log := logged(t)
			var value any = append(slices.Clone(listedBooks), listedBook{"broken", 0})
			if name != "html" {
				value = func() {}
			}
			url := fieldServe(t, api.Offer(encoder).Handle(func(*http.Request) (respond.Response, error) {
				s := respond.OK(value).ETag("v1").LastModified(changed).Header("Cache-Control", "public, max-age=60").ContentDigest()
				if compute {
					s = s.ComputeETag()
				}
				return s, nil
			}))
			res, body := condHead(t, url)
			if res.StatusCode != 500 || strings.Contains(body, "Emma") || strings.Contains(body, "secret") {
				t.Errorf("%s: %d %s", name, res.StatusCode, body)
			}
			condProblem(t, res, body)
			for _, field := range []string{"Etag", "Last-Modified", "Content-Digest"} {
				if got := res.Header[field]; got != nil {
					t.Errorf("%s: %s %q", name, field, got)
				}
			}
			if name == "html" && !strings.Contains(log.String(), errTitle.Error()) {
				t.Errorf("%s: log: %s", name, log)
			}
			fieldVaries(t, res, "Accept")
		}
	}
	// And the next answer has nothing of it.
	api, _ := logged(t)
	broken := true
	url := fieldServe(t, api.Offer(asHTML).Handle(func(*http.Request) (respond.Response, error) {
		if broken = !broken; broken {
			return respond.OK([]listedBook{{"left over", 1}, {"broken", 0}}), nil
		}
		return respond.OK(listedBooks), nil
	}))
	for range 20 {
		if res, body := fieldAsk(t, "GET", url, ""); res.StatusCode == 200 && body != booksInHTML {
			t.Fatalf("%q", body)
		}
	}
}

// An encoder may write nothing, and much.
type repeated int

func (repeated) MediaType() string { return "text/plain" }
func (n repeated) Encode(w io.Writer, v any) error {
	for range int(n) {
		if _, err := io.WriteString(w, "x"); err != nil {
			return err
		}
	}
	return nil
}

func TestEncoderLengths(t *testing.T) {
	api, _ := logged(t)
	for _, n := range []int{0, 1, 2047, 2048, 2049, 100_000} {
		url := fieldServe(t, api.Offer(repeated(n)).Handle(func(*http.Request) (respond.Response, error) { return respond.OK(1), nil }))
		res, body := condHead(t, url)
		if len(body) != n || res.ContentLength != int64(n) {
			t.Errorf("%d: %d bytes, Content-Length %d", n, len(body), res.ContentLength)
		}
	}
}

func TestOfferPanics(t *testing.T) {
	for name, encoders := range map[string][]respond.Encoder{
		"none":     {},
		"nil":      {respond.AsJSON, nil},
		"no type":  {respond.AsJSONType("json")},
		"a range":  {respond.AsJSONType("application/*")},
		"twice":    {respond.AsJSON, asCSV, respond.AsJSONType("application/json")},
		"any case": {respond.AsJSON, respond.AsJSONType("Application/JSON")},
	} {
		func() {
			defer func() {
				if recover() == nil {
					t.Errorf("%s: no panic", name)
				}
			}()
			(*respond.API)(nil).Offer(encoders...)
		}()
	}
	// The API that it is called on keeps its own.
	api, _ := logged(t)
	_ = api.Offer(asCSV)
	url := fieldServe(t, api.Handle(func(*http.Request) (respond.Response, error) { return respond.OK(1), nil }))
	if res, _ := fieldAsk(t, "GET", url, ""); res.Header.Get("Content-Type") != "application/json" {
		t.Error(res.Header)
	}
}

// JSON under another name.
func TestAsJSONType(t *testing.T) {
	api := (*respond.API)(nil).Offer(respond.AsJSONType("application/vnd.books+json"), respond.AsJSON)
	url := fieldServe(t, api.Handle(func(*http.Request) (respond.Response, error) { return respond.OK(listedBooks), nil }))
	for accept, want := range map[string]string{"application/json": "application/json", "*/*": "application/vnd.books+json"} {
		res, body := condHead(t, url, "Accept", accept)
		if !json.Valid([]byte(body)) || res.Header.Get("Content-Type") != want {
			t.Errorf("%s: %s %s", accept, res.Header.Get("Content-Type"), body)
		}
	}
}
