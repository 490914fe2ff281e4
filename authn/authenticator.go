package authn

import (
	"context"
	"errors"
	"net/http"
	"strings"

	"github.com/forthright-http/forthright/internal/httpfield"
	"github.com/forthright-http/forthright/problem"
)

// Authenticator decides who sent a request. [New] makes it. It is safe for
// concurrent use.
type Authenticator struct {
	options Options
	tokens  tokens   // what takes Bearer and DPoP tokens
	methods []method // all other schemes, in the order of the options
	vary    []string // the request fields other than Authorization that were looked at

	challenges []httpfield.Challenge // one for each scheme, without an error, in the order they are sent
	refusals   map[refusal]*problem.Problem
	expose     string                        // for Access-Control-Expose-Headers, "" for nothing
	metadata   *document                     // nil where there is none
	probes     []func(context.Context) error // for Ready
}

// method is a scheme that is not about tokens.
type method struct {
	scheme    string // as in the challenge
	header    string // the field that carries the credentials, "" for Authorization
	challenge httpfield.Challenge
	// verify gets what follows the scheme in Authorization, or the lines of
	// the header field of its own.
	verify func(r *http.Request, credentials []string) (Principal, error)
	// revoked is the reason where Options.Revoked says so.
	revoked Reason
	bit     uint
}

// Verify decides who sent r, or returns an [Error] whose problem answers the
// request. Below [Authenticator.Handler] or [Authenticator.Require] it returns what
// was found there.
func (a *Authenticator) Verify(r *http.Request) (Principal, error) {
	res := a.verify(r, nil, false)
	return res.principal.given(), res.err
}

// result is what came of a request.
type result struct {
	principal *Principal // nil for nobody; not changed once it is here
	err       error
	// nonce is a DPoP nonce to hand out with a success.
	nonce string
	// absent: there were no credentials at all.
	absent bool
	// known: it was verified before, further up.
	known bool
}

// verify decides, by the rule too where there is one, and tells of it once.
func (a *Authenticator) verify(r *http.Request, rule *rule, optional bool) result {
	if id, ok := r.Context().Value(identityKey{}).(*identity); ok && id.auth == a {
		res := result{principal: id.principal, known: true}
		return a.hold(r, res, rule)
	}
	res, used := a.decide(r)
	if res.absent && optional {
		res.err = nil
		a.tell(r, Accepted, "", nil, nil)
		return res
	}
	if res.err == nil {
		res.err = a.revoked(r, res.principal, used)
	}
	if res.err != nil {
		return result{err: a.answer(r, res, used)}
	}
	p := res.principal
	if res = a.hold(r, res, rule); res.err == nil {
		a.tell(r, Accepted, p.Scheme, p, nil)
	}
	return res
}

// hold holds a principal against a rule.
func (a *Authenticator) hold(r *http.Request, res result, rule *rule) result {
	if rule == nil {
		return res
	}
	if err := a.check(r, res.principal, rule); err != nil {
		res.principal, res.err = nil, err
	}
	return res
}

// revoked asks whether credentials that hold were taken back.
func (a *Authenticator) revoked(r *http.Request, p *Principal, used uint) error {
	if a.options.Revoked == nil {
		return nil
	}
	gone, err := a.options.Revoked(r.Context(), p.given())
	switch {
	case err != nil:
		return refuseKnown(RevocationsUnavailable, err, p)
	case !gone:
		return nil
	}
	for i := range a.methods {
		if a.methods[i].bit == used {
			return refuseKnown(a.methods[i].revoked, nil, p)
		}
	}
	return refuseKnown(TokenRevoked, nil, p)
}

// decide finds the credentials and asks their scheme. It returns the bits of the
// schemes that were used.
func (a *Authenticator) decide(r *http.Request) (result, uint) {
	lines := r.Header["Authorization"]
	switch {
	case len(lines) > 1:
		return result{err: refuse(AuthorizationRepeated, nil)}, a.tokens.bearerBit | a.tokens.dpopBit
	case isAbsent(lines):
		return a.withoutAuthorization(r)
	}
	scheme, rest, _ := strings.Cut(strings.TrimLeft(lines[0], " \t"), " ")
	switch {
	case !httpfield.IsToken(scheme):
		return result{err: refuse(AuthorizationMalformed, nil)}, 0
	case a.tokens.bearerBit != 0 && httpfield.EqualFold(scheme, schemeBearer):
		return a.token(r, lines[0], a.tokens.bearerBit)
	case a.tokens.dpopBit != 0 && httpfield.EqualFold(scheme, schemeDPoP):
		return a.token(r, lines[0], a.tokens.dpopBit)
	}
	for i := range a.methods {
		if m := &a.methods[i]; m.header == "" && httpfield.EqualFold(scheme, m.scheme) {
			return m.result(r, []string{strings.Trim(rest, " \t")}), m.bit
		}
	}
	return result{err: refuse(SchemeUnknown, nil)}, 0
}

func (a *Authenticator) withoutAuthorization(r *http.Request) (result, uint) {
	for i := range a.methods {
		m := &a.methods[i]
		if m.header == "" {
			continue
		}
		if lines := r.Header[m.header]; !isAbsent(lines) {
			if res := m.result(r, lines); res.err != ErrNoCredentials {
				return res, m.bit
			}
		}
	}
	if a.tokens.taken() && tokenInQuery(r) {
		return result{err: refuse(TokenInQuery, nil)}, 0
	}
	return result{err: refuse(CredentialsMissing, nil), absent: true}, 0
}

// isAbsent: a field that is empty has no credentials, as one that is not there.
func isAbsent(lines []string) bool {
	return len(lines) == 0 || len(lines) == 1 && strings.Trim(lines[0], " \t") == ""
}

func (m *method) result(r *http.Request, credentials []string) result {
	p, err := m.verify(r, credentials)
	if err != nil {
		return result{err: err}
	}
	p.Scheme = m.scheme
	p.owner = p.Owner()
	return result{principal: &p}
}

// Handler lets requests through that authenticate, with their [Principal] in the
// context ([From]), and answers all others.
//
// A CORS preflight request passes without credentials and without a principal,
// since a browser sends none with it (Fetch, "CORS-preflight fetch"): OPTIONS with
// an Origin and an Access-Control-Request-Method that are not empty, and without
// Authorization. Any other OPTIONS is authenticated. Whoever likes can send one, so
// a handler must not answer OPTIONS as it answers GET: patterns with a method ("GET
// /v1/orders") see to that, and so does CORS further up.
//
// It does not protect what is mounted beside it: on http.ServeMux a pattern that
// is more specific than the wrapped one ("DELETE /v1/orders/{id}" beside "/v1/")
// escapes the wrapper. Wrap the whole mux, or use [Authenticator.Require] on each
// route.
func (a *Authenticator) Handler(next http.Handler) http.Handler {
	return a.middleware(next, nil, false)
}

// Optional is [Authenticator.Handler] for a resource that is open to all and shows
// more to some: without credentials a request passes as nobody. Credentials that do
// not hold are answered as on any other route.
func (a *Authenticator) Optional(next http.Handler) http.Handler {
	return a.middleware(next, nil, true)
}

func (a *Authenticator) middleware(next http.Handler, rule *rule, optional bool) http.Handler {
	vary := a.vary
	if optional {
		vary = append([]string{"Authorization"}, vary...)
	}
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if isPreflight(r) {
			next.ServeHTTP(w, withoutPrincipal(r))
			return
		}
		if len(vary) > 0 {
			addVary(w.Header(), vary)
		}
		res := a.verify(r, rule, optional)
		if res.nonce != "" {
			a.handOut(w.Header(), res.nonce)
		}
		if a.vary != nil && res.principal != nil && a.fieldOfItsOwn(res.principal.Scheme) && w.Header()["Cache-Control"] == nil {
			// RFC 9111 §3.5 keeps shared caches from what Authorization gave alone.
			w.Header()["Cache-Control"] = private
		}
		if res.nonce != "" || res.err != nil {
			a.exposeTo(w.Header())
		}
		if res.err != nil {
			a.options.Problems.Write(w, r, res.err)
			return
		}
		switch {
		case res.absent:
			r = withoutPrincipal(r)
		case !res.known:
			r = r.WithContext(&identity{r.Context(), a, res.principal})
		}
		next.ServeHTTP(w, r)
	})
}

// fieldOfItsOwn: credentials of the scheme do not come in Authorization.
func (a *Authenticator) fieldOfItsOwn(scheme string) bool {
	for i := range a.methods {
		if m := &a.methods[i]; m.header != "" && m.scheme == scheme {
			return true
		}
	}
	return false
}

var private = []string{"private"} // shared by all answers; nobody writes to it

// withoutPrincipal hides a principal from further up, which nobody here vouches for.
func withoutPrincipal(r *http.Request) *http.Request {
	if r.Context().Value(identityKey{}) == nil {
		return r
	}
	return r.WithContext(&identity{Context: r.Context()})
}

// exposeTo adds to what scripts of other origins may read. What is there already is
// somebody else's, and may be shared by all requests.
func (a *Authenticator) exposeTo(h http.Header) {
	if a.expose != "" {
		lines := h["Access-Control-Expose-Headers"]
		h["Access-Control-Expose-Headers"] = append(lines[:len(lines):len(lines)], a.expose)
	}
}

// isPreflight tells a CORS preflight request from any other OPTIONS.
func isPreflight(r *http.Request) bool {
	return r.Method == http.MethodOptions && r.Header["Authorization"] == nil &&
		r.Header.Get("Origin") != "" && r.Header.Get("Access-Control-Request-Method") != ""
}

func addVary(h http.Header, names []string) {
	h["Vary"] = []string{httpfield.MergeVary(h["Vary"], names...)}
}

// Ready asks what credentials are checked with whether it can serve, and returns
// all that is wrong: for a readiness probe. It asks
//
//   - each [KeySource], [UserStore], [APIKeyStore] and [ReplayStore] that has a
//     method Ready(context.Context) error;
//   - of ours, [JWKS] and [Discover], which fetch keys where they have none
//     ([RemoteKeys.Ready]), and [FirstOf];
//   - the endpoint of an [Introspection], about a token that is none.
//
// It does not ask [Options].Revoked and [Custom] schemes.
func (a *Authenticator) Ready(ctx context.Context) error {
	var errs []error
	for _, probe := range a.probes {
		errs = append(errs, probe(ctx))
	}
	return errors.Join(errs...)
}

// readier is what can tell whether it is ready.
type readier interface{ Ready(context.Context) error }

// probe has Ready ask a source or a store that can tell.
func (a *Authenticator) probe(v any) {
	if r, ok := v.(readier); ok {
		a.probes = append(a.probes, r.Ready)
	}
}
