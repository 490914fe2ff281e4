package respond_test

import (
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/forthright-http/forthright/problem"
	"github.com/forthright-http/forthright/respond"
)

func TestPreferences(t *testing.T) {
	type p = respond.Preferences
	wait := func(seconds int) p { return p{Wait: time.Duration(seconds) * time.Second, HasWait: true} }
	for _, row := range []struct {
		name  string
		lines []string
		want  p
	}{
		{"none", nil, p{}},
		{"RFC 7240 §2: several fields", []string{"respond-async, wait=100", "handling=lenient"}, p{Handling: "lenient", RespondAsync: true, Wait: 100 * time.Second, HasWait: true}},
		{"RFC 7240 §2: one field", []string{"handling=lenient, wait=100, respond-async"}, p{Handling: "lenient", RespondAsync: true, Wait: 100 * time.Second, HasWait: true}},
		{"RFC 7240 §2: unknown, with a parameter", []string{"foo; bar"}, p{}},
		{"RFC 7240 §2: unknown, an empty parameter", []string{`foo; bar=""`}, p{}},
		{"RFC 7240 §2: unknown, empty", []string{`foo=""; bar`}, p{}},
		{"RFC 7240 §2: an unknown one beside a known one", []string{"foo; bar, return=minimal"}, p{Return: "minimal"}},
		{"RFC 7240 §2.1 (1)", []string{"respond-async, wait=10", "priority=5"}, p{RespondAsync: true, Wait: 10 * time.Second, HasWait: true}},
		{"RFC 7240 §2.1 (2)", []string{"Lenient"}, p{}}, // no handling=: the RFC's own slip
		{"RFC 7240 §2.1 (3)", []string{`return=minimal; foo="some parameter"`}, p{Return: "minimal"}},
		{"RFC 7240 §4.1", []string{"respond-async"}, p{RespondAsync: true}},
		{"RFC 7240 §4.2", []string{"return=representation"}, p{Return: "representation"}},
		{"RFC 7240 §4.3", []string{"respond-async, wait=10"}, p{RespondAsync: true, Wait: 10 * time.Second, HasWait: true}},
		{"RFC 7240 §4.3: 0", []string{"wait=0"}, wait(0)},
		{"RFC 7240 §4.4", []string{"handling=strict"}, p{Handling: "strict"}},
		{"RFC 7240 §2: names in any case", []string{"RETURN=minimal, Wait=1"}, p{Return: "minimal", Wait: time.Second, HasWait: true}},
		{"RFC 7240 §2: values in their own case", []string{"return=Minimal"}, p{}},
		{"RFC 7240 §2: quoted", []string{`return="minimal", wait="5"`}, p{Return: "minimal", Wait: 5 * time.Second, HasWait: true}},
		{"RFC 7240 §2: whitespace", []string{"return \t=  minimal ;; x"}, p{Return: "minimal"}},
		{"RFC 9110 §5.6.1.2: empty elements", []string{",, return=minimal,", ""}, p{Return: "minimal"}},
		{"RFC 7240 §2: the first counts", []string{"return=minimal, return=representation"}, p{Return: "minimal"}},
		{"RFC 7240 §2: the first counts, over fields", []string{"return=representation", "return=minimal"}, p{Return: "representation"}},
		{"RFC 7240 §2: the first counts, also unknown", []string{"return=none, return=minimal"}, p{}},
		{"RFC 7240 §2: the first wait counts", []string{"wait=1, wait=2"}, wait(1)},
		{"RFC 7240 §4.2: no value", []string{"return"}, p{}},
		{"RFC 7240 §4.3: no value", []string{"wait"}, p{}},
		{"RFC 7240 §4.3: below 0", []string{"wait=-1"}, p{}},
		{"RFC 7240 §4.3: a fraction", []string{"wait=1.5"}, p{}},
		{"RFC 7240 §4.3: a unit", []string{"wait=5s"}, p{}},
		{"RFC 9111 §1.2.2: more than a number holds", []string{"wait=99999999999999999999"}, p{Wait: 1<<63 - 1, HasWait: true}},
		{"malformed: an open quote", []string{`return="minimal`}, p{}},
		{"malformed: a quote in the middle", []string{`return=mini"mal"`}, p{}},
		{"malformed: no token", []string{"=minimal, return=(minimal)"}, p{}},
		{"malformed: two values", []string{"return=minimal representation"}, p{}},
		{"malformed, and then a good one", []string{"return=(, wait=3"}, wait(3)},
		{"a name that begins so", []string{"returned=minimal, waiting=1, respond-asynchronously"}, p{}},
	} {
		t.Run(row.name, func(t *testing.T) {
			r := httptest.NewRequest("POST", "/orders", nil)
			r.Header["Prefer"] = row.lines
			if got := respond.Prefer(r); got != row.want {
				t.Errorf("%+v, want %+v", got, row.want)
			}
		})
	}
}

func TestPrefer(t *testing.T) {
	value := map[string]string{"id": "1"}
	var answer respond.Handler
	api, _ := logged(t)
	url := fieldServe(t, except(api.Handle(func(r *http.Request) (respond.Response, error) { return answer(r) }),
		"a 200 of nothing stays one", "200-empty"))
	ok := func(s respond.Response) respond.Handler {
		return func(r *http.Request) (respond.Response, error) {
			return s.ETag("v1").Prefer(respond.Prefer(r)), nil
		}
	}
	early := func(err error) respond.Handler {
		return func(r *http.Request) (respond.Response, error) {
			respond.Prefer(r)
			return respond.Fail(err)
		}
	}
	for _, row := range []struct {
		name, method string
		answer       respond.Handler
		prefer       string
		status       int
		applied      string
		content      bool
	}{
		{"RFC 7240 §4.2: PUT, minimal", "PUT", ok(respond.OK(value)), "return=minimal", 204, "return=minimal", false},
		{"RFC 7240 §4.2: PATCH, minimal", "PATCH", ok(respond.OK(value)), "return=minimal", 204, "return=minimal", false},
		{"RFC 7240 §4.2: POST, minimal", "POST", ok(respond.Created("/orders/1", value)), "return=minimal", 201, "return=minimal", false},
		{"RFC 7240 §3: PATCH, representation", "PATCH", ok(respond.OK(value)), "return=representation", 200, "return=representation", true},
		{"POST, representation", "POST", ok(respond.Created("/orders/1", value)), "return=representation", 201, "return=representation", true},
		{"nothing preferred", "PUT", ok(respond.OK(value)), "", 200, "", true},
		{"RFC 7240 §2: something else preferred", "PUT", ok(respond.OK(value)), "respond-async, wait=5", 200, "", true},
		{"RFC 7240 §2: malformed", "PUT", ok(respond.OK(value)), `return="minimal`, 200, "", true},
		{"RFC 7240 §2: the first counts", "PUT", ok(respond.OK(value)), "return=representation, return=minimal", 200, "return=representation", true},
		{"without content it stays as it is", "DELETE", ok(respond.NoContent()), "return=representation", 204, "", false},
		{"made, and not shown: it stays as it is", "POST", ok(respond.Created("/orders/1", nil)), "return=representation", 201, "", false},
		{"a 200 of nothing stays as it is", "PUT", ok(respond.OK(nil)), "return=minimal", 200, "", false},
		{"202 stays as it is", "POST", ok(respond.Accepted("/jobs/1", value)), "return=minimal", 202, "", true},
		{"303 stays as it is", "POST", ok(respond.SeeOther("/orders/1")), "return=minimal", 303, "", false},
		{"RFC 9457: an error", "PUT", early(problem.Conflict("")), "return=minimal", 409, "", true},
		{"RFC 9457: an error of ours", "PUT", early(http.ErrBodyNotAllowed), "return=minimal", 500, "", true},
		{"a value that cannot be sent", "PUT", ok(respond.OK(func() {})), "return=representation", 500, "", true},
		{"GET, minimal", "GET", ok(respond.OK(value)), "return=minimal", 204, "return=minimal", false}, // it is the author who says so
		{"one that nobody has asked for", "PUT", func(r *http.Request) (respond.Response, error) {
			respond.Prefer(r)
			return respond.OK(value).Prefer(respond.Preferences{Return: "nothing"}), nil
		}, "return=nothing", 200, "", true},
		{"RFC 7240 §3: applied by hand", "GET", func(r *http.Request) (respond.Response, error) {
			return respond.OK(value).Applied("wait", "5").Applied("respond-async", "").Applied("x", "a b").Vary("Prefer"), respond.Acceptable(r)
		}, `respond-async, wait=5, x="a b"`, 200, `wait=5, respond-async, x="a b"`, true},
	} {
		t.Run(row.name, func(t *testing.T) {
			answer = row.answer
			var header []string
			if row.prefer != "" {
				header = []string{"Prefer", row.prefer}
			}
			res, body := fieldAsk(t, row.method, url, "", header...)
			if res.StatusCode != row.status || (body != "") != row.content {
				t.Errorf("%d %q, want %d", res.StatusCode, body, row.status)
			}
			if got := strings.Join(res.Header["Preference-Applied"], ", "); got != row.applied {
				t.Errorf("RFC 7240 §3: Preference-Applied is %q, want %q", got, row.applied)
			}
			fieldVaries(t, res, "Prefer") // RFC 7240 §2: regardless of whether the client used it
			if row.status < 300 && row.status != 200 && res.StatusCode != 202 && res.Header.Get("Etag") != `"v1"` {
				t.Error("the entity tag is lost")
			}
			if row.status == 201 && res.Header.Get("Location") != "/orders/1" {
				t.Error("RFC 9110 §15.3.2: Location is lost")
			}
			if !row.content && (res.Header.Get("Content-Type") != "" || row.status == 204 && res.Header.Get("Content-Length") != "") {
				t.Errorf("RFC 9110 §8.6: fields of content that is not there: %v", res.Header)
			}
		})
	}
}

func TestPreferOn304(t *testing.T) {
	for _, wrap := range []bool{false, true} {
		api, _ := logged(t)
		h := api.Handle(func(r *http.Request) (respond.Response, error) {
			return respond.OK("v").ETag("v1").Vary("X-Tenant").Prefer(respond.Prefer(r)), nil
		})
		if wrap {
			h = api.Wrap(h)
		}
		url := fieldServe(t, h)
		for _, header := range [][]string{{"If-None-Match", `"v1"`}, {"If-None-Match", `"v1"`, "Prefer", "return=representation"}} {
			res, _ := fieldAsk(t, "GET", url, "", header...)
			if res.StatusCode != 304 {
				t.Fatalf("%d", res.StatusCode)
			}
			fieldVaries(t, res, "Prefer", "Accept", "X-Tenant")
		}
		res, _ := fieldAsk(t, "GET", url, "", "If-Match", `"v2"`)
		if res.StatusCode != 412 {
			t.Fatalf("%d", res.StatusCode)
		}
		fieldVaries(t, res, "Prefer")
	}
}

func TestAppliedRefused(t *testing.T) {
	for _, name := range []string{"", "a b", "a,b", "a\r\nSet-Cookie: x"} {
		fieldFails(t, respond.OK("v").Applied(name, ""), "a preference cannot be sent")
	}
	fieldFails(t, respond.OK("v").Applied("wait", "5\r\nSet-Cookie: x"), "a preference cannot be sent")
}
