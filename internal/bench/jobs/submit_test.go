package jobs_test

import (
	"context"
	"fmt"
	"sync"
	"sync/atomic"
	"testing"
)

func TestStores(t *testing.T) {
	for _, s := range jobStores {
		if err := s.open(t)(t.Context()); err != nil {
			t.Errorf("%s: %v", s.name, err)
		}
	}
}

// BenchmarkSubmit accepts jobs: from submitters at once, each job kept and synced
// before the next of its submitter.
func BenchmarkSubmit(b *testing.B) {
	for _, n := range []int{1, 16} {
		for _, s := range jobStores {
			b.Run(fmt.Sprintf("%d/%s", n, s.name), func(b *testing.B) {
				submit := s.open(b)
				among(b, n, func() error { return submit(context.Background()) })
			})
		}
	}
}

// among has n goroutines do b.N things.
func among(b *testing.B, n int, f func() error) {
	b.Helper()
	var left atomic.Int64
	left.Store(int64(b.N))
	var all sync.WaitGroup
	b.ResetTimer()
	for range n {
		all.Go(func() {
			for left.Add(-1) >= 0 {
				if err := f(); err != nil {
					b.Error(err)
					return
				}
			}
		})
	}
	all.Wait()
	b.StopTimer()
	b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "jobs/s")
}
