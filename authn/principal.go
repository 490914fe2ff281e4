package authn

import (
	"context"
	"log/slog"
	"net/http"
	"slices"
	"strings"
	"time"
)

// Principal is who sent a request, whatever the scheme was. The zero value is
// nobody.
//
// An owner is Issuer and Subject together: a subject alone says nothing, since
// two issuers may use the same one. [Principal.Owner] is both as one string.
type Principal struct {
	// Scheme is the authentication scheme as its challenge names it: "Bearer",
	// "DPoP", "Basic", or that of an [APIKey] or a [Custom] scheme.
	Scheme string
	// Issuer is the "iss" of a token. For users and API keys it is what their
	// store says, "" by default.
	Issuer string
	// Subject is the "sub" of a token, or the user's or the key's subject.
	//
	// It is "" for a token that names a client alone, which some servers issue to a
	// client that acts for itself (RFC 9068 §2.2 demands a "sub" even then). Such a
	// principal has no [Principal.Owner], and [Subject] knows nobody: what you key
	// by owner, key by Issuer and Client for it, or refuse it by [Allow].
	Subject string
	// Client is the "client_id" of a token, or its "azp" where it has none.
	Client string
	// Scopes are what the credentials may be used for: of a token the claim "scope",
	// a string with spaces between (RFC 8693 §4.2) or an array; where there is no
	// "scope", "scp" in the same forms.
	Scopes []string
	// AuthTime is when the user authenticated ("auth_time", RFC 9470 §6.1): for
	// Basic the time of the request, for an API key the zero time.
	AuthTime time.Time
	// ACR is how strongly (the "acr" of a token).
	ACR string
	// Expires is when the credentials end ("exp"), the zero time where they
	// do not.
	Expires time.Time
	// TokenID is the "jti" of a token.
	TokenID string

	owner  string
	claims any
}

// Known reports whether p is somebody: it is false for the zero value, which a
// request without credentials has below [Authenticator.Optional].
func (p Principal) Known() bool { return p.Scheme != "" }

// Has reports whether p has the scope.
func (p Principal) Has(scope string) bool { return slices.Contains(p.Scopes, scope) }

// Owner is Issuer and Subject as one string, with a space between them, stable
// over time: for a column "owner", a cache key, a partition key. No two pairs have
// the same: a space or "%" in an issuer, which is rare, is percent-encoded. It is
// "" for nobody, and for a principal without a subject.
func (p Principal) Owner() string {
	switch n := len(p.Issuer); {
	case p.Subject == "":
		return ""
	case strings.ContainsAny(p.Issuer, " %"):
		return ownerEscaper.Replace(p.Issuer) + " " + p.Subject
	case len(p.owner) == n+1+len(p.Subject) && p.owner[:n] == p.Issuer && p.owner[n] == ' ' && p.owner[n+1:] == p.Subject:
		return p.owner // made when the principal was, and still true
	}
	return p.Issuer + " " + p.Subject
}

var ownerEscaper = strings.NewReplacer(" ", "%20", "%", "%25")

// LogValue shows scheme, issuer, subject and client in a log, and nothing of the
// credentials.
func (p Principal) LogValue() slog.Value {
	attrs := make([]slog.Attr, 0, 4)
	names := p.names()
	for _, a := range append([]slog.Attr{slog.String("scheme", p.Scheme)}, names[:]...) {
		if a.Value.String() != "" {
			attrs = append(attrs, a)
		}
	}
	return slog.GroupValue(attrs...)
}

// names tell a log who p is.
func (p *Principal) names() [3]slog.Attr {
	return [3]slog.Attr{slog.String("issuer", p.Issuer), slog.String("subject", p.Subject), slog.String("client", p.Client)}
}

// Claims returns the claims of a principal's token, of the type that its [JWT] or
// [Introspection] was given. It returns false where p has none of that type: the
// type must be the same, so that Claims[*T] finds nothing of a JWT[T].
func Claims[T any](p Principal) (T, bool) {
	claims, ok := p.claims.(*T)
	if !ok {
		var none T
		return none, false
	}
	return *claims, true
}

// WithClaims returns p with claims that [Claims] finds: for a [Custom] scheme, and
// for tests.
func WithClaims[T any](p Principal, claims T) Principal {
	p.claims = &claims
	return p
}

// From returns who sent the request with this context, and nobody where no
// [Authenticator.Handler] or [Authenticator.Require] is above.
func From(ctx context.Context) Principal {
	if id, ok := ctx.Value(identityKey{}).(*identity); ok {
		return id.principal.given()
	}
	return Principal{}
}

// given is a copy for others: several requests may share p, and each may change what
// it gets.
func (p *Principal) given() Principal {
	if p == nil {
		return Principal{}
	}
	out := *p
	out.Scopes = slices.Clone(p.Scopes)
	return out
}

// Subject returns the Owner of who sent the request, and false for nobody. It is
// made to be handed to others: as the partition key of a rate limit, as the owner
// of a job.
func Subject(r *http.Request) (owner string, ok bool) {
	if id, found := r.Context().Value(identityKey{}).(*identity); found && id.principal != nil {
		owner = id.principal.Owner()
	}
	return owner, owner != ""
}

// NewContext returns a context that has p as its principal: for tests of handlers
// that call [From]. An [Authenticator] does not take its word.
func NewContext(ctx context.Context, p Principal) context.Context {
	return &identity{Context: ctx, principal: &p}
}

// identity is a context of its own, which costs one allocation. auth is who
// verified it, and binds the result to that one.
type identity struct {
	context.Context
	auth      *Authenticator
	principal *Principal // not changed; nil for nobody
}

type identityKey struct{}

func (id *identity) Value(key any) any {
	if key == (identityKey{}) {
		return id
	}
	return id.Context.Value(key)
}
