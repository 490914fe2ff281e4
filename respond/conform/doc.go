// Package conform checks HTTP exchanges against what the RFCs demand of a
// response: that a 401 has a challenge, a 405 Allow, a 304 the fields of the
// 200. There are about 100 rules, each with its section; [Rules] and RULES.md
// list them.
//
// In a test, every answer of a handler:
//
//	h := conformtest.Handler(t, newService())
//
// While developing, every answer of a service, as log records:
//
//	check, err := conform.Middleware(conform.MiddlewareOptions{})
//	...
//	http.ListenAndServe(addr, check(mux))
//
// And a single exchange:
//
//	for _, f := range conform.Check(req, res) {
//		fmt.Println(f)
//	}
//
// The handlers need not be written with this module: the package knows
// nothing of it but the grammar of header fields, so it does not trust what
// it checks. The command in cmd/conform judges live URLs and captures of
// services in any language.
//
// # Where not to use it
//
// It judges what an exchange shows. Whether a 404 should have been a 403, or
// whether an ETag really changes with the content, it cannot see from one
// exchange; conformtest.Probe sends several and compares them. CORS and
// cookies are out of scope.
package conform
