package ratelimit_test

import (
	"strings"
	"testing"
)

// What stands in Forwarded, as sent by the trusted 10.0.0.1.
func TestRFC7239Section4_Forwarded(t *testing.T) {
	a := addressesOf(t, "Forwarded", "10.0.0.0/8", "2001:db8:ffff::/48")
	for _, c := range []struct {
		want  string
		lines []string
	}{
		// The examples of §4.
		{"peer", []string{`for="_gazonk"`}},
		{"2001:db8:cafe::/64", []string{`For="[2001:db8:cafe::17]:4711"`}},
		{"192.0.2.60", []string{`for=192.0.2.60;proto=http;by=203.0.113.43`}},
		{"198.51.100.17", []string{`for=192.0.2.43, for=198.51.100.17`}},
		// §7.1: a list over lines is one list.
		{"2001:db8:cafe::/64", []string{`for=192.0.2.43,for="[2001:db8:cafe::17]"`}},
		{"198.51.100.7", []string{`for=1.1.1.1`, `for=198.51.100.7`}},
		{"198.51.100.7", []string{`for=1.1.1.1`, `for=198.51.100.7, for=10.2.2.2`, `for=10.3.3.3`}},
		{"198.51.100.7", []string{`for=198.51.100.7, for="[2001:db8:ffff::1]:1"`}},
		// Names are case-insensitive, and stand in any order.
		{"198.51.100.7", []string{`FOR=198.51.100.7`}},
		{"198.51.100.7", []string{`by=10.0.0.1;Host=a;fOr=198.51.100.7;proto=https`}},
		{"198.51.100.7", []string{`forx=1.1.1.1;for=198.51.100.7;xfor=1.1.1.1`}},
		{"198.51.100.7", []string{`;;for=198.51.100.7;;`}},
		{"198.51.100.7", []string{`for=198.51.100.7 ; proto=https`}},
		// quoted-string: what separates does not, within it.
		{"198.51.100.7", []string{`for=1.1.1.1, host="a, for=2.2.2.2;b";for="198.51.100.7"`}},
		{"198.51.100.7", []string{`for=1.1.1.1, host="\", for=2.2.2.2, \"";for=198.51.100.7`}},
		{"198.51.100.7", []string{`for=1.1.1.1, host="\\", for=198.51.100.7`}},
		{"198.51.100.7", []string{`for="198.51\.100.7"`}},
		// §6: nodes.
		{"198.51.100.7", []string{`for="198.51.100.7:80"`}},
		{"198.51.100.7", []string{`for="198.51.100.7:_port.x-1"`}},
		{"2001:db8::/64", []string{`for="[2001:db8::1]"`}},
		{"2001:db8::/64", []string{`for="[2001:db8::1]:99999"`}},
		{"2001:db8::/64", []string{`for="[2001:db8::1]:_a"`}},
		{"2001:db8::/64", []string{`for="2001:db8::1"`}}, // not allowed, and clear
		{"198.51.100.7", []string{`for="[::ffff:198.51.100.7]"`}},
		{"peer", []string{`for=unknown`}},
		{"peer", []string{`for="unknown:80"`}},
		{"peer", []string{`for=_obfuscated`}},
		{"10.2.2.2", []string{`for=198.51.100.7, for=unknown, for=10.2.2.2`}},
		{"10.2.2.2", []string{`for=198.51.100.7, for=_hidden`, `for=10.2.2.2`}},
		// §4: each parameter at most once in an element.
		{"peer", []string{`for=198.51.100.7;for=1.1.1.1`}},
		{"peer", []string{`for=198.51.100.7;proto=https;FOR=198.51.100.7`}},
		// An element that says nothing about the client, or is malformed.
		{"peer", []string{``}},
		{"peer", []string{`proto=https`}},
		{"peer", []string{`for=198.51.100.7, proto=https`}},
		{"peer", []string{`for=198.51.100.7,`}},
		{"peer", []string{`for=`}},
		{"peer", []string{`for`}},
		{"peer", []string{`=198.51.100.7`}},
		{"peer", []string{`for =198.51.100.7`}},
		{"peer", []string{`for= 198.51.100.7`}},
		{"peer", []string{`for=[2001:db8::1]`}},
		{"peer", []string{`for="198.51.100.7`}},
		{"peer", []string{`for=198.51.100.7"`}},
		{"peer", []string{`for="198.51.100.7"x`}},
		{"peer", []string{`for="198.51.100.7\"`}},
		{"peer", []string{`for='198.51.100.7'`}},
		{"peer", []string{`198.51.100.7`}},
		// What the client wrote, however malformed, does not hide what proxies did.
		{"198.51.100.7", []string{`for="1.1.1.1`, `for=198.51.100.7`}},
		{"198.51.100.7", []string{`for="1.1.1.1, for=198.51.100.7`}},
		{"198.51.100.7", []string{`"", ", \\, for=198.51.100.7`}},
		{"198.51.100.7", []string{`for="\, for="198.51.100.7"`}},
		{"198.51.100.7", []string{strings.Repeat(`"`, 9_999) + `,for=198.51.100.7, for=10.2.2.2`}},
	} {
		want := c.want
		if want == "peer" {
			want = "10.0.0.1"
		}
		if got := addressKey(a, addressProxy, "Forwarded", c.lines...); got != want {
			t.Errorf("%.60q: %q, not %q", c.lines, got, want)
		}
		if got := addressKey(a, "203.0.113.9:1", "Forwarded", c.lines...); got != "203.0.113.9" {
			t.Errorf("%.60q was read from who is not trusted: %q", c.lines, got)
		}
	}
}
