package bench

import (
	"context"
	"log/slog"
	"net"
	"net/http"
	"sync"
	"time"

	"github.com/didip/tollbooth/v7"
	"github.com/go-chi/httprate"
	"github.com/sethvargo/go-limiter/httplimit"
	"github.com/sethvargo/go-limiter/memorystore"
	"github.com/throttled/throttled/v2"
	"github.com/throttled/throttled/v2/store/memstore"
	"github.com/ulule/limiter/v3"
	"github.com/ulule/limiter/v3/drivers/middleware/stdlib"
	"github.com/ulule/limiter/v3/drivers/store/memory"
	"golang.org/x/time/rate"

	"github.com/forthright-http/forthright/problem"
	"github.com/forthright-http/forthright/ratelimit"
)

// rateQuota is n requests of one client in a window.
type rateQuota struct {
	n      int
	window time.Duration
}

// rateAsk takes one from what a key has left, and tells whether it was there.
type rateAsk func(key string) bool

// rateLimiter is a limiter that was made.
type rateLimiter struct {
	ask     func() rateAsk // of one goroutine
	handler http.Handler   // by address, around rateNext
	done    func()         // may be nil
}

func (l rateLimiter) close() {
	if l.done != nil {
		l.done()
	}
}

// rateContender makes a limiter in the memory of the process.
type rateContender struct {
	name string
	make func(q rateQuota) rateLimiter
	// fields: it differs from another in its header fields alone.
	fields bool
	// loses: of requests of one client on several processors it answers some with
	// an error, since others were counted meanwhile.
	loses bool
}

var rateContenders = []rateContender{
	{name: "forthright", make: func(q rateQuota) rateLimiter { return rateOurs(1, ratelimit.Draft, q) }},
	{name: "forthright-2", make: func(q rateQuota) rateLimiter { return rateOurs(2, ratelimit.Draft, q) }},
	{name: "forthright-legacy", make: func(q rateQuota) rateLimiter { return rateOurs(1, ratelimit.Legacy, q) }, fields: true},
	{name: "forthright-both", make: func(q rateQuota) rateLimiter { return rateOurs(1, ratelimit.Both, q) }, fields: true},
	{name: "ulule", make: rateUlule},
	{name: "httprate", make: rateHTTPRate},
	{name: "throttled", make: func(q rateQuota) rateLimiter { return rateThrottled(0, q) }, loses: true},
	{name: "throttled-lru", make: func(q rateQuota) rateLimiter { return rateThrottled(1_000_000, q) }, loses: true},
	{name: "sethvargo", make: rateSethvargo},
	{name: "tollbooth", make: rateTollbooth},
	{name: "x-time-rate", make: rateXTime},
}

// rateNext is what the middleware protects.
var rateNext = http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { _, _ = w.Write(rateAnswer) })

var rateAnswer = []byte("in\n")

func rateMust[T any](v T, err error) T {
	if err != nil {
		panic(err)
	}
	return v
}

// rateOurs decides one policy or two; the second is wider than the first.
func rateOurs(policies int, fields ratelimit.Fields, q rateQuota) rateLimiter {
	store := rateMust(ratelimit.NewMemory(ratelimit.MemoryOptions{}))
	all := ratePolicies(q, rateQuota{10 * q.n, q.window})[:policies]
	limits := rateMust(ratelimit.New(store, ratelimit.Options{
		Policies: all, Fields: fields,
		Problems: rateMust(problem.NewWriter(problem.Options{Logger: slog.New(slog.DiscardHandler)})),
	}))
	return rateLimiter{
		ask: func() rateAsk {
			ctx, decisions := context.Background(), make([]ratelimit.Decision, len(all))
			return func(key string) bool {
				return store.Take(ctx, key, 1, all, decisions) == nil && rateAllows(decisions)
			}
		},
		handler: limits.Handler(rateNext),
		done:    func() { _ = store.Close() },
	}
}

// ratePolicies are complete, as a store wants them.
func ratePolicies(quotas ...rateQuota) []ratelimit.Policy {
	var all []ratelimit.Policy
	for i, q := range quotas {
		n := int64(q.n)
		all = append(all, ratelimit.Policy{Name: [...]string{"narrow", "wide"}[i], Quota: n, Window: q.window, Burst: n})
	}
	return all
}

func rateAllows(decisions []ratelimit.Decision) bool {
	for i := range decisions {
		if !decisions[i].Allowed {
			return false
		}
	}
	return true
}

// rateUlule has no cleaner, whose goroutine ends only with a collection: with the
// default one, dead keys go every 30 s.
func rateUlule(q rateQuota) rateLimiter {
	l := limiter.New(memory.NewStoreWithOptions(limiter.StoreOptions{Prefix: limiter.DefaultPrefix}),
		limiter.Rate{Period: q.window, Limit: int64(q.n)})
	return rateLimiter{
		ask: func() rateAsk {
			ctx := context.Background()
			return func(key string) bool {
				c, err := l.Get(ctx, key)
				return err == nil && !c.Reached
			}
		},
		handler: stdlib.NewMiddleware(l).Handler(rateNext),
	}
}

// rateHTTPRate decides with its fields off: it has no decision without a writer.
func rateHTTPRate(q rateQuota) rateLimiter {
	l := httprate.NewRateLimiter(q.n, q.window, httprate.WithResponseHeaders(httprate.ResponseHeaders{}))
	return rateLimiter{
		ask: func() rateAsk {
			x := newExchange("GET", "/")
			return func(key string) bool { return !l.OnLimit(x, x.r, key) }
		},
		handler: httprate.LimitBy(q.n, q.window, func(r *http.Request) (string, error) {
			host, _, err := net.SplitHostPort(r.RemoteAddr)
			return httprate.CanonicalizeIP(host), err
		})(rateNext),
	}
}

// rateThrottled keeps all keys where keys is 0, and as many as that where not.
func rateThrottled(keys int, q rateQuota) rateLimiter {
	l := rateMust(throttled.NewGCRARateLimiterCtx(rateMust(memstore.NewCtx(keys)),
		throttled.RateQuota{MaxRate: throttled.PerDuration(q.n, q.window), MaxBurst: q.n - 1}))
	middleware := &throttled.HTTPRateLimiterCtx{RateLimiter: l, VaryBy: &throttled.VaryBy{RemoteAddr: true}}
	return rateLimiter{
		ask: func() rateAsk {
			ctx := context.Background()
			return func(key string) bool {
				limited, _, err := l.RateLimitCtx(ctx, key, 1)
				return err == nil && !limited
			}
		},
		handler: middleware.RateLimit(rateNext),
	}
}

func rateSethvargo(q rateQuota) rateLimiter {
	store := rateMust(memorystore.New(&memorystore.Config{Tokens: uint64(q.n), Interval: q.window}))
	return rateLimiter{
		ask: func() rateAsk {
			ctx := context.Background()
			return func(key string) bool {
				_, _, _, ok, err := store.Take(ctx, key)
				return err == nil && ok
			}
		},
		handler: rateMust(httplimit.NewMiddleware(store, httplimit.IPKeyFunc())).Handle(rateNext),
		done:    func() { _ = store.Close(context.Background()) },
	}
}

// rateTollbooth counts each path apart and keeps a client for ten years, which are
// its defaults.
func rateTollbooth(q rateQuota) rateLimiter {
	l := tollbooth.NewLimiter(float64(q.n)/q.window.Seconds(), nil)
	l.SetBurst(q.n).SetIPLookups([]string{"RemoteAddr"})
	return rateLimiter{
		ask: func() rateAsk {
			return func(key string) bool { return tollbooth.LimitByKeys(l, []string{key}) == nil }
		},
		handler: tollbooth.LimitHandler(l, rateNext),
	}
}

// rateXTime is a map of limiters as many services have it: none is ever dropped,
// and nothing is said to the client.
func rateXTime(q rateQuota) rateLimiter {
	var mu sync.Mutex
	all := map[string]*rate.Limiter{}
	ask := func(key string) bool {
		mu.Lock()
		l, ok := all[key]
		if !ok {
			l = rate.NewLimiter(rate.Limit(float64(q.n)/q.window.Seconds()), q.n)
			all[key] = l
		}
		mu.Unlock()
		return l.Allow()
	}
	return rateLimiter{
		ask: func() rateAsk { return ask },
		handler: http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			host, _, err := net.SplitHostPort(r.RemoteAddr)
			if err != nil {
				http.Error(w, http.StatusText(http.StatusInternalServerError), http.StatusInternalServerError)
				return
			}
			if !ask(host) {
				http.Error(w, http.StatusText(http.StatusTooManyRequests), http.StatusTooManyRequests)
				return
			}
			rateNext.ServeHTTP(w, r)
		}),
	}
}
