package httpfield

// ETag is an entity tag (RFC 9110, Section 8.8.3).
type ETag struct {
	Opaque string // the opaque-tag with its quotes, as in `"xyzzy"`
	Weak   bool   // it was prefixed with W/
}

// ParseETag parses one entity tag. The W of a weak tag is upper case (Section
// 8.8.3), and a tag has no space and no control in it.
func ParseETag(s string) (ETag, bool) {
	s = trimOWS(s)
	t, rest, ok := cutETag(s)
	if !ok || rest != "" {
		return ETag{}, false
	}
	return t, true
}

// cutETag reads the entity tag that s begins with.
func cutETag(s string) (t ETag, rest string, ok bool) {
	if len(s) > 2 && s[0] == 'W' && s[1] == '/' {
		t.Weak, s = true, s[2:]
	}
	if s == "" || s[0] != '"' {
		return t, s, false
	}
	n := 1 + spanOf(s[1:], clsEtagc)
	if n == len(s) || s[n] != '"' {
		return t, s, false
	}
	t.Opaque = s[:n+1]
	return t, s[n+1:], true
}

// NewETag returns the entity tag for an opaque value without quotes, as a hash
// or a version; false if the value holds a byte that a tag cannot, such as a
// space or `"` (Section 8.8.3). A backslash is legal, but some recipients unescape
// it, so a generator should avoid it.
func NewETag(opaque string, weak bool) (ETag, bool) {
	if !allOf(opaque, clsEtagc) {
		return ETag{}, false
	}
	return ETag{Opaque: `"` + opaque + `"`, Weak: weak}, true
}

// String returns the tag as it is sent.
func (t ETag) String() string {
	if t.Weak {
		return "W/" + t.Opaque
	}
	return t.Opaque
}

// EqualStrong is the strong comparison (Section 8.8.3.2): the opaque-tags are
// the same and neither tag is weak. The zero ETag equals nothing.
func (t ETag) EqualStrong(u ETag) bool { return !t.Weak && !u.Weak && t.EqualWeak(u) }

// EqualWeak is the weak comparison (Section 8.8.3.2): the opaque-tags are the
// same. The zero ETag equals nothing.
func (t ETag) EqualWeak(u ETag) bool { return t.Opaque != "" && t.Opaque == u.Opaque }

// TagMatch is what an If-Match or If-None-Match field says about an entity tag.
type TagMatch struct {
	Any       bool   // the field is "*": any current representation will do
	Found     bool   // a member of the list matches the tag
	Malformed bool   // the field holds something that is neither
	Member    string // the member that matched, or "*"; for a trace of the decision
}

// MatchStrong compares etag with the field lines of an If-Match, by the strong
// comparison (RFC 9110, Section 13.1.1). See [MatchWeak] for the rest.
func MatchStrong(lines []string, etag string) TagMatch { return matchTags(lines, etag, true) }

// MatchWeak compares etag with the field lines of an If-None-Match, by the weak
// comparison (RFC 9110, Section 13.1.2). An etag that is empty or not
// well-formed stands for a representation without one: no member matches it.
//
// "*" counts only where it is all that the field holds; in a list it is
// malformed. A malformed member never matches. After one that has no quote in
// it, such as an unquoted tag, reading goes on behind the next comma; after one
// that has, the rest of its line is not read, since it cannot be known what is
// inside quotes and what is not. Empty members are skipped, and a comma within
// a tag is part of the tag. Nothing is allocated.
func MatchWeak(lines []string, etag string) TagMatch { return matchTags(lines, etag, false) }

func matchTags(lines []string, etag string, strong bool) (m TagMatch) {
	want, _ := ParseETag(etag)
	members, stars := 0, 0
	for _, s := range lines {
		for {
			for s != "" && (s[0] == ',' || isOWS(s[0])) {
				s = s[1:]
			}
			if s == "" {
				break
			}
			members++
			t, rest, ok := cutETag(s)
			rest = skipOWS(rest)
			if ok && (rest == "" || rest[0] == ',') {
				if !m.Found && (strong && want.EqualStrong(t) || !strong && want.EqualWeak(t)) {
					m.Found, m.Member = true, s[:len(t.Opaque)+weakLen(t)]
				}
				s = rest
				continue
			}
			bad, quoted := 0, false
			for ; bad < len(s) && s[bad] != ','; bad++ {
				quoted = quoted || s[bad] == '"'
			}
			if trimOWS(s[:bad]) == "*" {
				stars++
			} else {
				m.Malformed = true
			}
			if quoted {
				break
			}
			s = s[bad:]
		}
	}
	if stars == 1 && members == 1 {
		return TagMatch{Any: true, Member: "*"}
	}
	m.Malformed = m.Malformed || stars > 0
	return m
}

func weakLen(t ETag) int {
	if t.Weak {
		return len("W/")
	}
	return 0
}
