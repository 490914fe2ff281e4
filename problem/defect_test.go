package problem_test

import (
	"log/slog"
	"strings"
	"testing"

	"github.com/forthright-http/forthright/problem"
)

// Each of these could not be sent as it is: the client gets a 500 that tells
// nothing, and the log tells why.
var defects = []struct {
	name string
	p    func(bad string) *problem.Problem
	bad  string // a value that would do harm if it were sent
}{
	{"5.5 CR LF in a value", header("X-A"), "a\r\nSet-Cookie: b=c"},
	{"5.5 CR in a value", header("X-A"), "a\rb"},
	{"5.5 LF in a value", header("X-A"), "a\nb"},
	{"5.5 NUL in a value", header("X-A"), "a\x00b"},
	{"5.5 DEL in a value", header("X-A"), "a\x7fb"},
	{"5.5 LF in the second value", func(s string) *problem.Problem { return problem.NotFound("").WithHeader("X-A", "a", s) }, "a\nb"},
	{"5.1 a name that is no token", func(s string) *problem.Problem { return problem.NotFound("").WithHeader(s, "a") }, "X A"},
	{"5.1 CR LF in a name", func(s string) *problem.Problem { return problem.NotFound("").WithHeader(s, "a") }, "X-A\r\nX-B"},
	{"5.1 no name", func(s string) *problem.Problem { return problem.NotFound("").WithHeader("", s) }, "leak"},
	{"15.5.2 comma", unauthorized, ","},
	{"15.5.2 empty", unauthorized, ""},
	{"15.5.2 no scheme", unauthorized, `realm="leaked"`},
	{"15.5.2 open quotes", unauthorized, `Basic realm="leaked`},
	{"15.5.2 CR LF", unauthorized, "Basic realm=\"a\r\nX-B: leaked\""},
	{"15.5.2 the second does not parse", func(s string) *problem.Problem { return problem.Unauthorized("Basic", s) }, `"leaked"`},
	{"15.5.2 replaced by one that does not parse", func(s string) *problem.Problem {
		return problem.Unauthorized("Basic").WithHeader("www-authenticate", s)
	}, `"leaked"`},
	{"15.5.2 taken away", func(string) *problem.Problem { return problem.Unauthorized("Basic").WithHeader("WWW-Authenticate") }, "leaked"},
	{"15.5.8 does not parse", func(s string) *problem.Problem { return problem.ProxyAuthenticationRequired(s) }, "leaked="},
	{"9.1 Allow", func(s string) *problem.Problem { return problem.MethodNotAllowed("GET", s) }, "LEAKED IT"},
	{"9.1 Allow, empty", func(s string) *problem.Problem { return problem.MethodNotAllowed("GET", s) }, ""},
	{"15.5.6 taken away", func(string) *problem.Problem { return problem.MethodNotAllowed("GET").WithHeader("Allow") }, "leaked"},
	{"7.8 Upgrade", func(s string) *problem.Problem { return problem.UpgradeRequired(s) }, "leaked/1/2"},
	{"7.8 Upgrade, empty", func(s string) *problem.Problem { return problem.UpgradeRequired(s) }, ""},
	{"7.8 Upgrade, no version", func(s string) *problem.Problem { return problem.UpgradeRequired("TLS", s) }, "leaked/"},
	{"15.5.22 emptied", func(s string) *problem.Problem { return problem.UpgradeRequired("TLS").WithHeader("Upgrade", s) }, ""},
	{"12.5.1 Accept", func(s string) *problem.Problem { return problem.UnsupportedMediaType("POST", s) }, "leaked"},
	{"12.5.1 Accept, CR LF", func(s string) *problem.Problem { return problem.UnsupportedMediaType("POST", s) }, "a/b\r\nX-B: leaked"},
	{"8.4.1 Accept-Encoding", func(s string) *problem.Problem { return problem.UnsupportedEncoding("gzip", s) }, "leaked it"},
	{"14.4 Content-Range", func(string) *problem.Problem { return problem.RangeNotSatisfiable(-1) }, "bytes"},
	{"RFC6585 5", func(s string) *problem.Problem { return problem.HeaderTooLarge(s) }, "leaked it"},
	{"RFC7725 4", func(s string) *problem.Problem { return problem.UnavailableForLegalReasons(s, "") }, "https://leaked.example/>; rel=next"},
	{"RFC9457 3.1.5 a space", instance, "/leaked it"},
	{"RFC9457 3.1.5 CR LF", instance, "/a\r\nleaked"},
	{"RFC9457 3.1.5 not ASCII", instance, "/lèaked"},
	{"8.3 Content-Type", header("Content-Type"), "text/html"},
	{"8.6 Content-Length", header("content-length"), "77777"},
	{"8.4 Content-Encoding", header("Content-Encoding"), "gzip"},
	{"14.4 Content-Range on a 404", header("Content-Range"), "bytes 0-1/2"},
	{"RFC9112 6.1 Transfer-Encoding", header("Transfer-Encoding"), "chunked"},
	{"6.6.2 Trailer", header("Trailer"), "X-Leaked"},
}

func header(name string) func(string) *problem.Problem {
	return func(s string) *problem.Problem { return problem.NotFound("").WithHeader(name, s) }
}
func unauthorized(s string) *problem.Problem { return problem.Unauthorized(s) }
func instance(s string) *problem.Problem     { return problem.Conflict("").WithInstance(s) }

func TestDefectsBecomeALogged500(t *testing.T) {
	for _, tt := range defects {
		w, log := logged(t, problem.Options{})
		p := tt.p(tt.bad).WithDetail("detail leaked").With("member", "leaked")
		res := answerTo(t, w, get(), p)
		eq(t, tt.name, res.StatusCode, 500)
		for name, values := range res.Header {
			switch name {
			case "Content-Type", "Content-Length", "Cache-Control", "X-Content-Type-Options":
			default:
				t.Errorf("%s: the field %s: %q", tt.name, name, values)
			}
		}
		eq(t, tt.name, res.Header.Get("Content-Type"), "application/problem+json")
		m := members(t, res)
		eq(t, tt.name, len(m), 4) // type, title, status, instance
		eq(t, tt.name, m["title"], any("Internal Server Error"))
		r := log.one(t)
		eq(t, tt.name, r.level, slog.LevelError)
		eq(t, tt.name+" status in the log", r.attrs["status"], any(int64(500)))
		if why, _ := r.attrs["error"].(string); !strings.Contains(why, "RFC ") || !strings.Contains(why, "detail leaked") {
			t.Errorf("%s: the log does not say why, or about what: %q", tt.name, why)
		}
	}
}

// What is allowed must not be refused for its look.
func TestNoDefect(t *testing.T) {
	for _, p := range []*problem.Problem{
		problem.NotFound("").WithHeader("X-A", "é\ttab", ""),
		problem.NotFound("").WithHeader("content-language", "en"),
		problem.Unauthorized("Negotiate", "Basic realm=a, Digest nonce=b").WithHeader("WWW-Authenticate", "Bearer"),
		problem.UpgradeRequired("TLS/1.3", "h2c"),
		problem.UnsupportedMediaType("POST", "text/*", "application/json; charset=utf-8"),
		problem.Conflict("").WithInstance("urn:uuid:00000000-0000-4000-8000-000000000000"),
		problem.Conflict("").WithInstance("relative/reference#x"),
		problem.RangeNotSatisfiable(1).WithHeader("Content-Range", "bytes */2"),
	} {
		eq(t, p.Error(), answer(t, p).StatusCode, p.Status())
	}
}
