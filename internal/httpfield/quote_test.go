package httpfield

import "testing"

func TestQuote(t *testing.T) {
	for _, tt := range []struct {
		name, in, want string
		ok             bool
	}{
		{"5.6.4 plain", "simple", `"simple"`, true},
		{"5.6.4 empty", "", `""`, true},
		{"11.6.1 escaped quotes", `Login to "apps"`, `"Login to \"apps\""`, true},
		{"5.6.4 backslash", `a\b`, `"a\\b"`, true},
		{"5.6.4 HTAB and obs-text", "a\t\xe9", "\"a\t\xe9\"", true},
		{"5.6.4 LF", "a\nb", "", false},
		{"5.6.4 NUL", "\x00", "", false},
		{"5.6.4 DEL", "\x7f", "", false},
	} {
		got, ok := Quote(tt.in)
		eq(t, tt.name, got, tt.want)
		eq(t, tt.name, ok, tt.ok)
	}
	dst := []byte("keep")
	if b, ok := AppendQuoted(dst, "\r"); ok || string(b) != "keep" {
		t.Errorf("AppendQuoted with CR: %q, %v", b, ok)
	}
}

func TestUnquote(t *testing.T) {
	for _, tt := range []struct {
		name, in, want string
		ok             bool
	}{
		{"5.6.4 plain", `"simple"`, "simple", true},
		{"5.6.4 empty", `""`, "", true},
		{"5.6.4 quoted-pair", `"Login to \"apps\""`, `Login to "apps"`, true},
		{"5.6.4 needless quoted-pair", `"\a\ \	"`, "a \t", true},
		{"5.6.4 open", `"a`, "", false},
		{"5.6.4 pair at the end", `"a\"`, "", false},
		{"5.6.4 no quotes", `a`, "", false},
		{"5.6.4 more behind", `"a"b`, "", false},
		{"5.6.4 one quote", `"`, "", false},
		{"5.6.4 control", "\"a\x01\"", "", false},
		{"5.6.4 escaped control", "\"\\\n\"", "", false},
	} {
		got, ok := Unquote(tt.in)
		eq(t, tt.name, got, tt.want)
		eq(t, tt.name, ok, tt.ok)
	}
	noAlloc(t, "Unquote", func() { Unquote(`"simple, without a pair"`) })
}

func TestEqualQuoted(t *testing.T) {
	for _, tt := range []struct {
		raw, v     string
		fold, want bool
	}{
		{"utf-8", "utf-8", false, true},
		{`"utf-8"`, "utf-8", false, true},
		{`"UTF-8"`, "utf-8", false, false},
		{`"UTF-8"`, "utf-8", true, true},
		{`"u\tf-8"`, "utf-8", false, true},
		{`"utf-8"`, "utf-", false, false},
		{`"utf-"`, "utf-8", false, false},
		{`""`, "", false, true},
	} {
		eq(t, tt.raw+" "+tt.v, equalQuoted(tt.raw, tt.v, tt.fold), tt.want)
	}
}

func FuzzQuote(f *testing.F) {
	for _, s := range []string{"", "a", `"`, `\`, `Login to "apps"`, "\x00", "\xff\t"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		Unquote(s)
		q, ok := Quote(s)
		if !ok {
			return
		}
		if !ValidValue(q) {
			t.Errorf("Quote(%q) = %q is no field value", s, q)
		}
		if back, ok := Unquote(q); !ok || back != s {
			t.Errorf("Unquote(Quote(%q)) = %q, %v", s, back, ok)
		}
		if !equalQuoted(q, s, false) {
			t.Errorf("equalQuoted(%q, %q) is false", q, s)
		}
	})
}
