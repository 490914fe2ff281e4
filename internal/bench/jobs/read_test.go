package jobs_test

import (
	"context"
	"testing"
)

// BenchmarkRead reads the status of jobs that are queued, with their place among
// 2,000.
func BenchmarkRead(b *testing.B) {
	for _, store := range jobBackends {
		b.Run(store.name, func(b *testing.B) {
			backend, _ := store.open(b)
			var ids []string
			for range 2000 {
				job, _, err := backend.Submit(b.Context(), newJob())
				if err != nil {
					b.Fatal(err)
				}
				ids = append(ids, job.ID)
			}
			b.ResetTimer()
			b.RunParallel(func(pb *testing.PB) {
				for i := 0; pb.Next(); i++ {
					if _, err := backend.Get(context.Background(), ids[i%len(ids)]); err != nil {
						b.Error(err)
						return
					}
				}
			})
			b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "reads/s")
		})
	}
}
