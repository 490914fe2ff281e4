package problem_test

import (
	"io"
	"log"
	"net/http"
	"net/http/httptest"
	"testing"

	"github.com/forthright-http/forthright/respond/conform/conformtest"
)

// serve starts a real server, over HTTP/2 if told to. Each answer is checked
// by package conform.
func serve(t testing.TB, http2 bool, h http.HandlerFunc, off ...map[string]string) *httptest.Server {
	t.Helper()
	srv := httptest.NewUnstartedServer(conformtest.Handler(t, h, rules(off...)))
	srv.Config.ErrorLog = log.New(io.Discard, "", 0)
	if http2 {
		srv.EnableHTTP2 = true
		srv.StartTLS()
	} else {
		srv.Start()
	}
	t.Cleanup(srv.Close)
	return srv
}
