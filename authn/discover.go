package authn

import (
	"context"
	"errors"
	"fmt"
	"net/url"
	"strings"
)

// Discover takes an issuer's keys from where its metadata says they are. The
// [JWT]'s Issuer must be an https URL (or http on loopback).
//
// The metadata is looked for at the issuer's /.well-known/openid-configuration
// (OpenID Connect Discovery §4.1) and, where what is there is not usable, at
// /.well-known/oauth-authorization-server between its host and its path (RFC 8414
// §3.1). Its "issuer" must be exactly the Issuer (OpenID Connect Discovery §4.3, RFC
// 8414 §3.3), and its "jwks_uri" https, or http on loopback where the issuer is.
//
// It is read again at each refresh. The settings are those of [RemoteKeys].
func Discover() *RemoteKeys { return &RemoteKeys{Discovery: true} }

// issuerMetadata is what is looked at (RFC 8414 §2).
type issuerMetadata struct {
	Issuer string `json:"issuer"`
	Keys   string `json:"jwks_uri"`
}

var metadataDecoder = mustNullDecoder[issuerMetadata]()

// locateByIssuer finds the URL of the JWK set in the issuer's metadata.
func locateByIssuer(issuer string) (locator, error) {
	wellKnown, err := wellKnownURLs(issuer)
	if err != nil {
		return nil, err
	}
	return func(ctx context.Context, f *fetcher) (*url.URL, error) {
		var errs []error
		for _, u := range wellKnown {
			target, err := f.discover(ctx, u, issuer)
			if err == nil {
				return target, nil
			}
			errs = append(errs, err)
			if _, ok := errors.AsType[*answerError](err); !ok {
				break // out of reach, and so would the other one be
			}
		}
		return nil, errors.Join(errs...)
	}, nil
}

// wellKnownURLs are where an issuer's metadata may be, in the order they are tried.
func wellKnownURLs(issuer string) ([]*url.URL, error) {
	u, err := parseSourceURL(issuer)
	if err != nil {
		return nil, fmt.Errorf("discovery from the issuer: %w", err)
	}
	if u.RawQuery != "" || u.ForceQuery || strings.HasSuffix(issuer, "#") {
		return nil, errors.New("discovery from the issuer: the URL has a query or a fragment")
	}
	origin := u.Scheme + "://" + u.Host
	path := strings.TrimSuffix(u.EscapedPath(), "/")
	var list []*url.URL
	for _, s := range [...]string{
		origin + path + "/.well-known/openid-configuration",
		origin + "/.well-known/oauth-authorization-server" + path,
	} {
		u, err := parseSourceURL(s)
		if err != nil {
			return nil, fmt.Errorf("discovery from the issuer: %w", err)
		}
		list = append(list, u)
	}
	return list, nil
}

// discover reads the issuer's metadata at u and returns the URL of its keys.
func (f *fetcher) discover(ctx context.Context, u *url.URL, issuer string) (*url.URL, error) {
	document, err := f.get(ctx, u)
	if err != nil {
		return nil, err
	}
	target, err := parseMetadata(document, issuer)
	switch {
	case err != nil:
		return nil, answered(u, err)
	case isPlainLoopback(target) && !isPlainLoopback(u):
		return nil, answered(u, errors.New("its jwks_uri: the URL is not https"))
	}
	return target, nil
}

func parseMetadata(document []byte, issuer string) (*url.URL, error) {
	var m issuerMetadata
	if faults := metadataDecoder.Decode(document, &m); faults != nil {
		return nil, fmt.Errorf("the answer is no metadata: %s", faults[0].Code)
	}
	if m.Issuer != issuer {
		return nil, errors.New("its issuer is another than the one it was asked of")
	}
	target, err := parseSourceURL(m.Keys)
	if err != nil {
		return nil, fmt.Errorf("its jwks_uri: %w", err)
	}
	return target, nil
}
