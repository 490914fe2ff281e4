package httpfield

import "testing"

func TestContentRange(t *testing.T) {
	for _, tt := range []struct {
		name, in string
		want     ContentRange
		ok       bool
	}{
		{"14.4 known length", "bytes 42-1233/1234", ContentRange{"bytes", false, 42, 1233, 1234}, true},
		{"14.4 unknown length", "bytes 42-1233/*", ContentRange{"bytes", false, 42, 1233, -1}, true},
		{"14.4 unsatisfied", "bytes */1234", ContentRange{"bytes", true, 0, 0, 1234}, true},
		{"14.4 first 500", "bytes 0-499/1234", ContentRange{"bytes", false, 0, 499, 1234}, true},
		{"14.4 last 500", "bytes 734-1233/1234", ContentRange{"bytes", false, 734, 1233, 1234}, true},
		{"14.4 another unit", "exampleunit 1-2/25", ContentRange{"exampleunit", false, 1, 2, 25}, true},
		{"14.4 last before first", "bytes 5-4/10", ContentRange{}, false},
		{"14.4 last not before the length", "bytes 0-10/10", ContentRange{}, false},
		{"14.4 both unknown", "bytes */*", ContentRange{}, false},
		{"14.4 no length", "bytes 0-1", ContentRange{}, false},
		{"14.4 no unit", "0-1/2", ContentRange{}, false},
		{"14.4 =", "bytes=0-1/2", ContentRange{}, false},
		{"14.4 two spaces", "bytes  0-1/2", ContentRange{}, false},
		{"14.4 sign", "bytes -1-1/2", ContentRange{}, false},
		{"14.4 too large", "bytes 0-1/99999999999999999999", ContentRange{}, false},
		{"14.4 empty", "", ContentRange{}, false},
	} {
		got, ok := ParseContentRange(tt.in)
		eq(t, tt.name, got, tt.want)
		eq(t, tt.name, ok, tt.ok)
		if ok {
			b, ok := got.Append(nil)
			eq(t, tt.name, string(b), tt.in)
			eq(t, tt.name, ok, true)
		}
	}
	b, ok := ContentRange{Unsatisfied: true, Size: 7}.Append([]byte("x"))
	eq(t, "14.4 default unit", string(b), "xbytes */7")
	eq(t, "14.4 default unit", ok, true)
	for _, c := range []ContentRange{
		{First: 2, Last: 1, Size: 3}, {First: -1, Last: 1, Size: 3}, {Last: 3, Size: 3},
		{Unsatisfied: true, Size: -1}, {Unit: "a b", Size: 1},
	} {
		if b, ok := c.Append([]byte("x")); ok || string(b) != "x" {
			t.Errorf("14.4: %+v written %q", c, b)
		}
	}
}

func FuzzContentRange(f *testing.F) {
	for _, s := range []string{"bytes 42-1233/1234", "bytes */7", "bytes 0-0/*"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		c, ok := ParseContentRange(s)
		if !ok {
			return
		}
		b, ok := c.Append(nil)
		again, ok2 := ParseContentRange(string(b))
		if !ok || !ok2 || again != c {
			t.Fatalf("%q: %+v, written %q, read %+v", s, c, b, again)
		}
	})
}
