package problem_test

import (
	"errors"
	"testing"

	"github.com/forthright-http/forthright/problem"
)

func TestItems(t *testing.T) {
	var errs problem.Items
	if err := errs.Err(); err != nil {
		t.Errorf("no errors: %v", err)
	}
	errs.Add("min", "must be at least 1.", "items", 2, "quantity")
	errs.Add("date_range", "ends before it starts.")
	m := members(t, answer(t, errs.Err()))
	eq(t, "status", m["status"], any(422.0))
	eq(t, "type", m["type"], any("/problems/invalid-content"))
	items := m["errors"].([]any)
	eq(t, "errors", len(items), 2)
	for i, want := range []map[string]any{
		{"code": "min", "detail": "must be at least 1.", "pointer": "#/items/2/quantity"},
		{"code": "date_range", "detail": "ends before it starts.", "pointer": "#"},
	} {
		got := items[i].(map[string]any)
		eq(t, "members", len(got), 3)
		for name := range want {
			eq(t, name, got[name], want[name])
		}
	}
}

// For the log: how many errors there are, and where and of what code the first
// five are.
func TestErrorText(t *testing.T) {
	item := func(pointer, code string) problem.Item {
		return problem.Item{Pointer: pointer, Code: code, Detail: "words"}
	}
	six := problem.Items{item("#/a", "1"), item("#/b", "2"), item("#/c", "3"), item("#/d", "4"), item("#/e", "5"), item("#/f", "6")}
	cause := errors.New("cause")
	for _, tt := range []struct {
		err  error
		want string
	}{
		{problem.InvalidRequest.New("").WithErrors(item("#/title", "required"), item("#/year", "gte"), item("#", "type")),
			"400 invalid-request: 3 errors: #/title required, #/year gte, # type"},
		{problem.Invalid(six...), "422 invalid-content: 6 errors: #/a 1, #/b 2, #/c 3, #/d 4, #/e 5, …"},
		{problem.Invalid(six[:5]...), "422 invalid-content: 5 errors: #/a 1, #/b 2, #/c 3, #/d 4, #/e 5"},
		{problem.Invalid(problem.Item{Parameter: "limit", Code: "max"}), "422 invalid-content: 1 error: limit max"},
		{problem.HeaderTooLarge("Cookie").Wrap(cause), "431 Request Header Fields Too Large: The header field Cookie is too large.: 1 error: Cookie too_large: cause"},
		{problem.BadRequest("").WithErrors(problem.Item{Detail: "words"}), "400 Bad Request: 1 error: "},
		{problem.Invalid(problem.Item{Parameter: "a\nlevel=ERROR", Code: "unknown"}), "422 invalid-content: 1 error: a level=ERROR unknown"},
		{problem.NotFound("d").Wrap(cause), "404 Not Found: d: cause"},
		{six, "6 errors: #/a 1, #/b 2, #/c 3, #/d 4, #/e 5, …"},
		{six[:0], "0 errors"},
		{(*problem.Problem)(nil), "<nil>"},
	} {
		eq(t, "Error", tt.err.Error(), tt.want)
	}
}
