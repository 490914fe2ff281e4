package conform

import (
	"bytes"
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptrace"
	"net/textproto"
	"net/url"
	"slices"
	"syscall"
	"time"

	"github.com/forthright-http/forthright/internal/httpfield"
)

// Prober sends some twenty requests to a resource and compares the answers:
// 304 beside 200, HEAD beside GET, Allow beside what the methods really
// answer, Vary beside what really varies. The zero value is useful.
//
// It sends safe methods alone, none with content: GET, HEAD, OPTIONS, QUERY
// and an unknown one. A server that acts upon these acts.
type Prober struct {
	// Checker judges. By default it has the default options.
	Checker *Checker
	// Transport sends the requests. By default it is one like
	// http.DefaultTransport that does not ask for gzip by itself; nor should
	// another. It must not follow redirects.
	Transport http.RoundTripper
	// Header is sent with every request: credentials, say.
	Header http.Header
	// Unsafe allows POST, PUT, PATCH and DELETE, too, without content, as the
	// last requests. A resource may be gone after that.
	Unsafe bool
	// Timeout is for each request. By default 10 seconds.
	Timeout time.Duration
}

// maxWait is how long a Retry-After is heeded.
const maxWait = 5 * time.Second

// Probe sends the requests to a URL, and returns the rules that the answers
// break, the gravest first; each rule once for each method and status, in the
// first exchange that shows it. [Finding.Exchange] counts the requests sent,
// [Finding.With] tells what was in it.
//
// Where the plain GET gets neither 2xx nor 3xx, there is nothing to compare,
// and the rule probe-nothing says so, in every profile; turn it off where that
// status is meant.
//
// An answer with 429 or 503 is asked for once more if its Retry-After is at
// most 5 seconds, and waited for once in a probe; those that stay are not
// compared. Each request has a connection of its own, if the Transport can
// close those that are idle.
//
// The error says that the URL is none, that the plain GET was not answered,
// that an answer took longer than Timeout, or that ctx has ended; beside it
// are the findings until then.
func (p *Prober) Probe(ctx context.Context, rawURL string) ([]Finding, error) {
	u, err := url.Parse(rawURL)
	if err != nil {
		return nil, fmt.Errorf("conform: %w", err)
	}
	if u.Scheme != "http" && u.Scheme != "https" || u.Host == "" {
		return nil, fmt.Errorf("conform: %q is no URL to probe: a URL begins with http:// or https://", rawURL)
	}
	run := &probeRun{Prober: p, url: u, checker: cmp.Or(p.Checker, standard), transport: p.Transport}
	if run.transport == nil {
		t := http.DefaultTransport.(*http.Transport).Clone()
		t.DisableCompression = true
		defer t.CloseIdleConnections()
		run.transport = t
	}
	err = run.sendAll(ctx)
	run.compareAll()
	return run.result(), err
}

// probeRun is one run over one URL.
type probeRun struct {
	*Prober
	url       *url.URL
	checker   *Checker
	transport http.RoundTripper
	sent      int
	waited    bool // for a Retry-After
	all       []probeAnswer
	found     []Finding
}

// probeAnswer is an exchange, and why it was sent.
type probeAnswer struct {
	Exchange
	number int
	with   string
	plain  bool // the method alone
}

func (run *probeRun) sendAll(ctx context.Context) error {
	first := probe{method: http.MethodGet}
	base, err := run.send(ctx, first)
	if err != nil {
		return run.failed(first, err)
	}
	if s := base.Response.StatusCode; s/100 != 2 && s/100 != 3 {
		run.tell(probeNothing, first, s, "", "GET answered "+itoa(s))
	}
	list := probes(base.Response)
	if run.Unsafe {
		list = append(list, unsafeProbes...)
	}
	for _, p := range list {
		a, err := run.send(ctx, p)
		switch {
		case err == nil:
		case ctx.Err() != nil || isTimeout(err) || isDial(err):
			return run.failed(p, err)
		default:
			run.tell("500-probe", p, 0, noAnswer, hint(err))
		}
		if p.last && a != nil && isSteady(base.Exchange, a.Exchange) {
			run.all[0].steady = true
		}
	}
	return nil
}

// send sends a request, once more where the server asks for patience, and
// judges the answer by itself.
func (run *probeRun) send(ctx context.Context, p probe) (*probeAnswer, error) {
	var x Exchange
	number := 0
	for try := 0; ; try++ {
		number = run.sent
		run.sent++
		var err error
		if x, err = run.exchange(ctx, p); err != nil {
			return nil, err
		}
		wait, ok := patience(x.Response)
		if !ok || try > 0 || wait > 0 && run.waited {
			break
		}
		run.waited = run.waited || wait > 0
		select {
		case <-ctx.Done():
			return nil, ctx.Err()
		case <-time.After(wait):
		}
	}
	a := probeAnswer{Exchange: x, number: number, with: p.with(), plain: p.name == ""}
	run.note(a, run.checker.Exchange(x))
	run.all = append(run.all, a)
	return &a, nil
}

// exchange sends a request and reads the answer.
func (run *probeRun) exchange(ctx context.Context, p probe) (Exchange, error) {
	ctx, cancel := context.WithTimeout(ctx, cmp.Or(run.Timeout, 10*time.Second))
	defer cancel()
	var interim []*http.Response
	ctx = httptrace.WithClientTrace(ctx, &httptrace.ClientTrace{Got1xxResponse: func(status int, h textproto.MIMEHeader) error {
		interim = append(interim, &http.Response{StatusCode: status, ProtoMajor: 1, ProtoMinor: 1, Header: http.Header(h).Clone()})
		return nil
	}})
	req, err := http.NewRequestWithContext(ctx, p.method, run.url.String(), nil)
	if err != nil {
		return Exchange{}, err
	}
	for name, values := range run.Header {
		req.Header[http.CanonicalHeaderKey(name)] = values
	}
	if host := req.Header.Get("Host"); host != "" {
		req.Host = host
	}
	if p.name != "" {
		req.Header.Set(p.name, p.value)
	}
	// A handler may go on after an answer to HEAD, or without content, and the
	// connection wait for it. So each request gets one of its own.
	if t, ok := run.transport.(interface{ CloseIdleConnections() }); ok {
		defer t.CloseIdleConnections()
	}
	res, err := run.transport.RoundTrip(req)
	if err != nil {
		return Exchange{}, err
	}
	defer res.Body.Close()
	x, err := capture(req, res, run.checker.maxBody) // after an error it is truncated
	switch {
	case !errors.Is(err, io.ErrUnexpectedEOF):
	case res.ContentLength >= 0:
		x.misframed = fmt.Sprintf("%d of %d bytes came", len(x.Body), res.ContentLength)
	default:
		x.misframed = fmt.Sprintf("it broke off after %d bytes", len(x.Body))
	}
	for _, i := range interim {
		i.ProtoMajor, i.ProtoMinor = res.ProtoMajor, res.ProtoMinor
	}
	x.Interim = interim
	return x, nil
}

// patience returns how long to wait for a better answer.
func patience(res *http.Response) (time.Duration, bool) {
	if res.StatusCode != 429 && res.StatusCode != 503 {
		return 0, false
	}
	wait, ok := httpfield.ParseRetryAfter(res.Header.Get("Retry-After"), time.Now())
	return wait, ok && wait <= maxWait
}

func isTimeout(err error) bool {
	var t interface{ Timeout() bool }
	return errors.As(err, &t) && t.Timeout()
}

func isDial(err error) bool {
	var op *net.OpError
	return errors.As(err, &op) && op.Op == "dial"
}

// isSteady tells whether the same request got the same answer twice.
func isSteady(a, b Exchange) bool {
	return a.Response.StatusCode == b.Response.StatusCode && !a.Truncated && !b.Truncated && bytes.Equal(a.Body, b.Body) &&
		a.Response.Header.Get("Etag") == b.Response.Header.Get("Etag")
}

// failed says which request had no answer, and why.
func (run *probeRun) failed(p probe, err error) error {
	if h := hint(err); h != "" {
		return fmt.Errorf("conform: %s %s: %s: %w", p, run.url, h, err)
	}
	return fmt.Errorf("conform: %s %s: %w", p, run.url, err)
}

// hint is what a connection that ended means.
func hint(err error) string {
	if errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) || errors.Is(err, syscall.ECONNRESET) {
		return "the server closed the connection without an answer (a panic?)"
	}
	return ""
}

// tell notes a rule about the last request, if it is one of the checker's.
func (run *probeRun) tell(id string, p probe, status int, message, detail string) {
	r := slices.IndexFunc(run.checker.probes, func(r Rule) bool { return r.ID == id })
	if r < 0 {
		return
	}
	rule := run.checker.probes[r]
	run.found = append(run.found, Finding{Rule: rule.ID, Level: rule.Level, Section: rule.Section, Method: p.method, URL: run.url.String(), Status: status,
		Message: cmp.Or(message, rule.Message), Detail: detail, Mend: rule.Mend, Exchange: run.sent - 1, With: p.with()})
}

// compareAll compares every answer with the plain GET, and every Allow with
// what the methods answered.
func (run *probeRun) compareAll() {
	if len(run.all) == 0 {
		return
	}
	base := run.all[0]
	for _, a := range run.all[1:] {
		if isRefusal(a) || isRefusal(base) {
			continue
		}
		run.note(a, run.checker.compare(base.Exchange, a.Exchange))
		run.note(a, run.probe(base, a))
	}
	for _, allow := range run.all {
		if len(allow.Response.Header["Allow"]) == 0 {
			continue
		}
		for _, a := range run.all {
			if a.plain && a.number != allow.number {
				run.note(a, run.probe(allow, a))
			}
		}
	}
}

// isRefusal tells of an answer that says nothing about the resource.
func isRefusal(a probeAnswer) bool {
	return a.Response.StatusCode == 429 || a.Response.StatusCode == 503
}

func (run *probeRun) probe(base, other probeAnswer) []Finding {
	a, b := newExchange(base.Exchange), newExchange(other.Exchange)
	var found []Finding
	for i := range run.checker.probes {
		if r := &run.checker.probes[i]; r.both(a, b) {
			found = append(found, b.finding(r, a))
		}
	}
	return found
}

func (run *probeRun) note(a probeAnswer, found []Finding) {
	for _, f := range found {
		f.Exchange, f.With = a.number, a.with
		run.found = append(run.found, f)
	}
}

// result has each rule once for a method and status.
func (run *probeRun) result() []Finding {
	slices.SortStableFunc(run.found, func(a, b Finding) int { return cmp.Compare(a.Exchange, b.Exchange) })
	type key struct {
		rule, method string
		status       int
	}
	seen := map[key]bool{}
	found := slices.DeleteFunc(run.found, func(f Finding) bool {
		k := key{f.Rule, f.Method, f.Status}
		defer func() { seen[k] = true }()
		return seen[k]
	})
	slices.SortStableFunc(found, compareFindings)
	return found
}
