package authn

import (
	"errors"
	"fmt"
	"math"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/forthright-http/forthright/internal/httpfield"
	"github.com/forthright-http/forthright/problem"
)

// Requirement is what a route demands beyond valid credentials: see [Scope],
// [AnyScope], [MaxAge], [ACR] and [Allow].
type Requirement struct{ add func(*rule) error }

// Scope demands all of the scopes. Credentials that lack one are answered by 403
// insufficient_scope, which names all that are needed (RFC 6750 §3.1).
func Scope(scopes ...string) Requirement {
	return Requirement{func(r *rule) error {
		r.scopes = append(r.scopes, scopes...)
		return checkScopes(scopes)
	}}
}

// AnyScope demands one of the scopes. A refusal names the first of them as the one
// that is needed.
func AnyScope(scopes ...string) Requirement {
	return Requirement{func(r *rule) error {
		r.any = append(r.any, slices.Clone(scopes))
		return checkScopes(scopes)
	}}
}

// MaxAge demands that the user authenticated at most d ago, in whole seconds. A
// principal for which that is longer ago, or not known, is answered by 401
// insufficient_user_authentication with max_age in seconds (RFC 9470 §3). No leeway
// is given, but for a time in the future.
//
// A good password of [Basic] is a login at the time of its request. An [APIKey] is
// none at any time, since nobody logs in with it: it is always refused.
func MaxAge(d time.Duration) Requirement {
	return Requirement{func(r *rule) error {
		if d < 0 || d%time.Second != 0 {
			return errors.New("MaxAge takes whole seconds, and no negative ones")
		}
		if r.hasMaxAge {
			return errors.New("there are two MaxAge")
		}
		r.maxAge, r.hasMaxAge = d, true
		return nil
	}}
}

// ACR demands that the user authenticated in one of these ways, in order of
// preference (the "acr" of a token). Any other is answered by 401
// insufficient_user_authentication with acr_values (RFC 9470 §3).
func ACR(values ...string) Requirement {
	return Requirement{func(r *rule) error {
		if r.acr != nil {
			return errors.New("there are two ACR")
		}
		if len(values) == 0 {
			return errors.New("ACR without a value")
		}
		for _, v := range values {
			if v == "" || strings.ContainsAny(v, " ") || !httpfield.ValidValue(v) {
				return fmt.Errorf("the acr %q is empty or has a space", v)
			}
		}
		r.acr = slices.Clone(values)
		return nil
	}}
}

// Allow demands that the function says yes: for a role, a tenant, a plan. A no is
// answered by 403 without a challenge (RFC 9110 §15.5.4), since no other
// authentication of the same user helps. It is asked last.
//
// The name stands in logs. Whether a resource exists that the user may not see is
// for the handler, which answers 404.
func Allow(name string, ok func(*http.Request, Principal) bool) Requirement {
	return Requirement{func(r *rule) error {
		if name == "" || ok == nil {
			return errors.New("Allow without a name or a function")
		}
		r.allow = append(r.allow, predicate{errors.New("not allowed: " + name), ok})
		return nil
	}}
}

// rule is what one Require demands, with its refusals made beforehand.
type rule struct {
	scopes    []string
	any       [][]string
	maxAge    time.Duration
	hasMaxAge bool
	acr       []string
	allow     []predicate

	scopeMissing map[uint]*problem.Problem
	stale        map[uint]*problem.Problem // with what is missing of the user's authentication
	staleScope   map[uint]*problem.Problem // and of the scope
}

type predicate struct {
	cause error
	ok    func(*http.Request, Principal) bool
}

// checkScopes: a scope is one or more of the characters of RFC 6749 §3.3.
func checkScopes(scopes []string) error {
	if len(scopes) == 0 {
		return errors.New("no scope is named")
	}
	for _, s := range scopes {
		if !isScope(s) {
			return fmt.Errorf("%q is not a scope (RFC 6749 §3.3)", s)
		}
	}
	return nil
}

func isScope(s string) bool {
	for i := range len(s) {
		if c := s[i]; c < '!' || c > '~' || c == '"' || c == '\\' {
			return false
		}
	}
	return s != ""
}

// Require is [Authenticator.Handler] for routes that demand more. It authenticates
// by itself, so that nothing is safe only by being mounted beneath something else;
// beneath Handler of the same Authenticator, credentials are verified once.
//
//	mux.Handle("DELETE /v1/orders/{id}", auth.Require(authn.Scope("orders:write"), authn.MaxAge(5*time.Minute))(remove))
//
// It panics at a requirement that is wrong: a scope that is none, for one.
func (a *Authenticator) Require(requirements ...Requirement) func(http.Handler) http.Handler {
	rule := a.newRule(requirements)
	return func(next http.Handler) http.Handler { return a.middleware(next, rule, false) }
}

// Checker is [Authenticator.Require] without the enforcement: the function decides
// who sent a request, and whether that meets the requirements. Its error is an
// [Error] that answers the request.
func (a *Authenticator) Checker(requirements ...Requirement) func(*http.Request) (Principal, error) {
	rule := a.newRule(requirements)
	return func(r *http.Request) (Principal, error) {
		res := a.verify(r, rule, false)
		return res.principal.given(), res.err
	}
}

func (a *Authenticator) newRule(requirements []Requirement) *rule {
	r := &rule{scopeMissing: map[uint]*problem.Problem{}, stale: map[uint]*problem.Problem{}, staleScope: map[uint]*problem.Problem{}}
	for _, q := range requirements {
		if q.add == nil {
			panic("authn: Require: an empty Requirement")
		}
		if err := q.add(r); err != nil {
			panic("authn: Require: " + err.Error())
		}
	}
	var scope, user []httpfield.Param
	need := r.needed()
	if need != "" {
		scope = []httpfield.Param{{Name: "scope", Value: need}}
	}
	if r.hasMaxAge {
		user = append(user, httpfield.Param{Name: "max_age", Value: r.seconds()})
	}
	if r.acr != nil {
		user = append(user, httpfield.Param{Name: "acr_values", Value: strings.Join(r.acr, " ")})
	}
	for bit := uint(0); bit <= 1<<(len(a.challenges)-1); bit = max(1, bit<<1) {
		r.scopeMissing[bit] = r.withScope(a.mustRefusal(ScopeMissing, bit, scope), need)
		r.stale[bit] = r.withUser(a.mustRefusal(LoginTooOld, bit, user))
		r.staleScope[bit] = r.withScope(r.withUser(a.mustRefusal(LoginTooOld, bit, slices.Concat(user, scope))), need)
	}
	return r
}

// mustRefusal: what could fail in it was checked before.
func (a *Authenticator) mustRefusal(reason Reason, used uint, more []httpfield.Param) *problem.Problem {
	p, err := a.newRefusal(answerOf[reason], used, more)
	if err != nil {
		panic(err.Error())
	}
	return p
}

func (r *rule) seconds() string { return strconv.Itoa(int(r.maxAge / time.Second)) }

func (r *rule) withScope(p *problem.Problem, need string) *problem.Problem {
	if need == "" {
		return p
	}
	return p.With("scope", need)
}

func (r *rule) withUser(p *problem.Problem) *problem.Problem {
	if r.hasMaxAge {
		p = p.With("max_age", int(r.maxAge/time.Second))
	}
	if r.acr != nil {
		p = p.With("acr_values", r.acr)
	}
	return p
}

// needed is a set of scopes that suffices, as a scope parameter lists it.
func (r *rule) needed() string {
	need := slices.Clone(r.scopes)
	for _, group := range r.any {
		if !slices.ContainsFunc(group, func(s string) bool { return slices.Contains(need, s) }) {
			need = append(need, group[0])
		}
	}
	var out []string
	for _, s := range need {
		if !slices.Contains(out, s) {
			out = append(out, s)
		}
	}
	return strings.Join(out, " ")
}

// check holds a principal against a rule: the user's authentication first, since a
// new one brings a new token, then scopes, then predicates.
func (a *Authenticator) check(r *http.Request, p *Principal, rule *rule) error {
	bit := a.bitOf(p.Scheme)
	enough := rule.hasScopes(p)
	if reason := rule.userFault(p, a.options.Now(), a.options.Leeway); reason != "" {
		answer := rule.stale[bit]
		if !enough {
			answer = rule.staleScope[bit]
		}
		return a.denied(r, p, &Error{Reason: reason, Scheme: p.Scheme, who: p, answer: answer})
	}
	if !enough {
		return a.denied(r, p, &Error{Reason: ScopeMissing, Scheme: p.Scheme, who: p, answer: rule.scopeMissing[bit]})
	}
	for _, q := range rule.allow {
		if !q.ok(r, p.given()) {
			return a.denied(r, p, &Error{Reason: AccessDenied, Scheme: p.Scheme, who: p, Cause: q.cause, answer: a.refusals[refusal{answerOf[AccessDenied], 0}]})
		}
	}
	return nil
}

func (a *Authenticator) denied(r *http.Request, p *Principal, e *Error) error {
	a.tell(r, e.Reason, e.Scheme, p, e.Cause)
	return e
}

func (a *Authenticator) bitOf(scheme string) uint {
	for i := range a.challenges {
		if a.challenges[i].Scheme == scheme {
			return 1 << i
		}
	}
	return 0
}

func (r *rule) hasScopes(p *Principal) bool {
	for _, s := range r.scopes {
		if !p.Has(s) {
			return false
		}
	}
	for _, group := range r.any {
		if !slices.ContainsFunc(group, p.Has) {
			return false
		}
	}
	return true
}

// userFault tells what is wrong with the user's authentication. A time in the
// future, by more than clocks may be apart, is not one that can be relied on.
func (r *rule) userFault(p *Principal, now time.Time, leeway time.Duration) Reason {
	if r.hasMaxAge {
		age := time.Duration(math.MaxInt64)
		if !p.AuthTime.IsZero() {
			age = now.Sub(p.AuthTime).Truncate(time.Second) // auth_time has no fractions
		}
		if age > r.maxAge || age < -leeway {
			return LoginTooOld
		}
	}
	if r.acr != nil && !slices.Contains(r.acr, p.ACR) {
		return ACRTooLow
	}
	return ""
}
