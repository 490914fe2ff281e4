// Package redisstore keeps rate limits in Redis, for a service of many processes: one
// script and one round trip decide all policies of a request.
//
//	store, err := redisstore.Open("redis://10.0.0.5:6379/0", redisstore.Options{})
//	limits, err := ratelimit.New(store, ratelimit.Options{ ... })
//
// [New] takes a client of go-redis v9 of your own: standalone, Sentinel or Cluster. It
// must keep to deadlines and repeat nothing:
//
//	client := redis.NewClusterClient(&redis.ClusterOptions{
//		Addrs:                 []string{"10.0.0.5:6379", "10.0.0.6:6379"},
//		ContextTimeoutEnabled: true,
//		MaxRetries:            -1,
//	})
//
// # How it decides
//
// Exactly, as ratelimit.NewMemory does, but in microseconds, and by the clock of Redis:
// those of the processes do not matter. While that clock has gone back, nothing refills
// that was not there; RetryAfter is true by the new time. All buckets of a key are in
// one Redis key, so that any node of a cluster decides on them at once. Policies of
// several limiters with one prefix share buckets where their Name, Quota, Window and
// Burst are the same.
//
// # What it costs
//
// A decision is one EVALSHA, of two policies about a sixth more than of one. A key takes
// about 200 bytes of Redis with one policy, and 25 more with each other one (version
// 7.0, with the default prefix), however long it is. It ends by itself when its buckets
// are full: so there are as many as there are clients that used something in the time
// that it takes to refill. A million of them are 200 MB.
//
// A denial is remembered in the process for [Options.Remember]: of a flood that is
// denied, each process sends Redis one call in that time. Not so for a limiter that
// counts by outcome or settles, such as a guard of logins: each request is a call.
//
// # When Redis fails
//
// A call that fails, or takes longer than its context allows, is not repeated: it may
// have been counted, once. After some failures in a row a breaker opens: every call
// fails at once, and one of them tries again after each [Options.Rest]. What a request
// gets meanwhile is the choice of each policy (ratelimit.WhenDown). Counts that Redis
// loses, by a restart or by a failover before they were copied, are full buckets.
//
// The deadline of a limiter (50 ms by default) must hold three round trips: a new
// connection takes one for itself, and one more for a database other than 0. A client
// of your own with the other defaults of go-redis takes two more. Where Redis is far
// away, raise it.
//
// # What it defends against
//
// Values of another kind under the store's prefix are full buckets, and are
// overwritten: they make no limit fail for ever. Key names are hashes, so that no
// client chooses them; they are no secret: who can read Redis can find an address by
// trying all. Who can write to it can lift each limit, and lock out anybody. Give the
// store a user that may do no more than it does:
//
//	ACL SETUSER limits on >PASSWORD resetkeys ~ratelimit:* -@all +evalsha +eval +time +mget +set +del
//
// It does not defend Redis against a flood of different keys, each of which is a call
// and takes memory until it is full: count by network, and limit the memory of Redis.
// One that evicts keys (maxmemory-policy allkeys-lru and its like) then forgets who was
// limited; with noeviction, calls fail.
//
// # Where not to use it
//
// For one process ratelimit.NewMemory is some hundred times faster. A redis.Ring moves
// keys to other servers when one fails, where they have full buckets.
package redisstore
