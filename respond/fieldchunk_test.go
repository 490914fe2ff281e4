package respond_test

import (
	"fmt"
	"net/http/httptest"
	"slices"
	"sync"
	"testing"

	"github.com/forthright-http/forthright/respond"
)

// Copies of one Response that go on in different ways, also at the same time, have
// the fields of the first and their own, in the order in which they were added.
func TestFieldsOfCopies(t *testing.T) {
	for common := range 10 {
		base := respond.OK(1)
		var want []string
		for i := range common {
			base = base.Add("X-List", fmt.Sprint("common ", i))
			want = append(want, fmt.Sprint("common ", i))
		}
		got := make([][]string, 16)
		var all sync.WaitGroup
		for c := range got {
			all.Go(func() {
				s := base
				for i := range 6 {
					s = s.Add("X-List", fmt.Sprint(c, " ", i))
				}
				w := httptest.NewRecorder()
				s.ServeHTTP(w, httptest.NewRequest("GET", "/", nil))
				got[c] = w.Header()["X-List"]
			})
		}
		all.Wait()
		for c := range got {
			own := slices.Clone(want)
			for i := range 6 {
				own = append(own, fmt.Sprint(c, " ", i))
			}
			if !slices.Equal(got[c], own) {
				t.Fatalf("copy %d after %d: %v", c, common, got[c])
			}
		}
		w := httptest.NewRecorder()
		if base.ServeHTTP(w, httptest.NewRequest("GET", "/", nil)); !slices.Equal(w.Header()["X-List"], want) {
			t.Fatalf("the first with %d: %v", common, w.Header()["X-List"])
		}
	}
}

// A field that a caller changes in place leaves those beside it as they are.
func TestFieldsShareNoRoom(t *testing.T) {
	w := httptest.NewRecorder()
	respond.OK(1).ETag("a").Header("X-One", "1").Header("X-Two", "2").ServeHTTP(w, httptest.NewRequest("GET", "/", nil))
	w.Header().Add("Etag", "more")
	w.Header().Add("X-One", "more")
	if got := w.Header(); got.Get("X-One") != "1" || got.Get("X-Two") != "2" || len(got["X-Two"]) != 1 {
		t.Errorf("%v", got)
	}
}
