package problemtest_test

import (
	"fmt"
	"runtime"
	"strings"
	"testing"
)

// fake stands in for the test of a user. Fatalf stops it, as a real one does.
type fake struct {
	testing.TB // Context and Helper are the real ones; any other method too many fails
	errors     []string
	stopped    bool
}

func (f *fake) Helper()                      {}
func (f *fake) Error(args ...any)            { f.errors = append(f.errors, fmt.Sprint(args...)) }
func (f *fake) Errorf(s string, args ...any) { f.errors = append(f.errors, fmt.Sprintf(s, args...)) }
func (f *fake) Fatalf(s string, args ...any) {
	f.Errorf(s, args...)
	f.stopped = true
	runtime.Goexit()
}

// try runs f with a fake test and returns that.
func try(t *testing.T, f func(testing.TB)) *fake {
	t.Helper()
	tb := &fake{TB: t}
	done := make(chan any, 1)
	go func() {
		defer func() { done <- recover() }()
		f(tb)
	}()
	if e := <-done; e != nil {
		t.Fatalf("panicked: %v", e)
	}
	return tb
}

// wantFailure fails the test unless f fails its own, saying words.
func wantFailure(t *testing.T, name, words string, f func(testing.TB)) {
	t.Helper()
	if tb := try(t, f); len(tb.errors) == 0 || !strings.Contains(strings.Join(tb.errors, "\n"), words) {
		t.Errorf("%s: got %q, want a failure that says %q", name, tb.errors, words)
	}
}

// wantPass fails the test if f fails its own.
func wantPass(t *testing.T, name string, f func(testing.TB)) {
	t.Helper()
	if tb := try(t, f); len(tb.errors) > 0 {
		t.Errorf("%s: failed: %q", name, tb.errors)
	}
}
