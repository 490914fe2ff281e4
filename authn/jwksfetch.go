package authn

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
)

// maxRedirects is how many redirects of a key source are followed.
const maxRedirects = 3

// fetcher gets small documents from where an issuer publishes them.
type fetcher struct {
	client   *http.Client
	maxBytes int64
}

func newFetcher(client *http.Client, maxBytes int64) *fetcher {
	own := new(http.Client)
	if client != nil {
		*own = *client
	}
	further := own.CheckRedirect
	own.CheckRedirect = func(r *http.Request, via []*http.Request) error {
		if err := checkRedirect(r, via); err != nil || further == nil {
			return err
		}
		return further(r, via)
	}
	if maxBytes == 0 {
		maxBytes = defaultMaxBytes
	}
	return &fetcher{own, maxBytes}
}

// get returns the content of a 200, and never reads much more than may be there.
func (f *fetcher) get(ctx context.Context, target *url.URL) ([]byte, error) {
	r := (&http.Request{Method: http.MethodGet, URL: target, Host: target.Host, Header: http.Header{
		"Accept": {"application/json, application/jwk-set+json"},
	}}).WithContext(ctx)
	response, err := f.client.Do(r)
	if err != nil {
		if e, ok := errors.AsType[*url.Error](err); ok {
			err = e.Err // without the URL, whose query may be a secret
		}
		return nil, fmt.Errorf("%s: %w", place(target), err)
	}
	defer response.Body.Close()
	if response.StatusCode != http.StatusOK {
		return nil, answered(target, fmt.Errorf("the status is %d", response.StatusCode))
	}
	if response.ContentLength > f.maxBytes {
		return nil, answered(target, f.tooLong())
	}
	document, err := io.ReadAll(io.LimitReader(response.Body, f.maxBytes+1))
	switch {
	case err != nil:
		return nil, fmt.Errorf("%s: %w", place(target), err)
	case int64(len(document)) > f.maxBytes:
		return nil, answered(target, f.tooLong())
	}
	return document, nil
}

func (f *fetcher) tooLong() error {
	return fmt.Errorf("the answer has more than %d bytes", f.maxBytes)
}

// answerError is the error of a source that did answer, and not with what was asked
// for.
type answerError struct {
	place string
	err   error
}

func (e *answerError) Error() string { return e.place + ": " + e.err.Error() }
func (e *answerError) Unwrap() error { return e.err }

func answered(target *url.URL, err error) error { return &answerError{place(target), err} }

// place is a URL as errors show it.
func place(u *url.URL) string { return u.Scheme + "://" + u.Host + u.EscapedPath() }

// parseSourceURL reads the URL of a key source.
func parseSourceURL(s string) (*url.URL, error) {
	u, err := url.Parse(s)
	if err != nil {
		return nil, errors.New("the URL cannot be read")
	}
	return u, checkSourceURL(u)
}

// checkSourceURL: keys come over TLS, since whoever can change them can sign. The one
// exception is this machine.
func checkSourceURL(u *url.URL) error {
	switch {
	case u.Scheme == "" || u.Hostname() == "":
		return errors.New("the URL is not absolute")
	case u.User != nil:
		return errors.New("the URL has user information")
	case u.Fragment != "":
		return errors.New("the URL has a fragment")
	case u.Scheme != "https" && !isPlainLoopback(u):
		return errors.New("the URL is not https")
	}
	return nil
}

// checkRedirect holds the target of a redirect to the rules of a source's URL. No
// source elsewhere leads to this machine's plain ports.
func checkRedirect(r *http.Request, via []*http.Request) error {
	if len(via) > maxRedirects {
		return errors.New("there are too many redirects")
	}
	if err := checkSourceURL(r.URL); err != nil {
		return fmt.Errorf("the redirect: %w", err)
	}
	if isPlainLoopback(r.URL) && !isPlainLoopback(via[len(via)-1].URL) {
		return errors.New("the redirect: the URL is not https")
	}
	return nil
}
