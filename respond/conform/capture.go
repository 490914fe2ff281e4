package conform

import (
	"errors"
	"fmt"
	"io"
	"net/http"
	"slices"
	"strings"
)

// MaxCapture is how long a capture may be, in bytes.
const MaxCapture = 256 << 20

// readCapture reads all, up to [MaxCapture].
func readCapture(r io.Reader, limit int64) ([]byte, error) {
	b, err := io.ReadAll(io.LimitReader(r, limit+1))
	if err != nil {
		return nil, fmt.Errorf("conform: %w", err)
	}
	if int64(len(b)) > limit {
		return nil, fmt.Errorf("conform: the capture is longer than %d bytes", limit)
	}
	return b, nil
}

// ReadCapture reads a HAR file, as [ReadHAR] does, or a dump, as [ReadDump]
// does: it is a HAR file if it begins with a brace.
func ReadCapture(r io.Reader) ([]Exchange, error) {
	b, err := readCapture(r, MaxCapture)
	if err != nil {
		return nil, err
	}
	text := strings.TrimLeft(strings.TrimPrefix(string(b[:min(len(b), 512)]), "\uFEFF"), " \t\r\n")
	switch {
	case text == "" && len(b) <= 512:
		return nil, errors.New("conform: the capture is empty")
	case strings.HasPrefix(text, "{"):
		return parseHAR(b)
	}
	return parseDump(b)
}

// Exchanges returns the rules that the exchanges of a capture break, in their
// order; [Finding.Exchange] tells which one. An exchange is also compared, as
// [Checker.Compare] does, with a plain GET of the same URL that was answered
// 200, if there is one in all: the last one before it, else the first after
// it, with no request of an unsafe method in between. The two must come from
// the same user, and tell the same Last-Modified.
func (c *Checker) Exchanges(all []Exchange) []Finding {
	var found []Finding
	byURL := map[string][]int{}
	for i, e := range all {
		if e.Request != nil && e.Request.URL != nil && e.Response != nil {
			u := e.Request.URL.String()
			byURL[u] = append(byURL[u], i)
		}
	}
	for i, e := range all {
		if e.Response == nil {
			continue
		}
		mine := c.Exchange(e)
		if e.Request != nil && e.Request.URL != nil {
			if base, ok := baseFor(all, byURL[e.Request.URL.String()], i); ok {
				mine = append(mine, c.compare(base, e)...)
				slices.SortStableFunc(mine, compareFindings)
			}
		}
		for _, f := range mine {
			f.Exchange = i
			found = append(found, f)
		}
	}
	return found
}

// maxBaseSteps bounds the search among the exchanges with one URL.
const maxBaseSteps = 64

// baseFor finds the exchange to compare all[i] with. same are the indices of
// those with its URL, in order.
func baseFor(all []Exchange, same []int, i int) (Exchange, bool) {
	at, _ := slices.BinarySearch(same, i)
	for _, step := range []int{-1, +1} {
		if !isSafe(all[i].Request.Method) && step > 0 {
			break
		}
		for k := at + step; k >= 0 && k < len(same) && k != at+step*maxBaseSteps; k += step {
			e := all[same[k]]
			if !isSafe(e.Request.Method) {
				break
			}
			if isPlainGET(e) && sameVersion(e, all[i]) {
				return e, true
			}
		}
	}
	return Exchange{}, false
}

func isSafe(method string) bool {
	return slices.Contains([]string{"", "GET", "HEAD", "OPTIONS", "TRACE", "QUERY"}, method)
}

// isPlainGET tells of a GET without precondition and range that was a 200.
func isPlainGET(e Exchange) bool {
	return (e.Request.Method == http.MethodGet || e.Request.Method == "") && e.Response.StatusCode == http.StatusOK &&
		!slices.ContainsFunc([]string{"If-Match", "If-None-Match", "If-Modified-Since", "If-Unmodified-Since", "If-Range", "Range"}, func(name string) bool {
			return len(e.Request.Header[name]) > 0
		})
}

// sameVersion tells that two exchanges are of one user, and that nothing shows
// that the resource changed between them.
func sameVersion(a, b Exchange) bool {
	for _, name := range []string{"Authorization", "Cookie"} {
		if !slices.Equal(a.Request.Header[name], b.Request.Header[name]) {
			return false
		}
	}
	was, is := a.Response.Header.Get("Last-Modified"), b.Response.Header.Get("Last-Modified")
	if was != "" && is != "" && was != is {
		return false
	}
	// A 304 for a tag that the client has is about that version.
	was, is = a.Response.Header.Get("Etag"), b.Response.Header.Get("Etag")
	changed := was != "" && is != "" && was != is
	return !changed || b.Response.StatusCode == http.StatusOK && b.Request.Method == http.MethodGet
}
