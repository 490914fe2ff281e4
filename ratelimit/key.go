package ratelimit

import (
	"net/http"
	"slices"
	"strconv"
	"strings"
)

// Key finds the partition key of a request: each key has buckets of its own. It
// returns false where the request has none.
//
// A key is kept in a store, so a secret belongs in a hash. An API key or a user's
// name that was not verified is no key: who chooses it chooses the bucket. Limit
// those by address, and put the limiter by principal inside authentication.
//
// As [Limiter.Peek], [Limiter.Reset] and [Event] have it, the key is what was returned,
// as it is: "192.0.2.1" or "2001:db8::/64" of [ByAddress], "0=alice" of [By],
// "5:alice4:read" of [Join]. Where a request has none, the address of its peer stands
// in, as "address=192.0.2.1"; for a key of your own that begins with "address=" or
// "key=", "key=" is put before it. [Limiter.KeyOf] tells.
type Key func(*http.Request) (key string, ok bool)

// By is the first of the keys that a request has, and its address, by [ByAddress],
// where it has none of them. Which of them it was is part of the key, so that a
// user who is named like an address does not share its bucket: the key of alice, by
// the first of them, is "0=alice", as [Limiter.Reset] wants it.
//
//	Key: ratelimit.By(authn.Subject)
//
// To find addresses behind proxies, name the [Addresses.Key] last. By panics where a
// key is nil.
func By(keys ...Key) Key {
	keys = checkKeys("By", keys)
	prefixes := make([]string, len(keys))
	for i := range keys {
		prefixes[i] = strconv.Itoa(i) + "=" // no address has this sign
	}
	return func(r *http.Request) (string, bool) {
		for i, k := range keys {
			if key, ok := k(r); ok {
				return prefixes[i] + key, true
			}
		}
		return ByAddress(r)
	}
}

// checkKeys returns a copy of keys none of which is nil.
func checkKeys(by string, keys []Key) []Key {
	for _, k := range keys {
		if k == nil {
			panic("ratelimit: " + by + ": a key is nil")
		}
	}
	return slices.Clone(keys)
}

// keyOf is the key of a limiter: where a request has none, the peer's address, marked.
// What a Key itself begins with the mark is marked otherwise, so that the two are never
// one.
func keyOf(k Key, r *http.Request) (key string, fallback bool) {
	key, ok := k(r)
	if !ok {
		key, _ = ByAddress(r)
		return standIn + key, true
	}
	if strings.HasPrefix(key, standIn) || strings.HasPrefix(key, ownKey) {
		key = ownKey + key
	}
	return key, false
}

const (
	standIn = "address="
	ownKey  = "key="
)

// Join makes one key of several: a limit for each user and each of their API keys,
// say. It has a key where all of them have one. The parts are written with their
// lengths ("5:alice4:read"), so that two lists of parts never make one key. Join
// panics where a key is nil or there is none.
func Join(keys ...Key) Key {
	keys = checkKeys("Join", keys)
	if len(keys) == 0 {
		panic("ratelimit: Join: there are no keys")
	}
	return func(r *http.Request) (string, bool) {
		var b strings.Builder
		for _, k := range keys {
			part, ok := k(r)
			if !ok {
				return "", false
			}
			b.WriteString(strconv.Itoa(len(part)))
			b.WriteByte(':')
			b.WriteString(part)
		}
		return b.String(), true
	}
}

// ByRoute is the pattern that the request matched, so that each route has its own
// buckets; false where none did, as above an http.ServeMux. [Join] it to another.
func ByRoute(r *http.Request) (string, bool) { return r.Pattern, r.Pattern != "" }

// Everyone is one key for all requests: a limit of the service as a whole.
func Everyone(*http.Request) (string, bool) { return "everyone", true }
