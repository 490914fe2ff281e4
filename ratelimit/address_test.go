package ratelimit_test

import (
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/forthright-http/forthright/ratelimit"
)

func addressesOf(t testing.TB, field string, trusted ...string) *ratelimit.Addresses {
	t.Helper()
	a, err := ratelimit.NewAddresses(ratelimit.AddressOptions{Field: field, Trusted: trusted})
	if err != nil {
		t.Fatal(err)
	}
	return a
}

func addressKey(a *ratelimit.Addresses, peer, field string, lines ...string) string {
	r := httptest.NewRequest("GET", "/", nil)
	r.RemoteAddr = peer
	if lines != nil {
		r.Header[http.CanonicalHeaderKey(field)] = lines
	}
	key, _ := a.Key(r)
	return key
}

// IPv4 is whole, IPv6 its first 64 bits; mapped is unmapped, zone and port are gone.
func TestByAddress(t *testing.T) {
	for _, c := range []struct{ peer, want string }{
		{"192.0.2.1:1234", "192.0.2.1"},
		{"192.0.2.1:80", "192.0.2.1"},
		{"[2001:db8::1]:80", "2001:db8::/64"},
		{"[2001:db8::ffff:1]:80", "2001:db8::/64"},
		{"[2001:db8:0:1::1]:80", "2001:db8:0:1::/64"},
		{"[::ffff:192.0.2.1]:80", "192.0.2.1"},
		{"[fe80::1%eth0]:80", "fe80::/64"},
		{"[fe80::1%eth1]:80", "fe80::/64"},
		{"[::1]:80", "::/64"},
		{"@", "peer @"},
		{"", "peer "},
		{"/run/a.sock", "peer /run/a.sock"},
	} {
		r := httptest.NewRequest("GET", "/", nil)
		r.RemoteAddr = c.peer
		r.Header.Set("X-Forwarded-For", "198.51.100.7") // nobody is trusted
		r.Header.Set("Forwarded", "for=198.51.100.7")
		if got, ok := ratelimit.ByAddress(r); !ok || got != c.want {
			t.Errorf("%s: %q, not %q", c.peer, got, c.want)
		}
	}
}

func TestAddressBits(t *testing.T) {
	a, err := ratelimit.NewAddresses(ratelimit.AddressOptions{IPv4Bits: 24, IPv6Bits: 128})
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct{ peer, want string }{{"192.0.2.77:1", "192.0.2.0/24"}, {"[2001:db8::77]:1", "2001:db8::77"}, {"[fe80::77%eth0]:1", "fe80::77"}, {"[::ffff:192.0.2.77]:1", "192.0.2.0/24"}} {
		if got := addressKey(a, c.peer, ""); got != c.want {
			t.Errorf("%s: %q, not %q", c.peer, got, c.want)
		}
	}
}

const addressProxy = "10.0.0.1:443"

// The field is read from its right end, past trusted proxies, and from nobody else.
func TestXForwardedFor(t *testing.T) {
	a := addressesOf(t, "", "10.0.0.0/8", "2001:db8:ffff::/48", "192.0.2.250")
	for _, c := range []struct {
		peer  string
		lines []string
		want  string
	}{
		{"203.0.113.9:1", []string{"198.51.100.7"}, "203.0.113.9"}, // not trusted
		{addressProxy, nil, "10.0.0.1"},
		{addressProxy, []string{"198.51.100.7"}, "198.51.100.7"},
		{addressProxy, []string{"1.1.1.1, 198.51.100.7"}, "198.51.100.7"}, // the left one is the client's word
		{addressProxy, []string{"1.1.1.1", "198.51.100.7"}, "198.51.100.7"},
		{addressProxy, []string{"198.51.100.7", "10.9.9.9"}, "198.51.100.7"},
		{addressProxy, []string{"1.1.1.1, 198.51.100.7, 10.2.2.2,10.3.3.3"}, "198.51.100.7"},
		{addressProxy, []string{"1.1.1.1, 198.51.100.7", "10.2.2.2", "192.0.2.250"}, "198.51.100.7"},
		{addressProxy, []string{"10.7.7.7, 10.2.2.2"}, "10.7.7.7"}, // a client among the proxies
		{addressProxy, []string{"198.51.100.7:5123"}, "198.51.100.7"},
		{addressProxy, []string{"2001:db8::1"}, "2001:db8::/64"},
		{addressProxy, []string{"[2001:db8::1]"}, "2001:db8::/64"},
		{addressProxy, []string{"[2001:db8::1]:443"}, "2001:db8::/64"},
		{addressProxy, []string{"::ffff:198.51.100.7"}, "198.51.100.7"},
		{addressProxy, []string{"[::ffff:198.51.100.7]:1"}, "198.51.100.7"},
		{addressProxy, []string{"1.1.1.1, ::ffff:10.2.2.2"}, "1.1.1.1"}, // a mapped proxy is the proxy
		{addressProxy, []string{"fe80::1%eth0"}, "fe80::/64"},
		{addressProxy, []string{"  198.51.100.7\t"}, "198.51.100.7"},
		{addressProxy, []string{"198.51.100.7, 2001:db8:ffff::1"}, "198.51.100.7"},
		{"[2001:db8:ffff::1]:443", []string{"198.51.100.7"}, "198.51.100.7"},
		{"[::ffff:10.0.0.1]:443", []string{"198.51.100.7"}, "198.51.100.7"},
		{"[2001:db8:ffff::1%eth0]:443", []string{"198.51.100.7, 2001:db8:ffff::2%a"}, "198.51.100.7"},
		{"[2001:db8:fffe::1]:443", []string{"198.51.100.7"}, "2001:db8:fffe::/64"},
		{"@", []string{"198.51.100.7"}, "peer @"},
		// What cannot be read is the proxy's that sent it on.
		{addressProxy, []string{""}, "10.0.0.1"},
		{addressProxy, []string{"198.51.100.7,"}, "10.0.0.1"},
		{addressProxy, []string{"198.51.100.7", ""}, "10.0.0.1"},
		{addressProxy, []string{"198.51.100.7, unknown"}, "10.0.0.1"},
		{addressProxy, []string{"198.51.100.7, unknown, 10.2.2.2"}, "10.2.2.2"},
		// What the client wrote, however malformed, changes nothing.
		{addressProxy, []string{`", [, ,,, unknown, 198.51.100.7`}, "198.51.100.7"},
		{addressProxy, []string{strings.Repeat(",", 10_000), "198.51.100.7"}, "198.51.100.7"},
	} {
		if got := addressKey(a, c.peer, "X-Forwarded-For", c.lines...); got != c.want {
			t.Errorf("%s, %.50q: %q, not %q", c.peer, c.lines, got, c.want)
		}
	}
}

var malformedAddresses = []string{
	"", " ", "unknown", "_hidden", "localhost", "example.com", "192.0.2", "192.0.2.256", "192.0.2.1.1", "192.0.2.01",
	"0x7f.1", "2130706433", "192.0.2.1/32", "192.0.2.1:", "192.0.2.1:x", "192.0.2.1:123456", "192.0.2.1 80", "192.0.2.1;80", ":80", ":",
	"[]", "[", "]", "[192.0.2.1]", "[192.0.2.1]:80", "[::1", "::1]", "[::1]x", "[::1]x80", "[::1]80", "[::1]:", "[[::1]]", "1::2::3", "2001:db8", "g::1", "12345::", "fe80::%", "::ffff:192.0.2.256",
	"<nil>", "null", "192.0.2.1\x00", "１９２.0.2.1", `"192.0.2.1"`, "-1.0.0.1", "[2001:db8::1]:_", "192.0.2.1:_a b",
}

// 40 and more malformed addresses: the proxy that sent one has its own bucket, and there
// is none that they share.
func TestMalformedAddresses(t *testing.T) {
	if len(malformedAddresses) < 40 {
		t.Fatal(len(malformedAddresses))
	}
	for _, field := range []string{"X-Forwarded-For", "Forwarded", "X-Real-Ip"} {
		a := addressesOf(t, field, "10.0.0.0/8")
		for _, bad := range malformedAddresses {
			lines := []string{bad}
			if field == "Forwarded" {
				lines = []string{`for="` + bad + `"`, `for=` + bad, bad}
			}
			for _, line := range lines {
				if line == `for="192.0.2.1"` {
					continue // that is none
				}
				for _, peer := range []string{"10.0.0.1", "10.0.0.2"} {
					if got := addressKey(a, peer+":1", field, line); got != peer {
						t.Errorf("%s: %q from %s has the key %q", field, line, peer, got)
					}
				}
			}
		}
	}
}

// A field of one address: overwritten by the proxy, so a list or two lines are not one.
func TestSingleAddressField(t *testing.T) {
	for _, field := range []string{"X-Real-IP", "CF-Connecting-IP", "true-client-ip"} {
		a := addressesOf(t, field, "10.0.0.0/8")
		for _, c := range []struct {
			peer  string
			lines []string
			want  string
		}{
			{addressProxy, []string{"198.51.100.7"}, "198.51.100.7"},
			{addressProxy, []string{" 198.51.100.7 "}, "198.51.100.7"},
			{addressProxy, []string{"2001:db8::1"}, "2001:db8::/64"},
			{addressProxy, []string{"10.2.2.2"}, "10.2.2.2"},
			{addressProxy, []string{"1.1.1.1, 198.51.100.7"}, "10.0.0.1"},
			{addressProxy, []string{"1.1.1.1", "198.51.100.7"}, "10.0.0.1"},
			{addressProxy, nil, "10.0.0.1"},
			{"203.0.113.9:1", []string{"198.51.100.7"}, "203.0.113.9"},
		} {
			if got := addressKey(a, c.peer, field, c.lines...); got != c.want {
				t.Errorf("%s: %s, %q: %q, not %q", field, c.peer, c.lines, got, c.want)
			}
		}
	}
}

// Only the field that was named is read.
func TestOnlyTheNamedFieldIsRead(t *testing.T) {
	for _, field := range []string{"X-Forwarded-For", "Forwarded", "X-Real-Ip"} {
		a := addressesOf(t, field, "10.0.0.0/8")
		for _, other := range []string{"X-Forwarded-For", "Forwarded", "X-Real-Ip", "True-Client-Ip"} {
			if other == field {
				continue
			}
			value := "198.51.100.7"
			if other == "Forwarded" {
				value = "for=" + value
			}
			if got := addressKey(a, addressProxy, other, value); got != "10.0.0.1" {
				t.Errorf("%s was read in place of %s: %q", other, field, got)
			}
		}
	}
}

// A proxy on a socket of the file system has no address; it is trusted by name.
func TestTrustedUnixSocket(t *testing.T) {
	a := addressesOf(t, "", "unix", "10.0.0.0/8")
	for _, c := range []struct {
		peer  string
		lines []string
		want  string
	}{
		{"@", []string{"1.1.1.1, 198.51.100.7"}, "198.51.100.7"},
		{"/run/proxy.sock", []string{"198.51.100.7, 10.2.2.2"}, "198.51.100.7"},
		{"@", []string{"unknown"}, "peer @"},
		{"@", nil, "peer @"},
		{"203.0.113.9:1", []string{"198.51.100.7"}, "203.0.113.9"},
	} {
		if got := addressKey(a, c.peer, "X-Forwarded-For", c.lines...); got != c.want {
			t.Errorf("%s, %q: %q, not %q", c.peer, c.lines, got, c.want)
		}
	}
}

// Over HTTP: a client that invents an address for each request stays in one bucket.
func TestSpoofedAddressIsNoBypass(t *testing.T) {
	a := addressesOf(t, "", "10.0.0.0/8")
	l := httpLimiter(t, newHTTPClock(), ratelimit.Options{Policies: policiesOf(ratelimit.Policy{Name: "two", Quota: 2, Window: time.Minute}), Key: a.Key})
	h := httpChecked(t, l.Handler(httpOK))
	passed := 0
	for i, spoof := range append([]string{"1.1.1.1", "10.1.1.1", "2001:db8::1"}, malformedAddresses...) {
		for _, peer := range []string{"10.0.0.1:1", "10.0.0.2:1", "203.0.113.9:5"} {
			w := httpServe(h, httpFrom(peer), func(r *http.Request) {
				r.Header["X-Forwarded-For"] = []string{spoof}
				if peer != "203.0.113.9:5" { // proxies append the client's address, some on a line of its own
					r.Header["X-Forwarded-For"] = []string{spoof + ", 203.0.113.9"}
					if i%2 == 0 {
						r.Header["X-Forwarded-For"] = []string{spoof, "203.0.113.9"}
					}
				}
			})
			if w.Code == 200 {
				passed++
			}
		}
	}
	if passed != 2 {
		t.Errorf("%d requests of one client passed, not 2", passed)
	}
}

func TestWrongAddressOptions(t *testing.T) {
	for _, c := range []struct {
		o    ratelimit.AddressOptions
		want string
	}{
		{ratelimit.AddressOptions{Trusted: []string{"10.0.0.0/33"}}, "no CIDR prefix"},
		{ratelimit.AddressOptions{Trusted: []string{"proxy.example"}}, "no CIDR prefix"},
		{ratelimit.AddressOptions{Trusted: []string{""}}, "no CIDR prefix"},
		{ratelimit.AddressOptions{Trusted: []string{"10.0.0.1/"}}, "no CIDR prefix"},
		{ratelimit.AddressOptions{Trusted: []string{"10.0.0.1:80"}}, "no CIDR prefix"},
		{ratelimit.AddressOptions{Trusted: []string{"[::1]"}}, "no CIDR prefix"},
		{ratelimit.AddressOptions{Trusted: []string{"fe80::1%eth0"}}, "no CIDR prefix"},
		{ratelimit.AddressOptions{Trusted: []string{"::ffff:10.0.0.0/104"}}, "write it as IPv4"},
		{ratelimit.AddressOptions{Trusted: []string{"0.0.0.0/0"}}, "everybody"},
		{ratelimit.AddressOptions{Trusted: []string{"::/0"}}, "everybody"},
		{ratelimit.AddressOptions{Trusted: []string{"0.0.0.0/1", "128.0.0.0/1"}}, "everybody"},
		{ratelimit.AddressOptions{Trusted: []string{"192.0.0.0/2", "10.0.0.0/8", "0.0.0.0/1", "128.0.0.0/2"}}, "everybody"},
		{ratelimit.AddressOptions{Trusted: []string{"8000::/1", "::/1"}}, "everybody"},
		{ratelimit.AddressOptions{Field: "X-Forwarded-For"}, "nobody"},
		{ratelimit.AddressOptions{Field: "two words", Trusted: []string{"10.0.0.1"}}, "name of a header field"},
		{ratelimit.AddressOptions{IPv4Bits: 33}, "bits"},
		{ratelimit.AddressOptions{IPv4Bits: -1}, "bits"},
		{ratelimit.AddressOptions{IPv6Bits: 129}, "bits"},
		{ratelimit.AddressOptions{IPv6Bits: -1}, "bits"},
	} {
		if a, err := ratelimit.NewAddresses(c.o); err == nil || a != nil || !strings.HasPrefix(err.Error(), "ratelimit: ") || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%+v: %v", c.o, err)
		}
	}
	addressesOf(t, "", "0.0.0.0/1", "128.0.0.0/2", "192.0.0.0/3", "::/1", "10.0.0.0/8", "10.0.0.1") // 224.0.0.0/3 is not trusted
	for _, good := range []string{"10.0.0.1", "10.0.0.0/8", "2001:db8::1", "2001:db8::/32", "::ffff:10.0.0.1", "10.0.0.77/8"} {
		a := addressesOf(t, "", good)
		if good != "2001:db8::1" && good != "2001:db8::/32" {
			if got := addressKey(a, addressProxy, "X-Forwarded-For", "198.51.100.7"); got != "198.51.100.7" {
				t.Errorf("%s does not trust 10.0.0.1", good)
			}
		}
	}
}
