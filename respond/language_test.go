package respond_test

import (
	"net/http"
	"strings"
	"testing"

	"github.com/forthright-http/forthright/problem"
	"github.com/forthright-http/forthright/respond"
)

func TestLanguage(t *testing.T) {
	var offers []string
	url, _ := fieldServer(t, func(r *http.Request) (respond.Response, error) {
		tag := respond.Language(r, offers...)
		return respond.OK(tag).Language(tag), nil
	})
	for _, row := range []struct {
		name, offers string
		accept       []string
		want         string
	}{
		{"RFC 9110 §12.4.1: absent", "en de", nil, "en"},
		{"RFC 9110 §12.5.4: Danish first", "en en-GB da", []string{"da, en-gb;q=0.8, en;q=0.7"}, "da"},
		{"RFC 9110 §12.5.4: then British English", "de en en-GB", []string{"da, en-gb;q=0.8, en;q=0.7"}, "en-GB"},
		{"RFC 9110 §12.5.4: then any English", "de en-US", []string{"da, en-gb;q=0.8, en;q=0.7"}, "en-US"},
		{"RFC 9110 §12.4.2: q", "en de", []string{"en;q=0.3, de;q=0.31"}, "de"},
		{"RFC 9110 §5.3: several fields", "en de", []string{"en;q=0.3", "de"}, "de"},
		{"RFC 5646 §2.1.1: in any case", "en de-CH", []string{"DE-ch"}, "de-CH"},
		{"RFC 4647 §3.3.1: a range is the beginning of a tag", "en de-CH", []string{"de"}, "de-CH"},
		{"RFC 4647 §3.3.1: up to a hyphen", "en den", []string{"de"}, "en"},
		{"RFC 4647 §3.4: lookup", "fr zh-Hant zh", []string{"zh-Hant-CN-x-private1-private2"}, "zh-Hant"},
		{"RFC 4647 §3.4: lookup goes on", "fr zh", []string{"zh-Hant-CN"}, "zh"},
		{"RFC 4647 §3.4: British English gets English", "de en", []string{"en-GB"}, "en"},
		{"RFC 4647 §3.4.1: the default", "de en", []string{"ja, ko"}, "de"},
		{"RFC 9110 §12.4.3: *", "de en", []string{"en;q=0.5, *"}, "de"},
		{"RFC 9110 §12.4.2: q=0", "en de", []string{"en;q=0, *"}, "de"},
		{"RFC 9110 §12.4.2: q=0, and no *", "en de", []string{"en;q=0"}, "de"},
		{"RFC 9110 §12.4.2: q=0, and something else", "en de", []string{"ja, en;q=0"}, "de"},
		{"RFC 9110 §12.4.2: q=0 for a region", "en-GB en-US", []string{"en, en-GB;q=0"}, "en-US"},
		{"RFC 9110 §12.4.2: all refused", "en de", []string{"en;q=0, de;q=0"}, "en"},
		{"RFC 9110 §12.4.2: * refused", "en de", []string{"*;q=0"}, "en"},
		{"RFC 9110 §12.4.2: * refused, one taken", "en de", []string{"de, *;q=0"}, "de"},
		{"malformed", "en de", []string{"de;q=x, de_CH, @"}, "en"},
		{"malformed beside a good one", "en de", []string{"@;, de"}, "de"},
		{"empty", "en de", []string{""}, "en"},
	} {
		t.Run(row.name, func(t *testing.T) {
			offers = strings.Fields(row.offers)
			var header []string
			for _, line := range row.accept {
				header = append(header, "Accept-Language", line)
			}
			res, body := fieldAsk(t, "GET", url, "", header...)
			if res.StatusCode != 200 || res.Header.Get("Content-Language") != row.want {
				t.Errorf("%q is answered with %s, want %s: %s", row.accept, res.Header.Get("Content-Language"), row.want, body)
			}
			fieldVaries(t, res, "Accept-Language", "Accept")
		})
	}
}

func TestCharset(t *testing.T) {
	var offers []string
	url, _ := fieldServer(t, func(r *http.Request) (respond.Response, error) {
		return respond.OK("v").Header("X-Charset", respond.Charset(r, offers...)), nil
	})
	for _, row := range []struct{ name, offers, accept, want string }{
		{"RFC 9110 §12.5.2: the example", "utf-8 iso-8859-5", "iso-8859-5, unicode-1-1;q=0.8", "iso-8859-5"},
		{"RFC 9110 §12.4.1: absent", "utf-8 iso-8859-5", "", "utf-8"},
		{"RFC 9110 §8.3.2: in any case", "utf-8 ISO-8859-5", "iso-8859-5", "ISO-8859-5"},
		{"RFC 9110 §12.4.3: *", "utf-8 iso-8859-5", "utf-8;q=0.5, *", "iso-8859-5"},
		{"RFC 9110 §12.4.2: q=0", "utf-8 iso-8859-5", "utf-8;q=0", "iso-8859-5"},
		{"RFC 9110 §12.5.2: none fits", "utf-8 iso-8859-5", "koi8-r", "utf-8"},
		{"all refused", "utf-8", "utf-8;q=0, *;q=0", "utf-8"},
	} {
		t.Run(row.name, func(t *testing.T) {
			offers = strings.Fields(row.offers)
			var header []string
			if row.accept != "" {
				header = []string{"Accept-Charset", row.accept}
			}
			res, _ := fieldAsk(t, "GET", url, "", header...)
			if got := res.Header.Get("X-Charset"); got != row.want {
				t.Errorf("%s, want %s", got, row.want)
			}
			fieldVaries(t, res, "Accept-Charset", "Accept")
		})
	}
}

// The fields that an answer was chosen by are named whatever it is, with the
// service's own middleware and without.
func TestLanguageVaries(t *testing.T) {
	for _, wrap := range []bool{false, true} {
		api, _ := logged(t)
		h := api.Handle(func(r *http.Request) (respond.Response, error) {
			respond.Language(r, "en", "de")
			respond.Charset(r, "utf-8")
			respond.Prefer(r)
			respond.Language(r, "en")
			switch r.URL.Path {
			case "/problem":
				return respond.Fail(problem.NotFound(""))
			case "/redirect":
				return respond.SeeOther("/x"), nil
			case "/own":
				return respond.OK("v").Vary("prefer", "X-Tenant"), nil
			}
			return respond.OK("v").ETag("v1"), nil
		})
		if wrap {
			h = api.Wrap(h)
		}
		url := fieldServe(t, h)
		for path, status := range map[string]int{"/": 304, "/problem": 404, "/redirect": 303, "/own": 200} {
			res, _ := fieldAsk(t, "GET", url+path, "", "If-None-Match", `"v1"`)
			if res.StatusCode != status {
				t.Errorf("%s: %d", path, res.StatusCode)
			}
			fieldVaries(t, res, "Accept-Language", "Accept-Charset", "Prefer")
		}
	}
}

func TestLanguageWithoutOffers(t *testing.T) {
	for name, f := range map[string]func(*http.Request, ...string) string{"Language": respond.Language, "Charset": respond.Charset} {
		for _, accept := range []string{"", "en"} {
			func() {
				defer func() {
					if recover() == nil {
						t.Errorf("%s(%q) does not panic", name, accept)
					}
				}()
				r := cursorRequest("/")
				r.Header.Set("Accept-Language", accept)
				r.Header.Set("Accept-Charset", accept)
				f(r)
			}()
		}
	}
}
