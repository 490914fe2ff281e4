package respond

import (
	"strings"
	"unicode"
)

// Attachment asks the client to save the content under a file name (RFC 6266
// §4). A name beyond ASCII is sent as filename* too (§4.3, RFC 8187), with an
// ASCII form for old clients before it. Directories and control characters are
// cut out of the name; where nothing is left, none is sent.
func (s Response) Attachment(filename string) Response {
	return s.disposition("attachment", filename)
}

// Inline lets the client show the content, and names it for when it is saved
// (RFC 6266 §4).
func (s Response) Inline(filename string) Response { return s.disposition("inline", filename) }

func (s Response) disposition(kind, filename string) Response {
	filename = filename[strings.LastIndexAny(filename, `/\`)+1:]
	filename = strings.Map(func(r rune) rune {
		if unicode.IsControl(r) { // clients strip them (RFC 6266 §4.3)
			return -1
		}
		return r
	}, filename)
	if strings.Trim(filename, ".") == "" { // "." and ".." are directories
		return s.Header("Content-Disposition", kind)
	}
	ascii := strings.Map(func(r rune) rune {
		if r > 0x7e || r == '%' || r == '"' { // clients decode %, and differ about escapes (RFC 6266 appendix D)
			return '_'
		}
		return r
	}, filename)
	value := kind + `; filename="` + ascii + `"`
	if ascii != filename {
		value += "; filename*=UTF-8''" + extValue(filename)
	}
	return s.Header("Content-Disposition", value)
}

// extValue is value-chars of RFC 8187 §3.2.1.
func extValue(s string) string {
	const hex = "0123456789ABCDEF"
	var b strings.Builder
	for i := range len(s) {
		c := s[i]
		if 'a' <= c && c <= 'z' || 'A' <= c && c <= 'Z' || '0' <= c && c <= '9' || strings.IndexByte("!#$&+-.^_`|~", c) >= 0 {
			b.WriteByte(c)
		} else {
			b.WriteByte('%')
			b.WriteByte(hex[c>>4])
			b.WriteByte(hex[c&15])
		}
	}
	return b.String()
}
