package conform

import (
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strconv"
	"strings"
)

// Options are the settings of a [Checker]. The zero value is useful.
type Options struct {
	// Profile chooses the rules. By default [API].
	Profile Profile
	// Off turns single rules off, by id, each with the reason for it.
	Off map[string]string
	// MaxBody is how much content is looked at, in bytes. By default 1 MiB;
	// of longer content, the rules that need all of it are not checked.
	MaxBody int64
}

// Checker checks exchanges. It is safe for concurrent use.
type Checker struct {
	singles []Rule
	doubles []Rule
	probes  []Rule // for a Prober alone
	maxBody int64
}

const defaultMaxBody = 1 << 20

// New makes a Checker. It returns an error for a rule that is turned off and
// does not exist, or has no reason.
func New(o Options) (*Checker, error) {
	for id, reason := range o.Off {
		if _, ok := find(id); !ok {
			return nil, fmt.Errorf("conform: there is no rule %q to turn off", id)
		}
		if strings.TrimSpace(reason) == "" {
			return nil, fmt.Errorf("conform: rule %s is turned off without a reason", id)
		}
	}
	if o.Profile != API && o.Profile != RFC {
		return nil, errors.New("conform: the profile is none of those that there are")
	}
	if o.MaxBody < 0 {
		return nil, fmt.Errorf("conform: MaxBody is %d", o.MaxBody)
	}
	c := &Checker{maxBody: o.MaxBody}
	if c.maxBody == 0 {
		c.maxBody = defaultMaxBody
	}
	for _, r := range Rules() {
		switch _, off := o.Off[r.ID]; {
		case off || !o.Profile.has(&r):
		case r.Probe:
			c.probes = append(c.probes, r)
		case r.Pair:
			c.doubles = append(c.doubles, r)
		default:
			c.singles = append(c.singles, r)
		}
	}
	return c, nil
}

var standard, _ = New(Options{})

// Check is [Checker.Check] with the default options.
func Check(req *http.Request, res *http.Response) []Finding { return standard.Check(req, res) }

// Check returns the rules that an exchange breaks, the gravest first. It
// reads the body of res, up to [Options.MaxBody], and leaves it to be read
// again from the start. It does not read what may have no end: the connection
// of a 101 or a tunnel, and a live text/event-stream.
//
// A nil req stands for the Request of res. After a redirect that a client
// followed, give that one.
//
// A response without its Request, as httptest.ResponseRecorder makes it, came
// from no server, and need not have a Date.
func (c *Checker) Check(req *http.Request, res *http.Response) []Finding {
	if res == nil {
		return nil
	}
	x, _ := capture(req, res, c.maxBody) // after an error it is truncated
	return c.Exchange(x)
}

// Exchange returns the rules that an exchange breaks, the gravest first. Its
// interim responses are judged, too. Without a Response there is nothing to
// judge.
func (c *Checker) Exchange(e Exchange) []Finding {
	if e.Response == nil {
		return nil
	}
	var found []Finding
	for _, res := range e.Interim {
		found = append(found, c.Exchange(Exchange{Request: e.Request, Response: res, Recorded: e.Recorded})...)
	}
	x := newExchange(e)
	for i := range c.singles {
		if r := &c.singles[i]; r.one(x) {
			found = append(found, x.finding(r, nil))
		}
	}
	slices.SortStableFunc(found, compareFindings)
	return found
}

// Compare returns the rules that other breaks beside base: two exchanges
// about one resource that did not change in between, of which base is the
// plain GET. Where their requests differ in a field that a rule holds still,
// the rule does not apply.
func (c *Checker) Compare(base, other Exchange) []Finding {
	if base.Response == nil || other.Response == nil {
		return nil
	}
	base.steady = true // says the caller
	return c.compare(base, other)
}

// compare is Compare of a base that may not be steady.
func (c *Checker) compare(base, other Exchange) []Finding {
	a, b := newExchange(base), newExchange(other)
	var found []Finding
	for i := range c.doubles {
		if r := &c.doubles[i]; r.both(a, b) {
			found = append(found, b.finding(r, a))
		}
	}
	slices.SortStableFunc(found, compareFindings)
	return found
}

// finding tells that x breaks r, beside base if r is of a pair.
func (x *exchange) finding(r *Rule, base *exchange) Finding {
	f := Finding{Rule: r.ID, Level: r.Level, Section: r.Section, Method: x.method, Status: x.status, Message: r.Message, Mend: r.Mend}
	if x.Request != nil && x.Request.URL != nil {
		f.URL = x.Request.URL.String()
	}
	if detail := details[r.ID]; detail != nil {
		f.Detail = detail(x, base)
	}
	return f
}

func itoa(n int) string { return strconv.Itoa(n) }
