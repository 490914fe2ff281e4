package httpfield

import (
	"net/url"
	"strings"
	"testing"
)

func TestIsURIReference(t *testing.T) {
	for _, tt := range []struct {
		name, in string
		ref, uri bool
	}{
		{"3986 1.1.2 ftp", "ftp://ftp.is.co.za/rfc/rfc1808.txt", true, true},
		{"3986 1.1.2 http", "http://www.ietf.org/rfc/rfc2396.txt", true, true},
		{"3986 1.1.2 ldap", "ldap://[2001:db8::7]/c=GB?objectClass?one", true, true},
		{"3986 1.1.2 mailto", "mailto:John.Doe@example.com", true, true},
		{"3986 1.1.2 tel", "tel:+1-816-555-1212", true, true},
		{"3986 1.1.2 telnet", "telnet://192.0.2.16:80/", true, true},
		{"3986 1.1.2 urn", "urn:oasis:names:specification:docbook:dtd:xml:4.1.2", true, true},
		{"3986 3 example", "foo://example.com:8042/over/there?name=ferret#nose", true, true},
		{"3986 4.2 absolute path", "/a/b?c=d/?e#f/?", true, false},
		{"3986 4.2 network path", "//example.com/a", true, false},
		{"3986 4.2 relative", "../a;b/./c:d", true, false},
		{"3986 4.2 dot segment before a colon", "./this:that", true, false},
		{"3986 4.4 same document", "", true, false},
		{"3986 4.4 fragment", "#s", true, false},
		{"3986 4.2 query", "?page=2", true, false},
		{"3986 2.1 escapes", "/%7Euser/%e4", true, false},
		{"3986 3.2.2 IPvFuture", "http://[v1.a:b]/", true, true},
		{"3986 3.2.1 userinfo", "http://u:p@h/", true, true},
		{"3986 3.2.3 empty port", "http://h:/", true, true},
		{"9457 3.1.1 about:blank", "about:blank", true, true},
		{"3986 4.2 colon in the first segment", "1a:b", false, false},
		{"3986 4.2 colon first", ":a", false, false},
		{"3986 2.1 bad escape", "/%zz", false, false},
		{"3986 2.1 short escape", "/%a", false, false},
		{"3986 2 space", "/a b", false, false},
		{"3986 2 non-ASCII", "/é", false, false},
		{"3986 2 quote", `/a"b`, false, false},
		{"3986 2 angle", "/a>b", false, false},
		{"3986 2 backslash", `/\evil.example`, false, false},
		{"3986 2 caret", "/^", false, false},
		{"3986 2 backtick", "/`", false, false},
		{"3986 2 braces", "/{id}", false, false},
		{"3986 2 bar", "/a|b", false, false},
		{"5.5 CRLF", "/a\r\nX: y", false, false},
		{"5.5 NUL", "/\x00", false, false},
		{"3986 3.2.2 bracket in a path", "/a[0]", false, false},
		{"3986 3.2.2 open bracket", "http://[::1/", false, false},
		{"3986 3.2.2 no address", "http://[x]/", false, false},
		{"3986 3.2.2 empty future", "http://[v1.]/", false, false},
		{"3986 3.2.3 port", "http://h:8o/", false, false},
		{"3986 3.2.3 port behind brackets", "http://[::1]x/", false, false},
		{"3986 3.2 two @", "http://a@b@c/", false, false},
		{"3986 3.5 two fragments", "/a#b#c", false, false},
	} {
		eq(t, tt.name, IsURIReference(tt.in), tt.ref)
		eq(t, tt.name+", with scheme", IsURI(tt.in), tt.uri)
	}
	noAlloc(t, "IsURIReference", func() { IsURIReference("https://u@example.com:80/a/b?c=%20#d") })
}

func TestEscapeURI(t *testing.T) {
	for _, tt := range []struct {
		name, in, want string
		ok             bool
	}{
		{"3986 2.1 valid stays", "/a%20b?c=d#e", "/a%20b?c=d#e", true},
		{"3986 2.1 space", "/a b", "/a%20b", true},
		{"3986 2.5 UTF-8", "/é", "/%C3%A9", true},
		{"3986 2.1 not UTF-8", "/\xff", "/%FF", true},
		{"3986 2.1 per cent", "/100%", "/100%25", true},
		{"3986 2.1 an escape stays", "/%zz%20 ", "/%25zz%20%20", true},
		{"3986 2 delimiters", "/\"<>\\^`{|}", "/%22%3C%3E%5C%5E%60%7B%7C%7D", true},
		{"3986 3.5 second #", "/a#b#c", "/a#b%23c", true},
		{"3986 3.2.2 brackets", "/a[0]", "/a%5B0%5D", true},
		{"3986 3.2.2 IP literal", "http://[::1]/a b[0]", "http://[::1]/a%20b%5B0%5D", true},
		{"3986 2 backslash", `/\evil.example`, "/%5Cevil.example", true},
		{"5.5 CR", "/a\rb", "", false},
		{"5.5 LF", "/a\nb", "", false},
		{"5.5 NUL", "/a\x00b", "", false},
		{"5.5 HTAB", "/a\tb", "", false},
	} {
		got, ok := EscapeURI(tt.in)
		eq(t, tt.name, got, tt.want)
		eq(t, tt.name, ok, tt.ok)
	}
	if _, ok := EscapeURI("http://h:8o/ x"); ok {
		t.Error("3986 3.2.3: a bad port was made valid")
	}
	noAlloc(t, "EscapeURI", func() { EscapeURI("/orders/42?expand=items") })
}

func FuzzEscapeURI(f *testing.F) {
	for _, s := range []string{"/a b", "http://[::1]/é[0]", "/%zz", "1a:b", "//h:8o", "/a#b#c", "\r", "http://[", "]//["} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		got, ok := EscapeURI(s)
		if ok && (!IsURIReference(got) || !ValidValue(got)) {
			t.Fatalf("%q escaped is %q", s, got)
		}
		if IsURIReference(s) && (!ok || got != s) {
			t.Fatalf("%q is valid and became %q, %v", s, got, ok)
		}
		if ok {
			if again, _ := EscapeURI(got); again != got {
				t.Fatalf("%q escaped is %q, and again %q", s, got, again)
			}
			if strings.ContainsAny(got, " \r\n\\\"<>") {
				t.Fatalf("%q escaped is %q", s, got)
			}
		}
		// net/url is laxer; nothing that we call valid in the usual schemes fails there,
		// but for hosts with escapes and brackets, where it has rules of its own.
		if strings.HasPrefix(s, "/") && !strings.HasPrefix(s, "//") && IsURIReference(s) {
			if _, err := url.Parse(s); err != nil {
				t.Fatalf("%q is valid, and url.Parse: %v", s, err)
			}
		}
	})
}

func TestURILinear(t *testing.T) {
	for _, piece := range []string{"%", "#", "[", "]", "@", ":", "é", "//"} {
		linear(t, piece, piece, func(s string) { EscapeURI("http://" + s); EscapeURI(s) })
	}
}

func BenchmarkIsURIReference(b *testing.B) {
	b.ReportAllocs()
	for b.Loop() {
		IsURIReference("/orders/42?expand=items")
	}
}
