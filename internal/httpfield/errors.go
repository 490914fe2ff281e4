package httpfield

import "strconv"

// SyntaxError says that a field value does not follow its grammar, and where.
type SyntaxError struct {
	Field  string // the field or construct, as in "WWW-Authenticate"
	Line   int    // index of the field line, from 0
	Offset int    // byte offset in that line, from 0
	Msg    string // what is wrong, as a short phrase
}

// Error describes the fault without quoting the value, which may hold a secret.
func (e *SyntaxError) Error() string {
	return "httpfield: " + e.Field + " line " + strconv.Itoa(e.Line) +
		", byte " + strconv.Itoa(e.Offset) + ": " + e.Msg
}

// ValueError says that a value cannot be written into a field.
type ValueError struct {
	Field string // the field or construct, as in "Link"
	Msg   string // what is wrong, as a short phrase
}

// Error describes the fault without quoting the value, which may hold a secret.
func (e *ValueError) Error() string { return "httpfield: " + e.Field + ": " + e.Msg }
