// Package houses has small services of other houses, written as their own
// documents write them, for conform to judge: see the command judge.
package houses

import (
	"net/http"
	"strings"
)

// House is a service and what it is asked.
type House struct {
	Name    string
	Module  string // "" for the standard library
	Handler http.Handler
	Asks    []Ask
}

// Ask is one request.
type Ask struct {
	What   string // in words
	Method string
	Path   string
	Body   string
	Header []string // "Name: value"
	// Raw is what to send in place of all that: a request that a client of
	// net/http would not.
	Raw string
}

// All are the houses, in the order of the report.
func All() []House {
	return []House{
		netHTTP(), netHTTPFiles(), echoHouse(), ginHouse(), chiHouse(), humaHouse(), fuegoHouse(), httprateHouse(), tollboothHouse(),
	}
}

// common are asked of every service: a GET at path answers 200.
func common(path string) []Ask {
	return []Ask{
		{What: "GET", Method: "GET", Path: path},
		{What: "GET, another Accept", Method: "GET", Path: path, Header: []string{"Accept: application/xml, application/cbor"}},
		{What: "HEAD", Method: "HEAD", Path: path},
		{What: "OPTIONS", Method: "OPTIONS", Path: path},
		{What: "a method that the resource does not take", Method: "PUT", Path: path, Body: "{}", Header: []string{"Content-Type: application/json"}},
		{What: "a method that nobody knows", Method: "BREW", Path: path},
		{What: "no such path", Method: "GET", Path: "/nowhere"},
		{What: "no such path, HEAD", Method: "HEAD", Path: "/nowhere"},
	}
}

const jsonType = "Content-Type: application/json"

// long is more than any limit here.
var long = `{"name":"` + strings.Repeat("a", 4<<10) + `"}`

const maxBytes = 1 << 10

// item is what the services make.
type item struct {
	ID   int    `json:"id"`
	Name string `json:"name" binding:"required" validate:"required"`
}
