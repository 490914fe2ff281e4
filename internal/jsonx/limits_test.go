package jsonx

import (
	"strings"
	"testing"
	"time"
)

func TestDeep(t *testing.T) {
	d := mustNew[any](t, Options{})
	for _, c := range []struct {
		doc  string
		code string
		at   int
	}{
		{strings.Repeat("[", 10000) + strings.Repeat("]", 10000), "", 0},
		{strings.Repeat("[", 10001) + strings.Repeat("]", 10001), TooDeep, 10000},
		{strings.Repeat(`{"a":`, 10000) + "1" + strings.Repeat("}", 10000), "", 0},
		{strings.Repeat(`{"a":`, 10001) + "1" + strings.Repeat("}", 10001), TooDeep, 50000},
		{strings.Repeat("[", 5_000_000), TooDeep, 10000},
		{strings.Repeat("[", 10000), Truncated, 10000},
		{strings.Repeat("[", 9999) + "1" + strings.Repeat("]", 9998) + "}", Syntax, 19998},
	} {
		start := time.Now()
		var v any
		faults := d.Decode([]byte(c.doc), &v)
		switch {
		case c.code == "" && faults != nil, c.code != "" && (len(faults) != 1 || faults[0].Code != c.code || faults[0].Offset != c.at):
			t.Errorf("%.10q: %d faults, %s at %d", c.doc, len(faults), faults[0].Code, faults[0].Offset)
		}
		if took := time.Since(start); took > 2*time.Second {
			t.Errorf("%.10q took %v", c.doc, took)
		}
	}
	var v tree
	doc := strings.Repeat(`{"Children":[`, 5000) + strings.Repeat(`]}`, 5000)
	if f := mustNew[tree](t, Options{}).Decode([]byte(doc), &v); f != nil {
		t.Errorf("tree: %v", f[0].Code)
	}
	if f := mustNew[tree](t, Options{}).Decode([]byte(strings.Replace(doc, "[]", "[null,1]", 1)), &v); len(f) != 1 || f[0].Code != WrongType {
		t.Errorf("tree: %d faults", len(f))
	}
}

func TestMaxFaults(t *testing.T) {
	var v []int
	doc := "[" + strings.Repeat(`"x",`, 5000) + "1]"
	if got := mustNew[[]int](t, Options{}).Decode([]byte(doc), &v); len(got) != MaxFaults {
		t.Errorf("%d faults", len(got))
	}
}

// TestHeldPointers: long names do not multiply by the faults within them.
func TestHeldPointers(t *testing.T) {
	name := strings.Repeat("n", 1<<18)
	doc := `{"` + name + `":{"a":1` + strings.Repeat(`,"a":1`, 5000) + "}}"
	var v row
	faults, held := mustNew[row](t, Options{}).Decode([]byte(doc), &v), 0
	for _, f := range faults {
		held += len(f.Pointer)
	}
	if len(faults) == 0 || held > 2<<20 {
		t.Errorf("%d faults hold %d bytes", len(faults), held)
	}
}
