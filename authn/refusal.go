package authn

import (
	"context"
	"errors"
	"fmt"
	"math/bits"
	"net/http"
	"time"

	"github.com/forthright-http/forthright/internal/httpfield"
	"github.com/forthright-http/forthright/problem"
)

// refusal names one of the problems that are made when the authenticator is: a
// row of the table, and the schemes whose challenge has the error.
type refusal struct {
	row  *answer
	used uint
}

// makeRefusals orders the challenges and makes every problem that needs nothing of
// a request. Bearer comes first: real clients read only the first challenge.
func (a *Authenticator) makeRefusals() error {
	a.challenges = a.tokens.challenges(a)
	for i := range a.methods {
		m := &a.methods[i]
		m.bit = 1 << len(a.challenges)
		a.challenges = append(a.challenges, m.challenge)
		if m.header != "" {
			a.vary = append(a.vary, m.header)
		}
	}
	if len(a.challenges) >= bits.UintSize {
		return fmt.Errorf("authn: %d schemes are too many", len(a.challenges))
	}
	used := []uint{0, a.tokens.bearerBit | a.tokens.dpopBit}
	for i := range a.challenges {
		used = append(used, 1<<i)
	}
	a.refusals = map[refusal]*problem.Problem{}
	for i := range answers {
		for _, bits := range used {
			p, err := a.newRefusal(&answers[i], bits, nil)
			if err != nil {
				return err
			}
			a.refusals[refusal{&answers[i], bits}] = p
		}
	}
	if a.options.Expose {
		a.expose = "WWW-Authenticate"
		if d := a.tokens.dpop; d != nil && d.nonces != nil {
			a.expose = "WWW-Authenticate, DPoP-Nonce"
		}
	}
	return nil
}

// newRefusal makes the problem of a row, with the error, and more parameters, on
// the challenges of the schemes that were used.
//
// A 401 lists all schemes (RFC 9110 §15.5.2, §11.6.1); a 400 and a 403 have the
// challenge of the scheme that was used, which carries the error (RFC 6750 §3.1),
// and a 403 that no scheme has an error for has none (RFC 9110 §15.5.4).
func (a *Authenticator) newRefusal(row *answer, used uint, more []httpfield.Param) (*problem.Problem, error) {
	status := row.typ.Status()
	var lines []string
	for i, c := range a.challenges {
		fails := row.code != noError && used&(1<<i) != 0 && takesErrors(c.Scheme)
		switch {
		case status == http.StatusServiceUnavailable, status != http.StatusUnauthorized && !fails:
			continue
		case fails:
			c = withError(c, row, more)
		}
		line, err := c.Format()
		if err != nil {
			return nil, fmt.Errorf("authn: the challenge of %s: %w", c.Scheme, err)
		}
		lines = append(lines, line)
	}
	var p *problem.Problem
	switch {
	case status == http.StatusServiceUnavailable:
		p = row.typ.Of(problem.Unavailable(a.options.RetryAfter)).WithDetail(row.says)
	case status == http.StatusUnauthorized:
		p = row.typ.Of(problem.Unauthorized(lines[0], lines[1:]...)).WithDetail(row.says)
	case len(lines) > 0:
		p = row.typ.New(row.says).WithHeader("WWW-Authenticate", lines...)
	default:
		p = row.typ.New(row.says)
	}
	return p, nil
}

// takesErrors: the error parameter is that of the schemes for OAuth tokens.
func takesErrors(scheme string) bool { return scheme == schemeBearer || scheme == schemeDPoP }

// withError adds the error before what a client reads from inside a description:
// error_description comes last.
func withError(c httpfield.Challenge, row *answer, more []httpfield.Param) httpfield.Challenge {
	params := make([]httpfield.Param, 0, len(c.Params)+len(more)+2)
	params = append(params, c.Params[0]) // the realm
	params = append(params, httpfield.Param{Name: "error", Value: row.code})
	params = append(params, more...)
	params = append(params, c.Params[1:]...)
	c.Params = append(params, httpfield.Param{Name: "error_description", Value: row.says})
	return c
}

// answer completes the error of a scheme with the problem that the client gets.
func (a *Authenticator) answer(r *http.Request, res result, used uint) error {
	err := res.err
	e, ok := err.(*Error)
	if !ok {
		e = &Error{Reason: CustomUnavailable, Cause: err}
	}
	row := answerOf[e.Reason]
	if row == nil {
		row = answerOf[CustomRefused]
	}
	if row.typ.Status() == http.StatusServiceUnavailable && errors.Is(e.Cause, context.Canceled) && r.Context().Err() != nil {
		return r.Context().Err() // nobody waits for the answer
	}
	e.answer = a.refusals[refusal{row, used}]
	for i := range a.challenges {
		if used == 1<<i {
			e.Scheme = a.challenges[i].Scheme
		}
	}
	if later, ok := errors.AsType[*unavailable](e.Cause); ok && later.after > 0 {
		e.answer = e.answer.WithRetryAfter(later.after)
	}
	if res.nonce != "" {
		e.answer = e.answer.WithHeader("DPoP-Nonce", res.nonce)
	}
	if e.who != nil && e.who.Scheme == "" { // it is refused by its scheme itself
		e.who.Scheme = e.Scheme
	}
	a.tell(r, e.Reason, e.Scheme, e.who, e.Cause)
	return e
}

func (a *Authenticator) tell(r *http.Request, reason Reason, scheme string, p *Principal, cause error) {
	if a.options.OnDecision != nil {
		a.options.OnDecision(Event{Request: r, Reason: reason, Scheme: scheme, Principal: p.given(), Err: cause})
	}
}

// unavailable is the cause of a 503 that knows when to come back.
type unavailable struct {
	after time.Duration
	cause error
}

func (u *unavailable) Error() string { return u.cause.Error() }
func (u *unavailable) Unwrap() error { return u.cause }
