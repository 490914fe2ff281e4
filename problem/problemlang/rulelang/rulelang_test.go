package rulelang_test

import (
	"encoding/json"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/go-playground/locales/de"
	"github.com/go-playground/locales/fr"
	ut "github.com/go-playground/universal-translator"
	"github.com/go-playground/validator/v10"
	detexts "github.com/go-playground/validator/v10/translations/de"
	frtexts "github.com/go-playground/validator/v10/translations/fr"

	"github.com/forthright-http/forthright/problem"
	"github.com/forthright-http/forthright/problem/problemlang"
	"github.com/forthright-http/forthright/problem/problemlang/rulelang"
	"github.com/forthright-http/forthright/problem/problemtest"
	"github.com/forthright-http/forthright/respond"
	"github.com/forthright-http/forthright/respond/conform/conformtest"
)

var (
	german = rulelang.Language{Tag: "de", Locale: de.New(), Register: detexts.RegisterDefaultTranslations}
	french = rulelang.Language{Tag: "fr", Locale: fr.New(), Register: frtexts.RegisterDefaultTranslations}
)

type order struct {
	Reference string         `json:"reference" validate:"required,max=3"`
	Customer  string         `json:"customer" validate:"omitempty,email"`
	Quantity  int            `json:"quantity" validate:"max=1000"`
	Tags      []string       `json:"tags" validate:"max=2,dive,alpha"`
	Kind      string         `json:"kind" validate:"omitempty,oneof=a b 'c0x2Cd'"`
	Until     time.Time      `json:"until" validate:"omitempty,lt"`
	Note      *string        `json:"note" validate:"omitempty,min=3"`
	Colour    string         `json:"colour" validate:"omitempty,iscolor"`
	First     int            `json:"first"`
	Last      int            `json:"last" validate:"gtefield=First"`
	Extra     map[string]int `json:"extra" validate:"dive,min=5"`
	Odd       int            `json:"odd" validate:"omitempty,odd"`
	Own       int            `json:"own" validate:"omitempty,even"`
}

// service answers with the problems of decoding, in German and French.
func service(t testing.TB) http.Handler {
	t.Helper()
	withOdd := german
	withOdd.Register = func(v *validator.Validate, translator ut.Translator) error {
		if err := detexts.RegisterDefaultTranslations(v, translator); err != nil {
			return err
		}
		return v.RegisterTranslation("odd", translator,
			func(t ut.Translator) error { return t.Add("odd", "{0} muss ungerade sein", false) },
			func(t ut.Translator, e validator.FieldError) string { s, _ := t.T("odd", e.Field()); return s })
	}
	rules, err := rulelang.New(withOdd, french)
	if err != nil {
		t.Fatal(err)
	}
	c, err := problemlang.New(problemlang.Options{
		Languages: map[string]problemlang.Texts{"de": {"must be at least {n}.": "muss mindestens {n} sein."}, "fr": nil}, Rules: rules,
	})
	if err != nil {
		t.Fatal(err)
	}
	w, err := problem.NewWriter(problem.Options{Translate: c.Translate, Logger: slog.New(slog.DiscardHandler)})
	if err != nil {
		t.Fatal(err)
	}
	api, err := respond.New(respond.Options{Problems: w})
	if err != nil {
		t.Fatal(err)
	}
	v := validator.New(validator.WithRequiredStructEnabled())
	for rule, rest := range map[string]int64{"odd": 1, "even": 0} {
		if err := v.RegisterValidation(rule, func(l validator.FieldLevel) bool { return l.Field().Int()%2 == rest }); err != nil {
			t.Fatal(err)
		}
	}
	decoder, err := respond.NewDecoder[order](respond.DecodeOptions{Validator: v, Details: map[string]string{"even": "is not even."}})
	if err != nil {
		t.Fatal(err)
	}
	return api.Handle(func(r *http.Request) (respond.Response, error) {
		if _, err := decoder.Decode(r); err != nil {
			return respond.Response{}, err
		}
		return respond.NoContent(), nil
	})
}

func TestMessagesOfRules(t *testing.T) {
	srv := httptest.NewServer(conformtest.Handler(t, service(t)))
	defer srv.Close()
	const body = `{"reference":"abcd","customer":"secret","quantity":1001,"tags":["a","b","7"],"kind":"secret","until":"2999-01-01T00:00:00Z",
		"note":"a","colour":"secret","first":2,"last":1,"extra":{"its name":1,"b":2},"odd":2,"own":1}`
	for _, tt := range []struct {
		name, accept, language, body string
		want                         map[string]string
	}{
		{"German", "de-AT", "de", body, map[string]string{
			"#/reference": "reference darf maximal 3 Zeichen lang sein", "#/customer": "customer muss eine gültige E-Mail-Adresse sein",
			"#/quantity": "quantity darf 1.000 oder weniger sein", "#/tags": "tags darf maximal 2 Elemente enthalten",
			"#/kind": "kind muss einer der folgenden sein: [a b 'c,d']", "#/until": "until muss vor dem aktuellen Datum und Uhrzeit liegen",
			"#/note": "note muss mindestens 3 Zeichen lang sein", "#/colour": "colour muss eine gültige Farbe sein",
			"#/last": "must not be less than the other member.", "#/extra/b": "muss mindestens 5 sein.", "#/extra/its%20name": "muss mindestens 5 sein.",
			"#/odd": "odd muss ungerade sein", "#/own": "is not even.",
		}},
		{"an element", "de", "de", `{"reference":"a","tags":["7"]}`, map[string]string{"#/tags/0": "tags[0] darf nur alphabetische Zeichen enthalten"}},
		{"absent", "de", "de", `{}`, map[string]string{"#/reference": "reference ist ein Pflichtfeld"}},
		{"empty", "de", "de", `{"reference":""}`, map[string]string{"#/reference": "reference ist ein Pflichtfeld"}},
		{"French", "fr, de;q=0.5", "fr", `{"reference":"abcd","quantity":1001}`, map[string]string{
			"#/reference": "reference doit faire une taille maximum de 3 caractères", "#/quantity": "quantity doit être égal à 1\u202f000 ou moins"}},
		{"English", "en", "en", `{"reference":"abcd"}`, map[string]string{"#/reference": "must have at most 3 characters."}},
		{"a rule without a translation", "fr", "en", `{"reference":"a","odd":2}`, map[string]string{"#/odd": `does not keep the rule "odd".`}},
		{"not of a rule", "de", "en", `{"reference":1}`, map[string]string{"#/reference": "must be a string."}},
	} {
		var wg sync.WaitGroup
		for range 4 { // at once
			wg.Go(func() {
				req, _ := http.NewRequestWithContext(t.Context(), "POST", srv.URL, strings.NewReader(tt.body))
				req.Header.Set("Content-Type", "application/json")
				req.Header.Set("Accept-Language", tt.accept)
				res, err := srv.Client().Do(req)
				if err != nil {
					t.Error(err)
					return
				}
				defer res.Body.Close()
				if got := res.Header.Get("Content-Language"); got != tt.language {
					t.Errorf("%s: Content-Language is %q", tt.name, got)
				}
				content := problemtest.Body(t, res)
				if strings.Contains(string(content), "secret") || strings.Contains(string(content), "Key:") {
					t.Errorf("%s: a value or Go code is in %s", tt.name, content)
				}
				got := map[string]string{}
				var p struct {
					Errors []struct{ Pointer, Detail string }
				}
				if err := json.Unmarshal(content, &p); err != nil {
					t.Error(err)
				}
				for _, i := range p.Errors {
					got[i.Pointer] = i.Detail
				}
				for pointer, want := range tt.want {
					if got[pointer] != want {
						t.Errorf("%s: %s: got %q, want %q", tt.name, pointer, got[pointer], want)
					}
				}
				if len(got) != len(tt.want) {
					t.Errorf("%s: got %q", tt.name, got)
				}
			})
		}
		wg.Wait()
	}
}

// Without a place whose name can be said there is no translation.
func TestNames(t *testing.T) {
	rules, err := rulelang.New(german)
	if err != nil {
		t.Fatal(err)
	}
	cause := validator.New().Var("", "email")
	if found, ok := cause.(validator.ValidationErrors); ok {
		cause = found[0]
	}
	for _, tt := range []struct {
		item problem.Item
		want string
	}{
		{problem.Item{Pointer: "#/a/b"}, "b"},
		{problem.Item{Pointer: "#/a/7"}, "a[7]"},
		{problem.Item{Parameter: "limit"}, "limit"},
		{problem.Item{Header: "X-Trace"}, "X-Trace"},
		{problem.Item{}, ""},
		{problem.Item{Pointer: "#"}, ""},
		{problem.Item{Pointer: "#/7"}, ""},
		{problem.Item{Pointer: "#/1/7"}, ""},
		{problem.Item{Pointer: "#/a%20b"}, ""},
		{problem.Item{Pointer: "#/a%20b/7"}, ""},
		{problem.Item{Pointer: "#/%zz"}, ""},
		{problem.Item{Pointer: "#/" + strings.Repeat("a", 65)}, ""},
		{problem.Item{Parameter: "{0}"}, ""},
	} {
		tt.item.Cause = cause
		want := tt.want + " muss eine gültige E-Mail-Adresse sein"
		got, ok := rules("de", &tt.item)
		if ok != (tt.want != "") || ok && got != want {
			t.Errorf("%+v: got %q", tt.item, got)
		}
	}
	if got, ok := rules("fr", &problem.Item{Pointer: "#/a", Cause: cause}); ok {
		t.Errorf("another language: %q", got)
	}
	if got, ok := rules("de", &problem.Item{Pointer: "#/a", Code: "email"}); ok {
		t.Errorf("no cause: %q", got)
	}
}

func TestNewRefuses(t *testing.T) {
	failing := german
	failing.Register = func(*validator.Validate, ut.Translator) error { return problem.NotFound("") }
	for name, languages := range map[string][]rulelang.Language{
		"no tag":    {{Locale: de.New(), Register: german.Register}},
		"no locale": {{Tag: "de", Register: german.Register}},
		"no texts":  {{Tag: "de", Locale: de.New()}},
		"twice":     {german, german},
		"an error":  {failing},
	} {
		if rules, err := rulelang.New(languages...); err == nil || rules != nil {
			t.Errorf("%s passes", name)
		}
	}
}
