package respond_test

import (
	"encoding/json"
	"errors"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/forthright-http/forthright/problem"
	"github.com/forthright-http/forthright/respond"
)

type paramsPaging struct {
	Limit int `query:"limit" default:"20" validate:"gte=1,lte=100"`
}

type paramsAll struct {
	paramsPaging
	Shop    int           `path:"shop" validate:"gte=10"`
	Text    string        `query:"q" validate:"omitempty,min=2"`
	Flag    bool          `query:"flag"`
	Ratio   *float64      `query:"ratio"`
	Wait    time.Duration `query:"wait" default:"5s"`
	Addr    netip.Addr    `query:"addr"`
	Tags    []string      `query:"tag" validate:"max=3,dive,min=2"`
	Numbers []int8        `query:"n" default:"1,2"`
	From    int           `query:"from"`
	To      int           `query:"to" validate:"gtefield=From"`
	Need    string        `query:"need" validate:"required"`
	Trace   string        `header:"x-trace" validate:"max=5"`
	Langs   []string      `header:"X-Langs"`
	Theme   string        `cookie:"theme" validate:"omitempty,oneof=light dark"`
	Visits  *uint8        `cookie:"visits"`
	Own     string        // not a parameter
}

func (p *paramsAll) Validate() error {
	var errs problem.Items
	if p.Text == "taboo" {
		errs.Add("taboo", "must be decent.", "q")
	}
	if p.Trace == "t-q" {
		errs.Add("trace", "must not be that.", "X-TRACE")
	}
	if p.Text == "all" {
		errs = append(errs, problem.Item{Code: "whole", Detail: "Do not.", Pointer: "#"})
	}
	if p.Text == "theirs" {
		errs = append(errs, problem.Item{Code: "own", Detail: "no.", Header: "X-Other"})
	}
	if p.Text == "plain" {
		return errors.New("a secret")
	}
	return errs.Err()
}

// paramsQuiet is an API that logs nothing.
var paramsQuiet = func() *respond.API {
	w, err := problem.NewWriter(problem.Options{Logger: slog.New(slog.DiscardHandler)})
	if err != nil {
		panic(err)
	}
	a, err := respond.New(respond.Options{Problems: w})
	if err != nil {
		panic(err)
	}
	return a
}()

func paramsServer(t *testing.T, o respond.ParamsOptions) (url string, last *paramsAll) {
	t.Helper()
	last = new(paramsAll)
	d, err := respond.NewParams[paramsAll](o)
	if err != nil {
		t.Fatal(err)
	}
	mux := http.NewServeMux()
	mux.Handle("/shops/{shop}", paramsQuiet.Handle(func(r *http.Request) (respond.Response, error) {
		p, err := d.Decode(r)
		if err != nil {
			return respond.Response{}, err
		}
		*last = p
		return respond.OK(map[string]int{"limit": p.Limit}), nil
	}))
	s := httptest.NewServer(checked(t, except(paramsQuiet.Wrap(mux), "AlwaysUnprocessable says so", "422-content")))
	t.Cleanup(s.Close)
	return s.URL, last
}

type paramsError struct {
	Detail, Pointer, Parameter, Header, Code string
	Params                                   map[string]any
}

func (e paramsError) String() string {
	return strings.TrimSpace(e.Code + " " + e.Parameter + e.Header + e.Pointer)
}

// paramsGet returns the status and the errors of an answer, none of which may
// repeat the value CANARY.
func paramsGet(t *testing.T, url string, fields ...string) (int, []paramsError, http.Header) {
	t.Helper()
	r, err := http.NewRequestWithContext(t.Context(), "GET", url, nil)
	if err != nil {
		t.Fatal(err)
	}
	for i := 0; i+1 < len(fields); i += 2 {
		r.Header.Add(fields[i], fields[i+1])
	}
	res, err := http.DefaultClient.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	defer res.Body.Close()
	body, err := io.ReadAll(res.Body)
	if err != nil {
		t.Fatal(err)
	}
	if strings.Contains(string(body), "CANARY") {
		t.Errorf("%s: the answer repeats a value: %s", url, body)
	}
	var p struct{ Errors []paramsError }
	if err := json.Unmarshal(body, &p); err != nil {
		t.Fatalf("%s: %v: %s", url, err, body)
	}
	return res.StatusCode, p.Errors, res.Header
}

func TestParamsOverHTTP(t *testing.T) {
	url, _ := paramsServer(t, respond.ParamsOptions{})
	url += "/shops/"
	for _, c := range []struct {
		target string
		fields []string
		status int
		want   string // codes and places
	}{
		{"12?need=1", nil, 200, ""},
		// What does not parse as its type.
		{"12?need=1&limit=CANARY", nil, 400, "type limit"},
		{"12?need=1&limit=", nil, 400, "type limit"},
		{"12?need=1&limit", nil, 400, "type limit"},
		{"12?need=1&limit=2.0", nil, 400, "integer limit"},
		{"12?need=1&limit=99999999999999999999", nil, 400, "range limit"},
		{"12?need=1&flag=", nil, 400, "type flag"},
		{"12?need=1&flag=CANARY", nil, 400, "type flag"},
		{"12?need=1&ratio=", nil, 400, "type ratio"},
		{"12?need=1&ratio=NaN", nil, 400, "type ratio"},
		{"12?need=1&n=1&n=128&n=", nil, 400, "range n, type n"},
		{"CANARY?need=1", nil, 400, "type shop"},
		{"12?need=1", []string{"Cookie", "visits=256"}, 400, "range Cookie"},
		// Sent twice.
		{"12?need=1&limit=1&limit=1", nil, 400, "duplicate_parameter limit"},
		{"12?need=1&limit=1&limit=1&limit=1", nil, 400, "duplicate_parameter limit"},
		{"12?need=1&limit=1&l%69mit=1", nil, 400, "duplicate_parameter limit"},
		{"12?need=1", []string{"X-Trace", "a", "X-Trace", "a"}, 400, "duplicate_parameter X-Trace"},
		{"12?need=1", []string{"Cookie", "theme=dark; theme=light"}, 400, "duplicate_parameter Cookie"},
		{"12?need=1&tag=aa&tag=bb", []string{"X-Langs", "a, b", "X-Langs", "c"}, 200, ""},
		// Required.
		{"12", nil, 400, "required need"},
		{"12?need=", nil, 422, "required need"},
		// Rules and formats.
		{"12?need=1&limit=0", nil, 422, "gte limit"},
		{"12?need=1&limit=101", nil, 422, "lte limit"},
		{"9?need=1", nil, 422, "gte shop"},
		{"12?need=1&q=C", nil, 422, "min q"},
		{"12?need=1&wait=CANARY", nil, 422, "format wait"},
		{"12?need=1&wait=", nil, 422, "format wait"},
		{"12?need=1&addr=CANARY", nil, 422, "format addr"},
		{"12?need=1&tag=aa&tag=b", nil, 422, "min tag"},
		{"12?need=1&tag=aa&tag=aa&tag=aa&tag=aa", nil, 422, "max tag"},
		{"12?need=1&from=2&to=1", nil, 422, "gtefield to"},
		{"12?need=1", []string{"X-Trace", "CANARY"}, 422, "max X-Trace"},
		{"12?need=1", []string{"Cookie", "theme=CANARY"}, 422, "oneof Cookie"},
		{"12?need=1&q=taboo", nil, 422, "taboo q"},
		{"12?need=1", []string{"X-Trace", "t-q"}, 422, "trace X-Trace"},
		{"12?need=1&q=all", nil, 422, "whole"},
		{"12?need=1&q=theirs", nil, 422, "own X-Other"},
		{"12?need=1&q=plain", nil, 422, "validate"},
		// All at once, in the order of the fields; both kinds are a 400. A
		// rule says nothing of what could not be read.
		{"9?to=-1&limit=CANARY&wait=CANARY", nil, 400, "type limit, gte shop, format wait, gtefield to, required need"},
		{"12?need=1&from=CANARY&to=-1", nil, 400, "type from"},
		// Malformed.
		{"12?need=1&limit=%zz", nil, 400, "syntax limit"},
		{"12?need=%zz", nil, 400, "syntax need"},
		{"12?need=1&%zz=1", nil, 400, "syntax"},
		{"12?need=1&%zz=1&%=2", nil, 400, "syntax"},
		{"12?need=1&other=%zz", nil, 400, "syntax other"},
		{"12?need=1;limit=2", nil, 400, "required need, syntax"},
		{"12?need=%ff", nil, 400, "invalid_utf8 need"},
		{"12?need=%00", nil, 400, "syntax need"},
		{"12?need=1", []string{"X-Trace", "\xff"}, 400, "invalid_utf8 X-Trace"},
		{"12?need=1", []string{"X-Langs", "a,\xff"}, 400, "invalid_utf8 X-Langs"},
		{"%ff?need=1", nil, 400, "invalid_utf8 shop"},
		// Unknown, and ignored.
		{"12?need=1&utm_source=x&=&&a", nil, 200, ""},
		{"12?need=1", []string{"Cookie", "other=1"}, 200, ""},
	} {
		status, errs, _ := paramsGet(t, url+c.target, c.fields...)
		var got []string
		for _, e := range errs {
			got = append(got, e.String())
		}
		if status != c.status || strings.Join(got, ", ") != c.want {
			t.Errorf("%s %q: %d %v, want %d %s", c.target, c.fields, status, errs, c.status, c.want)
		}
	}
}

func TestParamsErrorInFull(t *testing.T) {
	url, _ := paramsServer(t, respond.ParamsOptions{})
	_, got, _ := paramsGet(t, url+"/shops/12?limit=101&tag=aa&tag=b&from=2&to=1&need=1", "Cookie", "theme=blue; visits=x")
	want := []paramsError{
		{"must be at most 100.", "", "limit", "", "lte", map[string]any{"lte": 100.0}},
		{"value 2 must have at least 2 characters.", "", "tag", "", "min", map[string]any{"min": 2.0}},
		{"must not be less than the other parameter.", "", "to", "", "gtefield", map[string]any{"gtefield": "from"}},
		{"theme must be one of: light, dark.", "", "", "Cookie", "oneof", map[string]any{"cookie": "theme", "oneof": []any{"light", "dark"}}},
		{"visits must be an integer.", "", "", "Cookie", "type", map[string]any{"cookie": "visits", "type": "integer"}},
	}
	if !reflect.DeepEqual(got, want) {
		t.Errorf("got  %#v\nwant %#v", got, want)
	}
}

func TestParamsValues(t *testing.T) {
	url, got := paramsServer(t, respond.ParamsOptions{})
	ratio, visits := 0.5, uint8(7)
	for _, c := range []struct {
		target string
		fields []string
		want   paramsAll
	}{
		{"/shops/12?need=1", nil, paramsAll{
			paramsPaging: paramsPaging{20}, Shop: 12, Need: "1", Wait: 5 * time.Second, Numbers: []int8{1, 2}}},
		{"/shops/12?need=a+b%2Bc%3b&limit=7&q=%C3%A9%C3%A9&flag=true&ratio=0.5&wait=1m&addr=%3A%3A1&tag=a%2Cb&tag=a,b&n=-3&from=1&to=1",
			[]string{"X-Trace", "t", "X-Langs", `de, "a,b"`, "X-Langs", "fr", "Cookie", `theme="dark"; visits=7`},
			paramsAll{paramsPaging: paramsPaging{7}, Shop: 12, Need: "a b+c;", Text: "éé", Flag: true, Ratio: &ratio, Wait: time.Minute,
				Addr: netip.IPv6Loopback(), Tags: []string{"a,b", "a,b"}, Numbers: []int8{-3}, From: 1, To: 1,
				Trace: "t", Langs: []string{"de", `"a,b"`, "fr"}, Theme: "dark", Visits: &visits}},
	} {
		status, errs, header := paramsGet(t, url+c.target, c.fields...)
		if status != 200 || !reflect.DeepEqual(*got, c.want) {
			t.Errorf("%s: %d %v\ngot  %+v\nwant %+v", c.target, status, errs, *got, c.want)
		}
		if vary := strings.Join(header.Values("Vary"), ", "); vary != "Accept, X-Trace, X-Langs, Cookie" {
			t.Errorf("Vary: %s", vary)
		}
	}
}
