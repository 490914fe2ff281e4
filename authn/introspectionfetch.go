package authn

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"strings"
	"sync"
	"time"

	"github.com/forthright-http/forthright/internal/httpfield"
)

const (
	maxIntrospectionConns = 64
	// introspectionPause is how long an endpoint is left alone that did not answer
	// or asked for it; maxIntrospectionPause is how long at most.
	introspectionPause    = time.Second
	maxIntrospectionPause = time.Minute
)

// introspectionEndpoint asks about tokens (RFC 7662 §2.1). The texts of its errors
// are for logs: they have nothing of a token, nor of the credentials.
type introspectionEndpoint struct {
	url                    string
	clientID, clientSecret string
	authorize              func(*http.Request) error
	client                 http.Client
	maxBytes               int
	now                    func() time.Time
	gate                   introspectionGate
}

// prepare checks the settings and sets the defaults.
func (e *introspectionEndpoint) prepare(client *http.Client) error {
	if err := checkIntrospectionURL(e.url); err != nil {
		return err
	}
	switch {
	case e.authorize == nil && (e.clientID == "" || e.clientSecret == ""):
		return errors.New("ClientID or ClientSecret is empty, and there is no Authorize (RFC 7662 §2.1)")
	case e.authorize != nil && e.clientSecret != "":
		return errors.New("ClientSecret beside Authorize")
	case e.maxBytes < 0:
		return errors.New("MaxBytes is negative")
	}
	if e.maxBytes == 0 {
		e.maxBytes = defaultIntrospectionMaxBytes
	}
	if client != nil {
		e.client = *client
	} else if transport, ok := http.DefaultTransport.(*http.Transport); ok {
		transport = transport.Clone()
		transport.MaxConnsPerHost, transport.MaxIdleConnsPerHost = maxIntrospectionConns, maxIntrospectionConns
		e.client.Transport = transport
	}
	// A redirect would send the token to where nobody meant it to go.
	e.client.CheckRedirect = func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }
	return nil
}

// checkIntrospectionURL: tokens and credentials go there, so nobody may listen
// (RFC 7662 §4). The errors do not show the URL, which may have a password.
func checkIntrospectionURL(address string) error {
	u, err := url.Parse(address)
	switch {
	case err != nil || u.Hostname() == "" || u.Fragment != "":
		return errors.New("URL is not an absolute URL without a fragment")
	case u.User != nil:
		return errors.New("URL has a user: use ClientID and ClientSecret")
	case u.Scheme == "https", isPlainLoopback(u):
		return nil
	}
	return errors.New("URL is neither https nor http on a loopback address")
}

// ask returns the body of the endpoint's answer about a token.
func (e *introspectionEndpoint) ask(ctx context.Context, token string) (body []byte, err error) {
	trial, err := e.gate.enter(e.now())
	if err != nil {
		return nil, err
	}
	var pause time.Duration
	defer func() { e.gate.leave(e.now(), trial, pause) }()
	body, err = e.post(ctx, token)
	if err != nil {
		pause = pauseAfter(ctx, err)
	}
	return body, err
}

// pauseAfter is how long the endpoint is left alone after a failure: not at all
// unless it made a request wait, cannot be reached, or asked for it. An answer such
// as 500 may be for one token alone, and must not shut out all others.
func pauseAfter(ctx context.Context, err error) time.Duration {
	if asked, ok := errors.AsType[*unavailable](err); ok {
		return max(asked.after, introspectionPause)
	}
	slow, isNet := errors.AsType[net.Error](err)
	dial, isOp := errors.AsType[*net.OpError](err)
	if ctx.Err() != nil || isNet && slow.Timeout() || isOp && dial.Op == "dial" {
		return introspectionPause
	}
	return 0
}

func (e *introspectionEndpoint) post(ctx context.Context, token string) ([]byte, error) {
	r, err := e.request(ctx, token)
	if err != nil {
		return nil, err
	}
	res, err := e.client.Do(r)
	if err != nil {
		if outer, ok := errors.AsType[*url.Error](err); ok {
			err = outer.Err // without the URL
		}
		return nil, fmt.Errorf("the endpoint gives no answer: %w", err)
	}
	defer res.Body.Close()
	if err := e.checkHead(res); err != nil {
		return nil, err
	}
	body, err := io.ReadAll(io.LimitReader(res.Body, int64(e.maxBytes)+1))
	switch {
	case err != nil:
		return nil, fmt.Errorf("the endpoint's answer breaks off: %w", err)
	case len(body) > e.maxBytes:
		return nil, fmt.Errorf("the endpoint's answer has more than %d bytes", e.maxBytes)
	}
	return body, nil
}

func (e *introspectionEndpoint) request(ctx context.Context, token string) (*http.Request, error) {
	form := url.Values{"token": {token}, "token_type_hint": {"access_token"}}
	if e.authorize != nil && e.clientID != "" {
		form.Set("client_id", e.clientID)
	}
	r, err := http.NewRequestWithContext(ctx, http.MethodPost, e.url, strings.NewReader(form.Encode()))
	if err != nil {
		return nil, errors.New("the request cannot be made")
	}
	r.Header["Content-Type"] = []string{"application/x-www-form-urlencoded"}
	r.Header["Accept"] = []string{"application/json"}
	// To ask twice does no harm: net/http may do so where a connection that it
	// kept was closed. The empty list is not sent.
	r.Header["Idempotency-Key"] = []string{}
	if e.authorize == nil {
		r.SetBasicAuth(url.QueryEscape(e.clientID), url.QueryEscape(e.clientSecret))
		return r, nil
	}
	if err := e.authorize(r); err != nil {
		return nil, fmt.Errorf("the call cannot be authorized: %w", err)
	}
	return r, nil
}

// checkHead takes 200 with JSON alone. A 401 is about the credentials of this
// service, not about the token (RFC 7662 §2.3).
func (e *introspectionEndpoint) checkHead(res *http.Response) error {
	if res.StatusCode != http.StatusOK {
		return e.statusError(res)
	}
	if media, ok := httpfield.ParseMediaType(res.Header.Get("Content-Type")); !ok || !media.Is("application/json") {
		return errors.New("the endpoint's answer is not application/json (RFC 7662 §2.2)")
	}
	return nil
}

func (e *introspectionEndpoint) statusError(res *http.Response) error {
	err := fmt.Errorf("the endpoint answers %d", res.StatusCode)
	switch res.StatusCode {
	case http.StatusUnauthorized, http.StatusForbidden:
		return fmt.Errorf("the endpoint does not take the credentials of this service: %w", err)
	case http.StatusTooManyRequests, http.StatusServiceUnavailable:
		after, ok := httpfield.ParseRetryAfter(res.Header.Get("Retry-After"), e.now())
		if ok || res.StatusCode == http.StatusTooManyRequests {
			return &unavailable{after: min(after, maxIntrospectionPause), cause: err}
		}
	}
	return err
}

// introspectionGate keeps requests from an endpoint that does not answer, so that
// not each of them waits until the timeout. It shuts for a pause, after which one
// call at a time is let through until one is answered.
type introspectionGate struct {
	mu     sync.Mutex
	shut   bool
	until  time.Time
	trying bool
}

var errIntrospectionPause = errors.New("the endpoint is not asked, since it failed a moment ago")

// enter tells whether the endpoint may be asked, and whether that is a trial.
func (g *introspectionGate) enter(now time.Time) (trial bool, err error) {
	g.mu.Lock()
	defer g.mu.Unlock()
	switch {
	case !g.shut:
		return false, nil
	case g.trying || now.Before(g.until):
		after := g.until.Sub(now)
		if after <= introspectionPause {
			after = 0 // the endpoint asked for none: the client gets Options.RetryAfter
		}
		return false, &unavailable{after: after, cause: errIntrospectionPause}
	}
	g.trying = true
	return true, nil
}

// leave ends what enter allowed.
func (g *introspectionGate) leave(now time.Time, trial bool, pause time.Duration) {
	g.mu.Lock()
	defer g.mu.Unlock()
	if trial {
		g.trying = false
	}
	if pause == 0 {
		g.shut = g.shut && !trial // what was asked before the pause does not end it
		return
	}
	g.shut = true
	if until := now.Add(pause); until.After(g.until) {
		g.until = until
	}
}
