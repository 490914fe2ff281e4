package ratelimittest

import (
	"strconv"
	"strings"
	"time"

	"github.com/forthright-http/forthright/ratelimit"
)

// used takes all that a bucket has, which has to be full before, and empty after.
func (c *check) used(what, key string, p ratelimit.Policy) {
	c.Helper()
	c.verdict(what+", at first", key, p.Burst, true, p)
	c.verdict(what+", when used up", key, 1, false, p)
}

// policiesApart: policies that differ in their name or in a number share nothing.
func (c *check) policiesApart() {
	base := ratelimit.Policy{Name: "p", Quota: 3, Window: time.Hour, Burst: 4}
	c.used("a policy", "k", base)
	for _, other := range []struct {
		what string
		p    ratelimit.Policy
	}{
		{"Name", ratelimit.Policy{Name: "q", Quota: 3, Window: time.Hour, Burst: 4}},
		{"case of the Name", ratelimit.Policy{Name: "P", Quota: 3, Window: time.Hour, Burst: 4}},
		{"Quota", ratelimit.Policy{Name: "p", Quota: 2, Window: time.Hour, Burst: 4}},
		{"Window", ratelimit.Policy{Name: "p", Quota: 3, Window: 2 * time.Hour, Burst: 4}},
		{"Window, by a microsecond", ratelimit.Policy{Name: "p", Quota: 3, Window: time.Hour + time.Microsecond, Burst: 4}},
		{"Burst", ratelimit.Policy{Name: "p", Quota: 3, Window: time.Hour, Burst: 5}},
		{"Quota and Burst, exchanged", ratelimit.Policy{Name: "p", Quota: 4, Window: time.Hour, Burst: 3}},
		{"Name, which ends in digits", ratelimit.Policy{Name: "p1", Quota: 3, Window: time.Hour, Burst: 4}},
		{"Quota, which begins with those digits", ratelimit.Policy{Name: "p", Quota: 13, Window: time.Hour, Burst: 4}},
		{"digits of the Quota", ratelimit.Policy{Name: "p", Quota: 1, Window: 13600 * time.Second, Burst: 4}},
		{"digits of the Window", ratelimit.Policy{Name: "p", Quota: 11, Window: 3600 * time.Second, Burst: 4}},
	} {
		c.used("a policy that differs in its "+other.what, "k", other.p)
	}
	c.left("the first policy", "k", base, 0)
	base.Shadow, base.WhenDown = true, ratelimit.Closed
	c.left("the same policy, Shadow and Closed, which are none of a bucket's name", "k", base, 0)
}

// oddKeys are keys that may be cut, folded, split or misread.
func oddKeys() []string {
	long := strings.Repeat("x", 10_000)
	keys := []string{
		"", " ", "a", "A", "a ", " a", "\x00", "a\x00", "a\x00b", "a\x00c", "\n", "a\nb", "a\r\nb", "\xff", "\xfe", "\xff\xfe", "\ufffd",
		"\u00e9", "e\u0301", "\u00df", "ss", "{", "}", "{}", "{a}", "{a}b", "{a}c", "a{b}", "a}{b", "{{a}}", "*", "?", "[a]", "a:b", "a::b", "a:b:c", "a%3Ab",
		"a/b", "a\\b", "'", "\"", "nil", "<nil>", "0", "-1", "1e3", long, long + "x", long[:9_999] + "y", "y" + long[1:], strings.Repeat("\u00e9", 5_000),
	}
	return keys
}

// keysApart: keys that differ in any byte share nothing.
func (c *check) keysApart() {
	p := hourly("p", 2)
	for i, key := range oddKeys() {
		c.used("odd key "+strconv.Itoa(i), key, p)
	}
	for i, key := range oddKeys() {
		c.left("odd key "+strconv.Itoa(i)+", later", key, p, 0)
	}
}

// names: where a key ends and a policy's name begins is not in doubt.
func (c *check) names() {
	for _, joint := range []string{":", "::", ".", "-", "_", ":3:"} {
		left, right := hourly("b"+joint+"c", 3), hourly("c", 3)
		c.used("key a, policy b"+joint+"c", "a", left)
		c.used("key a"+joint+"b, policy c", "a"+joint+"b", right)
	}
	c.used("key ab, policy d", "ab", hourly("d", 3))
	c.used("key a, policy bd", "a", hourly("bd", 3))
	c.used("no key, policy abd", "", hourly("abd", 3))
}
