package respond_test

import (
	"net/http"
	"net/http/httptest"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/forthright-http/forthright/respond"
)

// modelTag is entity-tag of RFC 9110 §8.8.3, modelList #entity-tag as a
// recipient reads it (§5.6.1).
const modelTagPattern = `(?:W/)?"[\x21\x23-\x7e\x{80}-\x{ff}]*"`

var (
	modelTag  = regexp.MustCompile(modelTagPattern)
	modelList = regexp.MustCompile(`^[ \t]*(?:(?:` + modelTagPattern + `)?[ \t]*(?:,[ \t]*(?:` + modelTagPattern + `)?[ \t]*)*)$`)
)

// modelBytes makes each byte a rune, for the pattern.
func modelBytes(s string) string {
	runes := make([]rune, len(s))
	for i := range len(s) {
		runes[i] = rune(s[i])
	}
	return string(runes)
}

// modelField is what If-Match or If-None-Match holds.
type modelField struct {
	present, any, malformed bool
	tags                    []string
	text                    string
}

// modelRead reads the lines of a field. They are one list (§5.3).
func modelRead(lines []string) modelField {
	f := modelField{present: len(lines) > 0, text: modelBytes(strings.Join(lines, ", "))}
	if strings.Trim(f.text, " \t,") == "*" {
		f.any = true
		return f
	}
	for _, line := range lines {
		if line = modelBytes(line); !modelList.MatchString(line) {
			f.malformed = true
			return f
		}
		f.tags = append(f.tags, modelTag.FindAllString(line, -1)...)
	}
	return f
}

func (f modelField) has(tag string, match func(a, b string) bool) bool {
	for _, t := range f.tags {
		if match(t, modelBytes(tag)) {
			return true
		}
	}
	return false
}

// §8.8.3.2
func modelStrong(a, b string) bool { return a == b && !strings.HasPrefix(a, "W/") && a != "" }
func modelWeak(a, b string) bool {
	return b != "" && strings.TrimPrefix(a, "W/") == strings.TrimPrefix(b, "W/")
}

// modelForm: the strong tag of another form.
func modelForm(given, current string) bool {
	return strings.HasPrefix(current, `"`) && strings.HasPrefix(given, strings.TrimSuffix(current, `"`)+";") &&
		regexp.MustCompile("^[-!#$%&'*+.^_`|~0-9A-Za-z]+\"$").MatchString(given[len(current):])
}

// modelDate: IMF-fixdate alone. What is another form, or nearly one, is not
// known to the model.
func modelDate(lines []string) (t time.Time, ok, known bool) {
	if len(lines) != 1 {
		return t, false, true
	}
	t, err := time.Parse(http.TimeFormat, lines[0])
	if err == nil && t.Format(http.TimeFormat) == lines[0] {
		return t, true, true
	}
	return t, false, !strings.Contains(lines[0], ":") // any HTTP-date has one
}

// modelStatus is RFC 9110 §13.2.2, word by word: the statuses that may be the
// answer, 0 for that without preconditions.
func modelStatus(method string, h http.Header, exists bool, tag string, modified time.Time) (allowed []int) {
	read := method == "GET" || method == "HEAD"
	im, inm := modelRead(h["If-Match"]), modelRead(h["If-None-Match"])
	begin := tag
	if tag != "" {
		begin = strings.TrimPrefix(modelBytes(tag[:len(tag)-1]), "W/")
	}
	// Step 1.
	switch {
	case im.present && im.any:
		if !exists {
			return []int{412}
		}
	case im.present && im.malformed:
		// Nothing says what it means; it must not pass without the tag.
		if !exists || tag == "" || !strings.Contains(im.text, begin) {
			return []int{412}
		}
		allowed = append(allowed, 412)
	case im.present:
		matched := exists && (im.has(tag, modelStrong) || !read && im.has(tag, modelForm))
		if !matched {
			return []int{412}
		}
	default: // step 2
		date, ok, known := modelDate(h["If-Unmodified-Since"])
		if exists && !modified.IsZero() {
			if !known {
				allowed = append(allowed, 412)
			} else if ok && modified.Truncate(time.Second).After(date) {
				return []int{412}
			}
		}
	}
	failed := 412
	if read {
		failed = 304
	}
	// Step 3.
	switch {
	case !inm.present:
		// Step 4.
		date, ok, known := modelDate(h["If-Modified-Since"])
		if read && exists && !modified.IsZero() {
			if !known {
				allowed = append(allowed, 304)
			} else if ok && !modified.Truncate(time.Second).After(date) {
				return append(allowed, 304)
			}
		}
	case !exists:
	case inm.any:
		return append(allowed, failed)
	case inm.malformed:
		if !read {
			return append(allowed, 412)
		}
		if tag != "" && strings.Contains(inm.text, begin) {
			allowed = append(allowed, 304)
		}
	case inm.has(tag, modelWeak):
		return append(allowed, failed)
	}
	return append(allowed, 0)
}

// The preconditions of reads and writes against the model.
func FuzzPreconditions(f *testing.F) {
	for _, s := range []string{
		`"v1"`, `W/"v1"`, `*`, `"x", "v1"`, `"v1;csv"`, `W/"v1;csv", "v1;html"`, `"x"v1;"`, `,,"v1",`, `*, "v1"`, `v1`, `"v1`, ``, `"v1"` + "\n" + `"x"`,
		`"v1;a;b"`, "\"v1\x80\"", `"x" "v1"`, `"v1 "`, `",v1;csv"`, `"a","v1;csv" ,`, "v0,\t\"v1\"", `"x,"v1;csv"`, `**`, `"v1;"`, `*,`, ",* ",
	} {
		f.Add(s, "", "", "", "v1", uint8(0))
		f.Add("", s, "", "", "v1", uint8(1))
		f.Add(s, s, changedDate, laterDate, "v1", uint8(37))
		f.Add(s, s, earlierDate, changedDate, `,`, uint8(255))
	}
	f.Add("", "", earlierDate, changedDate, "", uint8(16))
	f.Add("", "", "Sunday, 06-Nov-94 08:49:36 GMT", "Sun Nov  6 08:49:36 1994", "x", uint8(17))
	f.Add("", "", changedDate+"\n"+changedDate, "today", "x", uint8(16+32))
	f.Fuzz(func(t *testing.T, im, inm, ius, ims, opaque string, kind uint8) {
		h := make(http.Header)
		for name, value := range map[string]string{"If-Match": im, "If-None-Match": inm, "If-Unmodified-Since": ius, "If-Modified-Since": ims} {
			if value != "" || kind&1 != 0 && name == "If-Match" {
				h[name] = strings.Split(value, "\n")
			}
		}
		for _, c := range opaque {
			if c <= ' ' || c == '"' || c == 0x7f {
				return
			}
		}
		var modified time.Time
		if kind&16 != 0 {
			modified = changed
		}
		tag, state := "", &respond.State{LastModified: modified}
		s := respond.OK(1).LastModified(modified)
		switch {
		case kind&32 != 0:
		case kind&64 != 0:
			tag, s = `W/"`+opaque+`"`, s.WeakETag(opaque)
			state.WeakETag = opaque
		default:
			tag, s = `"`+opaque+`"`, s.ETag(opaque)
			state.ETag = opaque
		}
		check := func(what, method string, exists bool, tag string, status int) {
			t.Helper()
			for _, may := range modelStatus(method, h, exists, tag, modified) {
				if status == may {
					return
				}
			}
			t.Errorf("%s: %s %q of %q, %v (there: %v) is %d; RFC 9110 §13.2.2 says %v",
				what, method, h, tag, modified, exists, status, modelStatus(method, h, exists, tag, modified))
		}
		for _, method := range []string{"GET", "HEAD"} {
			r := httptest.NewRequest(method, "/", nil)
			r.Header = h
			w := httptest.NewRecorder()
			checked(t, condAnswer(s)).ServeHTTP(w, r)
			status := w.Code
			if status == 200 {
				status = 0
			}
			check("Handle", method, true, tag, status)
		}
		if opaque == "" {
			tag = "" // a State has no empty tag
		}
		for _, method := range []string{"PUT", "DELETE"} {
			r := httptest.NewRequest(method, "/", nil)
			r.Header = h
			for exists, state := range map[bool]*respond.State{true: state, false: nil} {
				status := 0
				if err := respond.CheckPreconditions(r, state); err != nil {
					status = 412
				}
				check("CheckPreconditions", method, exists, tag, status)
			}
		}
	})
}
