package authn

import "fmt"

// WatchedBasic is Basic whose computations of hashes go through Compare.
type WatchedBasic struct {
	Basic
	// Compare gets the hash as it is kept, and what computes it for the password.
	Compare func(hash, password string, compute func() bool) bool
	// Waiting and Remembered, where they are not nil, are set to functions that
	// tell how many wait for a turn, and how many passwords are remembered.
	Waiting, Remembered *func() int
}

func (b WatchedBasic) build(a *Authenticator) error {
	v, err := b.verifier(a)
	if err != nil {
		return err
	}
	v.matches = func(h passwordHash, password string) bool {
		return b.Compare(fmt.Sprint(h), password, func() bool { return h.matches(password) })
	}
	if b.Waiting != nil {
		*b.Waiting = func() int { return int(v.turns.waiting.Load()) }
	}
	if b.Remembered != nil {
		*b.Remembered = func() int { return len(v.known.younger) + len(v.known.older) }
	}
	return v.add(a)
}
