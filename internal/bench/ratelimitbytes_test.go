package bench

import (
	"flag"
	"runtime"
	"strings"
	"testing"
	"time"
)

const rateBytesKeys = 1_000_000

// rateKept has no bucket full again before the last key is there.
var rateKept = rateQuota{1000, 365 * 24 * time.Hour}

// BenchmarkRateBytes fills each limiter with a million keys and reports what one takes,
// with the key where it is kept. It takes a while, so it runs only where it is named:
//
//	go test -run '^$' -bench RateBytes -benchtime 1x ./internal/bench
func BenchmarkRateBytes(b *testing.B) {
	if !strings.Contains(flag.Lookup("test.bench").Value.String(), "RateBytes") {
		b.Skip("it runs only where -bench names RateBytes")
	}
	for _, c := range rateContenders {
		if c.fields || c.name == "forthright-2" { // a bucket takes as much of each policy
			continue
		}
		b.Run(c.name, func(b *testing.B) {
			var l rateLimiter
			for b.Loop() {
				before := rateHeap()
				l = c.make(rateKept)
				ask := l.ask()
				for i := range rateBytesKeys {
					if !ask(rateAddress(i)) {
						b.Fatal("refused")
					}
				}
				b.ReportMetric(float64(rateHeap()-before)/rateBytesKeys, "B/key")
				l.close()
			}
			b.ReportMetric(0, "ns/op")
			runtime.KeepAlive(l)
		})
	}
}

// rateHeap is the memory in use after a collection.
func rateHeap() int64 {
	runtime.GC()
	runtime.GC() // what finalizers and pools held
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return int64(m.HeapAlloc)
}
