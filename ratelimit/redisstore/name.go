package redisstore

import (
	"crypto/sha256"
	"encoding/base64"
	"time"

	"github.com/forthright-http/forthright/ratelimit"
)

// tag stands for a key, whatever that holds.
type tag [16]byte

func tagOf(key string) tag {
	sum := sha256.Sum256([]byte(key))
	return tag(sum[:16])
}

// name is the Redis key of all buckets of a key: PREFIX{TAG}.
func (s *Store) name(t tag) string {
	b := make([]byte, 0, 64)
	b = append(append(b, s.options.Prefix...), '{')
	return string(append(base64.RawURLEncoding.AppendEncode(b, t[:]), '}'))
}

// numbers appends those of the policies' buckets: 53 bits of a hash (FNV-1a) of what tells
// a policy's bucket from another's, which all processes compute alike.
func numbers(ids []int64, policies []ratelimit.Policy) []int64 {
	for i := range policies {
		p := &policies[i]
		h := uint64(14695981039346656037)
		for j := range len(p.Name) {
			h = (h ^ uint64(p.Name[j])) * 1099511628211
		}
		for _, n := range [...]int64{p.Quota, int64(p.Window / time.Microsecond), p.Burst} {
			for range 8 {
				h = (h ^ uint64(n&0xff)) * 1099511628211
				n >>= 8
			}
		}
		ids = append(ids, int64(h>>11))
	}
	return ids
}
