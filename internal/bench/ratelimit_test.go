package bench

import (
	"net/http"
	"runtime"
	"strconv"
	"sync"
	"sync/atomic"
	"testing"
	"time"
)

// ratePlenty denies nothing in a benchmark, and no bucket is full again when its key
// comes back: one refills in 315 ms. With rateRefilled all are.
var (
	ratePlenty   = rateQuota{100_000_000, 365 * 24 * time.Hour}
	rateRefilled = rateQuota{1_000_000_000, time.Hour}
)

const ratePath = "/orders/1"

// rateLoad is how many clients come, on how many processors.
type rateLoad struct {
	name             string
	quota            rateQuota
	keys, processors int
}

var rateLoads = []rateLoad{
	{"hot/1", ratePlenty, 1, 1},
	{"hot/2", ratePlenty, 1, 2},
	{"100k/1", ratePlenty, 100_000, 1},
	{"100k/2", ratePlenty, 100_000, 2},
	{"refilled/1", rateRefilled, 100_000, 1},
}

// rateStride visits all keys, each far from the one before.
const rateStride = 61_803

// rateAddresses are n addresses of clients, as RemoteAddr has them and without the
// port.
func rateAddresses(n int) (remote, hosts []string) {
	for i := range n {
		host := rateAddress(i)
		hosts = append(hosts, host)
		remote = append(remote, host+":49152")
	}
	return remote, hosts
}

// rateAddress is the address of client i, in memory of its own.
func rateAddress(i int) string {
	b := strconv.AppendInt([]byte("10."), int64(i>>16), 10)
	b = strconv.AppendInt(append(b, '.'), int64(i>>8&255), 10)
	return string(strconv.AppendInt(append(b, '.'), int64(i&255), 10))
}

// rateAhead gives the key that was asked for the time before, and looks at the next:
// that of a request was just read, so it is no miss of the cache to any contender.
func rateAhead(keys []string) func(i int) string {
	next, seen := keys[0], byte(0)
	return func(i int) string {
		key := next
		next = keys[i]
		seen ^= next[0]
		return key
	}
}

// rateRun measures a load. What one goroutine does with the i-th of the keys reports
// whether it was let in. All keys are known beforehand.
func rateRun(b *testing.B, load rateLoad, loses bool, one func() func(i int) bool) {
	defer runtime.GOMAXPROCS(runtime.GOMAXPROCS(load.processors))
	first := one()
	for i := range load.keys {
		if !first(i) {
			b.Fatal("refused")
		}
	}
	var from, refused atomic.Int64
	step := rateStride % load.keys
	b.ReportAllocs()
	b.ResetTimer()
	b.RunParallel(func(pb *testing.PB) {
		do, no := one(), int64(0)
		i := int(from.Add(rateStride/2)) % load.keys
		for pb.Next() {
			if !do(i) {
				no++
			}
			if i += step; i >= load.keys {
				i -= load.keys
			}
		}
		refused.Add(no)
	})
	rateErrors(b, refused.Load(), loses)
}

// rateErrors reports n requests that were not let in, where there may be some.
func rateErrors(b *testing.B, n int64, some bool) {
	switch {
	case n > 0 && !some:
		b.Fatalf("%d of %d refused", n, b.N)
	case n > 0:
		b.ReportMetric(float64(n)/float64(b.N), "errors/op")
	}
}

// rateEach measures contenders under loads. What one goroutine does with a limiter is
// what use makes.
func rateEach(b *testing.B, loads []rateLoad, fields bool, use func(l rateLimiter) func(i int) bool) {
	for _, load := range loads {
		for _, c := range rateContenders {
			if c.fields && !fields {
				continue
			}
			made := sync.OnceValue(func() rateLimiter { return c.make(load.quota) })
			b.Run(load.name+"/"+c.name, func(b *testing.B) {
				rateRun(b, load, c.loses, func() func(int) bool { return use(made()) })
			})
			made().close()
		}
	}
}

// BenchmarkRateDecision takes one from what a key has left.
func BenchmarkRateDecision(b *testing.B) {
	_, hosts := rateAddresses(100_000)
	rateEach(b, rateLoads, false, func(l rateLimiter) func(int) bool {
		ask, key := l.ask(), rateAhead(hosts)
		return func(i int) bool { return ask(key(i)) }
	})
}

// rateSend sends a client's request to a middleware.
func rateSend(h http.Handler, remote []string) func(i int) bool {
	x, key := newExchange("GET", ratePath), rateAhead(remote)
	return func(i int) bool {
		x.r.RemoteAddr = key(i)
		x.send(h)
		return x.status == http.StatusOK
	}
}

// BenchmarkRateMiddleware lets requests in, with what is said of the limit. The
// handler alone is beside it.
func BenchmarkRateMiddleware(b *testing.B) {
	remote, _ := rateAddresses(100_000)
	b.Run("hot/1/handler", func(b *testing.B) {
		rateRun(b, rateLoads[0], false, func() func(int) bool { return rateSend(rateNext, remote) })
	})
	rateEach(b, rateLoads[:4], true, func(l rateLimiter) func(int) bool { return rateSend(l.handler, remote) })
}

// BenchmarkRateDenied refuses requests of one client.
func BenchmarkRateDenied(b *testing.B) {
	remote, _ := rateAddresses(1)
	for _, c := range rateContenders {
		b.Run(c.name, func(b *testing.B) {
			l := c.make(rateQuota{1, 24 * time.Hour})
			defer l.close()
			x := newExchange("GET", ratePath)
			x.r.RemoteAddr = remote[0]
			if x.send(l.handler); x.status != http.StatusOK {
				b.Fatalf("the first request: status %d", x.status)
			}
			x.measure(b, l.handler, http.StatusTooManyRequests)
		})
	}
}
