package ratelimit

import (
	"net/http"
	"strconv"
	"strings"
	"time"

	"github.com/forthright-http/forthright/internal/httpfield"
)

// Fields chooses the header fields that tell clients of their limits.
type Fields uint8

const (
	// Draft is RateLimit and RateLimit-Policy of [DraftVersion]. It is not a
	// standard yet, and names may change.
	//
	// A policy stands in RateLimit-Policy with its quota (q) and its window (w) in
	// whole seconds, rounded up, without w below a second. RateLimit has what is
	// left of it (r), and in t the seconds until there is more where nothing is
	// left or the request is refused, else the window. A 429 lists in RateLimit only the
	// policies that denied. While the store is down, a policy that is [Local] stands
	// with its share of the quota, and one that is [Open] is not in RateLimit, since
	// nothing is known of it. The Burst is in no field: r may be above q.
	Draft Fields = iota
	// Legacy is X-RateLimit-Limit, X-RateLimit-Remaining and X-RateLimit-Reset
	// (seconds since 1970), of the policy that is nearest to its end. Limit is its
	// Burst where that is above its Quota. Reset is when all of it is there again; on a
	// 429, when to come back.
	Legacy
	// Both is Draft and Legacy.
	Both
	// None sends neither. A 429 has Retry-After all the same.
	None
)

// DraftVersion is the draft that [Draft] follows.
const DraftVersion = "draft-ietf-httpapi-ratelimit-headers-11"

func (f Fields) draft() bool  { return f == Draft || f == Both }
func (f Fields) legacy() bool { return f == Legacy || f == Both }

// Field names in the form that http.Header has them.
const (
	rateLimit       = "Ratelimit"
	rateLimitPolicy = "Ratelimit-Policy"
	legacyLimit     = "X-Ratelimit-Limit"
	legacyRemaining = "X-Ratelimit-Remaining"
	legacyReset     = "X-Ratelimit-Reset"
	retryAfter      = "Retry-After"
	exposeHeaders   = "Access-Control-Expose-Headers"
)

// writeFields sets the fields of an answer. They are set, never added: where
// another limiter has set its own, the lists are merged by the policies' names.
func (l *Limiter) writeFields(h http.Header, s *state, denied bool) {
	if l.options.Fields.draft() && len(s.plan.reported) > 0 {
		l.writeDraft(h, s, denied)
	}
	if l.options.Fields.legacy() {
		l.writeLegacy(h, s, denied)
	}
	if l.options.Expose {
		h[exposeHeaders] = exposing(h[exposeHeaders], l.exposed)
	}
}

func (l *Limiter) writeDraft(h http.Header, s *state, denied bool) {
	down := s.verdict.Err != nil
	policy := s.plan.policy
	if down && l.options.Machines > 1 {
		policy = l.policyFieldDown(s.plan)
	}
	h[rateLimitPolicy] = merged(h[rateLimitPolicy], policy)
	s.pk = l.partitions.appendTo(s.pk[:0], s.key)
	s.line = s.line[:0]
	for _, i := range s.plan.reported {
		if d := &s.decisions[i]; s.verdict.known(i) && !(denied && d.Allowed) {
			if len(s.line) > 0 {
				s.line = append(s.line, ", "...)
			}
			s.line = append(s.plan.appendLimit(s.line, i, l.held(s.plan, i, down), d), s.pk...)
		}
	}
	if len(s.line) > 0 {
		h[rateLimit] = merged(h[rateLimit], []string{string(s.line)})
	}
}

// policyField is the line of RateLimit-Policy: a List of Strings with the
// parameters q and w. A window of less than a second has no w, which counts whole
// seconds; any other is rounded up, so that a client that keeps to q in w is let
// in.
func policyField(policies []Policy) []string {
	var line []byte
	for i := range policies {
		p := &policies[i]
		if p.Shadow {
			continue
		}
		if len(line) > 0 {
			line = append(line, ", "...)
		}
		line = appendName(line, p)
		line = strconv.AppendInt(append(line, ";q="...), p.Quota, 10)
		if p.Window >= time.Second {
			line = strconv.AppendInt(append(line, ";w="...), ceilSeconds(p.Window), 10)
		}
	}
	return []string{string(line)}
}

// policyFieldDown is policyField while the store is down.
func (l *Limiter) policyFieldDown(plan *Plan) []string {
	own := make([]Policy, len(plan.policies))
	for i := range own {
		own[i] = *l.held(plan, i, true)
	}
	return policyField(own)
}

// appendLimit appends an element of RateLimit: what is left (r), and in t the wait
// where nothing is or the cost did not fit, else the window.
func (plan *Plan) appendLimit(line []byte, i int, p *Policy, d *Decision) []byte {
	line = strconv.AppendInt(append(line, plan.heads[i]...), d.Remaining, 10)
	switch {
	case !d.Allowed:
		return appendUntil(line, d.RetryAfter)
	case d.Remaining == 0:
		return appendUntil(line, untilOne(p, d))
	}
	return append(line, plan.windows[i]...)
}

func appendUntil(line []byte, t time.Duration) []byte {
	return strconv.AppendInt(append(line, ";t="...), max(ceilSeconds(t), 1), 10)
}

func appendName(line []byte, p *Policy) []byte {
	return append(append(append(line, '"'), p.Name...), '"')
}

// untilOne is when one unit is there again, of a bucket that has none: it will be
// full in d.Full, and one unit is there that much before as the rest takes to
// refill. It is rounded up.
func untilOne(p *Policy, d *Decision) time.Duration {
	return d.Full - time.Duration(units(p, p.Burst-1).ns)
}

// merged joins the elements of two lists of policies; of two of one name the second
// stays. What is no String, as of an older draft, would make the list malformed, and
// goes.
func merged(have, add []string) []string {
	if len(have) == 0 {
		return add
	}
	var line strings.Builder
	elements := httpfield.NewElements(have)
	for e, ok := elements.Next(); ok; e, ok = elements.Next() {
		name, _, _ := strings.Cut(e, ";")
		if strings.HasPrefix(name, `"`) && !strings.Contains(add[0], name) {
			line.WriteString(e)
			line.WriteString(", ")
		}
	}
	line.WriteString(add[0])
	return []string{line.String()}
}

// dropLater drops from RateLimit each t that is later than a Retry-After beside it. The
// parameter may be missing, and what is left is still true.
func dropLater(h http.Header, wait time.Duration) {
	lines := h[rateLimit]
	if len(lines) == 0 {
		return
	}
	var out strings.Builder
	elements := httpfield.NewElements(lines)
	for e, ok := elements.Next(); ok; e, ok = elements.Next() {
		if out.Len() > 0 {
			out.WriteString(", ")
		}
		name := nameLen(e)
		out.WriteString(e[:name])
		for part := range strings.SplitSeq(e[name:], ";") {
			t, isT := strings.CutPrefix(strings.TrimSpace(part), "t=")
			n, err := strconv.ParseInt(t, 10, 64)
			if late := isT && err == nil && n > max(1, ceilSeconds(wait)); part != "" && !late {
				out.WriteString(";" + part)
			}
		}
	}
	h[rateLimit] = []string{out.String()}
}

// nameLen is where the String ends that an element begins with.
func nameLen(e string) int {
	for i := 1; i < len(e) && e[0] == '"'; i++ {
		switch e[i] {
		case '\\':
			i++
		case '"':
			return i + 1
		}
	}
	return 0
}

// exposed lists the fields for scripts of other origins.
func (f Fields) exposed() []string {
	list := []string{"Retry-After"}
	if f.draft() {
		list = append(list, "RateLimit", "RateLimit-Policy")
	}
	if f.legacy() {
		list = append(list, "X-RateLimit-Limit", "X-RateLimit-Remaining", "X-RateLimit-Reset")
	}
	return list
}

// exposing adds names to a list that has some.
func exposing(have, names []string) []string {
	line := strings.Join(have, ", ")
	for _, name := range names {
		if !httpfield.HasElement(have, name) {
			if line != "" {
				line += ", "
			}
			line += name
		}
	}
	return []string{line}
}
