package async

import (
	"context"
	"errors"
	"net"
	"net/http"
	"net/netip"
	"net/url"
	"strings"
	"syscall"
	"time"
)

// callbackClient makes connections to public addresses alone, unless private ones are
// allowed. It looks at the address that the system connects to, after the name was
// resolved: nothing that happens before can change it. It follows no redirects and
// uses no proxy, behind which that address would not be seen.
func callbackClient(private bool) *http.Client {
	dialer := &net.Dialer{Timeout: 10 * time.Second}
	if !private {
		dialer.ControlContext = func(_ context.Context, _, address string, _ syscall.RawConn) error {
			return checkPublic(address)
		}
	}
	return &http.Client{
		Transport: &http.Transport{
			DialContext: dialer.DialContext, TLSHandshakeTimeout: 10 * time.Second, MaxResponseHeaderBytes: 16 << 10,
			MaxIdleConnsPerHost: 1, IdleConnTimeout: 30 * time.Second, ForceAttemptHTTP2: true,
		},
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}
}

var errPrivate = errors.New("async: the callback's address is not of the public internet")

func checkPublic(address string) error {
	ap, err := netip.ParseAddrPort(address)
	if err != nil || !isPublic(ap.Addr()) {
		return errPrivate
	}
	return nil
}

// special are blocks that are not of the public internet, beside those that netip
// knows (RFC 6890 and IANA's registries of special-purpose addresses), and those that
// carry an IPv4 address which may be private.
var special = prefixes("0.0.0.0/8", "100.64.0.0/10", "192.0.0.0/24", "192.0.2.0/24", "192.88.99.0/24", "198.18.0.0/15", "198.51.100.0/24",
	"203.0.113.0/24", "240.0.0.0/4", "::/96", "64:ff9b::/96", "64:ff9b:1::/48", "100::/64", "2001::/23", "2001:db8::/32", "2002::/16", "3fff::/20", "5f00::/16", "fec0::/10")

func prefixes(list ...string) (out []netip.Prefix) {
	for _, s := range list {
		out = append(out, netip.MustParsePrefix(s))
	}
	return out
}

func isPublic(a netip.Addr) bool {
	a = a.Unmap().WithZone("")
	if !a.IsGlobalUnicast() || a.IsPrivate() || a.IsLoopback() || a.IsLinkLocalUnicast() {
		return false
	}
	for _, p := range special {
		if p.Contains(a) {
			return false
		}
	}
	return true
}

// checkCallbackURL reports what is wrong with the address of a callback. A literal
// address is refused here, for a clear answer; a name when it is connected to.
func (c *Callbacks) checkCallbackURL(s string) error {
	u, err := url.Parse(s)
	switch {
	case err != nil || u.Hostname() == "" || len(s) > maxCallbackURL || u.Opaque != "":
		return errors.New("is not an absolute URL")
	case u.Scheme != "https" && !(c.Insecure && u.Scheme == "http"):
		return errors.New("is not https")
	case u.User != nil:
		return errors.New("has a user in it")
	case c.AllowPrivate:
		return nil
	}
	if a, err := netip.ParseAddr(u.Hostname()); err == nil && !isPublic(a) || isLocalName(u.Hostname()) {
		return errors.New("is not of the public internet")
	}
	return nil
}

const maxCallbackURL = 2000

func isLocalName(host string) bool {
	host = strings.ToLower(strings.TrimSuffix(host, "."))
	return host == "localhost" || strings.HasSuffix(host, ".localhost")
}
