package bench

import (
	"net/http"
	"testing"
)

// BenchmarkInvalid reads an order that breaks three rules, and lists them.
func BenchmarkInvalid(b *testing.B) {
	run(b, func() *exchange { return newExchange("POST", "/orders", invalidOrder()) },
		func(c contender) http.Handler { return c.create }, http.StatusUnprocessableEntity)
}
