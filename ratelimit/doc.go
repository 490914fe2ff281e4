// Package ratelimit decides how much is too much, and says so truthfully: 429 with
// the time to come back, and the fields that let a client keep its limits.
//
//	limits, err := ratelimit.New(store, ratelimit.Options{
//		Policies: []ratelimit.Policy{
//			{Name: "burst", Quota: 20, Window: time.Second},
//			{Name: "hour", Quota: 5000, Window: time.Hour},
//		},
//		Key: ratelimit.By(authn.Subject), // by address where there is none
//	})
//	mux.Handle("/v1/", limits.Handler(v1))
//
// The store is [NewMemory] for one process, or that of package redisstore for many:
// nothing else changes. All policies of a request are decided at once; where one
// denies, none is charged. The client gets
//
//	HTTP/1.1 429 Too Many Requests
//	Content-Type: application/problem+json
//	RateLimit-Policy: "burst";q=20;w=1, "hour";q=5000;w=3600
//	RateLimit: "burst";r=0;t=1
//	Retry-After: 1
//
//	{"type":"https://iana.org/assignments/http-problem-types#quota-exceeded", ...,
//	"violated-policies":["burst"]}
//
// # Who is counted
//
// A [Key] names who: an address ([ByAddress], or [Addresses] behind proxies), the
// user that authentication found ([By]), several at once ([Join]). Failed logins are
// counted by address, never by the name that was claimed.
//
// # How they nest
//
// From the outside in: a guard that counts refused credentials by address, so that it
// also spares the password hash; authentication; the limiter by user; the limit of
// requests in flight; the handler.
//
//	clients, err := ratelimit.NewAddresses(ratelimit.AddressOptions{Trusted: []string{"10.0.0.0/8"}})
//	guard, err := ratelimit.New(store, ratelimit.Options{
//		Policies: []ratelimit.Policy{{Name: "failed-logins", Quota: 30, Window: time.Minute, WhenDown: ratelimit.Closed}},
//		Key:      clients.Key,
//		Count:    ratelimit.Statuses(http.StatusUnauthorized),
//		Quiet:    true,
//	})
//	limits, err := ratelimit.New(store, ratelimit.Options{
//		Policies: []ratelimit.Policy{{Name: "hour", Quota: 5000, Window: time.Hour}},
//		Key:      ratelimit.By(authn.Subject, clients.Key),
//		Count:    func(status int) bool { return status != http.StatusServiceUnavailable },
//	})
//	capacity, err := ratelimit.NewConcurrency(ratelimit.ConcurrencyOptions{Max: 100, Queue: 200})
//	mux.Handle("/v1/", guard.Handler(auth.Handler(limits.Handler(capacity.Handler(v1)))))
//
// A guard also bounds what an address has in flight: see [Options.Count] before you
// choose its Quota.
//
// Each limiter decides alone: where an inner one denies, or sheds, the outer ones have
// charged already, unless their Count leaves that status out. Policies that are to be
// charged together belong into one limiter. Limiters that stack merge their fields by
// the policies' names, so a name should mean one policy throughout a service.
//
// # What is counted
//
// Each request, at a cost of 1, or [Options.Cost]. [Options.Count] counts only what
// failed or only what was done: the cost is reserved before the handler runs and
// given back after it. [Settle] corrects an estimate. A [Policy] that is Shadow
// only watches. CORS preflight requests are not counted: see [Limiter.Handler].
//
// # How many at once
//
// [NewConcurrency] limits requests in flight, with a queue and priorities, and
// answers 503: that is about the capacity of the service, not about the client.
//
// # When the store is down
//
// Each policy chooses [Open], [Closed] or [Local]. A decision takes no longer than
// [Options.Deadline], as far as the store heeds its context. A client that goes away
// while the store is asked is not let in, and is no failure of the store. Nor is a
// panic of the store: that is a bug, and goes on to who recovers it.
//
// # Where not to use it
//
// It is no defence against a flood that fills the line before a handler runs: that
// is for what stands in front. It does not bill: counts may be lost with a store.
package ratelimit
