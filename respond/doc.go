// Package respond lets a handler say what it means, and sends it as HTTP
// wants it: the right status code with the header fields that it needs.
//
// A handler takes a request and returns a [Response] or an error:
//
//	mux := http.NewServeMux()
//	mux.Handle("POST /books", respond.Handle(func(r *http.Request) (respond.Response, error) {
//		book, err := respond.Decode[Book](r) // 400, 413, 415 or 422, every error with its place
//		if err != nil {
//			return respond.Fail(err)
//		}
//		id, err := store.Add(r.Context(), book)
//		if err != nil {
//			return respond.Fail(err) // 500: the log has the cause, the client an instance
//		}
//		return respond.Created("/books/"+id, book), nil
//	}))
//	http.ListenAndServe("127.0.0.1:8080", respond.Wrap(mux))
//
// A service with settings of its own, a logger and a table from its errors to
// problems among them, says so once:
//
//	problems, err := problem.NewWriter(problem.Options{
//		Logger: logger,
//		Map:    []problem.Mapping{problem.Map(store.ErrNotFound, problem.NotFound("There is no such book."))},
//	})
//	...
//	api, err := respond.New(respond.Options{Problems: problems})
//	...
//	mux.Handle("GET /books/{id}", api.Handle(getBook))
//	http.ListenAndServe(addr, api.Wrap(mux))
//
// # What to use
//
//	create                 Decode, Created
//	read                   OK(v).ETag(version): 304 and 412 by themselves
//	replace                Decode(r, Matching(version)), OK
//	change in part         Patch, or a Patcher
//	delete                 CheckPreconditions, NoContent
//	list                   Params, Cursors
//	redirect               SeeOther, TemporaryRedirect, PermanentRedirect
//	start work             Accepted
//	bytes, files, ranges   Bytes, Content
//	CSV, HTML, ...         API.Offer with an Encoder
//	a stream               HandleWriter with Events or Lines
//	a time limit           API.Deadline: 503; for a call elsewhere: 504
//	an old route           Deprecated
//	wishes of the client   Prefer, Language
//	why this answer?       Options.Trace
//
// [Decode] reads the content of a request into a type and checks its rules.
// It draws the line between 400 (the structure is wrong) and 422 (a rule is
// broken), and lists every error at once with a JSON Pointer. A [Decoder] made
// once by [NewDecoder] has settings of its own, and finds wrong rules when it
// is made.
//
// [Wrap] stands around the whole service: a request id, recovery from panics,
// a limit on content, and the answers that http.ServeMux gives as plain text
// (404, 405, OPTIONS) or not at all (501).
//
// Errors are problems of RFC 9457: see package problem, whose Writer, with
// your own table from errors to problems, is given to [New].
//
// # Where not to use it
//
// It makes no OpenAPI document, routes nothing (http.ServeMux does), and knows
// nothing of CORS. For pages of a site, use html/template. To serve files, use http.FileServer.
// For a stream that is written as it is made, use [HandleWriter], where the
// status is on its way with the first byte. A handler that must decide about
// content while it still arrives reads r.Body itself.
package respond
