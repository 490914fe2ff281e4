package authn_test

import (
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/forthright-http/forthright/authn"
	"github.com/forthright-http/forthright/problem/problemtest"
)

// An endpoint that does not answer holds no request longer than Timeout, nor the
// next ones at all: for 1 s they are answered at once, without a call. Then one call
// is tried.
func TestIntrospectionSlowEndpoint(t *testing.T) {
	block := make(chan struct{})
	defer close(block) // before the server is closed, which waits
	var answers atomic.Bool
	g := newIntrospectRig(t, func(w http.ResponseWriter, r *http.Request) {
		if !answers.Load() {
			<-block
		}
		introspectJSON(introspectGood)(w, r)
	}, introspectChanged(func(i *authn.Introspection[authn.NoClaims]) { i.Timeout = 50 * time.Millisecond }))
	began := time.Now()
	g.want(t, "a", 503, authn.IntrospectionDown, 1)
	if took := time.Since(began); took > 5*time.Second {
		t.Errorf("it took %v", took)
	}
	res := g.want(t, "b", 503, authn.IntrospectionDown, 1)
	if got := res.Header.Get("Retry-After"); got != "5" { // the default of Options
		t.Errorf("Retry-After %s", got)
	}
	g.advance(time.Second - 1)
	g.want(t, "a", 503, authn.IntrospectionDown, 1)
	g.advance(1)
	g.want(t, "a", 503, authn.IntrospectionDown, 2) // the trial fails
	g.want(t, "b", 503, authn.IntrospectionDown, 2)
	answers.Store(true)
	g.advance(time.Second)
	g.want(t, "a", 200, authn.Accepted, 3)
	g.want(t, "b", 200, authn.Accepted, 4)
	g.want(t, "b", 200, authn.Accepted, 4)
}

// A body that does not end counts as no answer.
func TestIntrospectionSlowBody(t *testing.T) {
	block := make(chan struct{})
	defer close(block)
	g := newIntrospectRig(t, func(w http.ResponseWriter, r *http.Request) {
		introspectJSON(introspectGood)(w, r)
		w.(http.Flusher).Flush()
		<-block
	}, introspectChanged(func(i *authn.Introspection[authn.NoClaims]) { i.Timeout = 50 * time.Millisecond }))
	g.want(t, "a", 503, authn.IntrospectionDown, 1)
	g.want(t, "b", 503, authn.IntrospectionDown, 1)
}

// The timeout of the client counts as one, and that of Authorize, which may ask
// somebody else.
func TestIntrospectionOtherTimeouts(t *testing.T) {
	block := make(chan struct{})
	defer close(block)
	for _, change := range []func(*authn.Introspection[authn.NoClaims]){
		func(i *authn.Introspection[authn.NoClaims]) {
			i.Timeout, i.Client = time.Minute, &http.Client{Timeout: 50 * time.Millisecond}
		},
		func(i *authn.Introspection[authn.NoClaims]) {
			i.Timeout, i.ClientSecret = 50*time.Millisecond, ""
			i.Authorize = func(r *http.Request) error {
				<-r.Context().Done()
				return errors.New("it takes too long")
			}
		},
	} {
		g := newIntrospectRig(t, func(http.ResponseWriter, *http.Request) { <-block }, introspectChanged(change))
		g.get(t, "a")
		calls := g.calls.Load()
		g.want(t, "b", 503, authn.IntrospectionDown, calls)
		if log := g.log.String(); !strings.Contains(log, "it failed a moment ago") {
			t.Errorf("the log says %s", log)
		}
	}
}

// A pause that the endpoint asked for is not cut short by a call that was under way
// when it did, however that ends.
func TestIntrospectionPauseOutlastsEarlierCalls(t *testing.T) {
	for _, late := range []func() (*http.Response, error){
		func() (*http.Response, error) { return nil, &net.OpError{Op: "dial", Err: errors.New("refused")} },
		func() (*http.Response, error) { return introspectResponse(200, introspectGood), nil },
		func() (*http.Response, error) { return introspectResponse(500, ""), nil },
	} {
		arrived, release := make(chan struct{}), make(chan struct{})
		var calls atomic.Int64
		g := newIntrospectRig(t, nil, introspectChanged(func(i *authn.Introspection[authn.NoClaims]) {
			i.Client = &http.Client{Transport: introspectRoundTrip(func(r *http.Request) (*http.Response, error) {
				calls.Add(1)
				switch r.FormValue("token") {
				case "early":
					close(arrived)
					<-release
					return late()
				case "busy":
					res := introspectResponse(429, "")
					res.Header.Set("Retry-After", "20")
					return res, nil
				}
				return introspectResponse(200, introspectGood), nil
			})}
		}))
		early := make(chan struct{})
		go func() {
			defer close(early)
			r := httptest.NewRequest("GET", "/", nil)
			r.Header.Set("Authorization", "Bearer early")
			g.auth.Verify(r)
		}()
		<-arrived
		g.want(t, "busy", 503, authn.IntrospectionDown, 0)
		close(release)
		<-early
		g.advance(20*time.Second - 1)
		g.want(t, "a", 503, authn.IntrospectionDown, 0)
		g.advance(1)
		g.want(t, "a", 200, authn.Accepted, 0)
		if n := calls.Load(); n != 3 {
			t.Errorf("%d calls", n)
		}
	}
}

// While one call tries an endpoint that was down, all others are answered at once.
func TestIntrospectionOneTrialAtATime(t *testing.T) {
	arrived, release := make(chan struct{}), make(chan struct{})
	var calls atomic.Int64
	g := newIntrospectRig(t, nil, introspectChanged(func(i *authn.Introspection[authn.NoClaims]) {
		i.Client = &http.Client{Transport: introspectRoundTrip(func(*http.Request) (*http.Response, error) {
			if calls.Add(1) == 1 {
				return nil, &net.OpError{Op: "dial", Err: errors.New("connection refused")}
			}
			arrived <- struct{}{}
			<-release
			return introspectResponse(200, introspectGood), nil
		})}
	}))
	g.want(t, "a", 503, authn.IntrospectionDown, 0)
	g.advance(time.Second)
	trial := make(chan error, 1)
	go func() {
		r := httptest.NewRequest("GET", "/", nil)
		r.Header.Set("Authorization", "Bearer a")
		_, err := g.auth.Verify(r)
		trial <- err
	}()
	<-arrived
	var group sync.WaitGroup
	for n := range 64 {
		group.Go(func() {
			res := problemtest.Do(t, g.handler, "GET", "/", "", "Authorization", fmt.Sprint("Bearer b", n))
			if res.StatusCode != 503 {
				t.Errorf("status %d during the trial", res.StatusCode)
			}
		})
	}
	group.Wait()
	close(release)
	if err := <-trial; err != nil || calls.Load() != 2 {
		t.Errorf("the trial: %v after %d calls", err, calls.Load())
	}
	for _, token := range []string{"c", "d"} { // the endpoint is back for all
		group.Go(func() { problemtest.Do(t, g.handler, "GET", "/", "", "Authorization", "Bearer "+token) })
	}
	introspectUntil(t, func() bool { return calls.Load() == 4 })
	<-arrived
	<-arrived
	group.Wait()
}

// The endpoint is left alone for as long as it asks, a minute at most. What is
// remembered serves on.
func TestIntrospectionPauses(t *testing.T) {
	for _, tt := range []struct {
		status     int
		retryAfter string
		pause      time.Duration
	}{{429, "20", 20 * time.Second}, {429, "", time.Second}, {429, "0", time.Second}, {503, "20", 20 * time.Second}, {503, "3600", time.Minute}} {
		down := false
		g := newIntrospectRig(t, func(w http.ResponseWriter, r *http.Request) {
			if !down {
				introspectJSON(introspectGood)(w, r)
				return
			}
			if tt.retryAfter != "" {
				w.Header().Set("Retry-After", tt.retryAfter)
			}
			w.WriteHeader(tt.status)
		}, introspectChanged(func(i *authn.Introspection[authn.NoClaims]) { i.CacheFor = 5 * time.Minute }))
		g.want(t, "known", 200, authn.Accepted, 1)
		down = true
		g.want(t, "a", 503, authn.IntrospectionDown, 2)
		g.want(t, "known", 200, authn.Accepted, 2)
		if tt.pause == 20*time.Second {
			g.advance(5 * time.Second)
			res := g.want(t, "a", 503, authn.IntrospectionDown, 2)
			if got := res.Header.Get("Retry-After"); got != "15" {
				t.Errorf("Retry-After %s with 15 s left", got)
			}
			g.advance(-5 * time.Second)
		}
		g.advance(tt.pause - 1)
		g.want(t, "b", 503, authn.IntrospectionDown, 2)
		down = false
		g.advance(1)
		g.want(t, "b", 200, authn.Accepted, 3)
	}
}
