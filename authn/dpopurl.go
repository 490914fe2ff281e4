package authn

import (
	"errors"
	"net/http"
	"net/url"
	"strings"
)

// parseOrigin reads DPoP.Origin: the origin in its normal form, and the path after
// it, without a slash at the end.
func parseOrigin(s string) (origin, prefix string, err error) {
	u, err := url.Parse(s)
	switch {
	case s == "":
		return "", "", errors.New("there is no Origin: the origin that clients use, such as https://api.example.com")
	case err != nil || u.Host == "" || u.Hostname() == "" || u.Opaque != "":
		return "", "", errors.New("the Origin is not a URL such as https://api.example.com")
	case u.User != nil || strings.ContainsAny(s, "?#"):
		return "", "", errors.New("the Origin has a user, a query or a fragment")
	case u.Scheme != "https" && !(u.Scheme == "http" && isLoopbackHost(u.Hostname())):
		return "", "", errors.New("the Origin is neither https nor http on loopback")
	}
	scheme, authority, path, ok1 := splitURL(s)
	origin, ok2 := normalOrigin(scheme, authority)
	prefix, ok3 := normalPath(path)
	if !ok1 || !ok2 || !ok3 {
		return "", "", errors.New("the Origin is not a URL such as https://api.example.com")
	}
	return origin, strings.TrimRight(prefix, "/"), nil
}

// matchURL reports whether a proof's htu is the URL of the request, without their
// queries and fragments (RFC 9449 §4.3, item 9), and returns the path of that in its
// normal form. Both are brought to the normal form first, as the RFC recommends.
func (d *dpop) matchURL(r *http.Request, htu string) (path string, ok bool) {
	path, ok = normalPath(d.path(r))
	if !ok {
		return "", false
	}
	if d.prefix != "" {
		path = d.prefix + path
	}
	scheme, authority, have, ok := splitURL(htu)
	if !ok {
		return "", false
	}
	if origin, ok := normalOrigin(scheme, authority); !ok || origin != d.origin {
		return "", false
	}
	have, ok = normalPath(have)
	// What a proxy makes "/" was sent with the slash or without it.
	return path, ok && (have == path || have+"/" == path && have == d.prefix)
}

// sentPath is the path of the request line. Where there is none, or another form
// than a path, that of r.URL.
func sentPath(r *http.Request) string {
	if strings.HasPrefix(r.RequestURI, "/") {
		path, _, _ := strings.Cut(r.RequestURI, "?")
		return path
	}
	if _, _, path, ok := splitURL(r.RequestURI); ok {
		return path
	}
	if r.RequestURI == "*" {
		return ""
	}
	return r.URL.EscapedPath()
}

// splitURL takes a URL with an authority apart (RFC 3986 §3) and leaves out its
// query and fragment.
func splitURL(s string) (scheme, authority, path string, ok bool) {
	if i := strings.IndexAny(s, "?#"); i >= 0 {
		s = s[:i]
	}
	scheme, rest, ok := strings.Cut(s, "://")
	authority = rest
	if i := strings.IndexByte(rest, '/'); i >= 0 {
		authority, path = rest[:i], rest[i:]
	}
	return scheme, authority, path, ok && scheme != "" && authority != ""
}

// normalOrigin brings scheme and host to lower case (RFC 3986 §6.2.2.1) and takes
// away an empty or a default port (§6.2.3). It refuses what is not of HTTP, and an
// authority that is not host [":" port] (§3.2).
func normalOrigin(scheme, authority string) (string, bool) {
	scheme = strings.ToLower(scheme)
	ordinary := "443"
	switch {
	case scheme == "http":
		ordinary = "80"
	case scheme != "https":
		return "", false
	}
	host, port := authority, ""
	if i := strings.LastIndexByte(authority, ':'); i > strings.LastIndexByte(authority, ']') {
		host, port = authority[:i], authority[i+1:]
	}
	if host == "" || strings.Trim(port, "0123456789") != "" {
		return "", false
	}
	if host[0] == '[' {
		if host[len(host)-1] != ']' {
			return "", false
		}
	} else if strings.IndexByte(host, ':') >= 0 {
		return "", false
	}
	origin := scheme + "://" + strings.ToLower(host)
	if port != "" && port != ordinary {
		origin += ":" + port
	}
	return origin, true
}

// normalPath brings a path to its normal form: percent-encodings in upper case, and
// only where they are needed (RFC 3986 §6.2.2.1 and §6.2.2.2), no dot segments
// (§6.2.2.3), and "/" for an empty one (§6.2.3). It also encodes what a path cannot
// hold as it is. It returns false for "%" without two digits.
func normalPath(path string) (string, bool) {
	if !strings.HasPrefix(path, "/") {
		path = "/" + path
	}
	if !isNormalText(path) {
		var ok bool
		if path, ok = normalText(path); !ok {
			return "", false
		}
	}
	if strings.Contains(path, "/.") {
		path = withoutDots(path)
	}
	return path, true
}

func isNormalText(path string) bool {
	for i := range len(path) {
		if !isPathChar(path[i]) {
			return false
		}
	}
	return true
}

// normalText decodes encoded letters, digits, "-", ".", "_" and "~", and encodes
// what is not of a path.
func normalText(path string) (string, bool) {
	const digits = "0123456789ABCDEF"
	out := make([]byte, 0, len(path)+8)
	for i := 0; i < len(path); i++ {
		c := path[i]
		encoded := c == '%'
		if encoded {
			if i+2 >= len(path) {
				return "", false
			}
			high, low := hexDigit(path[i+1]), hexDigit(path[i+2])
			if high < 0 || low < 0 {
				return "", false
			}
			c = byte(high<<4 | low)
			i += 2
		}
		if encoded && isUnreserved(c) || !encoded && isPathChar(c) {
			out = append(out, c)
		} else {
			out = append(out, '%', digits[c>>4], digits[c&15])
		}
	}
	return string(out), true
}

// withoutDots is remove_dot_segments (RFC 3986 §5.2.4) for a path with a slash at
// its start.
func withoutDots(path string) string {
	segments := strings.Split(path[1:], "/")
	kept := segments[:0]
	for i, s := range segments {
		dots := s == "." || s == ".."
		switch {
		case s == ".." && len(kept) > 0:
			kept = kept[:len(kept)-1]
		case !dots:
			kept = append(kept, s)
		}
		if dots && i == len(segments)-1 {
			kept = append(kept, "")
		}
	}
	return "/" + strings.Join(kept, "/")
}

func isUnreserved(c byte) bool {
	return 'a' <= c && c <= 'z' || 'A' <= c && c <= 'Z' || '0' <= c && c <= '9' || strings.IndexByte("-._~", c) >= 0
}

// isPathChar: pchar or a slash (RFC 3986 §3.3).
func isPathChar(c byte) bool { return isUnreserved(c) || strings.IndexByte("/:@!$&'()*+,;=", c) >= 0 }

func hexDigit(c byte) int {
	switch {
	case '0' <= c && c <= '9':
		return int(c - '0')
	case 'a' <= c && c <= 'f':
		return int(c-'a') + 10
	case 'A' <= c && c <= 'F':
		return int(c-'A') + 10
	}
	return -1
}
