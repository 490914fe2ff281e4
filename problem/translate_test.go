package problem_test

import (
	"errors"
	"net/http"
	"reflect"
	"strings"
	"sync"
	"testing"

	"github.com/forthright-http/forthright/problem"
	"github.com/forthright-http/forthright/problem/problemtest"
)

var german = map[string]string{
	"Not Found": "Nicht gefunden", "Internal Server Error": "Interner Fehler", "There is no such order.": "Diese Bestellung gibt es nicht.",
	"You do not have enough credit.": "Ihr Guthaben reicht nicht.", "must be at most 64.": "darf höchstens 64 sein.",
	"The content breaks a rule": "Der Inhalt verletzt eine Regel", "Method Not Allowed": "Methode nicht erlaubt",
}

// inGerman translates for a request that begins with "de".
func inGerman(accept []string, texts []problem.Text) string {
	if len(accept) == 0 || !strings.HasPrefix(accept[0], "de") {
		return "en"
	}
	for i, t := range texts {
		if s, ok := german[t.Text]; ok {
			texts[i].Text = s
		}
	}
	return "de"
}

func ask(language string) *http.Request {
	r := get()
	if language != "" {
		r.Header.Set("Accept-Language", language)
	}
	return r
}

func TestRFC9110Section12_5_4_Translation(t *testing.T) {
	w := newWriter(t, problem.Options{Translate: inGerman})
	srv := serve(t, false, func(rw http.ResponseWriter, r *http.Request) {
		switch r.URL.Path {
		case "/404":
			w.Write(rw, r, problem.NotFound("There is no such order."))
		case "/405":
			w.Write(rw, r, problem.MethodNotAllowed("PUT"))
		case "/422":
			w.Write(rw, r, problem.Invalid(problem.Item{Code: "max", Detail: "must be at most 64.", Pointer: "#/a"}, problem.Item{Code: "own", Detail: "is odd."}))
		case "/type":
			rw.Header().Set("Vary", "Origin")
			rw.Header().Set("Content-Language", "fr") // of the success
			w.Write(rw, r, outOfCredit)
		default:
			w.Write(rw, r, errUnknown)
		}
	}, anyRequest)
	for _, tt := range []struct {
		path, accept, language, title, detail, vary string
	}{
		{"/404", "de", "de", "Nicht gefunden", "Diese Bestellung gibt es nicht.", "Accept-Language"},
		{"/404", "en", "en", "Not Found", "There is no such order.", "Accept-Language"},
		{"/404", "", "en", "Not Found", "There is no such order.", "Accept-Language"},
		{"/405", "de", "de", "Methode nicht erlaubt", "", "Accept-Language"},
		{"/422", "de", "de", "Der Inhalt verletzt eine Regel", "", "Accept-Language"},
		{"/type", "de", "de", "Ihr Guthaben reicht nicht.", "", "Origin, Accept-Language"},
		{"/500", "de", "de", "Interner Fehler", "", "Accept-Language"},
		{"/500", "en", "en", "Internal Server Error", "", "Accept-Language"},
	} {
		for _, accept := range []string{"", problemXML} {
			req, _ := http.NewRequestWithContext(t.Context(), "GET", srv.URL+tt.path, nil)
			if tt.accept != "" {
				req.Header.Set("Accept-Language", tt.accept)
			}
			vary, decode := tt.vary, members
			if accept != "" {
				req.Header.Set("Accept", accept)
				vary = strings.TrimSuffix(tt.vary, "Accept-Language") + "Accept, Accept-Language"
				decode = func(t testing.TB, res *http.Response) map[string]any { return tree(t, body(t, res)) }
			}
			res, err := srv.Client().Do(req)
			if err != nil {
				t.Fatal(err)
			}
			name, m := tt.path+" "+tt.accept+" "+accept, decode(t, res)
			res.Body.Close()
			eq(t, name, res.Header.Get("Content-Language"), tt.language)
			eq(t, name, res.Header.Get("Vary"), vary)
			eq(t, name, m["title"], any(tt.title))
			if detail, _ := m["detail"].(string); detail != tt.detail {
				t.Errorf("%s: the detail is %q", name, detail)
			}
			if tt.path == "/422" {
				first, second := m["errors"].([]any)[0].(map[string]any), m["errors"].([]any)[1].(map[string]any)
				eq(t, name, first["detail"], any("darf höchstens 64 sein."))
				eq(t, name, first["code"], any("max"))
				eq(t, name, second["detail"], any("is odd."))
			}
		}
	}
}

// A shared problem is the same for all, and what is kept of its serialisation
// is of one language.
func TestLanguagesDoNotMix(t *testing.T) {
	w := newWriter(t, problem.Options{Translate: inGerman})
	p := problem.Invalid(problem.Item{Detail: "must be at most 64."}).WithDetail("There is no such order.")
	var wg sync.WaitGroup
	for i := range 40 {
		wg.Go(func() {
			language, want := "en", "must be at most 64."
			if i%2 == 0 {
				language, want = "de", german[want]
			}
			m := members(t, answerTo(t, w, ask(language), p))
			eq(t, language, m["errors"].([]any)[0].(map[string]any)["detail"], any(want))
		})
	}
	wg.Wait()
	eq(t, "title", p.Title(), "The content breaks a rule")
	eq(t, "item", p.Errors()[0].Detail, "must be at most 64.")
	eq(t, "detail", p.Detail(), "There is no such order.")
}

// What a translation gets, and what it cannot do.
func TestTranslate(t *testing.T) {
	item := problem.Item{Code: "max", Detail: "d", Params: map[string]any{"max": 64}, Cause: errors.New("not sent")}
	p := problem.Invalid(item, item).WithDetail("detail").With("balance", 30)
	var got []problem.Text
	language, to := "de-CH", "Ä\r\nSet-Cookie: a\x00\u0085<b>"
	w := newWriter(t, problem.Options{Translate: func(_ []string, texts []problem.Text) string {
		got = append([]problem.Text(nil), texts...)
		for i := range texts {
			if texts[i].Item != nil {
				texts[i].Item.Code = "of a copy"
			}
			texts[i].Text = to
		}
		return language
	}})
	res := answerTo(t, w, ask("de"), p)
	eq(t, "Content-Language", res.Header.Get("Content-Language"), "de-CH")
	m := members(t, res)
	eq(t, "title", m["title"], any("Ä  Set-Cookie: a  <b>"))
	eq(t, "detail", m["detail"], any("Ä  Set-Cookie: a  <b>"))
	eq(t, "item", m["errors"].([]any)[1].(map[string]any)["detail"], any(to))
	eq(t, "code", m["errors"].([]any)[1].(map[string]any)["code"], any("max"))
	if len(got) != 4 || got[0].Text != "The content breaks a rule" || got[1].Text != "detail" || got[1].Item != nil || got[3].Text != "d" ||
		got[3].Item == nil || !reflect.DeepEqual(got[3].Item.Params, item.Params) || got[3].Item.Cause != item.Cause || got[2].Problem != p {
		t.Errorf("got %+v", got)
	}
	eq(t, "the shared item", p.Errors()[0].Code, "max")

	for _, bad := range []string{"", "de\r\nX: y", "de, en", "ä"} {
		language = bad
		res := answerTo(t, w, ask("de"), p)
		eq(t, bad, len(res.Header["Content-Language"]), 0)
		eq(t, bad, res.Header.Get("Vary"), "Accept-Language")
	}
	// A title is never empty.
	to = ""
	m = members(t, answerTo(t, w, ask("de"), p))
	eq(t, "title", m["title"], any("The content breaks a rule"))
	if _, there := m["detail"]; there {
		t.Error("an empty detail")
	}
}

// The kept form is used where nothing was translated.
func TestAllocationsWhereNothingIsTranslated(t *testing.T) {
	w := newWriter(t, problem.Options{Translate: func([]string, []problem.Text) string { return "" }})
	rw, r := nowhere{http.Header{}}, ask("en")
	var err error = problem.NotFound("d")
	if n := testing.AllocsPerRun(100, func() { w.Write(rw, r, err) }); n > 1 {
		t.Errorf("%v allocations, want 1: the texts", n)
	}
}

// RFC 9457 §5: a translation sees the texts for the client, and not the cause.
func TestRFC9457Section5_TheCauseIsNotTranslated(t *testing.T) {
	canary := problemtest.NewCanary()
	w := newWriter(t, problem.Options{Translate: func(_ []string, texts []problem.Text) string {
		for i := range texts {
			if strings.Contains(texts[i].Text, canary.Error()) {
				t.Errorf("%q was to be translated", texts[i].Text)
			}
		}
		return inGerman([]string{"de"}, texts)
	}})
	for name, err := range map[string]error{
		"unknown": canary, "wrapped": problem.NotFound("").Wrap(canary), "a defect": problem.Unauthorized(`Basic realm="` + canary.Error()),
		"a member":           problem.NotFound("").With("member", unencodable{canary}),
		"the cause of items": problem.Invalid(problem.Item{Detail: "must be at most 64.", Cause: canary}),
	} {
		for _, accept := range []string{"", problemXML} {
			r := ask("de")
			r.Header.Set("Accept", accept)
			res := answerTo(t, w, r, err)
			canary.WantAbsent(t, res)
			eq(t, name, res.Header.Get("Content-Language"), "de")
		}
	}
}
