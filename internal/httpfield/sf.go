package httpfield

// Structured fields (RFC 9651): the types. Parsing is in sfparse.go and
// sfscalar.go, serializing in sfwrite.go.

// SFKind is the type of an [SFValue].
type SFKind uint8

// The types of bare items (RFC 9651, Section 3.3). The zero kind is none of them.
const (
	SFInteger       SFKind = iota + 1 // Section 3.3.1
	SFDecimal                         // Section 3.3.2
	SFString                          // Section 3.3.3
	SFToken                           // Section 3.3.4
	SFBytes                           // Section 3.3.5
	SFBoolean                         // Section 3.3.6
	SFDate                            // Section 3.3.7
	SFDisplayString                   // Section 3.3.8
)

// SFValue is a bare item (RFC 9651, Section 3.3).
type SFValue struct {
	Kind SFKind
	// Int is an Integer's value, a Decimal's in thousandths, a Date's in seconds
	// since 1970, and 1 for a Boolean that is true.
	Int int64
	// Str is the value of a String, a Token, a Byte Sequence or a Display String.
	Str string
}

// Bool returns the value of a Boolean; false for all other kinds.
func (v SFValue) Bool() bool { return v.Kind == SFBoolean && v.Int != 0 }

// SFBool returns a Boolean.
func SFBool(b bool) SFValue {
	if b {
		return SFValue{Kind: SFBoolean, Int: 1}
	}
	return SFValue{Kind: SFBoolean}
}

// SFParam is one parameter (RFC 9651, Section 3.1.2).
type SFParam struct {
	Key   string
	Value SFValue
}

// SFParams are parameters, in order (RFC 9651, Section 3.1.2).
type SFParams []SFParam

// Get returns the value of the parameter with the key.
func (ps SFParams) Get(key string) (SFValue, bool) {
	for _, p := range ps {
		if p.Key == key {
			return p.Value, true
		}
	}
	return SFValue{}, false
}

// SFItem is an item: a value and its parameters (RFC 9651, Section 3.3).
type SFItem struct {
	Value  SFValue
	Params SFParams
}

// SFMember is a member of a list or dictionary: an item, or an inner list (RFC
// 9651, Sections 3.1 and 3.2).
type SFMember struct {
	Value  SFValue  // of an item
	Inner  []SFItem // of an inner list: not nil, though perhaps empty
	Params SFParams // of either
}

// IsInner reports whether m is an inner list (RFC 9651, Section 3.1.1).
func (m SFMember) IsInner() bool { return m.Inner != nil }

// SFList is a list (RFC 9651, Section 3.1).
type SFList []SFMember

// SFEntry is a member of a dictionary with its key.
type SFEntry struct {
	Key    string
	Member SFMember
}

// SFDict is a dictionary, in order (RFC 9651, Section 3.2).
type SFDict []SFEntry

// Get returns the member with the key.
func (d SFDict) Get(key string) (SFMember, bool) {
	for _, e := range d {
		if e.Key == key {
			return e.Member, true
		}
	}
	return SFMember{}, false
}
