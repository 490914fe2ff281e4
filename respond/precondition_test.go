package respond_test

import (
	"net/http"
	"testing"
	"time"

	"github.com/forthright-http/forthright/problem"
	"github.com/forthright-http/forthright/respond"
)

// condValue is what the resources of these tests hold.
type condValue struct {
	Name string `json:"name"`
}

// condReads are resources with one validator or the other.
var condReads = map[string]respond.Response{
	"strong": respond.OK(condValue{"a"}).ETag("v1").LastModified(changed),
	"weak":   respond.OK(condValue{"a"}).WeakETag("v1").LastModified(changed),
	"comma":  respond.OK(condValue{"a"}).ETag("v,1"),
	"dated":  respond.OK(condValue{"a"}).LastModified(changed),
	"tagged": respond.OK(condValue{"a"}).ETag("v1"),
	"bare":   respond.OK(condValue{"a"}),
}

// GET and HEAD in the order of RFC 9110 §13.2.2.
func TestPreconditionsOfReads(t *testing.T) {
	const im, ius, inm, ims = "If-Match", "If-Unmodified-Since", "If-None-Match", "If-Modified-Since"
	urls := make(map[string]string)
	for kind, s := range condReads {
		urls[kind], _ = fieldServer(t, func(*http.Request) (respond.Response, error) { return s, nil })
	}
	for _, c := range []struct {
		name   string
		kind   string
		header []string
		status int
	}{
		{"§13.2.2 none", "strong", nil, 200},

		{"§13.1.1 same strong tag", "strong", []string{im, `"v1"`}, 200},
		{"§13.1.1 another tag", "strong", []string{im, `"v2"`}, 412},
		{"§13.1.1 *", "strong", []string{im, `*`}, 200},
		{"§13.1.1 * where there is no tag", "bare", []string{im, `*`}, 200},
		{"§13.1.1 a list with the tag", "strong", []string{im, `"x", "v1"`}, 200},
		{"§13.1.1 a list without it", "strong", []string{im, `"x", "y"`}, 412},
		{"§13.1.1 a tag where there is none", "bare", []string{im, `"v1"`}, 412},
		{"§13.1.1 a tag where there is only a date", "dated", []string{im, `"v1"`}, 412},
		{"§8.8.3.2 strong comparison, weak in the field", "strong", []string{im, `W/"v1"`}, 412},
		{"§8.8.3.2 strong comparison, weak resource", "weak", []string{im, `"v1"`}, 412},
		{"§8.8.3.2 strong comparison, both weak", "weak", []string{im, `W/"v1"`}, 412},
		{"§8.8.3.2 case counts", "strong", []string{im, `"V1"`}, 412},
		{"§8.8.3 w/ is no weakness", "weak", []string{inm, `w/"v1"`}, 200},
		{"§5.6.1 empty elements", "strong", []string{im, `, ,"v1",,`}, 200},
		{"§5.6.1 an empty list", "strong", []string{im, ``}, 412},
		{"§5.6.1 two lines are one list", "strong", []string{im, `"x"`, im, `"v1"`}, 200},
		{"§5.6.1 two lines without it", "strong", []string{im, `"x"`, im, `"y"`}, 412},
		{"§13.1.1 malformed: no quotes", "strong", []string{im, `v1`}, 412},
		{"§13.1.1 malformed: an open quote", "strong", []string{im, `"v1`}, 412},
		{"§13.1.1 malformed: two tags without a comma", "strong", []string{im, `"x""v1"`}, 412},
		{"§13.1.1 malformed: * in a list", "strong", []string{im, `*, "x"`}, 412},
		{"§8.8.3 a comma inside", "comma", []string{im, `"v,1"`}, 200},
		{"§8.8.3 a comma inside, of a list", "comma", []string{im, `"x,y", "v,1"`}, 200},
		{"§8.8.3 a comma does not part a tag", "strong", []string{im, `"a,"v1",b"`}, 412},
		{"§13.1.1 the form of another encoder is not this one", "strong", []string{im, `"v1;csv"`}, 412},

		{"§13.1.4 not modified since", "dated", []string{ius, changedDate}, 200},
		{"§13.1.4 nor since later", "dated", []string{ius, laterDate}, 200},
		{"§13.1.4 modified since", "dated", []string{ius, earlierDate}, 412},
		{"§13.1.4 beside tags", "strong", []string{ius, earlierDate}, 412},
		{"§13.1.4 ignored beside If-Match", "strong", []string{im, `"v1"`, ius, earlierDate}, 200},
		{"§13.1.4 ignored beside If-Match, which fails", "strong", []string{im, `"x"`, ius, laterDate}, 412},
		{"§13.1.4 no modification date", "tagged", []string{ius, earlierDate}, 200},
		{"§13.1.4 not a date", "dated", []string{ius, "1994-11-06"}, 200},
		{"§13.1.4 not GMT", "dated", []string{ius, "Sun, 06 Nov 1994 08:49:36 UTC"}, 200},
		{"§13.1.4 a list of dates", "dated", []string{ius, earlierDate + ", " + earlierDate}, 200},
		{"§13.1.4 two lines of dates", "dated", []string{ius, earlierDate, ius, earlierDate}, 200},
		{"§5.6.7 rfc850-date", "dated", []string{ius, "Sunday, 06-Nov-94 08:49:36 GMT"}, 412},
		{"§5.6.7 rfc850-date, equal", "dated", []string{ius, "Sunday, 06-Nov-94 08:49:37 GMT"}, 200},
		{"§5.6.7 asctime-date", "dated", []string{ius, "Sun Nov  6 08:49:36 1994"}, 412},
		{"§5.6.7 asctime-date, equal", "dated", []string{ius, "Sun Nov  6 08:49:37 1994"}, 200},

		{"§13.1.2 same tag", "strong", []string{inm, `"v1"`}, 304},
		{"§13.1.2 another", "strong", []string{inm, `"v2"`}, 200},
		{"§13.1.2 *", "strong", []string{inm, `*`}, 304},
		{"§13.1.2 * where there is no tag", "bare", []string{inm, `*`}, 304},
		{"§13.1.2 list", "strong", []string{inm, `"x", "v1"`}, 304},
		{"§13.1.2 list without it", "strong", []string{inm, `"x", "y"`}, 200},
		{"§13.1.2 two lines", "strong", []string{inm, `"x"`, inm, `"v1"`}, 304},
		{"§8.8.3.2 weak comparison, weak in the field", "strong", []string{inm, `W/"v1"`}, 304},
		{"§8.8.3.2 weak comparison, weak resource", "weak", []string{inm, `"v1"`}, 304},
		{"§8.8.3.2 weak comparison, both weak", "weak", []string{inm, `W/"v1"`}, 304},
		{"§8.8.3.2 weak comparison, list", "weak", []string{inm, `W/"x", W/"v1"`}, 304},
		{"§8.8.3 a comma inside", "comma", []string{inm, `"v,1"`}, 304},
		{"§8.8.3 parts of a tag", "comma", []string{inm, `"v", "1", "v, 1"`}, 200},
		{"§13.1.2 malformed", "strong", []string{inm, `v1`}, 200},
		{"§13.1.2 a tag where there is none", "bare", []string{inm, `""`}, 200},
		{"§13.1.2 the form of another encoder", "strong", []string{inm, `"v1;csv"`}, 200},

		{"§13.1.3 equal", "dated", []string{ims, changedDate}, 304},
		{"§13.1.3 later", "dated", []string{ims, laterDate}, 304},
		{"§13.1.3 earlier", "dated", []string{ims, earlierDate}, 200},
		{"§13.1.3 far later", "dated", []string{ims, "Fri, 31 Dec 9999 23:59:59 GMT"}, 304},
		{"§13.1.3 ignored beside If-None-Match", "strong", []string{inm, `"x"`, ims, laterDate}, 200},
		{"§13.1.3 ignored beside If-None-Match, which fails", "strong", []string{inm, `"v1"`, ims, earlierDate}, 304},
		{"§13.1.3 ignored beside an empty If-None-Match", "strong", []string{inm, ``, ims, laterDate}, 200},
		{"§13.1.3 no modification date", "tagged", []string{ims, laterDate}, 200},
		{"§13.1.3 not a date", "dated", []string{ims, "tomorrow"}, 200},
		{"§13.1.3 no such day", "dated", []string{ims, "Sun, 31 Nov 1994 08:49:37 GMT"}, 200},
		{"§13.1.3 two", "dated", []string{ims, laterDate, ims, laterDate}, 200},
		{"§5.6.7 rfc850-date", "dated", []string{ims, "Sunday, 06-Nov-94 08:49:37 GMT"}, 304},
		{"§5.6.7 asctime-date", "dated", []string{ims, "Sun Nov  6 08:49:37 1994"}, 304},

		{"§13.2.2 1 before 3", "strong", []string{im, `"x"`, inm, `"v1"`}, 412},
		{"§13.2.2 1 and then 3", "strong", []string{im, `"v1"`, inm, `"v1"`}, 304},
		{"§13.2.2 1 and then 4", "strong", []string{im, `"v1"`, ims, changedDate}, 304},
		{"§13.2.2 2 before 3", "strong", []string{ius, earlierDate, inm, `"v1"`}, 412},
		{"§13.2.2 2 and then 3", "strong", []string{ius, changedDate, inm, `"v1"`}, 304},
		{"§13.2.2 2 before 4", "strong", []string{ius, earlierDate, ims, laterDate}, 412},
		{"§13.2.2 all four pass", "strong", []string{im, `"v1"`, ius, changedDate, inm, `"x"`, ims, earlierDate}, 200},
	} {
		t.Run(c.name+" "+c.kind, func(t *testing.T) {
			res, body := condHead(t, urls[c.kind], c.header...)
			if res.StatusCode != c.status {
				t.Fatalf("%d %s, want %d", res.StatusCode, body, c.status)
			}
			switch c.status {
			case 304:
				if body != "" || res.Header["Content-Type"] != nil {
					t.Errorf("RFC 9110 §15.4.5: %v %q", res.Header, body)
				}
			case 412:
				condProblem(t, res, body)
				if res.Header["Etag"] != nil || res.Header["Last-Modified"] != nil {
					t.Errorf("a 412 with the validators of the content: %v", res.Header)
				}
			}
			condWireHead(t, urls[c.kind], c.header...)
		})
	}
}

func condWireHead(t *testing.T, url string, header ...string) {
	t.Helper()
	if content := condWire(t, url, "HEAD", header...); content != "" {
		t.Errorf("RFC 9110 §9.3.2: on the wire HEAD has %q", content)
	}
}

// RFC 9110 §13.2.1: preconditions are ignored where the answer without them is
// neither a success nor a 412; §15.4.5: a 304 stands for a 200 alone.
func TestPreconditionsOfOtherAnswers(t *testing.T) {
	problems := map[string]error{
		"§15.5.2":  problem.Unauthorized("Bearer"),
		"§15.5.5":  problem.NotFound(""),
		"§15.5.10": problem.Conflict("They differ."),
		"§15.5.11": problem.Gone(""),
		"§15.6.4":  problem.Unavailable(time.Second),
	}
	for section, p := range problems {
		url, _ := fieldServer(t, func(*http.Request) (respond.Response, error) { return respond.Fail(p) })
		want, _ := fieldAsk(t, "GET", url, "")
		for _, header := range [][]string{{"If-Match", `"x"`}, {"If-None-Match", "*"}, {"If-Modified-Since", laterDate}, {"If-Unmodified-Since", earlierDate}} {
			res, body := condHead(t, url, header...)
			condProblem(t, res, body)
			if res.StatusCode != want.StatusCode {
				t.Errorf("%s with %q: %d", section, header, res.StatusCode)
			}
		}
	}
	for _, c := range []struct {
		name   string
		s      respond.Response
		header []string
		status int
	}{
		{"§15.4.4 a redirect", respond.SeeOther("/x").ETag("v1"), []string{"If-None-Match", `"v1"`}, 303},
		{"§15.4.4 a redirect", respond.SeeOther("/x").ETag("v1"), []string{"If-Match", `"x"`}, 303},
		{"§15.3.5 a 204 is not a 200", respond.NoContent().ETag("v1"), []string{"If-None-Match", `"v1"`}, 204},
		{"§15.3.3 a 202 is not a 200", respond.Accepted("/jobs/1", 1), []string{"If-None-Match", `*`}, 202},
		{"§13.1.1 any success", respond.NoContent().ETag("v1"), []string{"If-Match", `"x"`}, 412},
		{"§15.4.5 a 304 by hand", respond.Status(304, nil).ETag("v1"), []string{"If-Match", `"x"`}, 304},
	} {
		url := fieldServe(t, except(condAnswer(c.s), "a 304 by hand", "304-asked"))
		if res, _ := condHead(t, url, c.header...); res.StatusCode != c.status {
			t.Errorf("%s, %q: %d, want %d", c.name, c.header, res.StatusCode, c.status)
		}
	}
	// A method that neither reads nor calls for a check is not looked at.
	url := fieldServe(t, except(condAnswer(condReads["strong"]), "one handler for all methods", "G22"))
	for _, method := range []string{"POST", "OPTIONS", "QUERY"} {
		for _, header := range [][]string{{"If-None-Match", `"v1"`}, {"If-Modified-Since", laterDate}, {"If-Match", `"x"`}} {
			if res, _ := fieldAsk(t, method, url, "", header...); res.StatusCode != 200 {
				t.Errorf("§13.2.1 %s with %q: %d", method, header, res.StatusCode)
			}
		}
	}
}

// Writes, with the state that the handler knows.
func TestPreconditionsOfWrites(t *testing.T) {
	const im, ius, inm, ims = "If-Match", "If-Unmodified-Since", "If-None-Match", "If-Modified-Since"
	strong := &respond.State{ETag: "v1", LastModified: changed}
	weak := &respond.State{WeakETag: "v1"}
	dated := &respond.State{LastModified: changed}
	for _, c := range []struct {
		name   string
		state  *respond.State
		header []string
		status int
	}{
		{"§13.2.2 none", strong, nil, 204},
		{"§13.2.2 none, nothing there", nil, nil, 204},
		{"§13.1.1 same", strong, []string{im, `"v1"`}, 204},
		{"§13.1.1 stale", strong, []string{im, `"v0"`}, 412},
		{"§13.1.1 *", strong, []string{im, `*`}, 204},
		{"§13.1.1 list", strong, []string{im, `"v0", "v1"`}, 204},
		{"§13.1.1 two lines", strong, []string{im, `"v0"`, im, `"v1"`}, 204},
		{"§13.1.1 an empty list", strong, []string{im, ``}, 412},
		{"§13.1.1 malformed", strong, []string{im, `v1`}, 412},
		{"§8.8.3.2 weak in the field", strong, []string{im, `W/"v1"`}, 412},
		{"§8.8.3.2 weak state", weak, []string{im, `W/"v1"`}, 412},
		{"§8.8.3.2 weak state", weak, []string{im, `"v1"`}, 412},
		{"§13.1.1 * on a weak state", weak, []string{im, `*`}, 204},
		{"§13.1.1 a tag of a state without", dated, []string{im, `"v1"`}, 412},
		{"§13.1.1 * on a state without", dated, []string{im, `*`}, 204},
		{"§13.1.1 * on nothing", nil, []string{im, `*`}, 412},
		{"§13.1.1 a tag on nothing", nil, []string{im, `"v1"`}, 412},

		{"§13.1.4 same second", dated, []string{ius, changedDate}, 204},
		{"§13.1.4 modified since", dated, []string{ius, earlierDate}, 412},
		{"§13.1.4 ignored beside If-Match", strong, []string{im, `"v1"`, ius, earlierDate}, 204},
		{"§13.1.4 no date known", weak, []string{ius, earlierDate}, 204},
		{"§13.1.4 nothing there", nil, []string{ius, earlierDate}, 204},
		{"§13.1.4 not a date", dated, []string{ius, "06 Nov 1994"}, 204},

		{"§13.1.2 * on nothing creates", nil, []string{inm, `*`}, 204},
		{"§13.1.2 a tag on nothing", nil, []string{inm, `"v1"`}, 204},
		{"§13.1.2 * on something", strong, []string{inm, `*`}, 412},
		{"§13.1.2 * on something without a tag", dated, []string{inm, `*`}, 412},
		{"§13.1.2 same", strong, []string{inm, `"v1"`}, 412},
		{"§13.1.2 weak comparison", strong, []string{inm, `W/"v1"`}, 412},
		{"§13.1.2 weak comparison", weak, []string{inm, `"v1"`}, 412},
		{"§13.1.2 another", strong, []string{inm, `"v2"`}, 204},
		{"§13.1.2 malformed overwrites nothing", strong, []string{inm, `*, *`}, 412},
		{"§13.1.2 malformed overwrites nothing", strong, []string{inm, `v2`}, 412},

		{"§13.1.3 only for GET and HEAD", dated, []string{ims, laterDate}, 204},
		{"§13.2.2 1 and then 3", strong, []string{im, `"v1"`, inm, `"v1"`}, 412},
		{"§13.2.2 1 before 3", strong, []string{im, `"v0"`, inm, `"v0"`}, 412},
	} {
		for _, method := range []string{"PUT", "PATCH", "DELETE", "POST"} {
			acted := false
			url, _ := fieldServer(t, func(r *http.Request) (respond.Response, error) {
				if err := respond.CheckPreconditions(r, c.state); err != nil {
					return respond.Fail(err)
				}
				acted = true
				return respond.NoContent(), nil
			})
			res, body := fieldAsk(t, method, url, "", c.header...)
			if res.StatusCode != c.status || acted != (c.status == 204) {
				t.Errorf("%s: %s with %q: %d, want %d", c.name, method, c.header, res.StatusCode, c.status)
			}
			if res.StatusCode == 412 {
				condProblem(t, res, body)
			}
		}
	}
}

// RFC 6585 §3: a 428 explains how to send the request again, and is not
// stored. What the precondition of a request must be is If-Match alone.
func TestRequireMatch(t *testing.T) {
	url, _ := fieldServer(t, func(r *http.Request) (respond.Response, error) {
		if err := respond.RequireMatch(r, "v1"); err != nil {
			return respond.Fail(err)
		}
		return respond.NoContent(), nil
	})
	for _, c := range []struct {
		name   string
		header []string
		status int
	}{
		{"RFC 6585 §3 none", nil, 428},
		{"RFC 6585 §3 another precondition", []string{"If-Unmodified-Since", laterDate}, 428},
		{"RFC 6585 §3 another precondition", []string{"If-None-Match", `"v1"`}, 428},
		{"§13.1.1 the tag", []string{"If-Match", `"v1"`}, 204},
		{"§13.1.1 *", []string{"If-Match", `*`}, 204},
		{"§13.1.1 an empty one is one", []string{"If-Match", ``}, 412},
		{"§13.1.1 stale", []string{"If-Match", `"v0"`}, 412},
		{"§8.8.3.2 weak", []string{"If-Match", `W/"v1"`}, 412},
		{"§13.2.2 and the next fails", []string{"If-Match", `"v1"`, "If-None-Match", `"v1"`}, 412},
	} {
		res, body := fieldAsk(t, "PUT", url, "", c.header...)
		if res.StatusCode != c.status {
			t.Errorf("%s: %d, want %d", c.name, res.StatusCode, c.status)
		}
		if c.status != 204 {
			if detail, _ := condProblem(t, res, body)["detail"].(string); detail == "" {
				t.Errorf("%s: without a detail: %s", c.name, body)
			}
		}
	}
}

// A handler may ask for the state of a read too; a 304 is then still that of
// Handle, which knows the answer.
func TestCheckPreconditionsOfReads(t *testing.T) {
	url, _ := fieldServer(t, func(r *http.Request) (respond.Response, error) {
		if err := respond.CheckPreconditions(r, &respond.State{ETag: "v1"}); err != nil {
			return respond.Fail(err)
		}
		return respond.OK(1).ETag("v1"), nil
	})
	for value, status := range map[string]int{`"v1"`: 304, `"x"`: 200} {
		if res, _ := condHead(t, url, "If-None-Match", value); res.StatusCode != status {
			t.Errorf("§13.1.2 %s: %d", value, res.StatusCode)
		}
	}
	if res, _ := condHead(t, url, "If-Match", `"x"`); res.StatusCode != 412 {
		t.Errorf("§13.1.1: %d", res.StatusCode)
	}
}
