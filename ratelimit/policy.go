package ratelimit

import (
	"errors"
	"fmt"
	"strings"
	"time"
)

// Policy is a limit: Quota units of cost in each Window, for each partition key.
//
// It is a bucket that holds Burst units and refills without a pause, Quota units a
// Window (the generic cell rate algorithm): there is no edge of a window at which
// twice the quota passes, and the time to wait is exact. Over any time t, at most
// Burst + Quota*t/Window passes.
type Policy struct {
	// Name stands in the header fields and in the problem of a refusal: 1 to 64
	// letters, digits, and "-_.:", unique among the policies of a request. Required.
	Name string
	// Quota is how many units of cost a window gives, 1 to 999,999,999,999,999.
	// Required.
	Quota int64
	// Window is the time in which Quota refills, a microsecond to a year. Required.
	Window time.Duration
	// Burst is how many units may be used at once, by default Quota. The fields of the
	// draft do not tell of it: a client that keeps to q in w is let in where it is not
	// below the Quota.
	Burst int64
	// WhenDown is what happens while the store cannot be reached: by default
	// [Open].
	WhenDown WhenDown
	// Shadow counts and reports to [Options.OnDecision], and never denies: to try a
	// limit on real traffic. It is not named in header fields.
	Shadow bool
}

// WhenDown is a choice for the time in which a store cannot be reached.
type WhenDown uint8

const (
	// Open lets requests pass, uncounted.
	Open WhenDown = iota
	// Closed answers 503 with Retry-After: for limits that must hold, such as
	// that of logins.
	Closed
	// Local counts in this process's memory, with the quota and the burst divided
	// by [Options.Machines], rounded down, and at least 1: where there are more
	// machines than units, all of them together let more pass than the Quota. The
	// fields tell of the divided limit.
	Local
)

const (
	maxQuota  = 999_999_999_999_999 // an Integer of RFC 9651 §3.3.1
	minWindow = time.Microsecond
	maxWindow = 366 * 24 * time.Hour
	maxName   = 64
)

// check completes a policy, and says what is wrong with it.
func (p *Policy) check() error {
	if p.Burst == 0 {
		p.Burst = p.Quota
	}
	switch {
	case !validName(p.Name):
		return fmt.Errorf("the policy's name %q is not 1 to %d letters, digits, or -_.:", p.Name, maxName)
	case p.Quota < 1 || p.Quota > maxQuota:
		return fmt.Errorf("policy %s: a quota of %d is not between 1 and %d", p.Name, p.Quota, int64(maxQuota))
	case p.Burst < 1 || p.Burst > maxQuota:
		return fmt.Errorf("policy %s: a burst of %d is not between 1 and %d", p.Name, p.Burst, int64(maxQuota))
	case p.Window < minWindow || p.Window > maxWindow:
		return fmt.Errorf("policy %s: a window of %v is not between %v and %v", p.Name, p.Window, minWindow, maxWindow)
	case p.Window%time.Microsecond != 0:
		return fmt.Errorf("policy %s: a window of %v is not in whole microseconds", p.Name, p.Window)
	case p.WhenDown > Local:
		return fmt.Errorf("policy %s: WhenDown is none of its values", p.Name)
	}
	if full := fillTime(*p, p.Burst); full > maxFill {
		return fmt.Errorf("policy %s: an empty bucket would take more than %v to fill", p.Name, maxFill)
	}
	return nil
}

// maxFill keeps times within what every store can compute with.
const maxFill = 10 * maxWindow

func validName(s string) bool {
	for i := range len(s) {
		c := s[i]
		if !(c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c >= '0' && c <= '9' || strings.IndexByte("-_.:", c) >= 0) {
			return false
		}
	}
	return s != "" && len(s) <= maxName
}

// checkPolicies completes the policies of one request.
func checkPolicies(policies []Policy) ([]Policy, error) {
	if len(policies) == 0 {
		return nil, errors.New("there are no policies")
	}
	if len(policies) > maxPolicies {
		return nil, fmt.Errorf("%d policies are more than %d", len(policies), maxPolicies)
	}
	out := make([]Policy, len(policies))
	for i, p := range policies {
		if err := p.check(); err != nil {
			return nil, err
		}
		for _, q := range out[:i] {
			if q.Name == p.Name {
				return nil, fmt.Errorf("two policies have the name %s", p.Name)
			}
		}
		out[i] = p
	}
	return out, nil
}

// maxPolicies is how many policies one request may be held against.
const maxPolicies = 8
