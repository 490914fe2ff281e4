package respond

import (
	"net/url"
	"strings"
	"unicode/utf8"

	"github.com/forthright-http/forthright/internal/jsonx"
)

// queryPair is one name and value of a query, as the WHATWG's
// application/x-www-form-urlencoded and net/url have it.
type queryPair struct {
	name, value string
	// named tells that the name could be read.
	named bool
	// code is what is wrong with the pair, or "".
	code string
}

// nextPair takes the first pair off a query; ok is false where there is none.
// It allocates only where something is percent-encoded. What it refuses is
// what net/url.ParseQuery refuses, and, beside that, what is not UTF-8 or
// holds a NUL.
func nextPair(query string) (pair queryPair, rest string, ok bool) {
	for query != "" {
		var text string
		text, query, _ = strings.Cut(query, "&")
		if text == "" {
			continue
		}
		// Some software takes a semicolon for an ampersand, and would read
		// other parameters than we do.
		if strings.Contains(text, ";") {
			return queryPair{code: jsonx.Syntax}, query, true
		}
		name, value, _ := strings.Cut(text, "=")
		if pair.name, pair.code = unescapeQuery(name); pair.code != "" {
			return pair, query, true
		}
		pair.named = true
		pair.value, pair.code = unescapeQuery(value)
		return pair, query, true
	}
	return queryPair{}, "", false
}

// unescapeQuery returns the text that s stands for, or what is wrong with it.
func unescapeQuery(s string) (text, code string) {
	if strings.ContainsAny(s, "%+") {
		var err error
		if s, err = url.QueryUnescape(s); err != nil {
			return "", jsonx.Syntax
		}
	}
	if !isText(s) {
		return "", textCode(s)
	}
	return s, ""
}

// textCode is the code of what isText refuses.
func textCode(s string) string {
	if !utf8.ValidString(s) {
		return jsonx.InvalidUTF8
	}
	return jsonx.Syntax
}

// maxParamName is the length in bytes at which the name of an unknown
// parameter is cut: it comes from the client.
const maxParamName = 200

// cutName cuts a name behind its last whole character that fits.
func cutName(name string) string {
	if len(name) <= maxParamName {
		return name
	}
	end := maxParamName
	for !utf8.RuneStart(name[end]) {
		end--
	}
	return name[:end]
}
