package respond_test

import (
	"math/rand/v2"
	"mime"
	"net/http"
	"regexp"
	"strings"
	"testing"
	"unicode"

	"github.com/forthright-http/forthright/respond"
)

// The grammar of RFC 6266 §4.1 in the form that appendix D advises: a quoted
// filename of ASCII without escapes, and filename* (RFC 8187 §3.2.1) behind it.
var dispositionForm = regexp.MustCompile(`^(attachment|inline)(; filename="[\x20\x21\x23\x24\x26-\x5b\x5d-\x7e]+"(; filename\*=UTF-8''(?:[A-Za-z0-9!#$&+\-.^_` + "`" + `|~]|%[0-9A-F]{2})+)?)?$`)

func TestDisposition(t *testing.T) {
	var kind, name string
	url, _ := fieldServer(t, func(*http.Request) (respond.Response, error) {
		if kind == "inline" {
			return respond.OK("v").Inline(name), nil
		}
		return respond.OK("v").Attachment(name), nil
	})
	for _, row := range []struct {
		name, kind, filename string
		want, read           string
	}{
		{"RFC 6266 §5 (1)", "attachment", "example.html", `attachment; filename="example.html"`, "example.html"},
		{"RFC 6266 §5 (2)", "inline", "an example.html", `inline; filename="an example.html"`, "an example.html"},
		{"RFC 6266 §5 (4)", "attachment", "€ rates", `attachment; filename="_ rates"; filename*=UTF-8''%E2%82%AC%20rates`, "€ rates"},
		{"RFC 8187 §3.2.3", "inline", "£ and € rates", `inline; filename="_ and _ rates"; filename*=UTF-8''%C2%A3%20and%20%E2%82%AC%20rates`, "£ and € rates"},
		{"RFC 6266 §4.2: no name", "attachment", "", "attachment", ""},
		{"RFC 6266 §4.2: inline without a name", "inline", "", "inline", ""},
		{"RFC 8187 §3.2.1: attr-char stays", "attachment", "ä!#$&+-.^_`|~", `attachment; filename="_!#$&+-.^_` + "`" + `|~"; filename*=UTF-8''%C3%A4!#$&+-.^_` + "`" + `|~`, "ä!#$&+-.^_`|~"},
		{"RFC 8187 §3.2.1: others do not", "attachment", "ä*'()<>@,;:[]?={} %", `attachment; filename="_*'()<>@,;:[]?={} _"; filename*=UTF-8''%C3%A4%2A%27%28%29%3C%3E%40%2C%3B%3A%5B%5D%3F%3D%7B%7D%20%25`, "ä*'()<>@,;:[]?={} %"},
		{"RFC 6266 appendix D: quotes", "attachment", `a "b" c.txt`, `attachment; filename="a _b_ c.txt"; filename*=UTF-8''a%20%22b%22%20c.txt`, `a "b" c.txt`},
		{"RFC 6266 appendix D: percent", "attachment", "50%A9.txt", `attachment; filename="50_A9.txt"; filename*=UTF-8''50%25A9.txt`, "50%A9.txt"},
		{"RFC 6266 §4.3: a path", "attachment", "../../etc/passwd", `attachment; filename="passwd"`, "passwd"},
		{"RFC 6266 §4.3: an absolute path", "attachment", "/etc/passwd", `attachment; filename="passwd"`, "passwd"},
		{"RFC 6266 §4.3: Windows", "attachment", `C:\Users\Ana\Größe.pdf`, `attachment; filename="Gr__e.pdf"; filename*=UTF-8''Gr%C3%B6%C3%9Fe.pdf`, "Größe.pdf"},
		{"RFC 6266 §4.3: both", "attachment", `a/b\c.txt`, `attachment; filename="c.txt"`, "c.txt"},
		{"RFC 6266 §4.3: a share", "attachment", `\\server\share\x.txt`, `attachment; filename="x.txt"`, "x.txt"},
		{"RFC 6266 §4.3: a directory", "attachment", "reports/", "attachment", ""},
		{"RFC 6266 §4.3: a directory on Windows", "attachment", `C:\reports\`, "attachment", ""},
		{"RFC 6266 §4.3: dot", "attachment", ".", "attachment", ""},
		{"RFC 6266 §4.3: dot dot", "attachment", "a/..", "attachment", ""},
		{"a hidden file", "attachment", ".profile", `attachment; filename=".profile"`, ".profile"},
		{"emoji", "attachment", "👩‍👩‍👧 2027.txt", `attachment; filename="_____ 2027.txt"; filename*=UTF-8''%F0%9F%91%A9%E2%80%8D%F0%9F%91%A9%E2%80%8D%F0%9F%91%A7%202027.txt`, "👩‍👩‍👧 2027.txt"},
		{"RFC 9110 §5.5: CR and LF", "attachment", "a\r\nSet-Cookie: b=c.txt", `attachment; filename="aSet-Cookie: b=c.txt"`, "aSet-Cookie: b=c.txt"},
		{"RFC 6266 §4.3: control characters", "attachment", "a\x00\x1b\t\x7f\u0085ä.txt", `attachment; filename="a_.txt"; filename*=UTF-8''a%C3%A4.txt`, "aä.txt"},
		{"nothing but control characters", "inline", "\x00\r\n", "inline", ""},
		{"not UTF-8", "attachment", "a\xffb.txt", `attachment; filename="a_b.txt"; filename*=UTF-8''a%EF%BF%BDb.txt`, "a\uFFFDb.txt"},
		{"a name that looks like a parameter", "attachment", `x"; filename*=UTF-8''evil.exe`, `attachment; filename="x_; filename*=UTF-8''evil.exe"; filename*=UTF-8''x%22%3B%20filename%2A%3DUTF-8%27%27evil.exe`, `x"; filename*=UTF-8''evil.exe`},
	} {
		t.Run(row.name, func(t *testing.T) {
			kind, name = row.kind, row.filename
			res, body := fieldAsk(t, "GET", url, "")
			if got := res.Header["Content-Disposition"]; res.StatusCode != 200 || len(got) != 1 || got[0] != row.want {
				t.Errorf("%d %s\n%q, want\n%q", res.StatusCode, body, got, row.want)
			}
			if res.Header.Get("Set-Cookie") != "" {
				t.Error("RFC 9110 §5.5: a field was injected")
			}
			dispositionRead(t, res.Header.Get("Content-Disposition"), row.kind, row.read)
		})
	}
	t.Run("any name", func(t *testing.T) {
		random := rand.New(rand.NewPCG(3, 4))
		for range 200 {
			b := make([]rune, random.IntN(30))
			for i := range b {
				b[i] = rune(random.IntN([]int{0x80, 0x100, 0x3000, 0x11000}[random.IntN(4)]))
			}
			kind, name = "attachment", string(b)
			want := strings.Map(func(r rune) rune {
				if unicode.IsControl(r) {
					return -1
				}
				return r
			}, name[strings.LastIndexAny(name, `/\`)+1:])
			if strings.Trim(want, ".") == "" {
				want = ""
			}
			res, _ := fieldAsk(t, "GET", url, "")
			dispositionRead(t, res.Header.Get("Content-Disposition"), kind, want)
		}
	})
}

// dispositionRead reads a field with mime.ParseMediaType, and checks its form.
func dispositionRead(t *testing.T, field, kind, name string) {
	t.Helper()
	if !dispositionForm.MatchString(field) {
		t.Errorf("RFC 6266 §4.1: %q", field)
	}
	got, params, err := mime.ParseMediaType(field)
	if err != nil || got != kind || params["filename"] != name {
		t.Errorf("%q is read as %s %q, %v; want %s %q", field, got, params["filename"], err, kind, name)
	}
}

func TestDispositionIsOfTheContentAlone(t *testing.T) {
	url, _ := fieldServer(t, func(*http.Request) (respond.Response, error) {
		return respond.OK("v").ETag("v1").Attachment("x.json"), nil
	})
	for _, header := range [][]string{{"If-None-Match", `"v1"`}, {"If-Match", `"v2"`}} {
		res, _ := fieldAsk(t, "GET", url, "", header...)
		if res.StatusCode < 300 || res.Header.Get("Content-Disposition") != "" {
			t.Errorf("%d %q", res.StatusCode, res.Header["Content-Disposition"])
		}
	}
}
