package problem

import "net/http"

// The problem types of a patch. Every [Catalog] documents them.
var (
	// InvalidResult is the type of a 422 whose patch is well-formed, and
	// would make of the resource what it must not be (RFC 5789 §2.2,
	// "Unprocessable request").
	InvalidResult = NewType("invalid-result", http.StatusUnprocessableEntity, "The patched resource breaks a rule",
		Doc("The patch could be read and applied, and what it makes of the resource breaks a rule of this service: a required member is gone, a value is of the wrong type or out of its range. Nothing was changed. The pointers lead into the resource as it would be after the patch; in a merge patch, what it sets is at the same place."),
		Member("errors", resultItemsDoc))
	// PatchConflict is the type of a 409 whose patch does not fit the
	// resource as it is now (RFC 5789 §2.2, "Conflicting state").
	PatchConflict = NewType("patch-conflict", http.StatusConflict, "The patch does not fit the resource",
		Doc("An operation of the patch supposes what is not so: its test failed, or the place that it names does not exist. Nothing was changed. Get the resource, and make the patch anew."),
		Member("errors", conflictItemsDoc))
)

const (
	resultItemsDoc   = "List of objects, one for each error: detail (for people), code (stable, for programs), params (the settings of the rule), and where it is: pointer (a JSON Pointer into the patched resource, as a URI fragment)."
	conflictItemsDoc = "List of one object, the first operation that failed: detail (for people), code (test_failed or not_found), and where it is: pointer (a JSON Pointer into the patch, as a URI fragment)."
)
