package problem

import "net/http"

// phrase returns the status phrase that RFC 9110 §15 gives; net/http keeps
// four older ones.
func phrase(status int) string {
	switch status {
	case http.StatusRequestEntityTooLarge:
		return "Content Too Large"
	case http.StatusRequestURITooLong:
		return "URI Too Long"
	case http.StatusRequestedRangeNotSatisfiable:
		return "Range Not Satisfiable"
	case http.StatusUnprocessableEntity:
		return "Unprocessable Content"
	}
	if s := http.StatusText(status); s != "" {
		return s
	}
	// RFC 9110 §15: a code that is not known is treated as the x00 of its class.
	return http.StatusText(status / 100 * 100)
}
