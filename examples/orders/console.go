package main

import (
	_ "embed"
	"net/http"
	"time"

	"github.com/forthright-http/forthright/respond"
)

//go:embed console.html
var consolePage []byte

// console is a page from which a person triggers the answers of the service
// and sees the whole exchange.
func console() http.Handler {
	started := time.Now()
	return respond.Handle(func(*http.Request) (respond.Response, error) {
		return respond.Bytes("text/html; charset=utf-8", consolePage).
			LastModified(started).
			CacheControl(respond.NoCache).
			Header("X-Content-Type-Options", "nosniff").
			Header("Content-Security-Policy", "default-src 'none'; style-src 'unsafe-inline'; script-src 'unsafe-inline'; connect-src 'self'"), nil
	})
}
