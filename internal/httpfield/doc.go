// Package httpfield is the grammar of HTTP header fields: it turns field values
// into Go values and back, by the RFCs' own rules, and knows nothing of
// requests, responses or handlers.
//
//	mt, ok := httpfield.ParseMediaType(r.Header.Get("Content-Type"))
//	if !ok || !mt.Is("application/json") {
//		// 415
//	}
//
// Three conventions hold throughout:
//
//   - A field that may be sent on several lines is taken as a []string of its
//     lines, exactly what http.Header holds: nil is "absent", [""] is "present
//     and empty". Lines are read as if joined by commas (RFC 9110, Section 5.3).
//   - What a recipient must forgive is forgiven (empty list elements, bad
//     whitespace where the grammar has BWS); beyond that the parsers are strict.
//     Where the decision is by dropping a malformed member (negotiation,
//     preferences), the function's comment says so.
//   - Writers check what they write. No value that a writer returns can end a
//     field line early: CR, LF and NUL are refused, never replaced.
//
// Strings that parsers return are substrings of the input wherever that is
// possible, so that most calls allocate nothing.
//
// The package is not a place for policy: which status follows from a mismatch,
// which fields a response needs, and what to do about a malformed field is for
// the packages above it.
package httpfield
