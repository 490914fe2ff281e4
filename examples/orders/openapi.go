package main

import (
	"bytes"
	"crypto/sha256"
	_ "embed"
	"encoding/base64"
	"encoding/json"
	"errors"
	"net/http"
	"time"

	"github.com/forthright-http/forthright/respond"
)

// openAPIDocument describes the routes with all their answers, by hand: what
// is said there is a promise, and no accident of the code.
//
//go:embed openapi.json
var openAPIDocument []byte

// publicURLPlace is where the document has the URL of the service.
var publicURLPlace = []byte(`"PUBLIC_URL"`)

// openAPI serves the document, with the service's URL in it.
func openAPI(publicURL string) (http.Handler, error) {
	server, err := json.Marshal(publicURL)
	if err != nil {
		return nil, err
	}
	if bytes.Count(openAPIDocument, publicURLPlace) != 1 {
		return nil, errors.New("orders: openapi.json has not one place for the URL of the service")
	}
	doc := bytes.Replace(openAPIDocument, publicURLPlace, server, 1)
	if !json.Valid(doc) {
		return nil, errors.New("orders: openapi.json is not JSON")
	}
	sum := sha256.Sum256(doc)
	tag := base64.RawURLEncoding.EncodeToString(sum[:12])
	return respond.Handle(func(*http.Request) (respond.Response, error) {
		return respond.Bytes("application/json", doc).ETag(tag).CacheControl(respond.Public, respond.MaxAge(time.Hour)), nil
	}), nil
}
