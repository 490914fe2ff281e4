package authn

import (
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"encoding/binary"
	"errors"
	"fmt"
	"net/http"
	"runtime"
	"slices"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/forthright-http/forthright/internal/httpfield"
)

// Basic takes user names and passwords by the Basic scheme (RFC 7617). Use it
// behind TLS alone: the password is in each request as it is (§4).
//
//	authn.Basic{Users: authn.Users{"ana": {Hash: "$argon2id$v=19$...", Scopes: []string{"orders:read"}}}}
//
// Every failure has one answer, the same bytes, and a name that nobody has costs
// the work of a password that is wrong. The reason is in the log alone.
//
// The challenge asks for UTF-8, and so for Normalization Form C (§2.1). What comes
// is compared as it came, byte by byte: keep names in that form. [HashPassword]
// sees to it for passwords. Credentials that are not UTF-8 are refused.
//
// A good password counts as a login at the time of the request ([MaxAge]).
//
// A hash takes some 25 ms and 19 MiB. Hashes and Waiting bound what a flood can
// take, but those who wait behind it get 503: limit failures by address before.
type Basic struct {
	// Users is where users are found. It is required.
	Users UserStore
	// Decoys are hashes of the kinds and costs that the store's users have. A name
	// that nobody has costs the work of one of them, always the same one for a
	// name, so that time does not tell it from a name that somebody has. By default
	// they are the hashes of [Users], and for another store one as [HashPassword]
	// makes them: set it where a store has others. Keep them secret, and the same
	// on all instances.
	Decoys []string
	// Hashes is how many passwords are checked at once, by default GOMAXPROCS.
	Hashes int
	// Waiting is how many requests may wait for that. Beyond it the answer is 503.
	// By default 64 times Hashes; negative: none waits.
	Waiting int
	// Remember is how long a good password need not be hashed again, at most 5
	// minutes. By default each request costs a hash. The store is asked all the
	// same. At most 10,000 are remembered, by a keyed hash of name, password and
	// the user's hash.
	//
	// Who is remembered need not wait for a turn either, and so is served while a
	// flood of wrong passwords takes all Hashes and Waiting.
	Remember time.Duration
}

const (
	maxRemember    = 5 * time.Minute
	maxBasic       = 4 << 10 // bytes of credentials, in base64
	maxPassword    = 2000    // bytes, which leaves as many for a name
	waitingPerHash = 64
)

func (b Basic) build(a *Authenticator) error {
	v, err := b.verifier(a)
	if err != nil {
		return err
	}
	return v.add(a)
}

// basicVerifier is Basic with its settings checked.
type basicVerifier struct {
	users    UserStore
	decoys   []passwordHash
	decoyKey [sha256.Size]byte
	turns    *turns
	known    *remembered
	now      func() time.Time
	matches  func(passwordHash, string) bool
}

func (b Basic) verifier(a *Authenticator) (*basicVerifier, error) {
	v := &basicVerifier{users: b.Users, now: a.options.Now, matches: passwordHash.matches}
	if b.Users == nil {
		return nil, errors.New("there is no store of users")
	}
	decoys := b.Decoys
	if users, ok := b.Users.(Users); ok {
		users, err := users.copied()
		if err != nil {
			return nil, err
		}
		v.users = users
		if decoys == nil {
			for _, name := range users.names() {
				decoys = append(decoys, users[name].Hash)
			}
		}
	}
	if err := v.setDecoys(decoys); err != nil {
		return nil, err
	}
	if b.Hashes == 0 {
		b.Hashes = runtime.GOMAXPROCS(0)
	}
	if b.Hashes < 0 {
		return nil, errors.New("the number of Hashes is negative")
	}
	if b.Waiting == 0 {
		b.Waiting = waitingPerHash * b.Hashes
	}
	v.turns = newTurns(b.Hashes, max(b.Waiting, 0))
	if b.Remember < 0 || b.Remember > maxRemember {
		return nil, fmt.Errorf("the time in Remember is negative or more than %v", maxRemember)
	}
	v.known = newRemembered(b.Remember)
	return v, nil
}

// setDecoys makes the choice among the decoys depend on the decoys alone: it is the
// same after a restart and on another instance, where a change would tell a name
// that nobody has, and nobody outside can foresee it.
func (v *basicVerifier) setDecoys(hashes []string) error {
	if len(hashes) == 0 {
		v.decoys = []passwordHash{decoyHash()}
	}
	sum := sha256.New()
	for i, s := range hashes {
		h, err := parseHash(s)
		if err != nil {
			return fmt.Errorf("decoy %d: %w", i, err)
		}
		v.decoys = append(v.decoys, h)
		sum.Write([]byte(s + "\n"))
	}
	sum.Sum(v.decoyKey[:0])
	return nil
}

func (v *basicVerifier) add(a *Authenticator) error {
	a.probe(v.users)
	return a.addMethod(method{
		scheme:    schemeBasic,
		challenge: httpfield.Challenge{Params: []httpfield.Param{{Name: "charset", Value: "UTF-8"}}},
		verify:    v.verify,
		revoked:   UserRevoked,
	})
}

func (v *basicVerifier) verify(r *http.Request, credentials []string) (Principal, error) {
	ctx := r.Context()
	name, password, ok := cutUserPass(credentials[0])
	if !ok {
		return Principal{}, refuse(BasicMalformed, nil)
	}
	if !isUserText(name) || !isUserText(password) {
		return Principal{}, v.refuse(ctx, BasicMalformed, name, password)
	}
	user, err := v.users.User(ctx, name)
	switch {
	case errors.Is(err, ErrNoUser), err == nil && user.Hash == "":
		return Principal{}, v.refuse(ctx, UserUnknown, name, password)
	case err != nil:
		return Principal{}, refuse(UsersUnavailable, err)
	}
	if err := v.check(ctx, name, password, user.Hash); err != nil {
		return Principal{}, err
	}
	p := Principal{Issuer: user.Issuer, Subject: user.Subject, Scopes: slices.Clone(user.Scopes), ACR: user.ACR, AuthTime: v.now()}
	if p.Subject == "" {
		p.Subject = name
	}
	return p, nil
}

// check holds the password against a user's hash.
func (v *basicVerifier) check(ctx context.Context, name, password, hash string) error {
	h, err := parseHash(hash)
	if err != nil {
		return refuse(UsersUnavailable, err)
	}
	if v.known.has(name, password, hash, v.now()) {
		return nil
	}
	same, err := v.compare(ctx, h, password)
	switch {
	case err != nil:
		return err
	case !same:
		return refuse(PasswordWrong, nil)
	}
	v.known.add(name, password, hash, v.now())
	return nil
}

// refuse does the work of a wrong password, whatever comes of it, and refuses.
func (v *basicVerifier) refuse(ctx context.Context, reason Reason, name, password string) error {
	mac := hmac.New(sha256.New, v.decoyKey[:])
	mac.Write([]byte(name))
	choice := binary.BigEndian.Uint64(mac.Sum(nil)) % uint64(len(v.decoys))
	if _, err := v.compare(ctx, v.decoys[choice], password); err != nil {
		return err
	}
	return refuse(reason, nil)
}

// compare waits for its turn.
func (v *basicVerifier) compare(ctx context.Context, h passwordHash, password string) (bool, error) {
	if err := v.turns.take(ctx); err != nil {
		return false, refuse(UsersUnavailable, err)
	}
	defer v.turns.done()
	return v.matches(h, password), nil
}

// cutUserPass decodes credentials (RFC 7617 §2): base64 with its padding (RFC 4648
// §4), and a name that ends at the first colon.
func cutUserPass(credentials string) (name, password string, ok bool) {
	if len(credentials) > maxBasic || !httpfield.IsToken68(credentials) {
		return "", "", false
	}
	plain, err := base64.StdEncoding.Strict().DecodeString(credentials)
	if err != nil {
		return "", "", false
	}
	return strings.Cut(string(plain), ":")
}

// isUserText: UTF-8 (RFC 7617 §2.1) without control characters (§2: CTL as in RFC
// 5234, which are those of ASCII).
func isUserText(s string) bool {
	for i := range len(s) {
		if s[i] < ' ' || s[i] == 0x7f {
			return false
		}
	}
	return utf8.ValidString(s)
}
