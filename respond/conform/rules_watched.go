package conform

// watched are the rules for what only the middleware or a probe sees.
var watched = []Rule{
	{ID: "G4-sent", Level: Must, Section: "RFC 9110 §8.6, RFC 9112 §8",
		Message: "The content is not as long as it says: it has more or less than Content-Length, or it broke off.",
		Mend:    "Set Content-Length to the length of the bytes that are sent, after any coding, or leave it to the server; look for an error or a panic while the content was written.",
		one:     func(x *exchange) bool { return x.misframed != "" && x.mayHaveBody() }},
	{ID: "status-twice", Level: Advice, Section: "RFC 9110 §15",
		Message: "The handler sends a second status, which is dropped: an answer has one.",
		Mend:    "Return after the first; look for an error that is answered after the content has begun.",
		one:     func(x *exchange) bool { return x.again != "" }},
}

// noContentSaid tells of an answer without content of which another rule says
// that it lacks it.
func (x *exchange) noContentSaid() bool {
	return x.empty() && (x.isError() || x.status == 200 && x.isMethod("POST", "PUT", "PATCH", "DELETE"))
}
