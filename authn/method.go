package authn

import (
	"errors"
	"fmt"
	"net/http"

	"github.com/forthright-http/forthright/internal/httpfield"
)

// addMethod adds a scheme that is not about tokens, whose settings are all right
// by themselves. Names and fields are compared without regard to case.
func (a *Authenticator) addMethod(m method) error {
	for i := range a.methods {
		other := &a.methods[i]
		switch {
		case httpfield.EqualFold(other.scheme, m.scheme):
			return fmt.Errorf("there are two schemes with the name %s", m.scheme)
		case m.header != "" && httpfield.EqualFold(other.header, m.header):
			return fmt.Errorf("there are two schemes for the field %s", m.header)
		}
	}
	m.challenge.Scheme = m.scheme
	m.challenge.Params = append([]httpfield.Param{{Name: "realm", Value: a.options.Realm}}, m.challenge.Params...)
	a.methods = append(a.methods, m)
	return nil
}

// checkOwnScheme: a scheme of one's own has a name that is none of this package's.
func checkOwnScheme(name string) error {
	if !httpfield.IsToken(name) {
		return errors.New("the name of the scheme is not a token (RFC 9110 §11.1)")
	}
	for _, taken := range [...]string{schemeBasic, schemeBearer, schemeDPoP} {
		if httpfield.EqualFold(name, taken) {
			return fmt.Errorf("the name of the scheme is %s, which is another scheme's", taken)
		}
	}
	return nil
}

// ownHeader returns the name of a field for credentials as [http.Header] has it.
func ownHeader(name string) (string, error) {
	if !httpfield.ValidName(name) {
		return "", errors.New("the name of the field is not a token (RFC 9110 §5.1)")
	}
	for _, other := range [...]string{
		"Authorization", // without a Header, that is where credentials are
		"Proxy-Authorization", "DPoP",
		"Host", "Transfer-Encoding", "Trailer", // net/http takes them out of the header
	} {
		if httpfield.EqualFold(name, other) {
			return "", fmt.Errorf("%s cannot be the field of a scheme's own credentials", other)
		}
	}
	return http.CanonicalHeaderKey(name), nil
}

// errSentTwice is the cause of a refusal.
var errSentTwice = errors.New("the field was sent more than once")
