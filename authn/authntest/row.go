package authntest

import (
	"crypto/tls"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"

	"github.com/forthright-http/forthright/authn"
	"github.com/forthright-http/forthright/problem"
)

// Row is an entry of the decision table: a request, and what must come of it.
type Row struct {
	// Name says what is sent: "Bearer: expired".
	Name string
	// Source is the specification that demands the answer.
	Source string
	// Status is the answer's.
	Status int
	// Type is the type of the problem, nil where the request is let in.
	Type *problem.Type
	// Reason is what the service logs of it.
	Reason authn.Reason
	// Challenges are what WWW-Authenticate must have, and nothing else.
	Challenges []Challenge
	// Certificate is what the client shows on its connection, nil for none.
	Certificate *tls.Certificate

	*run
	make func(*talk) *http.Request
}

// run is what the rows of one route share.
type run struct {
	issuer *Issuer
	route  *Route
	mu     sync.Mutex
	same   map[*problem.Type]string // answers that must not differ
}

// Challenge is what is expected of a challenge.
type Challenge struct {
	Scheme string
	// Error is the parameter error; "": there is none.
	Error string
	// Params must be there with these values, or, where it is "", with any.
	Params map[string]string
}

// Sender sends a request: [Direct], or the method Do of a http.Client.
type Sender func(*http.Request) (*http.Response, error)

// Direct sends requests to a handler without a network. The client's certificate of
// a row is in the request's TLS, as a server sets it.
func Direct(h http.Handler) Sender {
	return func(r *http.Request) (*http.Response, error) {
		in := httptest.NewRequestWithContext(r.Context(), r.Method, r.URL.String(), r.Body)
		in.Header = r.Header
		if r.TLS != nil {
			in.TLS = r.TLS
		}
		w := httptest.NewRecorder()
		h.ServeHTTP(w, in)
		res := w.Result()
		res.Request = in
		return res, nil
	}
}

// Do puts the issuer into the state that the row is about, sends what must be sent
// before (a proof that is replayed, a request for a nonce), then the request, and
// returns its answer. What the row breaks is whole again at the next one.
func (row Row) Do(send Sender) (*http.Response, error) {
	row.issuer.repair()
	t := &talk{issuer: row.issuer, route: row.route, certificate: row.Certificate, send: send}
	r := row.make(t)
	if t.err != nil {
		return nil, t.err
	}
	row.issuer.forget()
	return send(r)
}

// talk is what passes between a client and the service.
type talk struct {
	issuer      *Issuer
	route       *Route
	certificate *tls.Certificate
	send        Sender
	err         error
}

func (t *talk) fail(err error) {
	if t.err == nil {
		t.err = err
	}
}

// request makes a request to the route, with fields as names and values in turn.
// Fields of the same name are sent on lines of their own.
func (t *talk) request(header ...string) *http.Request {
	r, err := http.NewRequestWithContext(t.issuer.t.Context(), t.route.Method, t.route.URL, strings.NewReader(t.route.Body))
	if err != nil {
		t.fail(err)
		r, _ = http.NewRequest(http.MethodGet, "/", nil)
	}
	if t.route.Body == "" {
		r.Body, r.GetBody = http.NoBody, nil
	}
	for name, lines := range t.route.Header {
		r.Header[name] = append([]string(nil), lines...)
	}
	for i := 0; i+1 < len(header); i += 2 {
		r.Header.Add(header[i], header[i+1])
	}
	if t.certificate != nil {
		r.TLS = connection(t.certificate)
	}
	return r
}

// before sends a request whose answer is not judged, and returns that.
func (t *talk) before(r *http.Request) http.Header {
	res, err := t.send(r)
	if err != nil {
		t.fail(err)
		return http.Header{}
	}
	res.Body.Close()
	return res.Header
}

// prime sends a request that must be let in, so that the service remembers what it
// remembers of it.
func (t *talk) prime(r *http.Request) {
	if res, err := t.send(r); err != nil {
		t.fail(err)
	} else if res.Body.Close(); res.StatusCode != t.route.Status {
		t.fail(fmt.Errorf("authntest: the credentials are good at first, and the status is %d, want %d", res.StatusCode, t.route.Status))
	}
}

// broke notes how what a row breaks is repaired.
func (t *talk) broke(repair func()) {
	t.issuer.mu.Lock()
	defer t.issuer.mu.Unlock()
	t.issuer.repairs = append(t.issuer.repairs, repair)
}

func (i *Issuer) repair() {
	i.mu.Lock()
	repairs := i.repairs
	i.repairs = nil
	i.mu.Unlock()
	for _, f := range repairs {
		f()
	}
}

func (i *Issuer) forget() {
	i.mu.Lock()
	defer i.mu.Unlock()
	i.last, i.asked = nil, ""
}
