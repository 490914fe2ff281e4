package authntest

import (
	"context"

	"github.com/forthright-http/forthright/authn"
)

// Revoke makes [Issuer.Revoked] say yes for this subject.
func (i *Issuer) Revoke(subject string) {
	i.mu.Lock()
	defer i.mu.Unlock()
	i.revoked[subject] = true
}

// Revoked can be set as Revoked of the options of the service.
func (i *Issuer) Revoked(_ context.Context, p authn.Principal) (bool, error) {
	i.mu.Lock()
	defer i.mu.Unlock()
	i.asked = p.Subject
	if i.down {
		return false, errDown
	}
	return i.revoked[p.Subject], nil
}

func (i *Issuer) failRevocations(down bool) {
	i.mu.Lock()
	defer i.mu.Unlock()
	i.down = down
}

// restore takes back a revocation.
func (i *Issuer) restore(subject string) {
	i.mu.Lock()
	defer i.mu.Unlock()
	delete(i.revoked, subject)
}

// askedAbout is the subject that Revoked was asked about last.
func (i *Issuer) askedAbout() string {
	i.mu.Lock()
	defer i.mu.Unlock()
	return i.asked
}
