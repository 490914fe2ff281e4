package authn

import (
	"errors"
	"fmt"
	"reflect"
	"strings"
	"unicode"

	"github.com/forthright-http/forthright/internal/jsonx"
)

// claimsInto returns a function that decodes a payload, or nil for [NoClaims].
func claimsInto[C any]() (func([]byte) (any, error), error) {
	if _, none := any(*new(C)).(NoClaims); none {
		return nil, nil
	}
	decoder, err := newDecoder[C]()
	if err != nil {
		return nil, fmt.Errorf("the claims' type: %w", err)
	}
	names := namesOf(reflect.TypeFor[C]())
	if err := claimNames.clash(names); err != nil {
		return nil, fmt.Errorf("the claims' type: %w", err)
	}
	return func(payload []byte) (any, error) {
		claims := new(C)
		if faults := decoder.Decode(payload, claims); faults != nil {
			return nil, faultError(faults[0])
		}
		if fault, name := names.check(payload); fault == nameVariant {
			return nil, variantError(fault, name)
		}
		if v, ok := any(claims).(interface{ Validate() error }); ok {
			if err := v.Validate(); err != nil {
				return nil, err
			}
		}
		return claims, nil
	}, nil
}

// faultError says where the claims do not fit, and not what they are.
func faultError(f jsonx.Fault) error {
	return fmt.Errorf("the claims do not decode: %s at %q", f.Code, f.Pointer)
}

// checkWho: a token is somebody's, by a subject or a client (RFC 9068 §2.2), whose
// names can be written in a line of a log.
func (c *registeredClaims) checkWho() error {
	if c.Subject == "" && c.Client == "" && c.Party == "" {
		return refuse(ClaimsWrong, errNobody)
	}
	for _, name := range [...]string{c.Subject, c.Client, c.Party} {
		if strings.ContainsFunc(name, unicode.IsControl) {
			return refuse(ClaimsWrong, errControl)
		}
	}
	return nil
}

var (
	errNobody  = errors.New("the token has neither sub nor client_id (RFC 9068 §2.2)")
	errControl = errors.New("sub, client_id or azp has a control character")
)
