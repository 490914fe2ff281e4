package conform

import (
	"cmp"
	"slices"
	"strings"
	"unicode"
)

// Level is how strongly a rule is meant.
type Level int8

// The levels: what the specification says MUST and SHOULD to, and what it
// leaves open but users of APIs rely on.
const (
	Must Level = iota
	Should
	Advice
)

// String returns "must", "should" or "advice".
func (l Level) String() string {
	switch l {
	case Must:
		return "must"
	case Should:
		return "should"
	}
	return "advice"
}

// Profile is a choice of rules.
type Profile int8

const (
	// API has all rules: the RFCs, and what users of APIs rely on, such as
	// Retry-After with a 429. It is the default.
	API Profile = iota
	// RFC has the letter of the RFCs: the rules of level must and should.
	RFC
)

// has tells whether the rule belongs to the profile. That a probe had nothing
// to look at is told in each.
func (p Profile) has(r *Rule) bool { return p == API || r.Level != Advice || r.ID == probeNothing }

// Rule is one row of the table.
type Rule struct {
	// ID names the rule, stable over time: "G17", "401", "304-pair".
	ID string
	// Level is how strongly it is meant.
	Level Level
	// Section is where it stands: "RFC 9110 §15.5.2".
	Section string
	// Message says what is wrong where it is broken.
	Message string
	// Mend says what to do about it.
	Mend string
	// Pair is set for a rule that compares two exchanges.
	Pair bool
	// Probe is set for a rule that only a [Prober] can check, since it knows
	// why it sent what.
	Probe bool

	one  func(x *exchange) bool           // broken?
	both func(base, other *exchange) bool // broken by other, beside base?
}

// Rules returns the whole table, in its order.
func Rules() []Rule { return slices.Concat(anyStatus, byStatus, conditions, watched, pairs, probed) }

func find(id string) (Rule, bool) {
	all := Rules()
	i := slices.IndexFunc(all, func(r Rule) bool { return r.ID == id })
	if i < 0 {
		return Rule{}, false
	}
	return all[i], true
}

// Finding is a rule that an exchange breaks.
type Finding struct {
	Rule    string
	Level   Level
	Section string
	Method  string
	URL     string
	Status  int
	Message string
	// Detail is what was seen, where a few words tell it: the field that is
	// missing, or the value that is wrong. It has names, and values of the
	// response's header; nothing of the request, and no content.
	Detail string
	Mend   string
	// Exchange counts, from 0, the exchanges of a capture, or the requests of
	// a probe in the order in which they were sent.
	Exchange int
	// With is what a probe's request had beside the plain one, as
	// "Accept: text/x-nothing".
	With string
}

// String returns the finding as one line, whatever the method and the URL hold.
func (f Finding) String() string {
	line := f.Level.String() + " " + f.Rule + " (" + f.Section + ") " + f.Request() + " " + itoa(f.Status) + ": " + f.Message + " "
	if f.Detail != "" {
		line += "Here: " + f.Detail + ". "
	}
	line += f.Mend
	return strings.Map(func(r rune) rune {
		if unicode.IsControl(r) {
			return '\uFFFD'
		}
		return r
	}, line)
}

// Request returns the method, the URL, and what a probe added.
func (f Finding) Request() string {
	line := f.Method + " " + f.URL
	if f.With != "" {
		line += " with " + f.With
	}
	return line
}

// compareFindings sorts the gravest first.
func compareFindings(a, b Finding) int { return cmp.Compare(a.Level, b.Level) }
