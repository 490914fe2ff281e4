package respond

import (
	"net/http"

	"github.com/forthright-http/forthright/internal/httpfield"
)

// addVary merges names into the Vary of a response (RFC 9110 §12.5.5).
func addVary(h http.Header, names ...string) {
	h["Vary"] = []string{httpfield.MergeVary(h["Vary"], names...)}
}
