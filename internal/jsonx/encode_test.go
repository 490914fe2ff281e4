package jsonx

//lint:file-ignore U1000 the unexported fields are there to be ignored

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"math"
	"reflect"
	"strings"
	"sync"
	"testing"
)

// calls counts the calls of Write.
type calls struct {
	bytes.Buffer
	n   int
	err error
}

func (c *calls) Write(p []byte) (int, error) {
	c.n++
	if c.err != nil {
		return 0, c.err
	}
	return c.Buffer.Write(p)
}

func TestEncode(t *testing.T) {
	for _, c := range []struct {
		v    any
		want string
	}{
		{nil, "null\n"},
		{map[string]any{"b": 1, "a": []int(nil)}, `{"a":null,"b":1}` + "\n"},
		{"<&>", `"\u003c\u0026\u003e"` + "\n"},
		{strings.Repeat("x", 1<<20), `"` + strings.Repeat("x", 1<<20) + `"` + "\n"},
	} {
		var w calls
		if err := Encode(&w, c.v); err != nil || w.n != 1 || w.String() != c.want {
			t.Errorf("%.20v: %.20q, %d writes, %v", c.v, w.String(), w.n, err)
		}
	}
}

func TestEncodeErrors(t *testing.T) {
	for range 100 {
		var w calls
		if err := Encode(&w, []any{1, math.NaN()}); err == nil || w.n != 0 {
			t.Fatalf("NaN: %v, %d writes", err, w.n)
		}
		failing := calls{err: io.ErrClosedPipe}
		if err := Encode(&failing, 1); !errors.Is(err, io.ErrClosedPipe) {
			t.Fatalf("failing writer: %v", err)
		}
		// The error of one must not come back for the next.
		var next calls
		if err := Encode(&next, 1); err != nil || next.String() != "1\n" {
			t.Fatalf("after errors: %v, %q", err, next.String())
		}
	}
}

func TestEncodeConcurrently(t *testing.T) {
	var wg sync.WaitGroup
	for i := range 8 {
		wg.Go(func() {
			for range 500 {
				var b bytes.Buffer
				if err := Encode(&b, i); err != nil || b.String() != string(rune('0'+i))+"\n" {
					t.Errorf("%d: %q %v", i, b.String(), err)
				}
			}
		})
	}
	wg.Wait()
}

// TestEncodeCap: an encoder that held a large value is not kept.
func TestEncodeCap(t *testing.T) {
	for range 20 {
		if err := Encode(io.Discard, strings.Repeat("x", maxKept)); err != nil {
			t.Fatal(err)
		}
		if e := encoders.Get().(*encoder); e.written > maxKept {
			t.Fatalf("kept after a value of %d bytes", e.written)
		}
	}
}

func TestEncodeAllocs(t *testing.T) {
	if raceEnabled {
		t.Skip("counts allocations")
	}
	v := &item{SKU: "a", Quantity: 1}
	enc := json.NewEncoder(io.Discard)
	plain := testing.AllocsPerRun(200, func() { _ = enc.Encode(v) })
	if ours := testing.AllocsPerRun(200, func() { _ = Encode(io.Discard, v) }); ours > plain {
		t.Errorf("%v allocations, encoding/json %v", ours, plain)
	}
}

func BenchmarkEncode(b *testing.B) {
	v := &item{SKU: "a", Quantity: 1}
	b.ReportAllocs()
	for b.Loop() {
		_ = Encode(io.Discard, v)
	}
}

func TestFieldName(t *testing.T) {
	type T struct {
		Plain   int
		Named   int `json:"a.b/c,omitempty"`
		Option  int `json:",omitempty"`
		Ignored int `json:"-"`
		hidden  int
		Base
		*Promoted
		Tagged Base `json:"tagged"`
		color
		Struct  point
		Refused int `json:"€"` // encoding/json falls back to the field's name
	}
	want := []struct {
		name        string
		inlined, ok bool
	}{
		{"Plain", false, true}, {"a.b/c", false, true}, {"Option", false, true}, {"", false, false}, {"", false, false},
		{"", true, true}, {"", true, true}, {"tagged", false, true}, {"", false, false}, {"Struct", false, true}, {"Refused", false, true},
	}
	for i, w := range want {
		if name, inlined, ok := FieldName(reflect.TypeFor[T](), i); name != w.name || inlined != w.inlined || ok != w.ok {
			t.Errorf("field %d: %q %v %v", i, name, inlined, ok)
		}
	}
}

// TestOnlyOurWords: no text of a library outside of Err.
func TestOnlyOurWords(t *testing.T) {
	var v row
	for _, f := range mustNew[row](t, Options{}).Decode([]byte(`{"s":1,"d":"secret"}`), &v) {
		f.Err = nil
		b, _ := json.Marshal(f)
		if bytes.Contains(b, []byte("secret")) || bytes.Contains(b, []byte("json")) {
			t.Errorf("%s", b)
		}
	}
}
