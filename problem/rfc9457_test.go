package problem_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"reflect"
	"strconv"
	"testing"

	"github.com/forthright-http/forthright/problem"
)

var (
	outOfCredit = problem.NewType("out-of-credit", http.StatusForbidden, "You do not have enough credit.",
		problem.At("https://example.com/probs/out-of-credit"))
	notValid = problem.NewType("validation-error", http.StatusUnprocessableEntity, "Your request is not valid.",
		problem.At("https://example.net/validation-error"))
)

// The examples have no member status; it is what §3.1.2 lets us add.
func TestRFC9457Section3_Examples(t *testing.T) {
	for _, tt := range []struct {
		name   string
		p      *problem.Problem
		status int
		want   string
	}{
		{"out of credit", outOfCredit.New("Your current balance is 30, but that costs 50.").
			WithInstance("/account/12345/msgs/abc").With("balance", 30).
			With("accounts", []string{"/account/12345", "/account/67890"}), 403, `{
			 "type": "https://example.com/probs/out-of-credit",
			 "title": "You do not have enough credit.",
			 "detail": "Your current balance is 30, but that costs 50.",
			 "instance": "/account/12345/msgs/abc",
			 "balance": 30,
			 "accounts": ["/account/12345", "/account/67890"],
			 "status": 403}`},
		{"validation error", notValid.New("").WithErrors(
			problem.Item{Detail: "must be a positive integer", Pointer: problem.Pointer("age")},
			problem.Item{Detail: "must be 'green', 'red' or 'blue'", Pointer: problem.Pointer("profile", "color")}), 422, `{
			 "type": "https://example.net/validation-error",
			 "title": "Your request is not valid.",
			 "errors": [{"detail": "must be a positive integer", "pointer": "#/age"},
			            {"detail": "must be 'green', 'red' or 'blue'", "pointer": "#/profile/color"}],
			 "status": 422}`},
	} {
		res := answer(t, tt.p)
		eq(t, tt.name, res.StatusCode, tt.status)
		eq(t, tt.name, res.Header.Get("Content-Type"), "application/problem+json")
		if got, want := any(members(t, res)), parse(t, tt.want); !reflect.DeepEqual(got, want) {
			t.Errorf("%s: got %v, want %v", tt.name, got, want)
		}
	}
}

// "Note also that the API has responded with application/problem+json even
// though the client did not list it in Accept."
func TestRFC9457Section3_WhateverAcceptSays(t *testing.T) {
	r := get()
	r.Header.Set("Accept", "image/png, application/problem+json;q=0")
	res := answerTo(t, newWriter(t, problem.Options{}), r, problem.NotFound(""))
	eq(t, "status", res.StatusCode, 404)
	eq(t, "type", res.Header.Get("Content-Type"), "application/problem+json")
}

func TestRFC9457Section3_1_1_Type(t *testing.T) {
	plain := problem.NewType("sold-out", 409, "It is sold out.")
	for _, tt := range []struct {
		name, base string
		p          *problem.Problem
		want       string
	}{
		{"none", "", problem.NotFound(""), "about:blank"},
		{"default base", "", plain.New(""), "/problems/sold-out"},
		{"absolute base", "https://api.example.com/errors/", plain.New(""), "https://api.example.com/errors/sold-out"},
		{"own place", "https://api.example.com/errors/", outOfCredit.New(""), "https://example.com/probs/out-of-credit"},
		{"base with &", "/a&b/", plain.New(""), "/a&b/sold-out"},
	} {
		res := answerTo(t, newWriter(t, problem.Options{Base: tt.base}), get(), tt.p)
		if got := members(t, res)["type"]; got != tt.want {
			t.Errorf("%s: got %v, want %s", tt.name, got, tt.want)
		}
	}
}

func TestRFC9457Section3_1_2_StatusEqualsTheResponses(t *testing.T) {
	for status := 400; status <= 599; status++ {
		if status == 401 || status == 405 || status == 407 || status == 426 {
			continue // these need fields
		}
		res := answer(t, problem.New(status, ""), anyStatus)
		eq(t, "response", res.StatusCode, status)
		eq(t, strconv.Itoa(status), members(t, res)["status"], any(float64(status)))
	}
}

func TestRFC9457Section3_1_3_TitleIsThatOfTheType(t *testing.T) {
	for _, p := range []*problem.Problem{outOfCredit.New("a"), outOfCredit.New("b").With("cost", 1), outOfCredit.Of(problem.Forbidden("c"))} {
		eq(t, "title", encode(t, p)["title"], any("You do not have enough credit."))
		eq(t, "Title", p.Title(), "You do not have enough credit.")
	}
}

func TestRFC9457Section3_1_4_Detail(t *testing.T) {
	if _, there := encode(t, problem.NotFound(""))["detail"]; there {
		t.Error("an empty detail is sent")
	}
	for _, p := range []*problem.Problem{problem.NotFound("a\r\nb\x00c\x7f\u0085"), problem.NotFound("").WithDetail("a\r\nb\x00c\x7f\u0085"), outOfCredit.New("a\r\nb\x00c\x7f\u0085")} {
		eq(t, "control characters", p.Detail(), "a  b c  ")
	}
}

func TestRFC9457Section3_1_5_Instance(t *testing.T) {
	p := problem.Conflict("").WithInstance("https://example.com/log/7")
	eq(t, "member", encode(t, p)["instance"], any("https://example.com/log/7"))
	eq(t, "Instance", p.Instance(), "https://example.com/log/7")
	if _, there := encode(t, problem.Conflict(""))["instance"]; there {
		t.Error("an empty instance is sent")
	}
}

// The phrases of RFC 9110 §15.5 and §15.6; RFC 4918 §11, RFC 5842 §7.2, RFC
// 2295 §8.1, RFC 2774 §7, RFC 6585 §3-6, RFC 7725 §3, RFC 8470 §5.2. RFC 9110
// gives 418 none, so it keeps that of RFC 2324. A code without a meaning is
// treated as the x00 of its class (RFC 9110 §15).
func TestRFC9457Section4_2_1_TitleIsTheStatusPhrase(t *testing.T) {
	phrases := map[int]string{
		400: "Bad Request", 401: "Unauthorized", 402: "Payment Required", 403: "Forbidden", 404: "Not Found",
		405: "Method Not Allowed", 406: "Not Acceptable", 407: "Proxy Authentication Required", 408: "Request Timeout",
		409: "Conflict", 410: "Gone", 411: "Length Required", 412: "Precondition Failed", 413: "Content Too Large",
		414: "URI Too Long", 415: "Unsupported Media Type", 416: "Range Not Satisfiable", 417: "Expectation Failed",
		418: "I'm a teapot", 421: "Misdirected Request", 422: "Unprocessable Content", 423: "Locked",
		424: "Failed Dependency", 425: "Too Early", 426: "Upgrade Required", 428: "Precondition Required",
		429: "Too Many Requests", 431: "Request Header Fields Too Large", 451: "Unavailable For Legal Reasons",
		500: "Internal Server Error", 501: "Not Implemented", 502: "Bad Gateway", 503: "Service Unavailable",
		504: "Gateway Timeout", 505: "HTTP Version Not Supported", 506: "Variant Also Negotiates",
		507: "Insufficient Storage", 508: "Loop Detected", 510: "Not Extended", 511: "Network Authentication Required",
	}
	for status := 400; status <= 511; status++ {
		want, known := phrases[status]
		if !known {
			want = phrases[status/100*100]
		}
		var p *problem.Problem
		switch status {
		case 401:
			p = problem.Unauthorized("Basic")
		case 405:
			p = problem.MethodNotAllowed()
		case 407:
			p = problem.ProxyAuthenticationRequired("Basic")
		case 426:
			p = problem.UpgradeRequired("TLS/1.3")
		default:
			p = problem.New(status, "")
		}
		eq(t, strconv.Itoa(status), members(t, answer(t, p, anyStatus))["title"], any(want))
	}
}

func TestRFC9457Section4_NewRefuses(t *testing.T) {
	for _, status := range []int{-1, 0, 100, 200, 304, 399, 600, 999, 401, 405, 407, 426} {
		if panics(func() { problem.New(status, "") }) == nil {
			t.Errorf("New(%d) did not panic", status)
		}
	}
}

func TestTypeRefuses(t *testing.T) {
	for _, tt := range []struct {
		why, name string
		status    int
		title     string
		option    problem.TypeOption
	}{
		{"no name", "", 409, "T", nil},
		{"upper case", "A", 409, "T", nil},
		{"slash within", "a/b", 409, "T", nil},
		{"space", "a b", 409, "T", nil},
		{"status", "a", 399, "T", nil},
		{"status", "a", 600, "T", nil},
		{"no title", "a", 409, " ", nil},
		{"two lines", "a", 409, "T\nU", nil},
		{"relative place", "a", 409, "T", problem.At("/a")},
		{"place with a space", "a", 409, "T", problem.At("https://example.com/a b")},
	} {
		if panics(func() {
			if tt.option == nil {
				problem.NewType(tt.name, tt.status, tt.title)
			} else {
				problem.NewType(tt.name, tt.status, tt.title, tt.option)
			}
		}) == nil {
			t.Errorf("%s: no panic", tt.why)
		}
	}
}

func TestTypeOf(t *testing.T) {
	expired := problem.NewType("token-expired", 401, "The token expired")
	p := expired.Of(problem.Unauthorized("Bearer"))
	eq(t, "field", p.Header().Get("WWW-Authenticate"), "Bearer")
	eq(t, "Is", errors.Is(p, expired), true)
	if panics(func() { expired.Of(problem.Forbidden("")) }) == nil {
		t.Error("a 403 of a type for 401 did not panic")
	}
	// Without its field it is a 500, and never a bare 401 (RFC 9110 §15.5.2).
	for _, err := range []error{expired.New(""), expired, fmt.Errorf("no: %w", expired)} {
		eq(t, "bare", answer(t, err).StatusCode, 500)
	}
}

func TestErrorsIsAndAs(t *testing.T) {
	other := problem.NewType("other", 403, "Other")
	err := fmt.Errorf("pay: %w", outOfCredit.New("").Wrap(io.ErrUnexpectedEOF))
	eq(t, "its type", errors.Is(err, outOfCredit), true)
	eq(t, "another type", errors.Is(err, other), false)
	eq(t, "about:blank", errors.Is(problem.Forbidden(""), outOfCredit), false)
	eq(t, "cause", errors.Is(err, io.ErrUnexpectedEOF), true)
	p, ok := errors.AsType[*problem.Problem](err)
	if !ok || p.Status() != 403 || p.Type() != outOfCredit {
		t.Errorf("As found %v", p)
	}
	var _ json.Marshaler = p
}
