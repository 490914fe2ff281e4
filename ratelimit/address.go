package ratelimit

import (
	"errors"
	"fmt"
	"net/http"
	"net/netip"
	"strings"

	"github.com/forthright-http/forthright/internal/httpfield"
)

// AddressOptions are the settings of [NewAddresses]. The zero value trusts nobody:
// the address is that of the peer.
type AddressOptions struct {
	// Trusted are the networks of the proxies whose word is taken, as CIDR
	// prefixes or single addresses: "10.0.0.0/8", "2001:db8::1"; "unix" stands for
	// peers without an address, on a socket of the file system. What anybody else
	// sends in Field is not read.
	Trusted []string
	// Field is where trusted proxies write the address of their client:
	// "X-Forwarded-For" (the default), "Forwarded" (RFC 7239), or a field that holds
	// one address, such as "X-Real-Ip" or "CF-Connecting-IP", which the proxy must
	// overwrite. Only this one is read: a field that the proxy passes on unread is
	// the client's own. A port behind an address is read and left out.
	Field string
	// IPv4Bits and IPv6Bits are how much of an address names a client, by default
	// 32 and 64: an IPv6 client has a network of at least that size to itself.
	IPv4Bits int
	IPv6Bits int
}

// Addresses finds the address of the client of a request. [NewAddresses] makes it.
//
// # What it defends against
//
// A client can write any X-Forwarded-For. So the field is read only where the peer
// is a trusted proxy, and from its right end, past further trusted proxies, to the
// first address that is not one of them: what stands left of it was not written by
// anybody who is trusted, and is not looked at. Where an element on that way cannot be
// read (a name, an "unknown", an obfuscated identifier, a malformed or empty one), the
// address is that of the proxy that sent it on, which all whom that proxy does not name
// share. Where proxies append, no client gets there by what it writes itself: that
// stands further left.
//
// Every address on that way counts as the client's where it is not Trusted: name all
// proxies that requests come through. It does not defend against a client with many
// addresses, nor tell clients behind one address apart.
type Addresses struct {
	trusted []netip.Prefix
	unix    bool // peers without an address are trusted
	field   string
	last    func(line string) (rest, element string, more bool) // nil: one address
	node    func(element string) (node string, ok bool)         // nil: the element itself
	v4, v6  int
}

// NewAddresses makes [Addresses]. It returns an error for a prefix or a size that is
// none, prefixes that together trust everybody, and a Field that is no field's name or that
// nobody who is Trusted writes.
func NewAddresses(o AddressOptions) (*Addresses, error) {
	a := &Addresses{field: http.CanonicalHeaderKey(o.Field), v4: o.IPv4Bits, v6: o.IPv6Bits}
	if a.v4 == 0 {
		a.v4 = 32
	}
	if a.v6 == 0 {
		a.v6 = 64
	}
	if a.v4 < 1 || a.v4 > 32 || a.v6 < 1 || a.v6 > 128 {
		return nil, errors.New("ratelimit: the bits of an address are not 1 to 32 (IPv4) or 1 to 128 (IPv6)")
	}
	for _, s := range o.Trusted {
		if s == "unix" {
			a.unix = true
			continue
		}
		p, err := parsePrefix(s)
		if err != nil {
			return nil, fmt.Errorf("ratelimit: the trusted %q %w", s, err)
		}
		a.trusted = append(a.trusted, p)
	}
	for _, all := range []string{"0.0.0.0/0", "::/0"} {
		if a.covers(netip.MustParsePrefix(all)) {
			return nil, fmt.Errorf("ratelimit: the Trusted together are %s, which trusts everybody: then each client names its own address", all)
		}
	}
	if o.Field != "" && len(o.Trusted) == 0 {
		return nil, errors.New("ratelimit: a Field is named, and nobody who may write it is Trusted")
	}
	switch a.field {
	case "", "X-Forwarded-For":
		a.field, a.last = "X-Forwarded-For", lastElement
	case "Forwarded":
		a.last, a.node = lastForwarded, forwardedFor
	default:
		if !httpfield.ValidName(a.field) {
			return nil, fmt.Errorf("ratelimit: the Field %q is not the name of a header field", o.Field)
		}
	}
	return a, nil
}

func parsePrefix(s string) (netip.Prefix, error) {
	var p netip.Prefix
	var err error
	if strings.Contains(s, "/") {
		p, err = netip.ParsePrefix(s)
	} else if a, notOne := netip.ParseAddr(s); notOne == nil && a.Zone() == "" {
		p = netip.PrefixFrom(a.Unmap(), a.Unmap().BitLen())
	}
	switch {
	case err != nil || !p.IsValid():
		return p, errors.New("is no CIDR prefix and no address")
	case p.Addr().Is4In6():
		return p, errors.New("is IPv4 mapped into IPv6, and addresses are unmapped: write it as IPv4, as in 10.0.0.0/8")
	}
	return p.Masked(), nil
}

// covers: all addresses of p are trusted.
func (a *Addresses) covers(p netip.Prefix) bool {
	within := false
	for _, t := range a.trusted {
		if t.Bits() <= p.Bits() && t.Contains(p.Addr()) {
			return true
		}
		within = within || p.Contains(t.Addr())
	}
	if !within || p.Bits() == p.Addr().BitLen() {
		return false
	}
	lower := netip.PrefixFrom(p.Addr(), p.Bits()+1)
	upper := p.Addr().AsSlice()
	upper[p.Bits()/8] |= 0x80 >> (p.Bits() % 8)
	middle, _ := netip.AddrFromSlice(upper)
	return a.covers(lower) && a.covers(netip.PrefixFrom(middle, lower.Bits()))
}

// direct trusts nobody.
var direct = &Addresses{v4: 32, v6: 64}

// ByAddress is the key of the peer's address: IPv4 whole, IPv6 by its first 64
// bits. Behind a proxy that is the proxy: see [NewAddresses].
func ByAddress(r *http.Request) (string, bool) { return direct.Key(r) }

// Key is a [Key]: the client's network, as "192.0.2.1" or "2001:db8::/64". A peer
// that has no address (a socket of the file system) is keyed by what RemoteAddr
// says, after "peer ".
func (a *Addresses) Key(r *http.Request) (string, bool) {
	addr, ok := a.Addr(r)
	if !ok {
		return "peer " + r.RemoteAddr, true
	}
	if len(a.trusted) == 0 && !a.unix && a.v4 == 32 && addr.Is4() {
		// IPv4 has one form, which stands there already.
		if i := strings.IndexByte(r.RemoteAddr, ':'); i > 0 && strings.IndexByte(r.RemoteAddr[:i], '.') > 0 && r.RemoteAddr[0] != '[' {
			return r.RemoteAddr[:i], true
		}
	}
	return a.name(addr), true
}

// name is the network of an address.
func (a *Addresses) name(addr netip.Addr) string {
	bits := a.v6
	if addr.Is4() {
		bits = a.v4
	}
	if bits == addr.BitLen() {
		return addr.String()
	}
	p, _ := addr.Prefix(bits) // bits were checked
	var text [64]byte
	return string(p.AppendTo(text[:0]))
}

// Addr returns the client's address: unmapped, without a zone. It returns false
// where neither a trusted proxy nor the peer has one.
func (a *Addresses) Addr(r *http.Request) (client netip.Addr, ok bool) {
	client, ok = parseAddr(r.RemoteAddr)
	if ok && !a.trusts(client) || !ok && !a.unix {
		return client, ok
	}
	lines := r.Header[a.field]
	if a.last == nil {
		if len(lines) == 1 {
			if addr, read := parseAddr(strings.Trim(lines[0], " \t")); read {
				return addr, true
			}
		}
		return client, ok
	}
	for i := len(lines) - 1; i >= 0; i-- {
		line, element, more := lines[i], "", true
		for more {
			line, element, more = a.last(line)
			addr, read := a.parse(element)
			if !read {
				return client, ok
			}
			client, ok = addr, true
			if !a.trusts(addr) {
				return client, ok
			}
		}
	}
	return client, ok
}

func (a *Addresses) parse(element string) (netip.Addr, bool) {
	if a.node == nil {
		return parseAddr(element)
	}
	node, ok := a.node(element)
	if !ok {
		return netip.Addr{}, false
	}
	return parseAddr(node)
}

func (a *Addresses) trusts(addr netip.Addr) bool {
	for _, p := range a.trusted {
		if p.Contains(addr) {
			return true
		}
	}
	return false
}

// parseAddr reads an address as RemoteAddr, X-Forwarded-For and Forwarded (RFC 7239
// §6) have it: IPv4 and IPv6 in brackets with or without a port, which may be
// obfuscated, and IPv6 as it is.
func parseAddr(s string) (netip.Addr, bool) {
	host, port := s, ""
	bracket := strings.HasPrefix(s, "[")
	if bracket {
		end := strings.IndexByte(s, ']')
		if end < 0 {
			return netip.Addr{}, false
		}
		host, port = s[1:end], s[end+1:]
	} else if i := strings.IndexByte(s, ':'); i >= 0 && strings.IndexByte(s[i+1:], ':') < 0 {
		host, port = s[:i], s[i:]
	}
	addr, err := netip.ParseAddr(host)
	if err != nil || bracket && !addr.Is6() || !validPort(port) {
		return netip.Addr{}, false
	}
	return addr.Unmap().WithZone(""), true
}

// validPort takes "", ":" 1*5DIGIT and ":_" 1*( ALPHA / DIGIT / "." / "_" / "-" ) (RFC
// 7239 §6.2, §6.3).
func validPort(s string) bool {
	if s == "" {
		return true
	}
	s, ok := strings.CutPrefix(s, ":")
	if !ok {
		return false
	}
	obfuscated := strings.HasPrefix(s, "_")
	for i := range len(s) {
		c := s[i]
		digit := c >= '0' && c <= '9'
		if !digit && !(obfuscated && (c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || strings.IndexByte("._-", c) >= 0)) {
			return false
		}
	}
	return obfuscated && len(s) > 1 || !obfuscated && len(s) >= 1 && len(s) <= 5
}
