package conform

import (
	"slices"
	"strings"

	"github.com/forthright-http/forthright/internal/httpfield"
)

// details tell what was seen of a rule that x breaks, beside base if there is
// one: names, and values of the response's header, but nothing of the request
// and no content.
var details = map[string]func(x, base *exchange) string{
	"G4":            func(x, _ *exchange) string { return shown(x, "Content-Length") },
	"G4-sent":       func(x, _ *exchange) string { return x.misframed },
	"G5":            func(x, _ *exchange) string { return shown(x, "Content-Type") },
	"G7":            sentTwice,
	"G8":            func(x, _ *exchange) string { return shown(x, "Etag") },
	"G8-date":       wrongDate,
	"G8-modified":   func(x, _ *exchange) string { return shown(x, "Last-Modified") },
	"G9":            func(x, _ *exchange) string { return shown(x, "Retry-After") },
	"G10":           func(x, _ *exchange) string { return shown(x, "Location") },
	"G14":           func(x, _ *exchange) string { return shown(x, "Deprecation") },
	"G14-sunset":    func(x, _ *exchange) string { return shown(x, "Sunset") },
	"G15":           func(x, _ *exchange) string { return shown(x, "Link") },
	"G19":           func(x, _ *exchange) string { return shown(x, "Cache-Control") },
	"G21":           otherInHEAD,
	"201-location":  func(x, _ *exchange) string { return shown(x, "Location") },
	"206-pair":      missing,
	"304-pair":      missing,
	"3xx-location":  func(x, _ *exchange) string { return shown(x, "Location") },
	"401":           func(x, _ *exchange) string { return shown(x, "Www-Authenticate") },
	"405":           func(x, _ *exchange) string { return shown(x, "Allow") },
	"405-allow":     func(_, base *exchange) string { return shown(base, "Allow") },
	"407":           func(x, _ *exchange) string { return shown(x, "Proxy-Authenticate") },
	"416-size":      func(x, _ *exchange) string { return shown(x, "Content-Range") },
	"426":           func(x, _ *exchange) string { return shown(x, "Upgrade") },
	"451-link":      func(x, _ *exchange) string { return shown(x, "Link") },
	"G22-allow":     func(_, base *exchange) string { return shown(base, "Allow") },
	"status-twice":  func(x, _ *exchange) string { return x.again },
	"206-part":      func(x, _ *exchange) string { return shown(x, "Content-Range") },
	"304-ignored":   func(x, _ *exchange) string { return shown(x, "Etag") },
	"304-since":     func(x, _ *exchange) string { return shown(x, "Last-Modified") },
	"412-ignored":   func(x, _ *exchange) string { return shown(x, "Etag") },
	"415-encoding":  func(x, _ *exchange) string { return shown(x, "Accept-Encoding") },
	"403-challenge": func(x, _ *exchange) string { return shown(x, "Www-Authenticate") },
	"G12":           func(x, _ *exchange) string { return shown(x, "Etag") },
}

// spelled are the names that the canonical form of Go spells unlike the RFCs.
var spelled = map[string]string{"Etag": "ETag", "Www-Authenticate": "WWW-Authenticate"}

func spell(name string) string {
	if s, ok := spelled[name]; ok {
		return s
	}
	return name
}

// maxShown is how much of a value is shown.
const maxShown = 100

// shown is a field as it was sent.
func shown(x *exchange, name string) string {
	values, sent := x.h[name]
	if !sent || len(values) == 0 {
		return "no " + spell(name)
	}
	v := strings.Join(values, ", ")
	if len(v) > maxShown {
		v = strings.ToValidUTF8(v[:maxShown], "") + "..."
	}
	return spell(name) + ": " + v
}

func sentTwice(x, _ *exchange) string {
	i := slices.IndexFunc(singleFields, func(name string) bool { return len(x.h[name]) > 1 })
	return shown(x, singleFields[i])
}

func wrongDate(x, _ *exchange) string {
	for _, name := range []string{"Date", "Last-Modified", "Expires"} {
		if slices.ContainsFunc(x.h[name], func(v string) bool { return !httpfield.IsIMFFixdate(v) }) {
			return shown(x, name)
		}
	}
	return ""
}

// missing names what a 206 or 304 lacks of the 200.
func missing(x, base *exchange) string {
	var names []string
	for _, name := range copied {
		if base.has(name) && !x.has(name) {
			names = append(names, spell(name))
		}
	}
	if len(names) == 0 {
		return shown(x, "Etag") + " after " + shown(base, "Etag")
	}
	return "no " + strings.Join(names, ", ")
}

// otherInHEAD names the first thing that HEAD has and GET has not, or the other
// way about.
func otherInHEAD(x, base *exchange) string {
	if x.status != base.status {
		return "HEAD answered " + itoa(x.status) + ", GET " + itoa(base.status)
	}
	for _, name := range append(slices.Clone(headFields), "Expires", "Content-Encoding") {
		if strings.Join(base.h[name], ", ") != strings.Join(x.h[name], ", ") {
			return "HEAD has " + shown(x, name) + "; GET has " + shown(base, name)
		}
	}
	return ""
}
