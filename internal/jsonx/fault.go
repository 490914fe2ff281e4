package jsonx

// The codes of a [Fault]. They are stable and reach clients.
//
// All but [Format] are faults of the document's structure. Format alone is the
// breach of a rule: its JSON type is right.
const (
	// Empty: no document, or only white space.
	Empty = "empty"
	// Syntax: not JSON (RFC 8259), a byte order mark included.
	Syntax = "syntax"
	// Truncated: the document ends before it is complete.
	Truncated = "truncated"
	// TrailingData: something follows the document.
	TrailingData = "trailing_data"
	// InvalidUTF8: bytes that are not UTF-8, or half of a surrogate pair.
	InvalidUTF8 = "invalid_utf8"
	// TooDeep: nested beyond [Options].MaxDepth.
	TooDeep = "too_deep"
	// Duplicate: a member name that the object already had, or, in a map with
	// integer keys, another name for the same key ("0" and "-0").
	Duplicate = "duplicate_member"
	// Unknown: a member that the struct does not have.
	Unknown = "unknown_member"
	// Null: null for what cannot be nil.
	Null = "null"
	// WrongType: a value of another JSON type than the Go type wants.
	WrongType = "type"
	// OutOfRange: a number that the Go type cannot hold, a negative one for an
	// unsigned type included.
	OutOfRange = "range"
	// Fraction: a fraction or an exponent in a number that must be an integer,
	// 2.0 and 1e3 included.
	Fraction = "integer"
	// Format: a string that is not of its format: one refused by UnmarshalText
	// or UnmarshalJSON, a time.Time that is not RFC 3339, bytes that are not
	// base64, a field with the tag option "string" whose string does not hold its value,
	// or a member name that is not a key of the map it stands in.
	Format = "format"
)

// A Fault is one thing that is wrong with a document.
type Fault struct {
	// Pointer is the RFC 6901 JSON Pointer of the value (for Duplicate and
	// Unknown: of the member). "" is the whole document. It holds names that
	// the client sent, at their full length, and nothing else of the client's.
	Pointer string

	// Code is one of the constants of this package.
	Code string

	// Want is the JSON type that was expected where one was: "string",
	// "number", "integer", "boolean", "array" or "object", else "".
	Want string

	// Offset is the byte offset in the document: of the value, for Duplicate
	// and Unknown of the member's name, for what is not JSON of the error.
	Offset int

	// Err is the cause or nil. Its text may quote the document and may come
	// from a library: it is for logs, never for a client.
	Err error
}

// Structural reports whether the fault is one of the document's structure
// (400 Bad Request) rather than the breach of a rule (422): all are, save [Format].
func (f Fault) Structural() bool { return f.Code != Format }

// The values of [Fault].Want.
const (
	wantString  = "string"
	wantNumber  = "number"
	wantInteger = "integer"
	wantBoolean = "boolean"
	wantArray   = "array"
	wantObject  = "object"
)
