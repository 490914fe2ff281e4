package authn

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"

	"golang.org/x/text/unicode/norm"
)

// UserStore is where [Basic] finds users: [Users], or a table of your own.
type UserStore interface {
	// User returns the user with exactly this name. It returns [ErrNoUser] where
	// it knows that there is none: that is answered by 401. Any other error says
	// that it cannot tell, and is answered by 503.
	//
	// It is called for each request, also where [Basic.Remember] is set: a user
	// that is removed, and a hash that is changed, count at once. The name is
	// UTF-8 without control characters and colons, and may be empty.
	User(ctx context.Context, name string) (User, error)
}

// ErrNoUser is what a [UserStore] returns for a name that nobody has.
var ErrNoUser = errors.New("authn: there is no user of this name")

// User is who has a name and a password.
type User struct {
	// Hash is that of the password: what [HashPassword] makes, argon2id in the
	// PHC string format with at most 256 MiB, or bcrypt ($2a$, $2b$, $2y$) with a
	// cost of at most 16. A hash beyond that is answered by 503, and logged. A
	// user without one cannot come in by a password, and is answered like one
	// that does not exist.
	Hash string
	// Subject is the [Principal]'s, by default the user's name.
	Subject string
	// Issuer is the Principal's. Where it is the issuer of tokens, a user owns
	// the same things by a password as by a token. All users, and all API keys
	// ([APIKeyOwner]), without an Issuer share one namespace of owners: the user
	// "ana" and a key with the subject "ana" own the same things. Where they are not
	// the same, give each store an Issuer of its own.
	Issuer string
	// Scopes are what the user may do.
	Scopes []string
	// ACR is what the password counts as, for a route that demands one of several
	// ways to authenticate ([ACR]).
	ACR string
}

// Users are users that are known when the service starts, by their names. [New]
// checks them, and keeps a copy.
type Users map[string]User

// User returns the user with this name.
func (u Users) User(_ context.Context, name string) (User, error) {
	user, ok := u[name]
	if !ok {
		return User{}, ErrNoUser
	}
	return user, nil
}

// names are in order, so that all that is made from them is the same each time.
func (u Users) names() []string { return slices.Sorted(maps.Keys(u)) }

// copied checks the users and returns a copy.
func (u Users) copied() (Users, error) {
	if len(u) == 0 {
		return nil, errors.New("there are no users")
	}
	out := make(Users, len(u))
	for _, name := range u.names() {
		user := u[name]
		if name == "" || strings.Contains(name, ":") || !isUserText(name) || !norm.NFC.IsNormalString(name) {
			return nil, fmt.Errorf("the user name %q is empty, has a colon or a control character, or is not UTF-8 in Normalization Form C (RFC 7617 §2)", name)
		}
		if _, err := parseHash(user.Hash); err != nil {
			return nil, fmt.Errorf("user %q: %w", name, err)
		}
		if err := checkIssuer(user.Issuer); err != nil {
			return nil, fmt.Errorf("user %q: %w", name, err)
		}
		if err := checkOwnScopes(user.Scopes); err != nil {
			return nil, fmt.Errorf("user %q: %w", name, err)
		}
		user.Scopes = slices.Clone(user.Scopes)
		out[name] = user
	}
	return out, nil
}

// checkIssuer: no token has an issuer with a space, so that one is a mistake.
func checkIssuer(issuer string) error {
	if strings.ContainsAny(issuer, " \t\r\n") {
		return errors.New("the issuer has a space")
	}
	return nil
}

// checkOwnScopes: somebody may have no scopes at all.
func checkOwnScopes(scopes []string) error {
	if len(scopes) == 0 {
		return nil
	}
	return checkScopes(scopes)
}
