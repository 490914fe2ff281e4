package authn

import (
	"context"
	"errors"
	"net/http"
	"net/url"
	"strings"

	"github.com/forthright-http/forthright/internal/httpfield"
)

const (
	schemeBearer = "Bearer"
	schemeDPoP   = "DPoP"
	schemeBasic  = "Basic"
)

// tokens takes access tokens, by the Bearer scheme and, where there is a [DPoP],
// by that.
type tokens struct {
	bearerBit, dpopBit uint

	issuers map[string]tokenVerifier // JWTs, by issuer
	opaque  tokenVerifier            // introspection
	caches  []*tokenCache            // of JWTs that were verified before
	dpop    *dpop
}

// tokenVerifier decides whether a token holds by itself. How it was sent is for
// the caller.
type tokenVerifier interface {
	// verify gets the token as it was sent and, for a JWT, its parts.
	verify(ctx context.Context, raw string, jwt *parsedJWT) (verified, error)
}

// verified is a token that holds.
type verified struct {
	principal Principal
	// confirm is what the token is bound to, nil for a bearer token (RFC 7800).
	confirm *confirmation
}

// confirmation is the "cnf" of a token, as far as it is known here.
type confirmation struct {
	key         string // jkt: the thumbprint of a DPoP key (RFC 9449 §6.1)
	certificate string // x5t#S256: that of a client certificate (RFC 8705 §3.1)
}

// taken: there is a scheme for tokens.
func (t *tokens) taken() bool { return t.issuers != nil || t.opaque != nil }

func (t *tokens) addIssuer(issuer string, v tokenVerifier) error {
	if t.issuers[issuer] != nil {
		return errors.New("there are two JWT schemes for one issuer")
	}
	if t.issuers == nil {
		t.issuers = map[string]tokenVerifier{}
	}
	t.issuers[issuer] = v
	return nil
}

func (t *tokens) check() error {
	if t.dpop != nil && !t.taken() {
		return errors.New("authn: DPoP without a JWT or Introspection scheme, whose tokens it is about")
	}
	return nil
}

// challenges are those for tokens; Bearer comes first.
func (t *tokens) challenges(a *Authenticator) (list []httpfield.Challenge) {
	if !t.taken() {
		return nil
	}
	realm := httpfield.Param{Name: "realm", Value: a.options.Realm}
	var metadata []httpfield.Param
	if m := a.options.Metadata; m != nil {
		metadata = []httpfield.Param{{Name: "resource_metadata", Value: m.URL()}}
	}
	if t.dpop == nil || !t.dpop.required {
		t.bearerBit = 1
		list = append(list, httpfield.Challenge{Scheme: schemeBearer, Params: append([]httpfield.Param{realm}, metadata...)})
	}
	if t.dpop != nil {
		t.dpopBit = 1 << len(list)
		algs := httpfield.Param{Name: "algs", Value: strings.Join(t.dpop.algorithms, " ")}
		list = append(list, httpfield.Challenge{Scheme: schemeDPoP, Params: append([]httpfield.Param{realm, algs}, metadata...)})
	}
	return list
}

// token verifies what Authorization holds after Bearer or DPoP.
func (a *Authenticator) token(r *http.Request, line string, used uint) (result, uint) {
	raw, v, err := a.holds(r, line)
	if err != nil {
		return result{err: err}, used
	}
	if c := v.confirm; c != nil && c.certificate != "" {
		if err := a.checkCertificate(r, c.certificate); err != nil {
			return result{err: err}, used
		}
	}
	if used == a.tokens.dpopBit {
		nonce, err := a.tokens.dpop.check(r, raw, v.confirm)
		p := v.principal
		p.Scheme = schemeDPoP
		return result{principal: &p, err: err, nonce: nonce}, used
	}
	if v.confirm != nil && v.confirm.key != "" {
		return result{err: refuse(BoundToKey, nil)}, used
	}
	return result{principal: &v.principal}, used
}

// holds returns the token and what it says, where it holds by itself. One that is
// remembered was read before.
func (a *Authenticator) holds(r *http.Request, line string) (raw string, v *verified, err error) {
	inQuery := tokenInQuery(r)
	_, raw, _ = strings.Cut(line, " ")
	var key tokenKey
	if a.tokens.caches != nil && len(raw) <= a.options.MaxToken && !inQuery {
		key = tokenKeyOf(raw)
		for _, c := range a.tokens.caches {
			if v := c.get(&key); v != nil {
				return raw, v, nil
			}
		}
	}
	credentials, err := httpfield.ParseCredentials(line)
	switch {
	case err != nil || credentials.Token68 == "":
		return "", nil, refuse(TokenFieldMalformed, nil)
	case inQuery:
		return "", nil, refuse(TokenSentTwice, nil)
	case len(credentials.Token68) > a.options.MaxToken:
		return "", nil, refuse(TokenTooLong, nil)
	case credentials.Token68 != raw: // there is space around it
		raw = credentials.Token68
		key = tokenKeyOf(raw)
	}
	held, err := a.tokens.verify(r.Context(), raw, key)
	if err != nil {
		return "", nil, err
	}
	v = new(verified)
	*v = held
	return raw, v, nil
}

// verify hands a token to who can tell: a JWT to the scheme of its issuer, all
// others to introspection.
func (t *tokens) verify(ctx context.Context, raw string, key tokenKey) (verified, error) {
	if t.issuers == nil {
		return t.opaque.verify(ctx, raw, nil)
	}
	jwt, err := parseJWT(raw)
	if err == nil {
		jwt.key = key
		if v := t.issuers[jwt.claims.Issuer]; v != nil {
			return v.verify(ctx, raw, jwt)
		}
		err = refuse(IssuerWrong, nil)
	}
	if t.opaque != nil {
		return t.opaque.verify(ctx, raw, nil)
	}
	return verified{}, err
}

// tokenInQuery reports whether the query has a parameter access_token (RFC 6750
// §2.3), also where its name is percent-encoded.
func tokenInQuery(r *http.Request) bool {
	const name = "access_token"
	for rest := r.URL.RawQuery; rest != ""; {
		var pair string
		pair, rest, _ = strings.Cut(rest, "&")
		key, _, _ := strings.Cut(pair, "=")
		if key == name {
			return true
		}
		if strings.Contains(key, "%") {
			if plain, err := url.QueryUnescape(key); err == nil && plain == name {
				return true
			}
		}
	}
	return false
}
