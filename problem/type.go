package problem

import (
	"net/url"
	"slices"
	"strconv"
	"strings"

	"github.com/forthright-http/forthright/internal/httpfield"
)

// Type is a problem type (RFC 9457 §4): a URI, a title and a status code.
// Make one with [NewType], once, as a package variable. It makes the problems
// of its type, and errors.Is finds it in them:
//
//	if errors.Is(err, OutOfCredit) { ... }
type Type struct {
	name    string
	uri     string // absolute, where the author placed the type elsewhere
	status  int
	title   string
	doc     string
	members []memberDoc
}

type memberDoc struct{ name, doc string }

// TypeOption adds to a type's documentation, or places it elsewhere.
type TypeOption func(*Type)

// Doc is what the catalogue says about the type: when it occurs, and what
// the client can do. Plain text; an empty line begins a new paragraph.
func Doc(text string) TypeOption { return func(t *Type) { t.doc = text } }

// Member documents an extension member of the type.
func Member(name, doc string) TypeOption {
	return func(t *Type) { t.members = append(t.members, memberDoc{name, doc}) }
}

// At gives the type an absolute URI of its own, in place of the one that the
// writer's base and the type's name make.
func At(uri string) TypeOption { return func(t *Type) { t.uri = uri } }

// registered begins the URIs of the types in IANA's registry (RFC 9457 §4.2).
const registered = "https://iana.org/assignments/http-problem-types#"

// NewType makes a problem type. Its name is the last part of its URI: lower
// case letters, digits and hyphens. The URI is /problems/NAME, or below
// [Options.Base]; it never changes once clients know it (RFC 9457 §3.1.1).
// The title is short, the same in every occurrence (§3.1.3).
//
// A type is part of your program, so a wrong one panics when it is made: a
// name of other characters, a status that is not 4xx or 5xx, an empty title,
// a member's name that §4 does not allow.
func NewType(name string, status int, title string, options ...TypeOption) *Type {
	t := &Type{name: name, status: status, title: title}
	for _, o := range options {
		o(t)
	}
	if err := t.check(); err != "" {
		panic("problem: type " + strconv.Quote(name) + ": " + err)
	}
	return t
}

func (t *Type) check() string {
	if t.name == "" || strings.Trim(t.name, "abcdefghijklmnopqrstuvwxyz0123456789-") != "" {
		return "the name is not of lower case letters, digits and hyphens"
	}
	if t.status < 400 || t.status > 599 {
		return "the status is not 4xx or 5xx"
	}
	if strings.TrimSpace(t.title) == "" || plain(t.title) != t.title {
		return "the title is empty, or not one line (RFC 9457 §3.1.3)"
	}
	if t.uri != "" {
		u, err := url.Parse(t.uri)
		if err != nil || !u.IsAbs() || !httpfield.IsURIReference(t.uri) {
			return "its place is not an absolute URI (RFC 9457 §3.1.1)"
		}
	}
	for _, m := range t.members {
		// §4 says SHOULD: a registered type may have other names.
		if !memberNameOK(m.name) && m.name != "errors" && (standardMember(m.name) || !strings.HasPrefix(t.uri, registered)) {
			return strconv.Quote(m.name) + " cannot be an extension member (RFC 9457 §4)"
		}
	}
	return ""
}

// Name returns the type's name, the last part of its URI.
func (t *Type) Name() string { return t.name }

// Status returns the status code of the type's problems.
func (t *Type) Status() int { return t.status }

// Title returns the title of the type's problems.
func (t *Type) Title() string { return t.title }

// Error returns the title. A Type is an error so that errors.Is can look for
// it; returned as one, it is a problem without a detail.
func (t *Type) Error() string { return t.title }

// New makes a problem of this type. The detail says what is wrong this time;
// it may be empty.
func (t *Type) New(detail string) *Problem {
	return &Problem{content: content{typ: t, status: t.status, detail: plain(detail)}}
}

// Of returns a copy of p that has this type: for a status that needs more
// than a detail.
//
//	TokenExpired.Of(problem.Unauthorized(challenge))
//
// It panics where p has another status.
func (t *Type) Of(p *Problem) *Problem {
	if p.status != t.status {
		panic("problem: type " + strconv.Quote(t.name) + " has status " + strconv.Itoa(t.status) + ", not " + strconv.Itoa(p.status))
	}
	c := p.clone()
	c.typ = t
	return c
}

func (t *Type) declares(name string) bool {
	return t != nil && name != "errors" && slices.ContainsFunc(t.members, func(m memberDoc) bool { return m.name == name })
}

// memberNameOK is §4: letters, digits and "_", at least 3 of them, the
// first a letter; and no standard member.
func memberNameOK(name string) bool {
	if len(name) < 3 || standardMember(name) || name == "errors" {
		return false
	}
	for i := 0; i < len(name); i++ {
		c := name[i]
		letter := 'a' <= c && c <= 'z' || 'A' <= c && c <= 'Z'
		if !letter && (i == 0 || c != '_' && (c < '0' || c > '9')) {
			return false
		}
	}
	return true
}

func standardMember(name string) bool {
	switch name {
	case "type", "title", "status", "detail", "instance":
		return true
	}
	return false
}
