package respond_test

import (
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/forthright-http/forthright/respond"
)

// judgedRequest is a request to be answered by both, and what it is about.
type judgedRequest struct {
	method string
	header []string
}

func (q judgedRequest) get(name string) string {
	for i := 0; i < len(q.header); i += 2 {
		if q.header[i] == name {
			return q.header[i+1]
		}
	}
	return ""
}

// judged is an answer in the parts that are compared.
type judged struct {
	status                               int
	etag, modified, contentRange, length string
	mediaType                            string
	body                                 string
}

// The differences to http.ServeContent, with the section that says why. Each
// must occur, and no other may.
const (
	onlyGET        = "§14.2: Range is defined for GET alone; ServeContent obeys it on HEAD and POST"
	unknownUnit    = "§14.2: a Range in an unknown unit MUST be ignored; ServeContent answers 416"
	unitCase       = "§14.1: range unit names are case-insensitive; ServeContent answers 416"
	malformedRange = "§14.2: an invalid Range MAY be ignored, and is; ServeContent answers 416"
	manyRanges     = "§14.2, §17.15: more than 16 ranges are ignored; ServeContent sends them all"
	longNumbers    = "§14.1.2: numbers of any length; ServeContent answers 416"
	lastZero       = "§14.1.1, §14.1.2: the last 0 bytes are unsatisfiable; ServeContent sends a part of none, with a Content-Range that is invalid (§14.4)"
	twoRangeLines  = "§5.3: Range is no list, two lines of it are malformed and ignored; ServeContent takes the first"
	problem416     = "§15.5.17: the 416 is a problem that keeps the ETag; ServeContent's is text without it"
	problem412     = "§15.5.13, §15.5: the 412 is a problem, without validators; ServeContent's is empty and keeps them"
	afterActing    = "§13.2.1: preconditions of unsafe methods are for the handler, before it acts; ServeContent evaluates them after"
	twoMatchLines  = "§5.3: two lines of If-Match or If-None-Match are one list; ServeContent takes the first"
	emptyMatch     = "§5.6.1, §13.1.1: an empty If-Match or If-None-Match is an empty list; ServeContent takes it for absent"
	starInList     = "§13.1.1, §13.1.2: * in a list is malformed, and matches nothing; ServeContent takes it for *"
	noParting      = "§13.1.1: two tags without a comma are malformed; ServeContent reads both"
	freshDate      = "§8.8.2.2: a date in If-Range is no strong validator within its second; ServeContent takes it"
	twoIfRange     = "§13.1.5: If-Range is one validator, two lines are malformed; ServeContent takes the first"
	twoDates       = "§13.1.3, §13.1.4: a date with more than one member MUST be ignored; ServeContent takes the first line"
)

// asItIs exempts ServeContent from the rules that it breaks by these.
func asItIs(h http.HandlerFunc) http.Handler {
	return except(h, "ServeContent does so", "206-part", "206-range", "304-ignored", "412-ignored", "416-size", "4xx-body")
}

func judge(t *testing.T, url string, q judgedRequest) judged {
	t.Helper()
	res, body := fieldAsk(t, q.method, url, "", q.header...)
	j := judged{status: res.StatusCode, etag: res.Header.Get("Etag"), modified: res.Header.Get("Last-Modified"),
		contentRange: res.Header.Get("Content-Range"), length: res.Header.Get("Content-Length"), mediaType: res.Header.Get("Content-Type"), body: body}
	if strings.HasPrefix(j.mediaType, "multipart/byteranges") {
		j.mediaType = "multipart/byteranges"
		if q.method != "HEAD" {
			j.body = rangeParts(t, res, body)
		}
	}
	return j
}

// explain says why ours is not theirs, "" where nothing does.
func explain(q judgedRequest, ours, theirs judged, whole judged) string {
	lines := func(name string) (n int) {
		for i := 0; i < len(q.header); i += 2 {
			if q.header[i] == name {
				n++
			}
		}
		return n
	}
	has := func(name string) bool { return lines(name) > 0 }
	conditional := has("If-Match") || has("If-None-Match") || has("If-Unmodified-Since") || has("If-Modified-Since")
	rng := q.get("Range")
	switch {
	case q.method == "POST" && conditional && ours.status == 200:
		return afterActing
	case q.method != "GET" && has("Range") && ours == whole && (theirs.status == 206 || theirs.status == 416):
		return onlyGET
	case ours.status == 412 && theirs.status == 412 && theirs.body == "" && ours.etag == "":
		return problem412
	case ours.status == 416 && theirs.status == 416 && ours.contentRange == theirs.contentRange && theirs.etag == "":
		return problem416
	case lines("If-Match") > 1 || lines("If-None-Match") > 1:
		return twoMatchLines
	case lines("If-Modified-Since") > 1 || lines("If-Unmodified-Since") > 1:
		return twoDates
	case has("If-Match") && q.get("If-Match") == "" && ours.status == 412, has("If-None-Match") && q.get("If-None-Match") == "" && theirs.status == 304:
		return emptyMatch
	case starred(q.get("If-Match")) && ours.status == 412, starred(q.get("If-None-Match")) && theirs.status == 304:
		return starInList
	case strings.Contains(q.get("If-Match")+q.get("If-None-Match"), `""`):
		return noParting
	case lines("If-Range") > 1 && ours.status == 200:
		return twoIfRange
	case q.get("If-Range") == q.get("X-Fresh") && has("X-Fresh") && ours.status == 200 && theirs.status == 206:
		return freshDate
	case lines("Range") > 1 && ours == whole:
		return twoRangeLines
	case strings.HasPrefix(rng, "items=") && ours == whole && theirs.status == 416:
		return unknownUnit
	case strings.HasPrefix(rng, "Bytes=") && theirs.status == 416 && ours.status == 206:
		return unitCase
	case strings.Count(rng, ",") >= 16 && ours == whole && theirs.status == 206:
		return manyRanges
	case strings.Contains(rng, "99999999999999999999") && theirs.status == 416 && theirs.contentRange == "":
		return longNumbers
	case strings.Contains(rng, "-0") && !strings.Contains(rng, "0-0") && theirs.status == 206:
		return lastZero
	case ours == whole && theirs.status == 416 && theirs.contentRange == "":
		return malformedRange
	}
	return ""
}

func starred(list string) bool { return strings.Contains(list, "*") && strings.Contains(list, ",") }

// product calls f with one value for each of the names: "" leaves the field
// out, "-empty" makes it empty, and a value with "|" in it makes two lines.
func product(names []string, values [][]string, f func(header []string)) {
	if len(names) == 0 {
		f(nil)
		return
	}
	for _, v := range values[0] {
		var own []string
		if v != "" {
			for line := range strings.SplitSeq(v, "|") {
				own = append(own, names[0], strings.TrimSuffix(line, "-empty"))
			}
		}
		product(names[1:], values[1:], func(rest []string) { f(slices.Concat(own, rest)) })
	}
}

// http.ServeContent judges the preconditions and ranges of Bytes: the same
// requests for the same content, in all combinations.
func TestAgainstServeContent(t *testing.T) {
	seen := make(map[string]int)
	total := 0
	for _, tag := range []string{`"v1"`, `W/"v1"`, ""} {
		for _, modified := range []time.Time{{}, changed} {
			ours := fieldServe(t, respond.Handle(func(*http.Request) (respond.Response, error) {
				s := respond.Bytes("text/plain", []byte(alphabet)).LastModified(modified)
				switch tag {
				case `"v1"`:
					s = s.ETag("v1")
				case `W/"v1"`:
					s = s.WeakETag("v1")
				}
				return s, nil
			}))
			theirs := fieldServe(t, asItIs(func(w http.ResponseWriter, r *http.Request) {
				w.Header().Set("Content-Type", "text/plain")
				if tag != "" {
					w.Header().Set("ETag", tag)
				}
				http.ServeContent(w, r, "", modified, strings.NewReader(alphabet))
			}))
			compare := func(method string) func([]string) {
				whole := judge(t, ours, judgedRequest{method, nil})
				return func(header []string) {
					q := judgedRequest{method, header}
					a, b := judge(t, ours, q), judge(t, theirs, q)
					total++
					if a == b {
						return
					}
					why := explain(q, a, b, whole)
					if why == "" {
						t.Errorf("%s %q of %s, %v:\nrespond      %+v\nServeContent %+v", method, header, tag, modified, a, b)
					}
					seen[why]++
				}
			}
			matches := []string{"", `"v1"`, `W/"v1"`, `"x"`, `*`, `"x", "v1"`}
			dates := []string{"", changedDate, earlierDate, laterDate, "today"}
			for _, method := range []string{"GET", "HEAD"} {
				product([]string{"If-Match", "If-Unmodified-Since", "If-None-Match", "If-Modified-Since"},
					[][]string{matches, dates, matches, dates}, sampled(t, compare(method)))
			}
			odd := []string{"", "-empty", `*, "x"`, `"x", *`, `"x""v1"`, `"x"|"v1"`, `v1`, `"v1`, `,,"v1",`, `"x y", "v1"`}
			product([]string{"If-Match", "If-None-Match"}, [][]string{odd, {"", `"v1"`}}, compare("GET"))
			product([]string{"If-None-Match", "If-Modified-Since"}, [][]string{odd, {"", laterDate}}, compare("GET"))
			product([]string{"If-Modified-Since", "If-Unmodified-Since"}, [][]string{
				{"", laterDate + "|" + laterDate, "Sunday, 06-Nov-94 08:49:37 GMT", "Sun Nov  6 08:49:37 1994", "Mon, 06 Nov 1994 08:49:37 GMT"},
				{"", earlierDate + "|" + earlierDate, "Sunday, 06-Nov-94 08:49:36 GMT", "Sun Nov  6 08:49:36 1994", earlierDate + "x"},
			}, compare("GET"))
			product([]string{"If-Match", "If-None-Match", "Range"}, [][]string{{"", `"x"`}, {"", `"v1"`}, {"", "bytes=0-1"}}, compare("POST"))

			ranges := []string{
				"bytes=0-2", "bytes=23-", "bytes=-3", "bytes=0-", "bytes=-99", "bytes=23-99", "bytes=26-", "bytes=-0",
				"bytes=0-2,-3", "bytes=0-2,1-3", "bytes=0-2,99-,4-5", "bytes=99-,4-5", "bytes=0-,0-", "bytes=4-5,-0", "bytes= 0-2, , 4-4",
				"bytes=23-99999999999999999999", "bytes=" + strings.Repeat("0-0,", 16) + "1-1",
				"items=0-2", "Bytes=0-2", "bytes=2-1", "bytes=", "bytes=x", "bytes=0-1,x", "0-2", "bytes=0-1|bytes=2-3",
			}
			for _, method := range []string{"GET", "HEAD"} {
				product([]string{"Range", "If-Range", "If-Match", "If-None-Match"}, [][]string{
					ranges,
					{"", `"v1"`, `W/"v1"`, `"x"`, changedDate, laterDate, "x", `"v1"|"v1"`},
					{"", `"x"`, `"v1"`}, {"", `"v1"`},
				}, sampled(t, compare(method)))
			}
		}
	}
	// A date of this very second.
	now := time.Now().Add(time.Hour)
	theirs := fieldServe(t, asItIs(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Type", "text/plain")
		http.ServeContent(w, r, "", now, strings.NewReader(alphabet))
	}))
	ours := fieldServe(t, condContent(now))
	date := now.UTC().Format(http.TimeFormat)
	q := judgedRequest{"GET", []string{"Range", "bytes=0-2", "If-Range", date, "X-Fresh", date}}
	a, b := judge(t, ours, q), judge(t, theirs, q)
	seen[explain(q, a, b, judged{})]++

	for _, why := range []string{
		onlyGET, unknownUnit, unitCase, malformedRange, manyRanges, longNumbers, lastZero, twoRangeLines, problem416, problem412,
		afterActing, twoMatchLines, emptyMatch, starInList, noParting, freshDate, twoIfRange, twoDates,
	} {
		if seen[why] == 0 {
			t.Errorf("not seen: %s", why)
		}
		t.Logf("%6d %s", seen[why], why)
	}
	t.Logf("%d requests to each", total)
}

func condContent(modified time.Time) http.Handler {
	return respond.Handle(func(*http.Request) (respond.Response, error) {
		return respond.Bytes("text/plain", []byte(alphabet)).LastModified(modified), nil
	})
}

// sampled calls f for each of its calls, and under -short or the race detector
// for one of seven of those with more than two fields.
func sampled(t *testing.T, f func([]string)) func([]string) {
	t.Helper()
	n := 0
	return func(header []string) {
		if n++; n%7 == 0 || len(header) <= 4 || !testing.Short() && !condRace {
			f(header)
		}
	}
}
