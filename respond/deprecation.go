package respond

import (
	"errors"
	"net/http"
	"strconv"
	"time"

	"github.com/forthright-http/forthright/internal/httpfield"
)

// Deprecation tells clients that a resource is going out of use.
type Deprecation struct {
	// Since is when it was, or will be, deprecated. It is required.
	Since time.Time
	// Sunset is when it is expected to stop answering (RFC 8594 §3). Zero: not
	// known. It is not before Since (RFC 9745 §4).
	Sunset time.Time
	// Info is the URI of a page for developers (RFC 9745 §3, rel
	// "deprecation").
	Info string
	// Successor returns the URI reference of what to use instead (RFC 5829
	// §3.3, rel "successor-version"); "" for none. One that cannot be sent is
	// left out.
	Successor func(*http.Request) string
}

// Deprecated makes middleware that sends Deprecation (RFC 9745 §2: a date as
// "@1735689600"), Sunset (RFC 8594 §3) and the links with every answer,
// errors too, of the handlers that it stands around: the 405 of a mux on that
// path is not among them. It returns an error for a setting that contradicts
// the RFCs.
func Deprecated(d Deprecation) (func(http.Handler) http.Handler, error) {
	switch {
	case d.Since.IsZero():
		return nil, errors.New("respond: a deprecation needs its date")
	case !d.Sunset.IsZero() && d.Sunset.Unix() < d.Since.Unix():
		return nil, errors.New("respond: a sunset must not be before the deprecation (RFC 9745 §4)")
	case d.Since.UTC().Year() > 9999 || d.Sunset.UTC().Year() > 9999: // RFC 9110 §5.6.7
		return nil, errors.New("respond: a date beyond the year 9999 cannot be sent")
	}
	info, ok := httpfield.EscapeURI(d.Info)
	if !ok {
		return nil, errors.New("respond: the page about a deprecation is not a URI reference")
	}
	since := []string{"@" + strconv.FormatInt(d.Since.Unix(), 10)}
	var sunset []string
	if !d.Sunset.IsZero() {
		sunset = []string{httpfield.FormatDate(d.Sunset)}
	}
	return func(h http.Handler) http.Handler {
		return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			header := w.Header()
			header["Deprecation"] = since
			if sunset != nil {
				header["Sunset"] = sunset
			}
			if info != "" {
				header.Add("Link", "<"+info+`>; rel="deprecation"`)
			}
			if d.Successor != nil {
				if uri, ok := httpfield.EscapeURI(d.Successor(r)); ok && uri != "" {
					header.Add("Link", "<"+uri+`>; rel="successor-version"`)
				}
			}
			h.ServeHTTP(w, r)
		})
	}, nil
}
