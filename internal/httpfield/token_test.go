package httpfield

import (
	"strings"
	"testing"
)

func TestIsToken(t *testing.T) {
	for _, tt := range []struct {
		name, in string
		want     bool
	}{
		{"5.6.2 all tchars", "!#$%&'*+-.^_`|~09azAZ", true},
		{"5.6.2 empty", "", false},
		{"5.6.2 space", "a b", false},
		{"5.6.2 obs-text", "caf\xc3\xa9", false},
		{"5.6.2 DEL", "a\x7f", false},
	} {
		eq(t, tt.name, IsToken(tt.in), tt.want)
		eq(t, tt.name, ValidName(tt.in), tt.want)
	}
	// Section 5.6.2: "Delimiters are chosen from the set of US-ASCII visual
	// characters not allowed in a token".
	for i := range 256 {
		c := byte(i)
		visual := c > 0x20 && c < 0x7f
		want := visual && !strings.ContainsRune("\"(),/:;<=>?@[\\]{}", rune(c))
		if IsTokenChar(c) != want {
			t.Errorf("5.6.2: IsTokenChar(%q) = %v", c, !want)
		}
	}
}

func TestIsToken68(t *testing.T) {
	for _, tt := range []struct {
		name, in string
		want     bool
	}{
		{"11.2 base64", "QWxhZGRpbjpvcGVuIHNlc2FtZQ==", true},
		{"11.2 all", "aZ09-._~+/", true},
		{"11.2 more padding", "a===", true},
		{"11.2 only padding", "==", false},
		{"11.2 padding within", "a=b", false},
		{"11.2 empty", "", false},
		{"11.2 space", "a b", false},
	} {
		eq(t, tt.name, IsToken68(tt.in), tt.want)
	}
}

func TestValidValue(t *testing.T) {
	for _, tt := range []struct {
		name, in string
		want     bool
	}{
		{"5.5 plain", "text/html; charset=utf-8", true},
		{"5.5 empty", "", true},
		{"5.5 HTAB within", "a\tb", true},
		{"5.5 obs-text", "caf\xe9", true},
		{"5.5 CR", "a\rb", false},
		{"5.5 LF", "a\nb", false},
		{"5.5 CRLF", "a\r\nSet-Cookie: x=y", false},
		{"5.5 NUL", "a\x00b", false},
		{"5.5 other control", "a\x1fb", false},
		{"5.5 DEL", "a\x7fb", false},
		{"5.5 leading space", " a", false},
		{"5.5 trailing HTAB", "a\t", false},
		{"5.5 only space", " ", false},
	} {
		eq(t, tt.name, ValidValue(tt.in), tt.want)
	}
}

func TestEqualFold(t *testing.T) {
	eq(t, "ASCII", EqualFold("Bearer", "bEARER"), true)
	eq(t, "length", EqualFold("a", "ab"), false)
	eq(t, "the Kelvin sign is no k", EqualFold("token", "to\u212aen"), false)
	eq(t, "neighbours of letters", EqualFold("@[`{", "`{@["), false)
	noAlloc(t, "EqualFold", func() { _ = EqualFold("Content-Type", "content-type") })
}
