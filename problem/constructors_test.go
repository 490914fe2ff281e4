package problem_test

import (
	"maps"
	"math"
	"net/http"
	"reflect"
	"slices"
	"testing"
	"time"

	"github.com/forthright-http/forthright/internal/httpfield"
	"github.com/forthright-http/forthright/problem"
)

// What each constructor puts on the wire beside the fields of every problem.
func TestConstructors(t *testing.T) {
	type fields = map[string][]string
	type m = map[string]any
	const basic, bearer = `Basic realm="orders", charset="UTF-8"`, `Bearer error="invalid_token"`
	for _, tt := range []struct {
		name    string
		p       *problem.Problem
		status  int
		fields  fields
		members m // beside type, title, status
	}{
		{"15.5.1 400", problem.BadRequest("d"), 400, nil, m{"detail": "d"}},
		{"15.5.2 401", problem.Unauthorized(basic), 401, fields{"Www-Authenticate": {basic}}, nil},
		{"15.5.2 401 a line each", problem.Unauthorized(bearer, basic, "Negotiate"), 401,
			fields{"Www-Authenticate": {bearer, basic, "Negotiate"}}, nil},
		{"15.5.4 403", problem.Forbidden("d"), 403, nil, m{"detail": "d"}},
		{"15.5.5 404", problem.NotFound(""), 404, nil, nil},
		{"15.5.6 405", problem.MethodNotAllowed("PUT", "DELETE"), 405, fields{"Allow": {"PUT, DELETE"}}, nil},
		{"10.2.1 405 without a method", problem.MethodNotAllowed(), 405, fields{"Allow": {""}}, nil},
		{"15.5.7 406", problem.NotAcceptable("text/csv", "application/json"), 406, nil, m{"available": []any{"text/csv", "application/json"}}},
		{"15.5.7 406 with nothing", problem.NotAcceptable(), 406, nil, m{"available": []any{}}},
		{"15.5.8 407", problem.ProxyAuthenticationRequired(basic, bearer), 407, fields{"Proxy-Authenticate": {basic, bearer}}, nil},
		{"15.5.9 408", problem.RequestTimeout(), 408, fields{"Connection": {"close"}}, m{"detail": "*"}},
		{"15.5.10 409", problem.Conflict("d"), 409, nil, m{"detail": "d"}},
		{"15.5.11 410", problem.Gone("d"), 410, nil, m{"detail": "d"}},
		{"15.5.13 412", problem.PreconditionFailed("d"), 412, nil, m{"detail": "d"}},
		{"15.5.14 413", problem.ContentTooLarge(1048576), 413, nil, m{"detail": "The content is larger than 1048576 bytes.", "limit": 1048576.0}},
		{"15.5.16 415 to POST", problem.UnsupportedMediaType("POST", "application/json", "text/csv"), 415,
			fields{"Accept": {"application/json, text/csv"}, "Accept-Post": {"application/json, text/csv"}}, m{"detail": "*"}},
		{"RFC5789 2.2 415 to PATCH", problem.UnsupportedMediaType("PATCH", "application/merge-patch+json"), 415,
			fields{"Accept": {"application/merge-patch+json"}, "Accept-Patch": {"application/merge-patch+json"}}, m{"detail": "*"}},
		{"RFC10008 415 to QUERY", problem.UnsupportedMediaType("QUERY", "application/json"), 415,
			fields{"Accept": {"application/json"}, "Accept-Query": {"application/json"}}, m{"detail": "*"}},
		{"15.5.16 415 to PUT", problem.UnsupportedMediaType("PUT", "application/json"), 415,
			fields{"Accept": {"application/json"}}, m{"detail": "*"}},
		{"12.5.3 415 coding", problem.UnsupportedEncoding("gzip", "identity"), 415, fields{"Accept-Encoding": {"gzip, identity"}}, m{"detail": "*"}},
		{"12.5.3 415 no coding", problem.UnsupportedEncoding(), 415, fields{"Accept-Encoding": {"identity"}}, m{"detail": "*"}},
		{"15.5.17 416", problem.RangeNotSatisfiable(47022), 416, fields{"Content-Range": {"bytes */47022"}}, nil},
		{"14.4 416 of nothing", problem.RangeNotSatisfiable(0), 416, fields{"Content-Range": {"bytes */0"}}, nil},
		{"15.5.21 422", problem.UnprocessableContent("d"), 422, nil, m{"detail": "d"}},
		{"15.5.22 426", problem.UpgradeRequired("HTTP/3.0", "websocket"), 426, fields{"Upgrade": {"HTTP/3.0, websocket"}, "Connection": {"upgrade"}}, nil},
		{"RFC6585 3 428", problem.PreconditionRequired("d"), 428, nil, m{"detail": "d"}},
		{"RFC6585 3 428 says how", problem.PreconditionRequired(""), 428, nil, m{"detail": "*"}},
		{"RFC6585 4 429", problem.TooManyRequests(90 * time.Second), 429, fields{"Retry-After": {"90"}}, nil},
		{"RFC6585 5 431", problem.HeaderTooLarge("cookie"), 431, nil, m{"detail": "The header field Cookie is too large.",
			"errors": []any{m{"header": "Cookie", "code": "too_large", "detail": "is too large."}}}},
		{"RFC6585 5 431 all", problem.HeaderTooLarge(""), 431, nil, m{"detail": "*"}},
		{"RFC7725 4 451", problem.UnavailableForLegalReasons("https://spqr.example.org/legislatione", "d"), 451,
			fields{"Link": {`<https://spqr.example.org/legislatione>; rel="blocked-by"`}}, m{"detail": "d"}},
		{"RFC7725 3 451", problem.UnavailableForLegalReasons("", "d"), 451, nil, m{"detail": "d"}},
		{"15.6.2 501", problem.NotImplemented("d"), 501, nil, m{"detail": "d"}},
		{"15.6.3 502", problem.BadGateway("d"), 502, nil, m{"detail": "d"}},
		{"15.6.4 503", problem.Unavailable(time.Minute), 503, fields{"Retry-After": {"60"}}, nil},
		{"15.6.5 504", problem.GatewayTimeout("d"), 504, nil, m{"detail": "d"}},
	} {
		res := answer(t, tt.p, except("a row does not know who blocks", "451-link"))
		eq(t, tt.name, res.StatusCode, tt.status)
		eq(t, tt.name, tt.p.Status(), tt.status)
		common := fields{"Content-Type": {"application/problem+json"}, "Cache-Control": {"no-store"}, "X-Content-Type-Options": {"nosniff"},
			"Content-Length": res.Header["Content-Length"]}
		maps.Copy(common, tt.fields)
		if got := fields(res.Header); !reflect.DeepEqual(got, common) {
			t.Errorf("%s: fields %v, want %v", tt.name, got, common)
		}
		got := members(t, res)
		for _, name := range []string{"type", "title", "status"} {
			if got[name] == nil {
				t.Errorf("%s: no %s", tt.name, name)
			}
			delete(got, name)
		}
		if tt.status >= 500 {
			delete(got, "instance")
		}
		if tt.members["detail"] == "*" { // some text
			if s, _ := got["detail"].(string); s == "" {
				t.Errorf("%s: no detail", tt.name)
			}
			delete(got, "detail")
			delete(tt.members, "detail")
		}
		if len(got)+len(tt.members) > 0 && !reflect.DeepEqual(got, tt.members) {
			t.Errorf("%s: members %v, want %v", tt.name, got, tt.members)
		}
	}
}

// What is on the wire of a 401 parses again, challenge by challenge.
func TestRFC9110Section11_6_1_EachChallengeOnItsOwnLine(t *testing.T) {
	res := answer(t, problem.Unauthorized(`Bearer realm="a, b"`, "Negotiate"))
	cs, err := httpfield.ParseChallenges(res.Header.Values("WWW-Authenticate"))
	if err != nil || len(cs) != 2 || cs[0].Scheme != "Bearer" || cs[1].Scheme != "Negotiate" {
		t.Errorf("got %v, %v", cs, err)
	}
}

// Whole seconds, rounded up so that nobody comes back too early; 0 would say
// "at once".
func TestRFC9110Section10_2_3_RetryAfterIsRoundedUp(t *testing.T) {
	for _, tt := range []struct {
		d    time.Duration
		want string
	}{
		{-time.Hour, "1"}, {0, "1"}, {1, "1"}, {time.Second - 1, "1"}, {time.Second, "1"}, {time.Second + 1, "2"},
		{1500 * time.Millisecond, "2"}, {time.Hour, "3600"}, {math.MaxInt64, "9223372037"},
	} {
		for name, p := range map[string]*problem.Problem{
			"429": problem.TooManyRequests(tt.d), "503": problem.Unavailable(tt.d), "413": problem.ContentTooLarge(1).WithRetryAfter(tt.d),
		} {
			eq(t, name+" "+tt.d.String(), p.Header().Get("Retry-After"), tt.want)
		}
	}
}

// net/http sends "Allow:" for an empty value: a client sees the field.
func TestRFC9110Section15_5_6_EmptyAllowIsSent(t *testing.T) {
	srv := serve(t, false, func(w http.ResponseWriter, r *http.Request) {
		newWriter(t, problem.Options{}).Write(w, r, problem.MethodNotAllowed())
	})
	res, err := srv.Client().Get(srv.URL)
	if err != nil {
		t.Fatal(err)
	}
	defer res.Body.Close()
	if got := res.Header["Allow"]; !slices.Equal(got, []string{""}) {
		t.Errorf("got %q", got)
	}
}

// RFC 9113 §8.2.2: a message with Connection or Upgrade is malformed.
func TestRFC9113Section8_2_2_NoUpgradeOverHTTP2(t *testing.T) {
	srv := serve(t, true, func(w http.ResponseWriter, r *http.Request) {
		newWriter(t, problem.Options{}).Write(w, r, problem.UpgradeRequired("websocket"))
		if v, there := w.Header()["Connection"]; there {
			t.Errorf("Connection: %q", v)
		}
	})
	res, err := srv.Client().Get(srv.URL)
	if err != nil {
		t.Fatal(err)
	}
	defer res.Body.Close()
	eq(t, "version", res.ProtoMajor, 2)
	eq(t, "status", res.StatusCode, 426)
	if v, there := res.Header["Upgrade"]; there {
		t.Errorf("Upgrade: %q", v)
	}
}
