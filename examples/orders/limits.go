package main

import (
	"errors"
	"fmt"
	"net/http"
	"strings"

	"github.com/forthright-http/forthright/authn"
	"github.com/forthright-http/forthright/problem"
	"github.com/forthright-http/forthright/ratelimit"
	"github.com/forthright-http/forthright/ratelimit/redisstore"
)

// limits are what the flags -limits and -rate say.
type limits struct {
	store    ratelimit.Store
	policies []ratelimit.Policy // none: no limits
}

// newLimits opens the store: "memory", or the URL of a Redis.
func newLimits(where string, rates []string) (limits, error) {
	l := limits{}
	var err error
	if off := len(rates) == 1 && rates[0] == "off"; !off {
		if l.policies, err = ratelimit.ParsePolicies(rates...); err != nil {
			return l, err
		}
	}
	switch { // with no limits, too: a mistake in -limits is told at once
	case where == "memory":
		l.store, err = ratelimit.NewMemory(ratelimit.MemoryOptions{})
	case strings.HasPrefix(where, "redis://"), strings.HasPrefix(where, "rediss://"):
		l.store, err = redisstore.Open(where, redisstore.Options{Prefix: "orders:"})
	default:
		err = fmt.Errorf("%q is neither memory nor a redis:// URL", where)
	}
	return l, err
}

// close gives back what the store has open.
func (l limits) close() error {
	if c, ok := l.store.(interface{ Close() error }); ok {
		return c.Close()
	}
	return nil
}

// byPrincipal limits what each user does. It stands inside authentication.
func (l limits) byPrincipal(problems *problem.Writer) (func(http.Handler) http.Handler, error) {
	return l.handler(ratelimit.Options{Key: ratelimit.By(authn.Subject), Problems: problems})
}

// guard limits failed authentication by address, under the same policies. It stands
// outside authentication, so that it spares the password hash too, and an address
// that has used up its failures is refused with good credentials as well.
func (l limits) guard(problems *problem.Writer) (func(http.Handler) http.Handler, error) {
	return l.handler(ratelimit.Options{Key: ratelimit.ByAddress, Count: ratelimit.Statuses(http.StatusUnauthorized), Problems: problems})
}

func (l limits) handler(o ratelimit.Options) (func(http.Handler) http.Handler, error) {
	if len(l.policies) == 0 {
		return func(h http.Handler) http.Handler { return h }, nil
	}
	if l.store == nil {
		return nil, errors.New("there are policies and no store")
	}
	o.Policies = l.policies
	limiter, err := ratelimit.New(l.store, o)
	if err != nil {
		return nil, err
	}
	return limiter.Handler, nil
}

// limited applies the guard to the routes of the API, whatever becomes of the
// request: also where there is no such path.
func limited(guard func(http.Handler) http.Handler, next http.Handler) http.Handler {
	guarded := guard(next)
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if p := r.URL.Path; strings.HasPrefix(p, "/v1/") || strings.HasPrefix(p, "/v0/") {
			guarded.ServeHTTP(w, r)
			return
		}
		next.ServeHTTP(w, r)
	})
}
