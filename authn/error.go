package authn

import (
	"log/slog"

	"github.com/forthright-http/forthright/problem"
)

// Error is why a request was refused. It is what [Authenticator.Verify] and the
// functions of [Authenticator.Checker] return, and it carries the problem that
// answers it: a [problem.Writer] needs nothing more.
//
//	if e, ok := errors.AsType[*authn.Error](err); ok && e.Reason == authn.TokenExpired { ... }
type Error struct {
	// Reason is the stable code.
	Reason Reason
	// Scheme is the authentication scheme that was used, "" where there was none.
	Scheme string
	// Cause is what a library, a store or a key source said, nil for most
	// reasons. It is for logs: it never reaches a client.
	Cause error

	answer *problem.Problem
	who    *Principal // where that is known; not changed
}

// Error is for logs. It has no part of the credentials, unless a Cause that is
// not of this package has.
func (e *Error) Error() string {
	if e.Cause != nil {
		return "authn: " + string(e.Reason) + ": " + e.Cause.Error()
	}
	return "authn: " + string(e.Reason)
}

// Unwrap returns the problem and the cause, for errors.Is and errors.As.
func (e *Error) Unwrap() []error {
	switch {
	case e.answer == nil && e.Cause == nil:
		return nil
	case e.answer == nil:
		return []error{e.Cause}
	case e.Cause == nil:
		return []error{e.answer}
	}
	return []error{e.answer, e.Cause}
}

// LogAttrs adds the reason and the scheme to the record that a [problem.Writer]
// logs for the answer: reason=scope_missing scheme=Bearer. Where credentials held,
// and the request was refused for what they are worth or because they were taken
// back, issuer, subject and client follow. What nobody has vouched for, such as the
// name beside a wrong password, is not in it, and credentials never are.
func (e *Error) LogAttrs() []slog.Attr {
	attrs := []slog.Attr{slog.String("reason", string(e.Reason))}
	if e.Scheme != "" {
		attrs = append(attrs, slog.String("scheme", e.Scheme))
	}
	if e.who == nil {
		return attrs
	}
	for _, a := range e.who.names() {
		if a.Value.String() != "" {
			attrs = append(attrs, a)
		}
	}
	return attrs
}

// refuse makes the error of a scheme; the authenticator adds the answer.
func refuse(reason Reason, cause error) error { return &Error{Reason: reason, Cause: cause} }

// refuseKnown is refuse where it is known whose credentials they are.
func refuseKnown(reason Reason, cause error, who *Principal) error {
	return &Error{Reason: reason, Cause: cause, who: who}
}
