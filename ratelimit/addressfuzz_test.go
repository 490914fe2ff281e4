package ratelimit_test

import (
	"strings"
	"testing"
)

// FuzzForwarded: whatever a client wrote left of it, the element that the proxy added
// counts; and alone, what it wrote never makes a key that is neither an address nor the
// peer's.
func FuzzForwarded(f *testing.F) {
	for _, s := range []string{``, `for=1.1.1.1`, `for="[2001:db8::1]:1";by=a`, `for="\"`, `"`, `\`, `for="a, b`, `for=unknown,,`, `;=;`} {
		f.Add(s)
	}
	a := addressesOf(f, "Forwarded", "10.0.0.0/8")
	f.Fuzz(func(t *testing.T, s string) {
		for _, lines := range [][]string{{s + ", for=198.51.100.7"}, {s, "for=198.51.100.7"}, {s, s + `,for="198.51.100.7:80";by="_a, b"`, "for=10.2.2.2"}} {
			if got := addressKey(a, addressProxy, "Forwarded", lines...); got != "198.51.100.7" {
				t.Errorf("%q: %q", lines, got)
			}
		}
		fuzzKey(t, addressKey(a, addressProxy, "Forwarded", s))
	})
}

// FuzzXForwardedFor is the same for X-Forwarded-For.
func FuzzXForwardedFor(f *testing.F) {
	for _, s := range []string{"", "1.1.1.1", "[::1]:80", "::ffff:1.1.1.1", "fe80::1%a", ",,", "a, b", "10.1.1.1, 10.2.2.2", `"`} {
		f.Add(s)
	}
	a := addressesOf(f, "", "10.0.0.0/8")
	f.Fuzz(func(t *testing.T, s string) {
		for _, lines := range [][]string{{s + ", 198.51.100.7"}, {s, "198.51.100.7"}, {s, s + ",198.51.100.7:80", "10.2.2.2"}} {
			if got := addressKey(a, addressProxy, "X-Forwarded-For", lines...); got != "198.51.100.7" {
				t.Errorf("%q: %q", lines, got)
			}
		}
		fuzzKey(t, addressKey(a, addressProxy, "X-Forwarded-For", s))
	})
}

// fuzzKey: a key is IPv4, or an IPv6 network.
func fuzzKey(t *testing.T, key string) {
	t.Helper()
	rest, network := strings.CutSuffix(key, "/64")
	if network != strings.Contains(key, ":") || strings.Trim(rest, "0123456789abcdef:.") != "" || rest == "" {
		t.Errorf("the key %q", key)
	}
}
