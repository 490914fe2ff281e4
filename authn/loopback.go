package authn

import (
	"net/netip"
	"net/url"
	"strings"
)

// isLoopbackHost: this machine, where a URL may do without TLS.
func isLoopbackHost(host string) bool {
	addr, err := netip.ParseAddr(host)
	return err == nil && addr.Unmap().IsLoopback() || strings.EqualFold(host, "localhost")
}

// isPlainLoopback: an http URL of this machine.
func isPlainLoopback(u *url.URL) bool { return u.Scheme == "http" && isLoopbackHost(u.Hostname()) }
