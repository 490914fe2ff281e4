package bench

import (
	"net/http"
	"testing"
)

// BenchmarkCreate reads, checks and echoes the same valid order every time.
func BenchmarkCreate(b *testing.B) {
	run(b, func() *exchange { return newExchange("POST", "/orders", validOrder(0)) },
		func(c contender) http.Handler { return c.create }, http.StatusCreated)
}

// varied is how many orders BenchmarkCreateVaried has.
const varied = 512

// BenchmarkCreateVaried does so with many orders in turn. A decoder that knows
// the strings of the last order from memory does not know these.
func BenchmarkCreateVaried(b *testing.B) {
	contents := make([][]byte, varied)
	for n := range contents {
		contents[n] = validOrder(n)
	}
	run(b, func() *exchange { return newExchange("POST", "/orders", contents...) },
		func(c contender) http.Handler { return c.create }, http.StatusCreated)
}
