package authn

import (
	"errors"
	"net/http"
	"strings"

	"github.com/forthright-http/forthright/internal/httpfield"
)

// Custom is a scheme of your own: signed requests, a session cookie, the field of
// an old client.
//
//	authn.Custom{Scheme: "Session", Header: "Cookie", Verify: func(r *http.Request, _ string) (authn.Principal, error) {
//		c, err := r.Cookie("session")
//		if err != nil {
//			return authn.Principal{}, authn.ErrNoCredentials
//		}
//		s, err := sessions.Find(r.Context(), c.Value)
//		if errors.Is(err, session.ErrNotFound) {
//			return authn.Principal{}, authn.ErrRefused
//		}
//		return authn.Principal{Subject: s.User}, err
//	}}
//
// A browser sends cookies with requests that other sites cause. Where they are
// taken, put http.CrossOriginProtection above.
type Custom struct {
	// Scheme is the name in the challenge, a token (RFC 9110 §11.1). It is required,
	// and none of Basic, Bearer and DPoP.
	Scheme string
	// Header is the field that carries the credentials. By default they are in
	// Authorization, after the scheme's name.
	Header string
	// Params are those of the challenge, after the realm.
	Params []Param
	// Verify decides who sent a request. It gets what follows the scheme's name in
	// Authorization, or the value of the Header. A Header on several lines is
	// refused, but for Cookie, whose lines are one value with "; " between (RFC
	// 9113 §8.2.3).
	//
	// The Principal's Scheme is set to the Scheme above. It must have a Subject or a
	// Client: nobody, without an error, is a mistake of Verify, which is answered by
	// 503 and logged. A Header that is empty is not there, and Verify not asked.
	//
	// [ErrRefused], itself or wrapped, is answered by 401, and [ErrNoCredentials]
	// as if the Header were not there. Any other error says that Verify could not
	// decide, and is answered by 503: an outage must not look like bad
	// credentials. Errors are logged, and never reach the client.
	Verify func(r *http.Request, credentials string) (Principal, error)
}

// ErrRefused says that the credentials of a [Custom] scheme do not hold.
var ErrRefused = errors.New("authn: the credentials do not hold")

// ErrNoCredentials says that the field of a [Custom] scheme has no credentials in
// it, such as Cookie without the cookie of a session. Other schemes are tried then.
var ErrNoCredentials = errors.New("authn: there are no credentials")

var errCustomNobody = errors.New("Verify of the Custom scheme returned a principal without a subject and a client, and no error")

func (c Custom) build(a *Authenticator) error {
	if c.Verify == nil {
		return errors.New("there is no function Verify")
	}
	if err := checkOwnScheme(c.Scheme); err != nil {
		return err
	}
	m := method{scheme: c.Scheme, verify: c.verify, revoked: CustomRefused}
	if c.Header != "" {
		var err error
		if m.header, err = ownHeader(c.Header); err != nil {
			return err
		}
	}
	for _, p := range c.Params {
		if httpfield.EqualFold(p.Name, "realm") {
			return errors.New("the realm is that of the Options")
		}
		m.challenge.Params = append(m.challenge.Params, httpfield.Param(p))
	}
	return a.addMethod(m)
}

func (c Custom) verify(r *http.Request, credentials []string) (Principal, error) {
	if len(credentials) > 1 && !httpfield.EqualFold(c.Header, "Cookie") {
		return Principal{}, refuse(CustomRefused, errSentTwice)
	}
	p, err := c.Verify(r, strings.Join(credentials, "; "))
	switch {
	case err == nil && p.Subject == "" && p.Client == "":
		return Principal{}, refuse(CustomUnavailable, errCustomNobody)
	case err == nil:
		return p, nil
	case errors.Is(err, ErrNoCredentials) && c.Header != "":
		return Principal{}, ErrNoCredentials // as it is, for withoutAuthorization
	case errors.Is(err, ErrRefused), errors.Is(err, ErrNoCredentials):
		return Principal{}, refuse(CustomRefused, err)
	}
	return Principal{}, refuse(CustomUnavailable, err)
}
