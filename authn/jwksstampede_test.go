package authn_test

import (
	"fmt"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/forthright-http/forthright/authn"
)

// 1,000 requests with 1,000 made-up ids, 64 at a time.
func TestJWKSStampede(t *testing.T) {
	a := newJWKSSigner(t, "a")
	tokens := make([]string, 1000)
	for i := range tokens {
		tokens[i] = a.token(t, jwksIssuer, fmt.Sprint("junk ", i))
	}
	warm := func(t *testing.T, s *jwksService) {
		if err := s.auth.Ready(t.Context()); err != nil {
			t.Fatal(err)
		}
	}
	for _, tt := range []struct {
		name    string
		before  func(*testing.T, *jwksServer, *jwksService) (came <-chan struct{})
		want    string
		fetches int64
	}{
		{"nothing was fetched", nil, jwksUnknown, 1},
		{"fresh keys", func(t *testing.T, server *jwksServer, s *jwksService) <-chan struct{} {
			warm(t, s)
			s.clock.add(time.Minute)
			return nil
		}, jwksUnknown, 2},
		{"fresh keys, just fetched", func(t *testing.T, server *jwksServer, s *jwksService) <-chan struct{} {
			warm(t, s)
			return nil
		}, jwksUnknown, 1},
		{"down", func(t *testing.T, server *jwksServer, s *jwksService) <-chan struct{} {
			server.fail()
			return nil
		}, jwksDown, 1},
		{"slow", func(t *testing.T, server *jwksServer, s *jwksService) <-chan struct{} {
			came, _ := server.hang(t)
			return came
		}, jwksDown, 1},
		{"slow later", func(t *testing.T, server *jwksServer, s *jwksService) <-chan struct{} {
			warm(t, s)
			s.clock.add(time.Minute)
			came, _ := server.hang(t)
			return came
		}, jwksDown, 2},
	} {
		t.Run(tt.name, func(t *testing.T) {
			server := newJWKSServer(t, jwksSet(a.jwk(t)))
			keys := authn.JWKS(server.URL)
			keys.Timeout, keys.Wait = time.Hour, time.Hour
			if strings.HasPrefix(tt.name, "slow") {
				keys.Wait = 10 * time.Millisecond
			}
			s := newJWKSService(t, keys, newJWKSClock())
			var came <-chan struct{}
			if tt.before != nil {
				came = tt.before(t, server, s)
			}
			jwksWithin(t, func() {
				var group sync.WaitGroup
				var next atomic.Int64
				for range 64 {
					group.Go(func() {
						for i := next.Add(1) - 1; i < int64(len(tokens)); i = next.Add(1) - 1 {
							if got := s.ask(t, tokens[i]); got != tt.want {
								t.Errorf("%s, want %s", got, tt.want)
							}
						}
					})
				}
				group.Wait()
				if came != nil {
					<-came // nobody waited for it to get there
				}
			})
			if got := server.fetches.Load(); got != tt.fetches {
				t.Errorf("there were %d fetches, want %d", got, tt.fetches)
			}
		})
	}
}
