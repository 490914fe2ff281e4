package conformtest

import (
	"net/http"
	"net/http/httptest"
	"testing"
	"time"

	"github.com/forthright-http/forthright/respond/conform"
)

// Probe serves h on a real server, sends some twenty requests of safe methods
// to each target, and fails the test for each rule that the answers break, by
// themselves and beside each other. See [conform.Prober].
//
// A target is a path, with a query if need be: "/v1/orders/1?full=1". A target
// that answers GET with neither 2xx nor 3xx fails the test, too, since there
// was nothing to compare, whatever the profile. Where that status is meant, say
// so:
//
//	conformtest.ProbeOptions{Options: conform.Options{
//		Off: map[string]string{"probe-nothing": "nobody is logged in: the 401 is meant"},
//	}}.Probe(t, h, "/v1/orders/1")
func Probe(t testing.TB, h http.Handler, targets ...string) {
	t.Helper()
	ProbeOptions{}.Probe(t, h, targets...)
}

// ProbeOptions are settings of a probe. The zero value is what [Probe] has.
type ProbeOptions struct {
	// Options choose the rules.
	conform.Options
	// Header is sent with every request: credentials, say.
	Header http.Header
	// Unsafe allows POST, PUT, PATCH and DELETE, too, without content, as the
	// last requests to each target.
	Unsafe bool
	// Timeout is for each request. By default 10 seconds.
	Timeout time.Duration
}

// Probe is the function [Probe] with these settings.
func (o ProbeOptions) Probe(t testing.TB, h http.Handler, targets ...string) {
	t.Helper()
	if len(targets) == 0 {
		t.Fatal("conformtest: there is no target to probe")
	}
	c, err := conform.New(o.Options)
	if err != nil {
		t.Fatal(err)
	}
	s := httptest.NewServer(h)
	defer s.Close()
	defer s.CloseClientConnections()
	p := conform.Prober{Checker: c, Transport: s.Client().Transport, Header: o.Header, Unsafe: o.Unsafe, Timeout: o.Timeout}
	s.Client().Transport.(*http.Transport).DisableCompression = true
	for _, target := range targets {
		if target == "" || target[0] != '/' {
			t.Errorf("conformtest: the target %q does not begin with a slash", target)
			continue
		}
		found, err := p.Probe(t.Context(), s.URL+target)
		for _, f := range found {
			f.URL = target // the address is another in each run
			t.Errorf("%s", f)
		}
		if err != nil {
			t.Errorf("%s: %v", target, err)
		}
	}
}
