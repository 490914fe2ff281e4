package conformtest_test

import (
	"net/http"
	"testing"

	"github.com/forthright-http/forthright/respond/conform"
	"github.com/forthright-http/forthright/respond/conform/conformtest"
)

func newService() http.Handler { return http.NotFoundHandler() }

func Example() {
	_ = func(t *testing.T) { // func TestAPI(t *testing.T)
		h := conformtest.Handler(t, newService(), conform.Options{
			Off: map[string]string{"4xx-cache": "the gateway adds Cache-Control"},
		})
		// ... any test of h ...
		conformtest.Probe(t, h, "/v1/orders/1")
		conformtest.ProbeOptions{
			Header: http.Header{"Authorization": {"Bearer token-of-this-test"}},
			Unsafe: true,
		}.Probe(t, h, "/v1/orders/2")
	}
}
