// Package ululestore joins package ratelimit and github.com/ulule/limiter, both ways.
//
// [From] makes a ratelimit.Store of any limiter.Store, so that a service which has
// one keeps it behind the answers of package ratelimit. [Of] makes a limiter.Store of
// any ratelimit.Store, for what is written against that: ratelimit.Memory above all,
// which neither grows without bound nor races with a cleaner.
//
//	limits, err := ratelimit.New(ululestore.From(redisStore), ratelimit.Options{ ... })
//	instance := limiter.New(ululestore.Of(memory), rate)
//
// [Rate] and [Policy] turn the settings of one into those of the other;
// ratelimit.ParsePolicy reads "10-S" too.
//
// It is a module of its own, so that nobody else has the requirements of limiter in
// their go.mod.
//
// # What is lost by From
//
// A limiter.Store counts in fixed windows: at the edge of two, twice the quota may
// pass. It has no burst, knows times in whole seconds, and decides one policy with one
// call or more, so that several policies of a request are not decided at once: between
// the look and the charge another request may come. A policy that would then pass its
// limit is given its cost back, and denies.
package ululestore
