// Package problem answers a request that failed: with the right status code,
// the header fields that this status needs, and a body that a program can
// read (RFC 9457, application/problem+json).
//
// An error is returned from a handler, or from any function below it, and
// becomes a response in one place:
//
//	var OutOfCredit = problem.NewType("out-of-credit", http.StatusConflict,
//		"You do not have enough credit.")
//
//	http.HandleFunc("GET /pay", func(w http.ResponseWriter, r *http.Request) {
//		err := OutOfCredit.New("Your balance is 30, but that costs 50.").
//			With("balance", 30).With("cost", 50)
//		problem.Write(w, r, err)
//	})
//
// The client gets
//
//	HTTP/1.1 409 Conflict
//	Cache-Control: no-store
//	Content-Type: application/problem+json
//	X-Content-Type-Options: nosniff
//
//	{"type":"/problems/out-of-credit","title":"You do not have enough credit.","status":409,
//	"detail":"Your balance is 30, but that costs 50.","balance":30,"cost":50}
//
// What a status needs is an argument of its constructor: [Unauthorized] takes
// a challenge, [MethodNotAllowed] the methods that are allowed,
// [TooManyRequests] the time to come back. [New] makes the rest. A [Type] is
// a problem type of your own; errors.Is finds it in any error that wraps it:
//
//	if errors.Is(err, OutOfCredit) { ... }
//
// An error that is not a problem becomes one by the [Writer]'s table
// ([Options.Map]); an error that nobody knows is a 500 that says nothing to
// the client but an instance, and the log has the cause under the same
// instance. The text of a wrapped error never reaches a client.
//
// # Forms and languages
//
// A problem is sent as JSON. A request whose Accept names
// application/problem+xml and prefers it to JSON gets XML (RFC 9457 Appendix
// B): see [Writer.Write].
//
// Titles, details and the messages of rules are sent as the program has them,
// or in the language that [Options.Translate] chooses by Accept-Language:
// package problemlang has catalogues for it, and takes the validator's own
// translations.
//
// # The client's half
//
// [FromResponse] makes an error of what another service answered, with the same
// type values that the service used:
//
//	if err := problem.FromResponse(res, OutOfCredit); errors.Is(err, OutOfCredit) { ... }
//
// It is a [Remote], which has the members, the errors, Retry-After and the
// header. A gateway that returns it from a handler does not pass it on: the
// answer is a 502 that says nothing, unless [Remote.Relay] is called.
//
// # Where not to use it
//
// A problem is for programs: for pages that people read, answer HTML. What
// net/http itself answers before a handler runs (a malformed request line, an
// oversized header, an unknown Expect) is out of reach of any handler. Do not
// put what the client sent, or the text of an error, in a detail.
package problem
