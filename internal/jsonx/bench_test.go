package jsonx

import (
	"bytes"
	"encoding/json"
	"strings"
	"testing"

	library "github.com/go-json-experiment/json"
)

func TestDecodeAllocs(t *testing.T) {
	if raceEnabled {
		t.Skip("counts allocations")
	}
	d, doc := mustNew[order](t, Options{}), []byte(orderDoc)
	plain := testing.AllocsPerRun(200, func() {
		var o order
		_ = library.Unmarshal(doc, &o, d.fast)
	})
	ours := testing.AllocsPerRun(200, func() {
		var o order
		if d.Decode(doc, &o) != nil {
			t.Error("faults")
		}
	})
	if ours != plain {
		t.Errorf("Decode allocates %v times, the library %v", ours, plain)
	}
	withNull := bytes.Replace(doc, []byte(`["books", "stationery", "first-order"]`), []byte("null"), 1)
	if with := testing.AllocsPerRun(200, func() {
		var o order
		if d.Decode(withNull, &o) != nil {
			t.Error("faults")
		}
	}); with > plain {
		t.Errorf("with a null %v allocations, without %v", with, plain)
	}
}

func BenchmarkDecode(b *testing.B) {
	d, doc := mustNew[order](b, Options{}), []byte(orderDoc)
	b.Run("jsonx", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			var o order
			if d.Decode(doc, &o) != nil {
				b.Fatal("faults")
			}
		}
	})
	b.Run("library", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			var o order
			_ = library.Unmarshal(doc, &o)
		}
	})
	b.Run("encoding-json", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			var o order
			_ = json.Unmarshal(doc, &o)
		}
	})
	null := bytes.Replace(doc, []byte(`["books", "stationery", "first-order"]`), []byte("null"), 1)
	b.Run("jsonx-null", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			var o order
			if d.Decode(null, &o) != nil {
				b.Fatal("faults")
			}
		}
	})
	long := []byte("[" + strings.Repeat("17,", 1<<18) + `"x"]`)
	b.Run("jsonx-fault-megabyte", func(b *testing.B) {
		d := mustNew[[]int](b, Options{})
		for b.Loop() {
			var v []int
			if len(d.Decode(long, &v)) != 1 {
				b.Fatal("faults")
			}
		}
	})
	bad := bytes.Replace(doc, []byte(`"quantity": 10`), []byte(`"quantity": "10"`), 1)
	b.Run("jsonx-fault", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			var o order
			if len(d.Decode(bad, &o)) != 1 {
				b.Fatal("faults")
			}
		}
	})
}
