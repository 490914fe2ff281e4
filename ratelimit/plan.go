package ratelimit

import (
	"fmt"
	"strings"
	"sync"

	"github.com/forthright-http/forthright/problem"
)

// Plan is a set of policies that was checked, with what does not change of its
// header fields: what [Options.Choose] picks. It is made once and used for many
// requests.
type Plan struct {
	policies []Policy
	reported []int    // those that fields name: all but Shadow
	policy   []string // RateLimit-Policy
	heads    []string // of the elements of RateLimit, up to what is left
	windows  []string // and their t where something is left
	refusals sync.Map // by denials: *problem.Problem
}

// NewPlan checks policies and makes a [Plan] of them. It returns an error for a
// policy that makes no sense, none at all, more than 8, and two of one name.
func NewPlan(policies ...Policy) (*Plan, error) {
	checked, err := checkPolicies(policies)
	if err != nil {
		return nil, fmt.Errorf("ratelimit: %w", err)
	}
	p := &Plan{policies: checked}
	for i := range checked {
		if !checked[i].Shadow {
			p.reported = append(p.reported, i)
		}
	}
	p.policy = policyField(checked)
	for i := range checked {
		p.heads = append(p.heads, string(appendName(nil, &checked[i]))+";r=")
		p.windows = append(p.windows, string(appendUntil(nil, checked[i].Window)))
	}
	return p, nil
}

// denials are the policies that denied, as bits.
type denials uint8

func (p *Plan) denials(decisions []Decision) denials {
	var set denials
	for _, i := range p.reported {
		if !decisions[i].Allowed {
			set |= 1 << i
		}
	}
	return set
}

// exceeded is the problem of denials, made once.
func (p *Plan) exceeded(set denials) *problem.Problem {
	if made, ok := p.refusals.Load(set); ok {
		return made.(*problem.Problem)
	}
	var names []string
	for i := range p.policies {
		if set&(1<<i) != 0 {
			names = append(names, p.policies[i].Name)
		}
	}
	made, _ := p.refusals.LoadOrStore(set, QuotaExceeded.New("Used up: "+strings.Join(names, ", ")+".").With("violated-policies", names))
	return made.(*problem.Problem)
}
