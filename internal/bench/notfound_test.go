package bench

import (
	"net/http"
	"testing"
)

// BenchmarkNotFound answers with a problem that is always the same.
func BenchmarkNotFound(b *testing.B) {
	run(b, func() *exchange { return newExchange("GET", "/orders/none") },
		func(c contender) http.Handler { return c.notFound }, http.StatusNotFound)
}
