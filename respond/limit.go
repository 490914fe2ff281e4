package respond

import (
	"io"
	"net/http"
)

// defaultMaxContent is the limit that Wrap sets, above that of a decoder.
const defaultMaxContent = 16 << 20

// LimitContent is middleware that refuses content of more than n bytes when a
// handler reads it: beyond the limit, or at once where Content-Length says
// that it is larger, there is an *http.MaxBytesError, which is a 413. So what
// is refused for another reason (404, 405, 401) is refused for that.
func (a *API) LimitContent(n int64) func(http.Handler) http.Handler {
	if n < 0 {
		panic("respond: the limit is negative")
	}
	return func(h http.Handler) http.Handler {
		return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			switch {
			case r.Body == nil || r.Body == http.NoBody:
			case r.ContentLength > n:
				r.Body = &tooLarge{r.Body, n}
			default:
				r.Body = http.MaxBytesReader(w, r.Body, n)
			}
			h.ServeHTTP(w, r)
		})
	}
}

// tooLarge is content that is known to be larger than the limit: none of it
// is read.
type tooLarge struct {
	io.Closer
	limit int64
}

func (t *tooLarge) Read([]byte) (int, error) { return 0, &http.MaxBytesError{Limit: t.limit} }
