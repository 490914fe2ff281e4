package authn

import (
	"context"
	"crypto/x509"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"time"

	"github.com/forthright-http/forthright/internal/httpfield"
	"github.com/forthright-http/forthright/problem"
)

// Options are the settings of an [Authenticator]. Schemes is required.
type Options struct {
	// Schemes are the ways to authenticate; a request uses one of them. There
	// may be several [JWT] (one for each issuer), and one of each other kind
	// of token; of the rest, one for each scheme name and header field.
	//
	// Where a request has several credentials, those in Authorization count,
	// whatever its scheme is, taken here or not. Without Authorization it is the
	// fields of [APIKey] and [Custom] schemes in the order of Schemes: the first
	// that has credentials counts. The others are not looked at, be they good or
	// bad. A field that is empty is as one that is not there.
	Schemes []Scheme
	// Realm is the protection space that challenges name (RFC 9110 §11.5), by
	// default "api".
	Realm string
	// Problems writes the refusals. By default a writer with the defaults.
	Problems *problem.Writer
	// Metadata describes this service as a protected resource (RFC 9728): it is
	// served by [Authenticator.Metadata], and the challenges for tokens name its
	// URL as "resource_metadata". By default there is none.
	Metadata *Metadata
	// Leeway is how far the clocks of this service and of an issuer may be
	// apart, for exp, nbf and iat. By default 10 s; negative: none at all; at
	// most 5 minutes.
	Leeway time.Duration
	// MaxToken is the size in bytes beyond which a token is refused unread, by
	// default 16 KiB.
	MaxToken int
	// Revoked tells whether credentials that hold otherwise were taken back. It
	// is asked for each request, also where a cache knows the token. An error
	// answers 503.
	Revoked func(context.Context, Principal) (bool, error)
	// RetryAfter is what a 503 says where its cause does not know better, by
	// default 5 s.
	RetryAfter time.Duration
	// Certificate returns the client certificate of a request, nil for none: for
	// tokens that are bound to one (RFC 8705 §3). By default that of the TLS
	// connection. A service behind a proxy that ends TLS reads it from a field
	// that only the proxy can set.
	Certificate func(*http.Request) *x509.Certificate
	// Expose adds WWW-Authenticate to Access-Control-Expose-Headers on refusals
	// (and DPoP-Nonce where the [DPoP] scheme has Nonces), so that scripts of other
	// origins can read them.
	Expose bool
	// OnDecision is called for each decision, for metrics and audits.
	OnDecision func(Event)
	// Now is the clock, time.Now by default.
	Now func() time.Time
}

// Event tells of one decision.
type Event struct {
	Request *http.Request
	// Reason is [Accepted], or why the request was refused.
	Reason Reason
	// Scheme is the authentication scheme that was used, "" where there was none.
	Scheme string
	// Principal is who asks, where that is known: also for a refusal of
	// [Authenticator.Require], and of credentials that were taken back.
	Principal Principal
	// Err is the cause of a refusal, where there is one. It is not for clients.
	Err error
}

// Scheme is a way to authenticate: [JWT], [Introspection], [DPoP], [Basic],
// [APIKey] or [Custom].
type Scheme interface {
	// build checks the settings and adds the scheme to the authenticator.
	build(*Authenticator) error
}

const (
	defaultRealm      = "api"
	defaultLeeway     = 10 * time.Second
	maxLeeway         = 5 * time.Minute
	defaultMaxToken   = 16 << 10
	defaultRetryAfter = 5 * time.Second
)

// New makes an [Authenticator]. It returns an error for settings that are wrong or
// would leave a hole: no scheme, an empty issuer, audience or list of algorithms,
// a key that is too short, a scheme twice.
//
// It does not ask any key source or store: what is down when a service starts is
// answered by 503 until it is back. [Authenticator.Ready] asks.
func New(o Options) (*Authenticator, error) {
	a := &Authenticator{options: o}
	if err := a.setDefaults(); err != nil {
		return nil, err
	}
	if len(o.Schemes) == 0 {
		return nil, errors.New("authn: there is no scheme")
	}
	for i, s := range o.Schemes {
		if s == nil {
			return nil, fmt.Errorf("authn: scheme %d is nil", i)
		}
		if err := s.build(a); err != nil {
			return nil, fmt.Errorf("authn: scheme %d (%T): %w", i, s, err)
		}
	}
	if err := a.tokens.check(); err != nil {
		return nil, err
	}
	if err := a.describe(); err != nil {
		return nil, err
	}
	if err := a.makeRefusals(); err != nil {
		return nil, err
	}
	return a, nil
}

func (a *Authenticator) setDefaults() error {
	o := &a.options
	if o.Realm == "" {
		o.Realm = defaultRealm
	}
	if !httpfield.ValidValue(o.Realm) {
		return errors.New("authn: the realm has characters that a field cannot have")
	}
	if o.Problems == nil {
		o.Problems = new(problem.Writer)
	}
	switch {
	case o.Leeway == 0:
		o.Leeway = defaultLeeway
	case o.Leeway < 0:
		o.Leeway = 0
	case o.Leeway > maxLeeway:
		return fmt.Errorf("authn: a leeway of %v is more than %v", o.Leeway, maxLeeway)
	}
	if o.MaxToken == 0 {
		o.MaxToken = defaultMaxToken
	}
	if o.MaxToken < 0 {
		return errors.New("authn: MaxToken is negative")
	}
	if o.RetryAfter == 0 {
		o.RetryAfter = defaultRetryAfter
	}
	if o.RetryAfter < 0 {
		return errors.New("authn: RetryAfter is negative")
	}
	if o.Now == nil {
		o.Now = time.Now
	}
	o.Schemes = slices.Clone(o.Schemes)
	return nil
}
