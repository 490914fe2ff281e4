package authntest_test

import (
	"fmt"
	"runtime"
	"strings"
	"testing"
)

// fake stands in for the test of a user. Fatal stops it, as a real one does.
type fake struct {
	testing.TB // Helper and Context are the real ones
	errors     []string
}

func (f *fake) Helper()                      {}
func (f *fake) Error(args ...any)            { f.errors = append(f.errors, fmt.Sprint(args...)) }
func (f *fake) Errorf(s string, args ...any) { f.errors = append(f.errors, fmt.Sprintf(s, args...)) }
func (f *fake) Fatalf(s string, args ...any) {
	f.Errorf(s, args...)
	runtime.Goexit()
}

// complaints are what f says of its test.
func complaints(t *testing.T, f func(testing.TB)) string {
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
	return strings.Join(tb.errors, "\n")
}
