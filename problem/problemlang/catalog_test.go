package problemlang_test

import (
	"encoding/json"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"os"
	"strings"
	"sync"
	"testing"
	"testing/fstest"

	"github.com/forthright-http/forthright/problem"
	"github.com/forthright-http/forthright/problem/problemlang"
	"github.com/forthright-http/forthright/problem/problemtest"
	"github.com/forthright-http/forthright/respond/conform/conformtest"
)

func newCatalog(t testing.TB, o problemlang.Options) *problemlang.Catalog {
	t.Helper()
	c, err := problemlang.New(o)
	if err != nil {
		t.Fatal(err)
	}
	return c
}

// RFC 4647 §3.4 first; then what only tables know.
func TestRFC4647Section3_4_Lookup(t *testing.T) {
	for _, tt := range []struct {
		name, fallback, offers, accept, want string
	}{
		{"absent", "en", "de fr", "", "en"},
		{"absent, another default", "de", "de fr", "", "de"},
		{"the range itself", "en", "de fr", "de", "de"},
		{"case", "en", "de fr", "DE", "de"},
		{"truncated", "en", "de fr", "de-CH-1996", "de"},
		{"the longest", "en", "de de-CH", "de-CH-1996", "de-CH"},
		{"the second choice", "en", "de fr", "es, fr;q=0.5", "fr"},
		{"weights", "en", "de fr", "fr;q=0.5, de;q=0.8", "de"},
		{"weights, the source among them", "en", "de fr", "de;q=0.5, en-GB", "en"},
		{"none", "en", "de fr", "ja, es", "en"},
		{"none, another default", "fr", "de fr", "es, ja", "fr"},
		{"* is the default", "en", "de fr", "*", "en"},
		{"* beside a range is not looked up", "en", "de fr", "*, de;q=0.5", "de"},
		{"q=0", "en", "de fr", "de;q=0, fr;q=0.1", "fr"},
		{"q=0 alone", "en", "de fr", "de;q=0", "en"},
		{"two lines", "en", "de fr", "es|de", "de"},
		{"empty elements", "en", "de fr", ", ,de,", "de"},
		{"white space", "en", "de fr", "de ; q=0.9 , en;q=0.1", "de"},
		{"malformed elements are dropped", "en", "de fr", "de;q=x, @, fr;q=0.1", "fr"},
		{"a weight above 1", "en", "de fr", "de;q=7, fr;q=0.1", "fr"},
		{"not a number", "en", "de fr", "de;q=NaN, fr;q=0.1", "fr"},
		{"a private tag", "en", "de fr", "x-pig-latin, de", "de"},
		{"CLDR: a region means a script", "en", "zh-Hans zh-Hant", "zh-TW, en;q=0.5", "zh-Hant"},
		{"CLDR: a macrolanguage", "en", "nb", "no", "nb"},
		{"CLDR: a sibling", "en", "pt-BR", "pt-PT", "pt-BR"},
		{"CLDR: no relative", "en", "uk", "ru", "en"},
		{"the 33rd range", "en", "de", strings.Repeat("es, ", 32) + "de", "en"},
		{"the 32nd range", "en", "de", strings.Repeat("es, ", 31) + "de", "de"},
		{"very long", "en", "de", strings.Repeat("a-", 5000) + "a, de", "de"},
	} {
		languages := map[string]problemlang.Texts{}
		for tag := range strings.FieldsSeq(tt.offers) {
			languages[tag] = nil
		}
		var accept []string
		if tt.accept != "" {
			accept = strings.Split(tt.accept, "|")
		}
		c := newCatalog(t, problemlang.Options{Default: tt.fallback, Languages: languages})
		if got := c.Language(accept); got != tt.want {
			t.Errorf("%s: got %s, want %s", tt.name, got, tt.want)
		}
	}
}

func TestTexts(t *testing.T) {
	texts := problemlang.Texts{
		"Exactly.":                      "Genau.",
		"must be at most {max}.":        "darf höchstens {max} sein.",
		"must be at most 7.":            "darf höchstens sieben sein.",
		"{a} of {b} are left":           "Von {b} sind {a} da",
		"{n} {unit} of the {b} are":     "{b}: {n}",
		"a {not a name} {} {":           "ein { } {}",
		"must have at most {n} of {t}.": "höchstens {n} {t}, ja, {n}.",
		"{most}st.":                     "fest", "must not {x}.": "muss nicht {x}!",
		"{all}!": "Alles!",
	}
	c := newCatalog(t, problemlang.Options{Languages: map[string]problemlang.Texts{"de": texts}})
	for in, want := range map[string]string{
		"Exactly.":                     "Genau.",
		"exactly.":                     "exactly.",
		"must be at most 64.":          "darf höchstens 64 sein.",
		"must be at most 7.":           "darf höchstens sieben sein.",
		"must be at most .":            "must be at most .",
		"must be at most":              "must be at most",
		"must be at most 64. Or so":    "must be at most 64. Or so",
		"must be at most 6.5.":         "darf höchstens 6.5 sein.",
		"3 of 7 are left":              "Von 7 sind 3 da",
		"3 of 7 of 9 are left":         "Von 7 of 9 sind 3 da",
		" of 7 are left":               " of 7 are left",
		"a of a of the b are":          "b: a",
		"a {not a name} {} {":          "ein { } {}",
		"must have at most 3 of a, b.": "höchstens 3 a, b, ja, 3.",
		"must not be the last.":        "muss nicht be the last!",
		"{max}":                        "{max}",
		"must be at most {max}.":       "darf höchstens {max} sein.",
		"!":                            "!", "!!": "Alles!",
	} {
		list := []problem.Text{{Text: in}}
		language := c.Translate([]string{"de"}, list)
		if list[0].Text != want {
			t.Errorf("%q: got %q, want %q", in, list[0].Text, want)
		}
		if translated := in != want || texts[in] == want; translated != (language == "de") {
			t.Errorf("%q: it is said to be in %s", in, language)
		}
	}
}

func TestNewRefuses(t *testing.T) {
	for name, o := range map[string]problemlang.Options{
		"no tag":                    {Languages: map[string]problemlang.Texts{"": nil}},
		"not BCP 47":                {Languages: map[string]problemlang.Texts{"german": nil}},
		"an underscore":             {Languages: map[string]problemlang.Texts{"pt_BR": nil}},
		"und":                       {Languages: map[string]problemlang.Texts{"und": nil}},
		"the source":                {Languages: map[string]problemlang.Texts{"en": nil}},
		"the same twice":            {Languages: map[string]problemlang.Texts{"iw": nil, "he": nil}},
		"a source that is none":     {Source: "english"},
		"a default without texts":   {Default: "fr", Languages: map[string]problemlang.Texts{"de": nil}},
		"an empty text":             {Languages: map[string]problemlang.Texts{"de": {"a": ""}}},
		"an empty key":              {Languages: map[string]problemlang.Texts{"de": {"": "a"}}},
		"a name that is not there":  {Languages: map[string]problemlang.Texts{"de": {"a {b}": "{c}"}}},
		"a name without any there":  {Languages: map[string]problemlang.Texts{"de": {"a": "{c}"}}},
		"a name twice":              {Languages: map[string]problemlang.Texts{"de": {"{a} {a}": "a"}}},
		"nothing between two names": {Languages: map[string]problemlang.Texts{"de": {"{a}{b}": "a"}}},
	} {
		if c, err := problemlang.New(o); err == nil || c != nil {
			t.Errorf("%s passes", name)
		}
	}
}

func TestLoad(t *testing.T) {
	languages, err := problemlang.Load(os.DirFS("testdata"), "*.json")
	if err != nil || len(languages) != 2 || languages["fr"]["Not Found"] != "Introuvable" {
		t.Fatalf("got %v, %v", languages, err)
	}
	for name, files := range map[string]fstest.MapFS{
		"none":     {},
		"the name": {"a/de.txt": {Data: []byte(`{}`)}},
		"twice":    {"a/de.json": {Data: []byte(`{}`)}, "b/de.json": {Data: []byte(`{}`)}},
		"no JSON":  {"a/de.json": {Data: []byte(`{`)}},
		"numbers":  {"a/de.json": {Data: []byte(`{"a":1}`)}},
		"a folder": {"a/de.json/x": {Data: []byte(`{}`)}},
	} {
		if _, err := problemlang.Load(files, "*/*"); err == nil {
			t.Errorf("%s passes", name)
		}
	}
	if _, err := problemlang.Load(os.DirFS("testdata"), "["); err == nil {
		t.Error("a bad pattern passes")
	}
}

// Over HTTP: the client reads its language, the program says nothing of it.
func TestRFC9457Section3_1_3_Localization(t *testing.T) {
	languages, err := problemlang.Load(os.DirFS("testdata"), "*.json")
	if err != nil {
		t.Fatal(err)
	}
	canary := problemtest.NewCanary()
	var mu sync.Mutex
	missing := map[string]bool{}
	c := newCatalog(t, problemlang.Options{Languages: languages, Missing: func(language, text string) {
		mu.Lock()
		defer mu.Unlock()
		missing[language+": "+text] = true
	}})
	w, err := problem.NewWriter(problem.Options{Translate: c.Translate, Logger: slog.New(slog.DiscardHandler)})
	if err != nil {
		t.Fatal(err)
	}
	outOfCredit := problem.NewType("out-of-credit", http.StatusConflict, "You do not have enough credit.")
	srv := httptest.NewServer(conformtest.Handler(t, http.HandlerFunc(func(rw http.ResponseWriter, r *http.Request) {
		switch r.URL.Path {
		case "/404":
			w.Write(rw, r, problem.NotFound("There is no such order."))
		case "/credit":
			w.Write(rw, r, outOfCredit.New("Your balance is 30, but that costs 50.").Wrap(canary))
		default:
			w.Write(rw, r, canary)
		}
	})))
	defer srv.Close()
	for _, tt := range []struct {
		path, accept, language, title, detail string
	}{
		{"/404", "de-CH, en;q=0.5", "de", "Nicht gefunden", "Diese Bestellung gibt es nicht."},
		{"/404", "fr", "fr", "Introuvable", "There is no such order."},
		{"/404", "en", "en", "Not Found", "There is no such order."},
		{"/404", "", "en", "Not Found", "There is no such order."},
		{"/credit", "de", "de", "Ihr Guthaben reicht nicht.", "Das kostet 50, Ihr Guthaben ist 30."},
		{"/credit", "fr", "en", "You do not have enough credit.", "Your balance is 30, but that costs 50."}, // nothing is in French
		{"/500", "de", "de", "Interner Fehler", ""},
	} {
		req, _ := http.NewRequestWithContext(t.Context(), "GET", srv.URL+tt.path, nil)
		if tt.accept != "" {
			req.Header.Set("Accept-Language", tt.accept)
		}
		res, err := srv.Client().Do(req)
		if err != nil {
			t.Fatal(err)
		}
		name := tt.path + " " + tt.accept
		canary.WantAbsent(t, res)
		var got struct{ Title, Detail string }
		if err := json.Unmarshal(problemtest.Body(t, res), &got); err != nil {
			t.Fatal(err)
		}
		res.Body.Close()
		if got.Title != tt.title || got.Detail != tt.detail || res.Header.Get("Content-Language") != tt.language || res.Header.Get("Vary") != "Accept-Language" {
			t.Errorf("%s: got %+v, %v", name, got, res.Header)
		}
	}
	if len(missing) != 3 || !missing["fr: There is no such order."] {
		t.Errorf("missing: %v", missing)
	}
}

// Rules serve items alone, after the texts.
func TestRules(t *testing.T) {
	c := newCatalog(t, problemlang.Options{
		Languages: map[string]problemlang.Texts{"de": {"is known.": "ist bekannt."}, "fr": nil},
		Rules: func(language string, item *problem.Item) (string, bool) {
			return language + " " + item.Code, item.Code != ""
		},
	})
	list := []problem.Text{{Text: "title"}, {Text: "is known.", Item: &problem.Item{Code: "a"}}, {Text: "b", Item: &problem.Item{Code: "b"}}, {Text: "c", Item: &problem.Item{}}}
	if got := c.Translate([]string{"de"}, list); got != "de" {
		t.Errorf("it is said to be in %s", got)
	}
	for i, want := range []string{"title", "ist bekannt.", "de b", "c"} {
		if list[i].Text != want {
			t.Errorf("got %q, want %q", list[i].Text, want)
		}
	}
}

// Whatever the field says, a language that there is comes out.
func FuzzLanguage(f *testing.F) {
	for _, s := range []string{"de", "de-CH;q=0.5, *", "zh-TW,,", "x-a;q=1.0000", "a-a-a-a", "de;q=NaN", "und, mul;q=1e9"} {
		f.Add(s)
	}
	c, err := problemlang.New(problemlang.Options{Languages: map[string]problemlang.Texts{"de": nil, "zh-Hant": nil, "pt-BR": nil}})
	if err != nil {
		f.Fatal(err)
	}
	f.Fuzz(func(t *testing.T, s string) {
		switch got := c.Language([]string{s}); got {
		case "en", "de", "zh-Hant", "pt-BR":
		default:
			t.Errorf("%q: %q", s, got)
		}
	})
}

// A value is never lost or invented: what the names take is of the text.
func FuzzTexts(f *testing.F) {
	f.Add("{a} of {b}.", "1 of 2.")
	f.Add("{", "{")
	f.Fuzz(func(t *testing.T, key, text string) {
		c, err := problemlang.New(problemlang.Options{Languages: map[string]problemlang.Texts{"de": {key: key}}})
		if err != nil {
			t.Skip()
		}
		list := []problem.Text{{Text: text}}
		if c.Translate([]string{"de"}, list); list[0].Text != text {
			t.Errorf("a key that is its own translation makes %q of %q", list[0].Text, text)
		}
	})
}
