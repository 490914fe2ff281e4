package respond

import (
	"net/http"
	"slices"

	"github.com/forthright-http/forthright/internal/httpfield"
)

// Language returns the language tag among those offered that suits
// Accept-Language best (RFC 9110 §12.5.4). Where none does it is the first that
// is not refused with q=0, or else the first: an answer in another language is
// better than none. The answer gets Vary: Accept-Language by itself, but for one
// that [HandleWriter] leaves to the handler; say the language of its content by
// [Response.Language].
//
// It panics where nothing is offered.
func Language(r *http.Request, offers ...string) string {
	lookAt(r, "Accept-Language")
	return preferred(r.Header["Accept-Language"], offers, httpfield.NegotiateLanguage)
}

// Charset returns the charset among those offered that suits Accept-Charset
// best (RFC 9110 §12.5.2, which deprecates the field). Where none does it is
// the first that is not refused with q=0, or else the first. The answer gets
// Vary: Accept-Charset as [Language] says. JSON is always UTF-8; this is for
// text that old clients read.
//
// It panics where nothing is offered.
func Charset(r *http.Request, offers ...string) string {
	lookAt(r, "Accept-Charset")
	return preferred(r.Header["Accept-Charset"], offers, httpfield.NegotiateCharset)
}

func preferred(lines, offers []string, negotiate func(lines, offers []string) (httpfield.Choice, bool)) string {
	choice, ok := negotiate(lines, offers)
	if !ok { // once more, as if the client would take anything that it does not refuse
		choice, ok = negotiate(append(slices.Clip(lines), "*;q=0.001"), offers)
	}
	if !ok {
		return offers[0]
	}
	return offers[choice.Index]
}
