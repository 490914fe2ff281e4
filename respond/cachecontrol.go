package respond

import (
	"strconv"
	"strings"
	"time"

	"github.com/forthright-http/forthright/internal/httpfield"
)

// Directive is a directive of Cache-Control (RFC 9111 §5.2.2) for
// [Response.CacheControl]. One that has no name here is made by conversion,
// an extension (§5.2.3) or the names of fields that may not be kept:
//
//	respond.Directive(`private="Set-Cookie"`)
type Directive string

// The directives without an argument.
const (
	NoStore         Directive = "no-store"         // RFC 9111 §5.2.2.5: nobody keeps it
	NoCache         Directive = "no-cache"         // §5.2.2.4: kept, and asked about before each use
	Private         Directive = "private"          // §5.2.2.7: kept by the client alone
	Public          Directive = "public"           // §5.2.2.9: kept by all, also behind Authorization
	MustRevalidate  Directive = "must-revalidate"  // §5.2.2.2: never used once it is stale
	ProxyRevalidate Directive = "proxy-revalidate" // §5.2.2.8: the same for shared caches
	NoTransform     Directive = "no-transform"     // §5.2.2.6: nobody on the way changes the content
	MustUnderstand  Directive = "must-understand"  // §5.2.2.3: kept by who knows the status; beside NoStore, for all others
	Immutable       Directive = "immutable"        // RFC 8246 §2: it does not change while it is fresh
)

// MaxAge is how long an answer is fresh (RFC 9111 §5.2.2.1), in whole
// seconds, rounded down; below 0 it is 0.
func MaxAge(d time.Duration) Directive { return seconds(maxAge, d) }

// SharedMaxAge is MaxAge for shared caches (RFC 9111 §5.2.2.10).
func SharedMaxAge(d time.Duration) Directive { return seconds(sharedMaxAge, d) }

// StaleWhileRevalidate is how long a stale answer may be used while a new one
// is fetched (RFC 5861 §3).
func StaleWhileRevalidate(d time.Duration) Directive { return seconds(staleWhileRevalidate, d) }

// StaleIfError is how long a stale answer may be used in place of an error
// (RFC 5861 §4).
func StaleIfError(d time.Duration) Directive { return seconds(staleIfError, d) }

// The names of those that have a lifetime.
const (
	maxAge               Directive = "max-age"
	sharedMaxAge         Directive = "s-maxage"
	staleWhileRevalidate Directive = "stale-while-revalidate"
	staleIfError         Directive = "stale-if-error"
)

func seconds(name Directive, d time.Duration) Directive {
	return name + "=" + Directive(strconv.FormatInt(int64(max(d, 0)/time.Second), 10))
}

// CacheControl sets Cache-Control (RFC 9111 §5.2):
//
//	respond.OK(v).CacheControl(respond.Private, respond.MaxAge(time.Minute))
//
// Directives that are not well-formed, or contradict each other, cannot be
// sent: one of them twice, public or a lifetime for shared caches beside
// private, public or a lifetime above 0 beside no-store, and the use of stale
// answers beside no-cache or must-revalidate, which forbid it (§4.2.4).
func (s Response) CacheControl(directives ...Directive) Response {
	value, why := cacheControl(directives)
	if why != "" {
		return s.fail("Cache-Control " + why)
	}
	return s.Header("Cache-Control", value)
}

func cacheControl(directives []Directive) (value, why string) {
	switch len(directives) {
	case 0:
		return "", "has no directive"
	case 1: // which contradicts none
		_, _, why := directives[0].parse()
		return string(directives[0]), why
	}
	var b strings.Builder
	arguments := make(map[Directive]string, len(directives)) // by name
	for i, d := range directives {
		name, argument, why := d.parse()
		if why != "" {
			return "", why
		}
		if _, twice := arguments[name]; twice {
			return "", "has " + string(name) + " twice"
		}
		arguments[name] = argument
		if i > 0 {
			b.WriteString(", ")
		}
		b.WriteString(string(d))
	}
	return b.String(), contradiction(arguments)
}

// parse splits a directive into its name, in lower case, and its argument, "" for none.
func (d Directive) parse() (name Directive, argument, why string) {
	switch d {
	case NoStore, NoCache, Private, Public:
		return d, "", ""
	}
	text, argument, has := strings.Cut(string(d), "=")
	if !httpfield.IsToken(text) {
		return "", "", "has a directive whose name is not a token (RFC 9111 §5.2)"
	}
	name = Directive(strings.ToLower(text))
	content, quoted := httpfield.Unquote(argument)
	ok := !has || quoted || httpfield.IsToken(argument)
	switch name {
	case NoStore, MustRevalidate, ProxyRevalidate, NoTransform, MustUnderstand, Public, Immutable:
		ok = !has
	case NoCache, Private: // #field-name, in quotes
		ok = !has || quoted && isNames(content)
	case maxAge, sharedMaxAge, staleWhileRevalidate, staleIfError: // delta-seconds, without quotes
		ok = argument != "" && strings.Trim(argument, "0123456789") == ""
	}
	if !ok {
		return "", "", "has a wrong argument for " + string(name) + " (RFC 9111 §5.2.2)"
	}
	return name, argument, ""
}

// isNames checks a list of field names that is not empty.
func isNames(s string) bool {
	for name := range strings.SplitSeq(s, ",") {
		if !httpfield.IsToken(strings.Trim(name, " \t")) {
			return false
		}
	}
	return true
}

// contradiction tells which of the directives, by name, contradict each other.
func contradiction(arguments map[Directive]string) string {
	// is tells of the directive without field names, which limits it to those.
	is := func(d Directive) bool { argument, ok := arguments[d]; return ok && argument == "" }
	lasts := func(d Directive) bool { return strings.Trim(arguments[d], "0") != "" }
	switch {
	case is(Private) && is(Public):
		return "is both public and private"
	case is(Private) && lasts(sharedMaxAge):
		return "is private and says how long shared caches keep it"
	case is(NoStore) && !is(MustUnderstand) && // §5.2.2.3: which lifts it
		(is(Public) || is(Immutable) || lasts(maxAge) || lasts(sharedMaxAge) || lasts(staleWhileRevalidate) || lasts(staleIfError)):
		return "says both no-store and how long to store"
	case (is(NoCache) || is(MustRevalidate)) && (lasts(staleWhileRevalidate) || lasts(staleIfError)):
		return "both forbids and allows a stale answer"
	}
	return ""
}
