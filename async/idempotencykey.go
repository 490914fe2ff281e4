package async

import (
	"crypto/sha256"
	"encoding/hex"
	"net/http"
	"strings"

	"github.com/forthright-http/forthright/internal/httpfield"
	"github.com/forthright-http/forthright/problem"
)

const keyField = "Idempotency-Key"

// maxKey is the size in bytes of the longest key that is taken.
const maxKey = 255

// The answers to a request whose key is missing or malformed (400).
var (
	keyMissing = keyProblem("missing", "This request needs an Idempotency-Key.", "is needed here.")
	keyTwice   = keyProblem("duplicate", "Idempotency-Key must be sent once.", "must be sent once.")
	keySyntax  = keyProblem("syntax", "Idempotency-Key is neither a string in quotes nor a token.", `must be a string in quotes, as in "8e03978e-40d5-43dd-bc93-6894a57f9324".`)
	keyLength  = keyProblem("length", "Idempotency-Key must have 1 to 255 characters.", "must have 1 to 255 characters.")
)

func keyProblem(code, detail, item string) *problem.Problem {
	return KeyInvalid.New(detail).WithErrors(problem.Item{Header: keyField, Code: code, Detail: item})
}

// idempotencyKey reads Idempotency-Key (draft-ietf-httpapi-idempotency-key-header-07,
// Section 2.1): a String of RFC 9651 §3.3.3, whose parameters are ignored, or a bare
// token, as most clients send it; the same characters are the same key in both forms.
// It returns "" where there is none, and a 400 where it is malformed, or missing and
// required (Section 2.7).
func idempotencyKey(r *http.Request, required bool) (string, error) {
	lines := r.Header[keyField]
	switch {
	case len(lines) == 0 && required:
		return "", keyMissing
	case len(lines) == 0:
		return "", nil
	case len(lines) > 1:
		return "", keyTwice
	}
	key := strings.Trim(lines[0], " \t")
	switch {
	case key == "":
		return "", keyLength
	case key[0] == '"':
		item, err := httpfield.ParseSFItem(lines)
		if err != nil || item.Value.Kind != httpfield.SFString {
			return "", keySyntax
		}
		key = item.Value.Str
	case !httpfield.IsToken(key):
		return "", keySyntax
	}
	if key == "" || len(key) > maxKey {
		return "", keyLength
	}
	return key, nil
}

// maxRoute is the size in bytes of the longest path that stands in a scoped key as
// it is: stores have an index of keys.
const maxRoute = 128

// scopedKey is a key within its method and path; the owner is added by the backend.
func scopedKey(r *http.Request, key string) string {
	if key == "" {
		return ""
	}
	route := r.URL.EscapedPath()
	if len(route) > maxRoute {
		sum := sha256.Sum256([]byte(route))
		route = hex.EncodeToString(sum[:])
	}
	return r.Method + " " + route + " " + key
}
