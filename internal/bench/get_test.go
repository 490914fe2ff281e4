package bench

import (
	"net/http"
	"testing"
)

// BenchmarkGet answers with a value of five members.
func BenchmarkGet(b *testing.B) {
	run(b, func() *exchange { return newExchange("GET", "/books/bk_17") },
		func(c contender) http.Handler { return c.get }, http.StatusOK)
}
