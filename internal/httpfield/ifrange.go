package httpfield

import "time"

// IfRange is the validator in If-Range (RFC 9110, Section 13.1.5): an entity tag
// or a date. A date counts only if it equals Last-Modified exactly and is a strong
// validator, which is for the caller to know (Section 8.8.2.2); a tag is compared
// by [ETag.EqualStrong].
type IfRange struct {
	Tag  ETag      // the zero value if it is a date
	Date time.Time // the zero value if it is a tag
}

// ParseIfRange parses the value of If-Range (RFC 9110, Section 13.1.5). now is for
// a two-digit year: see [ParseDate].
func ParseIfRange(s string, now time.Time) (IfRange, bool) {
	if tag, ok := ParseETag(s); ok {
		return IfRange{Tag: tag}, true
	}
	t, ok := ParseDate(s, now)
	return IfRange{Date: t}, ok
}
