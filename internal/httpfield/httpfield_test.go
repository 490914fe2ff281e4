package httpfield

import (
	"strings"
	"testing"
	"time"
)

// noAlloc fails the test if f allocates.
func noAlloc(t *testing.T, name string, f func()) {
	t.Helper()
	if n := testing.AllocsPerRun(200, f); n != 0 {
		t.Errorf("%s: %v allocations, want 0", name, n)
	}
}

// linear fails the test if f on an input of 8n pieces takes far more than eight
// times what it takes on n: the mark of a parser that is quadratic.
func linear(t *testing.T, name, piece string, f func(string)) {
	t.Helper()
	if testing.Short() {
		t.Skip("measures time")
	}
	measure := func(n int) time.Duration {
		s := strings.Repeat(piece, n)
		best := time.Hour
		for range 3 {
			start := time.Now()
			f(s)
			best = min(best, time.Since(start))
		}
		return best
	}
	const n = 8000
	small, large := measure(n), measure(8*n)
	// The allowance is for a busy machine; 64,000 pieces squared take seconds.
	if large > 40*small+100*time.Millisecond {
		t.Errorf("%s: %d pieces took %v, %d took %v", name, n, small, 8*n, large)
	}
}

func eq[T comparable](t *testing.T, name string, got, want T) {
	t.Helper()
	if got != want {
		t.Errorf("%s: got %v, want %v", name, got, want)
	}
}
