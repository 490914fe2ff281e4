package conform

import (
	"net/http"
	"time"

	"github.com/forthright-http/forthright/internal/httpfield"
)

// probe is a request: a method, and a field beside those of every request.
type probe struct {
	method      string
	name, value string
	last        bool // the plain GET at the end
}

// with is the field, as in a header.
func (p probe) with() string {
	if p.name == "" {
		return ""
	}
	return p.name + ": " + p.value
}

func (p probe) String() string {
	if p.name == "" {
		return p.method
	}
	return p.method + " with " + p.with()
}

// staleTag is the tag of nothing.
const staleTag = `"conform-probe-of-a-tag-that-never-was"`

// probes are the requests after the plain GET, of which res is the answer.
func probes(res *http.Response) []probe {
	list := []probe{
		{method: http.MethodHead},
		{method: http.MethodOptions},
		{method: "QUERY"},
		{method: unknownMethod},
	}
	add := func(name, value string) { list = append(list, probe{method: http.MethodGet, name: name, value: value}) }
	if tag := res.Header.Get("Etag"); tag != "" {
		add("If-None-Match", tag)
		list = append(list, probe{method: http.MethodHead, name: "If-None-Match", value: tag})
	}
	add("If-None-Match", staleTag)
	if modified := res.Header.Get("Last-Modified"); modified != "" {
		add("If-Modified-Since", modified)
	} else {
		add("If-Modified-Since", httpfield.FormatDate(time.Now()))
	}
	add("If-Match", staleTag)
	add("Accept", "*/*;q=0")
	add("Accept", "text/x-nothing")
	add("Accept", "application/json;q=0, */*")
	add("Accept", "a/b/c;;q=x, /")
	add("Accept-Encoding", "gzip")
	add("Accept-Encoding", "identity")
	add("Prefer", "return=minimal")
	add("Range", "bytes=0-0")
	add("Range", "bytes=999999999999-")
	add("Range", "bytes=b-a")
	return append(list, probe{method: http.MethodGet, last: true})
}

// unsafeProbes come last, since the resource may be gone after them.
var unsafeProbes = []probe{
	{method: http.MethodPatch}, {method: http.MethodPost}, {method: http.MethodPut}, {method: http.MethodDelete},
}
