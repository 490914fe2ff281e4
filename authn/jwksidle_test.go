package authn_test

import (
	"testing"
	"time"

	"github.com/forthright-http/forthright/authn"
)

// Where nobody asked for long, the first request waits for the refresh: a key that
// was taken out meanwhile is not trusted once more. If the source fails, what is
// known serves.
func TestJWKSIdle(t *testing.T) {
	a, b := newJWKSSigner(t, "a"), newJWKSSigner(t, "b")
	for _, tt := range []struct {
		name  string
		idle  time.Duration
		serve func(*testing.T, *jwksServer)
		want  string
	}{
		{"removed", 30 * time.Minute, func(t *testing.T, s *jwksServer) { s.publish(jwksSet(b.jwk(t))) }, jwksUnknown},
		{"removed, beyond MaxStale", 5 * time.Hour, func(t *testing.T, s *jwksServer) { s.publish(jwksSet(b.jwk(t))) }, jwksUnknown},
		{"there", 5 * time.Hour, func(*testing.T, *jwksServer) {}, jwksGood},
		{"down", 30 * time.Minute, func(t *testing.T, s *jwksServer) { s.fail() }, jwksGood},
		{"down, beyond MaxStale", time.Hour, func(t *testing.T, s *jwksServer) { s.fail() }, jwksDown},
	} {
		t.Run(tt.name, func(t *testing.T) {
			server := newJWKSServer(t, jwksSet(a.jwk(t), b.jwk(t)))
			s := newJWKSService(t, authn.JWKS(server.URL), newJWKSClock())
			s.expect(t, server, a.token(t, jwksIssuer, "a"), jwksGood, 1)
			tt.serve(t, server)
			s.clock.add(tt.idle)
			s.expect(t, server, a.token(t, jwksIssuer, "a"), tt.want, 2)
		})
	}
}

// The same where the source hangs: what is known serves after Wait.
func TestJWKSIdleSlow(t *testing.T) {
	a := newJWKSSigner(t, "a")
	for _, tt := range []struct {
		idle time.Duration
		want string
	}{
		{30 * time.Minute, jwksGood}, {time.Hour, jwksDown},
	} {
		server := newJWKSServer(t, jwksSet(a.jwk(t)))
		keys := authn.JWKS(server.URL)
		keys.Timeout, keys.Wait = time.Hour, 10*time.Millisecond
		s := newJWKSService(t, keys, newJWKSClock())
		if err := s.auth.Ready(t.Context()); err != nil {
			t.Fatal(err)
		}
		came, _ := server.hang(t)
		s.clock.add(tt.idle)
		jwksWithin(t, func() {
			for range 3 {
				if got := s.ask(t, a.token(t, jwksIssuer, "a")); got != tt.want {
					t.Errorf("after %v: %s, want %s", tt.idle, got, tt.want)
				}
			}
			<-came
		})
		if got := server.fetches.Load(); got != 2 {
			t.Errorf("there were %d fetches, want 2", got)
		}
	}
}
