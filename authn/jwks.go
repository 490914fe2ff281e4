package authn

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"sync"
	"time"
)

// JWKS takes an issuer's keys from the URL of its JWK set (RFC 7517 §5). The URL
// must be https, or http on loopback. To change a setting, change the result:
//
//	keys := authn.JWKS("https://issuer.example.com/jwks.json")
//	keys.Refresh = 5 * time.Minute
func JWKS(url string) *RemoteKeys { return &RemoteKeys{URL: url} }

// RemoteKeys are keys that an issuer publishes as a JWK set: see [JWKS] and
// [Discover].
//
// Requests keep them fresh, and nothing runs between requests: there is nothing to
// close. Keys younger than Refresh are used at once, without a lock. Older ones are
// used while they are fetched anew in the background, once; where nobody asked for
// twice that long, the fetch is waited for. A fetch that succeeds replaces all
// keys, so that those that the issuer took out are not trusted any more. While
// fetches fail, the keys that are known serve until MaxStale; after that requests
// are answered by 503.
//
// A key id that is not known brings a fetch forward, one at a time for all
// requests, and not sooner after the last one than CoolDown. Ids that a fetch did
// not bring make these pauses longer, up to Refresh, so that tokens with made-up
// ids do not turn into requests to the issuer. While a pause lasts, such a token is
// refused at once: by 401, or by 503 where the last fetch failed.
//
// Before the first success, when a service starts sooner than its issuer, say, a
// fetch that failed is followed by a pause of a second, and each further one by
// twice the pause, up to CoolDown. Retry-After of the 503 is what is left of it.
//
// A key of the set is left out, and the others are used, where its type is not
// known here, it is not for signatures ("use", "key_ops"), it is for none of
// the algorithms of the [JWT], it is an RSA key of less than 2048 or more than 16384
// bits, or a secret part of it is published ("d", "k"): what everybody can sign
// with proves nothing. Certificates in the set (x5c, x5u) are not looked at. A set
// without any key is one that trusts nobody.
//
// A token without a key id is tried with every key, 16 at most. That the issuer of
// such tokens has changed its keys is noticed at the next refresh only.
//
// One RemoteKeys may be given to several [JWT], also within [FirstOf]: each fetches
// for itself, by its authenticator's clock. Do not change it after that, and do not
// copy it.
type RemoteKeys struct {
	// URL is where the JWK set is.
	URL string
	// Discovery finds the URL through the issuer's metadata, as [Discover] says. It
	// excludes URL.
	Discovery bool
	// Client makes the requests. By default one with http.DefaultTransport.
	// Redirects are followed to https alone (and from loopback to loopback), three
	// times at most, and where its CheckRedirect allows them too.
	Client *http.Client
	// Refresh is the age from which keys are fetched anew, by default 15 minutes.
	// What HTTP says of caching changes nothing.
	Refresh time.Duration
	// MaxStale is the age from which keys are not used any more. By default an
	// hour, or twice Refresh where that is more; at least Refresh and at most 24
	// hours.
	MaxStale time.Duration
	// CoolDown is the shortest time between a fetch that failed and the next, once
	// there were keys, and between a fetch and one for an unknown key id. By default
	// 30 s, at least 1 s.
	CoolDown time.Duration
	// Timeout ends a fetch, by default after 5 s.
	Timeout time.Duration
	// Wait is how long after its begin a fetch is waited for by requests that
	// cannot be answered without it, by default 2 s. They are then answered by 503,
	// or by the keys that are known.
	Wait time.Duration
	// MaxBytes is the size in bytes beyond which an answer is cut off and the fetch
	// has failed, by default 1 MiB.
	MaxBytes int64
	// OnFetch is called after each fetch with its error, nil for a success: for a
	// metric or a log, since a refresh that fails is not seen while the keys that
	// are known serve. The error has no secret: of the URL, not the query. The
	// result is used when it returns, which must be soon, and there is one call at a
	// time for each [JWT]. A panic in it is lost.
	OnFetch func(error)
	// Now is the clock where k is asked by itself ([RemoteKeys.Keys]), by default
	// time.Now. A [JWT] uses its authenticator's.
	Now func() time.Time

	own struct {
		sync.Once
		source *remoteSource
		err    error
	}
}

const (
	defaultRefresh  = 15 * time.Minute
	defaultMaxStale = time.Hour
	maxMaxStale     = 24 * time.Hour
	defaultCoolDown = 30 * time.Second
	minCoolDown     = time.Second
	defaultTimeout  = 5 * time.Second
	defaultWait     = 2 * time.Second
	defaultMaxBytes = 1 << 20
)

// use checks the settings and makes a source for the tokens of one issuer.
func (k *RemoteKeys) use(algorithms []string, issuer string, now func() time.Time) (KeySource, error) {
	s, err := k.newSource(algorithms, issuer, now)
	if err != nil {
		return nil, fmt.Errorf("the keys from a URL: %w", err)
	}
	return s, nil
}

func (k *RemoteKeys) newSource(algorithms []string, issuer string, now func() time.Time) (*remoteSource, error) {
	if k == nil {
		return nil, errors.New("they are nil")
	}
	s := newRemoteSource(now)
	s.onFetch = k.OnFetch
	for _, d := range []struct {
		name            string
		to              *time.Duration
		value, standard time.Duration
	}{
		{"Refresh", &s.refresh, k.Refresh, defaultRefresh},
		{"MaxStale", &s.maxStale, k.MaxStale, min(max(defaultMaxStale, 2*k.Refresh), maxMaxStale)},
		{"CoolDown", &s.coolDown, k.CoolDown, defaultCoolDown},
		{"Timeout", &s.timeout, k.Timeout, defaultTimeout},
		{"Wait", &s.wait, k.Wait, defaultWait},
	} {
		switch *d.to = d.value; {
		case d.value < 0:
			return nil, fmt.Errorf("%s is negative", d.name)
		case d.value == 0:
			*d.to = d.standard
		}
	}
	switch {
	case s.maxStale > maxMaxStale:
		return nil, fmt.Errorf("a MaxStale of %v is more than %v", s.maxStale, maxMaxStale)
	case s.maxStale < s.refresh:
		return nil, fmt.Errorf("a MaxStale of %v is less than the Refresh of %v", s.maxStale, s.refresh)
	case s.coolDown < minCoolDown:
		return nil, fmt.Errorf("a CoolDown of %v is less than %v", s.coolDown, minCoolDown)
	case k.MaxBytes < 0:
		return nil, errors.New("MaxBytes is negative")
	}
	for _, name := range algorithms {
		if strings.HasPrefix(name, "HS") {
			return nil, fmt.Errorf("%s needs a secret, and what is published at a URL is none", name)
		}
	}
	where, err := k.locate(issuer)
	if err != nil {
		return nil, err
	}
	s.misses = newMisses(s.coolDown, s.refresh)
	fetch := newFetcher(k.Client, k.MaxBytes)
	s.load = func(ctx context.Context) (*keySet, error) {
		target, err := where(ctx, fetch)
		if err != nil {
			return nil, err
		}
		document, err := fetch.get(ctx, target)
		if err != nil {
			return nil, err
		}
		set, err := parseKeySet(document, algorithms)
		if err != nil {
			return nil, answered(target, err)
		}
		return set, nil
	}
	return s, nil
}

// locator tells the URL of the JWK set.
type locator func(context.Context, *fetcher) (*url.URL, error)

func (k *RemoteKeys) locate(issuer string) (locator, error) {
	switch {
	case k.Discovery && k.URL != "":
		return nil, errors.New("there are both a URL and Discovery")
	case k.Discovery:
		return locateByIssuer(issuer)
	case k.URL == "":
		return nil, errors.New("the URL is empty")
	}
	target, err := parseSourceURL(k.URL)
	if err != nil {
		return nil, err
	}
	return func(context.Context, *fetcher) (*url.URL, error) { return target, nil }, nil
}

// Keys makes k a [KeySource] that can be asked by itself, for a source of your own
// that wraps it: by the clock in Now, and for all algorithms with public keys. It does
// not serve [Discover], which needs a [JWT] with its issuer. For several sources
// see [FirstOf].
func (k *RemoteKeys) Keys(ctx context.Context, kid string) ([]Key, error) {
	s, err := k.alone()
	if err != nil {
		return nil, err
	}
	return s.Keys(ctx, kid)
}

// Version changes whenever what [RemoteKeys.Keys] returns does.
func (k *RemoteKeys) Version() uint64 {
	if s, _ := k.alone(); s != nil {
		return s.Version()
	}
	return 0
}

// Ready fetches the keys of [RemoteKeys.Keys] where there are none that can be used,
// unless a pause after the last fetch lasts, and returns an error if there still are
// none. A set without a key for the algorithms is an error, too.
func (k *RemoteKeys) Ready(ctx context.Context) error {
	s, err := k.alone()
	if err != nil {
		return err
	}
	return s.Ready(ctx)
}

func (k *RemoteKeys) alone() (*remoteSource, error) {
	k.own.Do(func() {
		var public []string
		for name := range supported {
			if !strings.HasPrefix(name, "HS") {
				public = append(public, name)
			}
		}
		now := k.Now
		if now == nil {
			now = time.Now
		}
		k.own.source, k.own.err = k.newSource(public, "", now)
	})
	return k.own.source, k.own.err
}
