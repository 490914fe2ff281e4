package bench

import (
	"errors"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/forthright-http/forthright/respond"
)

var errStale = errors.New("412")

// preconditions check the If-Match of a write.
var preconditions = []struct {
	name  string
	check func(r *http.Request, opaque string) error
}{
	{"forthright", respond.RequireMatch},
	{"nethttp", matchByHand},
}

// matchByHand splits at any comma, one within a tag too.
func matchByHand(r *http.Request, opaque string) error {
	for _, line := range r.Header["If-Match"] {
		for part := range strings.SplitSeq(line, ",") {
			if part = strings.TrimSpace(part); part == "*" || part == `"`+opaque+`"` {
				return nil
			}
		}
	}
	return errStale
}

func matchRequest(value string) *http.Request {
	r := httptest.NewRequest("PUT", "/orders/1", nil)
	if value != "" {
		r.Header.Set("If-Match", value)
	}
	return r
}

const threeTags = `"v0", W/"v1", "v1"`

func TestPrecondition(t *testing.T) {
	for _, c := range preconditions {
		for value, ok := range map[string]bool{threeTags: true, "*": true, `W/"v1"`: false, `"v0", "v2"`: false, "": false} {
			if err := c.check(matchRequest(value), "v1"); (err == nil) != ok {
				t.Errorf("%s, %q: %v", c.name, value, err)
			}
		}
	}
}

// BenchmarkPrecondition finds the current entity tag as the last of three.
func BenchmarkPrecondition(b *testing.B) {
	r := matchRequest(threeTags)
	for _, c := range preconditions {
		b.Run(c.name, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				if err := c.check(r, "v1"); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
