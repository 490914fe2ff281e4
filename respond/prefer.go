package respond

import (
	"net/http"
	"strconv"
	"time"

	"github.com/forthright-http/forthright/internal/httpfield"
)

// Preferences are what a client wishes for and can do without (RFC 7240). A
// preference that the request repeats counts once, the first time; one that
// is not known, or malformed, is ignored (§2).
type Preferences struct {
	// Return is "minimal" or "representation" (RFC 7240 §4.2), or "".
	Return string
	// Handling is "strict" or "lenient" (RFC 7240 §4.4), or "".
	Handling string
	// RespondAsync is set where the client would rather poll than wait (RFC
	// 7240 §4.1).
	RespondAsync bool
	// Wait is how long the client would wait for an answer (RFC 7240 §4.3),
	// in whole seconds; HasWait tells a wait of 0 from none.
	Wait    time.Duration
	HasWait bool
}

// Prefer reads the preferences of a request. Its answer gets Vary: Prefer by
// itself (RFC 7240 §2), but for one that [HandleWriter] leaves to the handler.
// What is honoured is said by [Response.Prefer] or [Response.Applied].
func Prefer(r *http.Request) Preferences {
	lookAt(r, "Prefer")
	lines := r.Header["Prefer"]
	if len(lines) == 0 {
		return Preferences{}
	}
	field := httpfield.Prefer(lines)
	p := Preferences{Return: field.Return(), Handling: field.Handling(), RespondAsync: field.RespondAsync()}
	p.Wait, p.HasWait = field.Wait()
	return p
}

// Prefer honours the return preference (RFC 7240 §4.2), and says so in
// Preference-Applied: return=minimal leaves out the content, which makes a
// 200 a 204; return=representation keeps it. An answer without content, or
// with a status beyond 201, stays as it is. The entity tag and the other
// fields stay, so that a client which saves the content can go on; a tag that
// [Response.ComputeETag] would make of the content does not.
func (s Response) Prefer(p Preferences) Response {
	if s.body == nil || s.status != http.StatusOK && s.status != http.StatusCreated {
		return s
	}
	switch p.Return {
	case "minimal":
		if b, ok := s.body.(*blob); ok {
			b.close()
		}
		s.body = nil
		if s.status == http.StatusOK {
			s.status = http.StatusNoContent
		}
	case "representation":
	default:
		return s
	}
	return s.Applied("return", p.Return)
}

// Applied adds a preference that was honoured to Preference-Applied (RFC 7240
// §3), with a value or "" for none, for a request that was read by [Prefer],
// which adds Vary:
//
//	respond.OK(v).Applied("wait", "5")
func (s Response) Applied(name, value string) Response {
	b, ok := httpfield.AppendPreferenceApplied(nil, name, value)
	if !ok {
		return s.fail("a preference cannot be sent: " + strconv.Quote(name))
	}
	return s.Add("Preference-Applied", string(b))
}
