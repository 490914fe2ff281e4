package main

import (
	"bytes"
	"encoding/json"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// The console is one page that loads nothing, in a form that a screen reader reads.
func TestConsolePage(t *testing.T) {
	for _, loads := range []string{` src=`, ` href=`, `@import`, `url(`, `http:`, `https:/`} {
		at := bytes.Index(bytes.ReplaceAll(consolePage, []byte("https://other.example"), nil), []byte(loads))
		if at >= 0 {
			t.Errorf("the page has %q", loads)
		}
	}
	if len(consolePage) > 24<<10 {
		t.Errorf("the page has %d bytes", len(consolePage))
	}
	for _, want := range []string{
		`<html lang="en">`, `<title>`, `<meta name="viewport"`, `<nav aria-label="Requests">`, `<fieldset><legend>`, `aria-live="polite"`,
		`<section aria-labelledby="live-title">`, `<progress id="bar" max="100" value="0" aria-labelledby="live-title">`, `<strong id="state" role="status">`, `<p id="limiter" role="status">`,
		`@media (prefers-color-scheme:dark)`,
	} {
		if bytes.Count(consolePage, []byte(want)) != 1 {
			t.Errorf("the page has not one %s", want)
		}
	}
	if inputs, labels := bytes.Count(consolePage, []byte("<input")), bytes.Count(consolePage, []byte("<label><input")); inputs != labels {
		t.Errorf("of %d inputs %d have a label", inputs, labels)
	}
}

// Each status of the orders that the document has, and a request can have at will,
// has a button; and no button promises one that the document does not have.
func TestConsoleButtons(t *testing.T) {
	doc := document(t, newClient(t))
	promised := make(map[string]bool)
	for _, m := range regexp.MustCompile(`(?m)^    \[([0-9]{3}), '`).FindAllSubmatch(consolePage, -1) {
		promised[string(m[1])] = true
	}
	described := make(map[string]bool)
	for _, op := range operations(t, doc) {
		for status := range op.responses() {
			described[status] = true
		}
	}
	for status := range promised {
		if !described[status] {
			t.Errorf("a button has %s, and no operation", status)
		}
	}
	for status := range described {
		if other := []string{"206", "308", "416"}; !promised[status] && !slices.Contains(other, status) {
			t.Errorf("no button has %s", status)
		}
	}
}

// What the buttons ask the demo issuer for makes a token.
func TestConsoleTokens(t *testing.T) {
	c := newClient(t)
	member := regexp.MustCompile(`([{ ])([a-z_]+): '([^']*)'`)
	calls := regexp.MustCompile(`(?:read|bearer)\((\{[^}]*\})\)`).FindAllSubmatch(consolePage, -1)
	if len(calls) < 9 {
		t.Fatalf("there are %d", len(calls))
	}
	for _, call := range calls {
		claims := member.ReplaceAllString(string(call[1]), `$1"$2":"$3"`)
		if !json.Valid([]byte(claims)) {
			t.Errorf("%s is not read", call[1])
		}
		if !strings.Contains(claims, `"subject"`) {
			claims = `{"subject":"ana",` + claims[1:]
		}
		if res := c.do("POST", "/demo/token", claims); res.StatusCode != 200 {
			t.Errorf("%s: %d %s", claims, res.StatusCode, res.body)
		}
	}
}
