package ratelimit

import (
	"fmt"
	"strconv"
	"strings"
	"time"
)

// ParsePolicy reads a policy as flags and files have it:
//
//	burst=10/1s      a quota of 10 in each second
//	hour=5000/1h     the units of time.ParseDuration, and d for days
//	hour=5000/1h+50  with a burst of 50
//	login=5-M        as ulule/limiter writes it: S, M, H or D, in either case
//
// The policy is checked, and its Burst is set. The error says what is wrong, and
// quotes s.
func ParsePolicy(s string) (Policy, error) {
	name, rate, ok := strings.Cut(s, "=")
	if !ok {
		return Policy{}, fmt.Errorf("ratelimit: %q is not NAME=QUOTA/WINDOW, such as burst=10/1s", s)
	}
	p, err := parseRate(rate)
	if err != nil {
		return Policy{}, fmt.Errorf("ratelimit: %q: %w", s, err)
	}
	p.Name = name
	if err := p.check(); err != nil {
		return Policy{}, fmt.Errorf("ratelimit: %q: %w", s, err)
	}
	return p, nil
}

// String writes a policy as [ParsePolicy] reads it: its Name, Quota and Window, and its
// Burst where that is not the Quota.
func (p Policy) String() string {
	s := p.Name + "=" + strconv.FormatInt(p.Quota, 10) + "/" + formatWindow(p.Window)
	if p.Burst != 0 && p.Burst != p.Quota {
		s += "+" + strconv.FormatInt(p.Burst, 10)
	}
	return s
}

// formatWindow is the shortest form: "24h", not "24h0m0s".
func formatWindow(d time.Duration) string {
	s := d.String()
	if strings.HasSuffix(s, "m0s") {
		s = s[:len(s)-2]
	}
	if strings.HasSuffix(s, "h0m") {
		s = s[:len(s)-2]
	}
	return s
}

// ParsePolicies reads several policies of one request, and checks them together.
func ParsePolicies(list ...string) ([]Policy, error) {
	policies := make([]Policy, len(list))
	for i, s := range list {
		p, err := ParsePolicy(s)
		if err != nil {
			return nil, err
		}
		policies[i] = p
	}
	if _, err := checkPolicies(policies); err != nil {
		return nil, fmt.Errorf("ratelimit: %w", err)
	}
	return policies, nil
}

func parseRate(s string) (p Policy, err error) {
	quota, window, slash := strings.Cut(s, "/")
	if !slash {
		return parseUlule(s)
	}
	if p.Quota, err = parseCount("quota", quota); err != nil {
		return p, err
	}
	window, burst, plus := strings.Cut(window, "+")
	if plus {
		if p.Burst, err = parseCount("burst", burst); err != nil {
			return p, err
		}
	}
	p.Window, err = parseWindow(window)
	return p, err
}

// parseUlule reads "10-S" (github.com/ulule/limiter).
func parseUlule(s string) (p Policy, err error) {
	quota, unit, ok := strings.Cut(s, "-")
	if !ok {
		return p, fmt.Errorf("%q is not QUOTA/WINDOW, such as 10/1s, nor QUOTA-UNIT, such as 10-S", s)
	}
	if p.Quota, err = parseCount("quota", quota); err != nil {
		return p, err
	}
	switch strings.ToUpper(unit) {
	case "S":
		p.Window = time.Second
	case "M":
		p.Window = time.Minute
	case "H":
		p.Window = time.Hour
	case "D":
		p.Window = 24 * time.Hour
	default:
		return p, fmt.Errorf("the unit %q is not S, M, H or D", unit)
	}
	return p, nil
}

func parseCount(what, s string) (int64, error) {
	n, err := strconv.ParseUint(s, 10, 63)
	if err != nil || n == 0 || n > maxQuota {
		return 0, fmt.Errorf("the %s %q is not a whole number from 1 to %d", what, s, int64(maxQuota))
	}
	return int64(n), nil
}

// parseWindow is time.ParseDuration with days.
func parseWindow(s string) (time.Duration, error) {
	if days, ok := strings.CutSuffix(s, "d"); ok {
		n, err := strconv.ParseUint(days, 10, 63)
		if err == nil && n > 0 && n <= uint64(maxWindow/(24*time.Hour)) {
			return time.Duration(n) * 24 * time.Hour, nil
		}
		return 0, fmt.Errorf("the window %q is not a number of days up to %d", s, maxWindow/(24*time.Hour))
	}
	d, err := time.ParseDuration(s)
	if err != nil || d <= 0 {
		return 0, fmt.Errorf("the window %q is not a duration such as 1s, 10m or 24h", s)
	}
	return d, nil
}
