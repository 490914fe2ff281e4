package async

import (
	"crypto/sha256"
	_ "embed"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"html/template"
	"io"
	"strings"
)

//go:embed page.html
var pageText string

var pageTemplate = template.Must(template.New("job").Parse(pageText))

// pagePolicy lets the page run its own script and style, and nothing else: whatever
// a handler says of its progress, nothing in it is run (CSP 3 §2.3.1, by hash).
var pagePolicy = []string{"default-src 'none'; script-src " + hashOf("script") + "; style-src " + hashOf("style") +
	"; connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"}

// hashOf is the source expression of the one element of that name in the page. Nothing
// is inserted in it, so that its text is that of the template.
func hashOf(element string) string {
	_, text, _ := strings.Cut(pageText, "<"+element+">")
	text, _, _ = strings.Cut(text, "</"+element+">")
	sum := sha256.Sum256([]byte(text))
	return "'sha256-" + base64.StdEncoding.EncodeToString(sum[:]) + "'"
}

// page is the status of a job for a person.
type page struct{}

// MediaType implements [respond.Encoder].
func (page) MediaType() string { return "text/html; charset=utf-8" }

// Encode implements [respond.Encoder].
func (page) Encode(w io.Writer, v any) error {
	d, ok := v.(*document)
	if !ok {
		return fmt.Errorf("async: a page of a %T", v)
	}
	view := struct {
		*document
		Live    bool
		Message string // why it failed
	}{document: d, Live: !d.Status.Final()}
	if d.Error != nil {
		var f Failure
		if err := json.Unmarshal(d.Error, &f); err != nil {
			return err
		}
		view.Message = f.Message
	}
	return pageTemplate.Execute(w, view)
}
