package problem_test

import (
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/forthright-http/forthright/problem"
)

// write answers err on a header that a handler had begun for a success.
func write(t testing.TB, method string, before http.Header, err error, off ...map[string]string) *httptest.ResponseRecorder {
	t.Helper()
	rec := httptest.NewRecorder()
	for name, values := range before {
		rec.Header()[name] = values
	}
	send(t, newWriter(t, problem.Options{}), rec, httptest.NewRequest(method, "/", nil), err, off...)
	return rec
}

func TestFieldsOfTheSuccessAreDropped(t *testing.T) {
	for _, name := range []string{
		"Content-Encoding", "Content-Language", "Content-Location", "Content-Range", "Content-Disposition", "Content-Digest",
		"Repr-Digest", "ETag", "Last-Modified", "Expires", "Location", "Accept-Ranges", "Preference-Applied",
		"Trailer", "Transfer-Encoding", // RFC 9110 §6.6.2, RFC 9112 §6.1: net/http would take Content-Length away
		"CDN-Cache-Control", "Cloudflare-CDN-Cache-Control", "Netlify-CDN-Cache-Control", "Vercel-CDN-Cache-Control",
		"Akamai-Cache-Control", "Surrogate-Control", // RFC 9213 §2.2: they win over no-store
	} {
		rec := write(t, "GET", http.Header{http.CanonicalHeaderKey(name): {"a"}, "X-Kept": {"a"}}, problem.NotFound(""))
		eq(t, name, len(rec.Header().Values(name)), 0)
		eq(t, name, rec.Header().Get("X-Kept"), "a")
	}
	rec := write(t, "GET", http.Header{"ETag": {`"a"`}}, problem.NotFound(""))
	if _, there := map[string][]string(rec.Header())["ETag"]; there {
		t.Error("ETag, as some write it into the map")
	}
	for name, want := range map[string]string{
		"Content-Type": "application/problem+json", "Cache-Control": "no-store", "X-Content-Type-Options": "nosniff",
		"Content-Length": itoa(len(`{"type":"about:blank","title":"Not Found","status":404}` + "\n")),
	} {
		rec := write(t, "GET", http.Header{name: {"a", "b"}}, problem.NotFound(""))
		if got := rec.Header().Values(name); !slices.Equal(got, []string{want}) {
			t.Errorf("%s: %q, want %q", name, got, want)
		}
	}
}

func TestOtherFieldsAreKept(t *testing.T) {
	for _, name := range []string{
		"Vary", "Set-Cookie", "X-Request-Id", "Access-Control-Allow-Origin", "Access-Control-Allow-Credentials",
		"Access-Control-Expose-Headers", "Strict-Transport-Security", "Content-Security-Policy", "Referrer-Policy",
		"Cross-Origin-Resource-Policy", "X-Frame-Options", "Ratelimit", "Ratelimit-Policy", "Retry-After", "Deprecation",
		"Sunset", "Link", "Allow", "Server-Timing", "Traceparent",
	} {
		rec := write(t, "GET", http.Header{name: {"a", "b"}}, problem.NotFound(""),
			except("a and b are no values of the field", "G7", "G9", "G9-odd", "G14", "G14-sunset", "G15"))
		if got := rec.Header()[name]; !slices.Equal(got, []string{"a", "b"}) {
			t.Errorf("%s: %q", name, got)
		}
	}
}

// RFC 9110 §12.5.5: what was chosen by stays named, beside what the problem adds.
func TestRFC9110Section12_5_5_VaryIsMerged(t *testing.T) {
	for _, tt := range []struct{ before, own, want string }{
		{"", "Accept", "Accept"},
		{"Origin", "", "Origin"},
		{"Origin", "Accept", "Origin, Accept"},
		{"Origin, accept", "Accept, Prefer", "Origin, accept, Prefer"},
		{"Accept", "Accept", "Accept"},
		{"Origin", "*", "*"},
		{"*", "Accept", "*"},
	} {
		before, p := http.Header{}, problem.NotFound("")
		if tt.before != "" {
			before.Set("Vary", tt.before)
		}
		if tt.own != "" {
			p = p.WithHeader("Vary", tt.own)
		}
		rec := write(t, "GET", before, p)
		eq(t, tt.before+" and "+tt.own, strings.Join(rec.Header()["Vary"], "; "), tt.want)
		eq(t, "the problem's own", p.Header().Get("Vary"), tt.own)
	}
}

// Lists that others add to get one more; any other field is replaced.
func TestFieldsOfTheProblem(t *testing.T) {
	p := problem.New(503, "").WithHeader("Link", "<b>; rel=help").WithHeader("set-cookie", "b=").
		WithHeader("Retry-After", "2").WithHeader("X-List", "c", "d")
	for range 3 {
		rec := write(t, "GET", http.Header{"Link": {"<a>; rel=next"}, "Set-Cookie": {"a="}, "Retry-After": {"1"}, "X-List": {"a", "b"}}, p)
		for name, want := range map[string][]string{
			"Link": {"<a>; rel=next", "<b>; rel=help"}, "Set-Cookie": {"a=", "b="}, "Retry-After": {"2"}, "X-List": {"c", "d"},
		} {
			if got := rec.Header()[name]; !slices.Equal(got, want) {
				t.Errorf("%s: %q, want %q", name, got, want)
			}
		}
	}
}

func TestCacheControlOfTheProblem(t *testing.T) {
	rec := write(t, "GET", http.Header{"Cache-Control": {"max-age=60"}}, problem.Gone("").WithHeader("Cache-Control", "max-age=3600"),
		except("this one is meant to be kept", "G19"))
	if got := rec.Header()["Cache-Control"]; !slices.Equal(got, []string{"max-age=3600"}) {
		t.Errorf("got %q", got)
	}
}

// RFC 9110 §9.3.2: the fields of GET, Content-Length among them, and no body.
func TestRFC9110Section9_3_2_HEAD(t *testing.T) {
	for _, p := range []*problem.Problem{
		problem.NotFound("d").With("member", 1), problem.BadGateway(""), problem.Unauthorized("Basic"), problem.TooManyRequests(time.Second),
		problem.Invalid(problem.Item{Pointer: "#/a"}),
	} {
		for range 3 {
			get, head := write(t, "GET", nil, p), write(t, "HEAD", nil, p)
			eq(t, p.Error(), head.Code, get.Code)
			eq(t, p.Error(), head.Body.Len(), 0)
			eq(t, p.Error(), len(head.Header()), len(get.Header()))
			for name, want := range get.Header() {
				if got := head.Header()[name]; !slices.Equal(got, want) {
					t.Errorf("%v: %s %q, want %q", p, name, got, want)
				}
			}
			eq(t, "length", get.Header().Get("Content-Length"), itoa(get.Body.Len()))
		}
	}
}
