package redisstore_test

import (
	"encoding/binary"
	"fmt"
	"math"
	"math/big"
	"math/rand/v2"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"

	"github.com/forthright-http/forthright/ratelimit"
	"github.com/forthright-http/forthright/ratelimit/ratelimittest"
	"github.com/forthright-http/forthright/ratelimit/redisstore"
)

// doubles are the bytes of a bucket.
func doubles(values ...float64) []byte {
	var b []byte
	for _, v := range values {
		b = binary.LittleEndian.AppendUint64(b, math.Float64bits(v))
	}
	return b
}

// timed is a store whose Redis has the time of a clock.
type timed struct {
	*redisstore.Store
	client *redis.Client
	key    string
}

func newTimed(t testing.TB, c *redis.Client) *timed {
	prefix := prefixOf(t, c)
	s := newStore(t, c, redisstore.Options{Prefix: prefix, Remember: -1})
	s.UseClock(prefix + "clock")
	return &timed{s, c, prefix + "clock"}
}

func (s *timed) at(t testing.TB, us int64) {
	t.Helper()
	if err := s.client.Set(t.Context(), s.key, us, 0).Err(); err != nil {
		t.Fatal(err)
	}
}

// bucket is the slow and exact model: how many units there are, as a rational number.
type bucket struct {
	p     ratelimit.Policy
	units *big.Rat // now
	kept  *big.Rat // when the key was written last
	at    int64
	now   int64
}

func whole(n int64) *big.Rat { return new(big.Rat).SetInt64(n) }

// seen brings a bucket to now, by a clock that may go back: then nothing refills that
// was not there when it was written, and from then on it does by the new time.
func (b *bucket) seen(now int64) {
	b.at, b.now = min(b.at, now), now
	more := new(big.Rat).Mul(whole(now-b.at), big.NewRat(b.p.Quota, int64(b.p.Window/time.Microsecond)))
	b.set(more.Add(more, b.kept))
}

func (b *bucket) set(units *big.Rat) {
	if b.units = units; units.Cmp(whole(b.p.Burst)) > 0 {
		b.units = whole(b.p.Burst)
	}
}

// write keeps all buckets of a key as they are now.
func write(buckets []*bucket) {
	for _, b := range buckets {
		b.kept, b.at = b.units, b.now
	}
}

// wait is the time until there are so many units, in whole microseconds.
func (b *bucket) wait(units int64) time.Duration {
	d := new(big.Rat).Sub(whole(units), b.units)
	if d.Sign() <= 0 {
		return 0
	}
	d.Mul(d, big.NewRat(int64(b.p.Window/time.Microsecond), b.p.Quota))
	us, rest := new(big.Int).QuoRem(d.Num(), d.Denom(), new(big.Int))
	if rest.Sign() > 0 {
		us.Add(us, big.NewInt(1))
	}
	return time.Duration(us.Int64()) * time.Microsecond
}

func (b *bucket) decision(cost int64) ratelimit.Decision {
	var d ratelimit.Decision
	if d.Allowed = b.units.Cmp(whole(cost)) >= 0; !d.Allowed {
		d.RetryAfter = b.wait(min(cost, b.p.Burst))
	}
	if b.units.Sign() > 0 {
		d.Remaining = new(big.Int).Quo(b.units.Num(), b.units.Denom()).Int64()
	}
	d.Full = b.wait(b.p.Burst)
	return d
}

// takeAll is Take by the model.
func takeAll(buckets []*bucket, cost int64) []ratelimit.Decision {
	out, all, charged := make([]ratelimit.Decision, len(buckets)), true, false
	for i, b := range buckets {
		out[i] = b.decision(cost)
		all = all && (out[i].Allowed || b.p.Shadow)
	}
	for i, b := range buckets {
		if all && out[i].Allowed {
			b.set(new(big.Rat).Sub(b.units, whole(cost)))
			out[i] = b.decision(0)
			charged = true
		}
	}
	if charged {
		write(buckets)
	}
	return out
}

// operations are how often each comes.
const operations = "00000000000111122223"

// TestExact compares random calls with the model: quotas that do not divide their
// windows, costs above the burst and up to the greatest, adjustments both ways, clocks
// that go back.
func TestExact(t *testing.T) {
	c := clientOf(t, redisURL(t))
	s := newTimed(t, c)
	for seed := range uint64(100) {
		r := rand.New(rand.NewPCG(7, seed))
		buckets, policies := randomBuckets(r)
		now := int64(1_790_000_000_000_000)
		key := fmt.Sprint("key-", seed)
		for i := range buckets {
			buckets[i].at = now
		}
		var last []ratelimit.Decision
		for step := range 40 {
			op := [...]string{"take", "adjust", "peek", "reset"}[operations[r.IntN(len(operations))]-'0']
			now = pass(r, now, buckets, last)
			s.at(t, now)
			for _, b := range buckets {
				b.seen(now)
			}
			var got, want []ratelimit.Decision
			var cost int64
			switch b := buckets[r.IntN(len(buckets))]; op {
			case "take":
				cost = costOf(r, b)
				got, want = mustTake(t, s.Store, key, cost, policies...), takeAll(buckets, cost)
			case "adjust":
				cost = upTo(r, 2*b.p.Burst) * int64(1-2*r.IntN(2))
				for _, b := range buckets { // no debt of 71 years
					cost = min(cost, 3*b.p.Burst)
				}
				got = mustAdjust(t, s.Store, key, cost, policies...)
				for _, b := range buckets {
					b.set(new(big.Rat).Sub(b.units, whole(cost)))
					want = append(want, b.decision(1))
				}
				write(buckets)
			case "peek":
				got = mustPeek(t, s.Store, key, policies...)
				for _, b := range buckets {
					want = append(want, b.decision(1))
				}
			case "reset":
				if err := s.Reset(t.Context(), key, policies); err != nil {
					t.Fatal(err)
				}
				for _, b := range buckets {
					b.set(whole(b.p.Burst))
				}
				write(buckets)
			}
			for i := range got {
				if got[i] != want[i] {
					t.Fatalf("seed %d, step %d, %s of %d, policy %d of %d (%d in %v, burst %d, shadow %v):\n got %+v\nwant %+v", seed, step, op, cost,
						i+1, len(policies), policies[i].Quota, policies[i].Window, policies[i].Burst, policies[i].Shadow, got[i], want[i])
				}
			}
			last = got
		}
	}
}

// upTo is a number from 1 to n: small ones, large ones and the two ends alike.
func upTo(r *rand.Rand, n int64) int64 {
	switch r.IntN(8) {
	case 0:
		return 1
	case 1:
		return n
	}
	return 1 + int64(math.Exp(r.Float64()*math.Log(float64(n))))%n
}

func randomBuckets(r *rand.Rand) (buckets []*bucket, policies []ratelimit.Policy) {
	for i := range 1 + r.IntN(4) {
		for {
			p := ratelimit.Policy{Name: string(rune('a' + i)), Shadow: r.IntN(5) == 0}
			p.Quota, p.Window = upTo(r, 999_999_999_999_999), time.Duration(upTo(r, 366*24*3600*1e6))*time.Microsecond
			if r.IntN(2) == 0 {
				p.Quota = upTo(r, 100)
			}
			if p.Burst = p.Quota; r.IntN(2) == 0 {
				p.Burst = upTo(r, 999_999_999_999_999)
			}
			if float64(p.Burst)*float64(p.Window)/float64(p.Quota) < 9*366*24*float64(time.Hour) {
				policies = append(policies, p)
				buckets = append(buckets, &bucket{p: p, kept: whole(p.Burst)})
				break
			}
		}
	}
	return buckets, policies
}

func costOf(r *rand.Rand, b *bucket) int64 {
	switch r.IntN(12) {
	case 0:
		return b.p.Burst
	case 1:
		return b.p.Burst + 1
	case 2:
		return math.MaxInt64
	case 3, 4:
		return upTo(r, b.p.Burst)
	}
	return 1 + upTo(r, b.p.Burst)/4
}

// pass lets time pass: often exactly what a decision spoke of, or a microsecond less, and
// at times back.
func pass(r *rand.Rand, now int64, buckets []*bucket, last []ratelimit.Decision) int64 {
	b := buckets[r.IntN(len(buckets))]
	window := int64(b.p.Window / time.Microsecond)
	switch r.IntN(8) {
	case 0, 1:
		return now
	case 2:
		return now + upTo(r, window)
	case 3:
		return now + upTo(r, max(1, window/b.p.Quota))
	case 4:
		return now - upTo(r, window)
	}
	if len(last) == 0 {
		return now
	}
	d := last[r.IntN(len(last))]
	us := d.RetryAfter
	if us == 0 {
		us = d.Full
	}
	return now + max(0, int64(us/time.Microsecond)-int64(r.IntN(2)))
}

// clocked sets the time of Redis before each call of the kit.
type clocked struct {
	*timed
	t     *testing.T
	clock *ratelimittest.Clock
}

func (s clocked) set() { s.at(s.t, s.clock.Now().UnixMicro()) }
