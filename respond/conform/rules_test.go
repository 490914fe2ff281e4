package conform

import (
	"bufio"
	"net/http"
	"slices"
	"strings"
	"testing"
	"unicode"
)

// example is a rule with an exchange that breaks it, and a near twin that does
// not, as raw text: the request, a blank line, the response. also names the
// other rules that the two break with it, which are none of level Must.
type example struct {
	rule  string
	also  string
	bad   string
	good  string
	plain string // for a pair: the plain GET, before the other exchange
}

// examples are all that the tests of the rules have.
func examples() []example {
	return slices.Concat(anyExamples, statusExamples, pairExamples)
}

// parse reads an exchange. The content is what stands in the text, also where
// net/http would not let it through, as in a capture.
func parse(t testing.TB, text string) Exchange {
	t.Helper()
	text = strings.TrimPrefix(text, "\n")
	end := strings.Index(text, "\n\nHTTP/")
	if end < 0 {
		t.Fatalf("no response in %q", text)
	}
	ask, answer := text[:end], text[end+2:]
	if !strings.Contains(ask, "\n\n") {
		ask += "\n\n"
	}
	head, content, _ := strings.Cut(answer, "\n\n")
	req, err := http.ReadRequest(bufio.NewReader(strings.NewReader(ask)))
	if err != nil {
		t.Fatalf("request: %v\n%s", err, ask)
	}
	res, err := http.ReadResponse(bufio.NewReader(strings.NewReader(strings.TrimSuffix(head, "\n")+"\n\n")), req)
	if err != nil {
		t.Fatalf("response: %v\n%s", err, answer)
	}
	return Exchange{Request: req, Response: res, Body: []byte(content)}
}

func ids(found []Finding) string {
	var out []string
	for _, f := range found {
		out = append(out, f.Rule)
	}
	return strings.Join(out, " ")
}

// judge returns what a pair or a single exchange breaks.
func (e *example) judge(t testing.TB, c *Checker, text string) []Finding {
	t.Helper()
	x := parse(t, text)
	if e.plain == "" {
		return c.Exchange(x)
	}
	return c.Compare(parse(t, e.plain), x)
}

func TestRules(t *testing.T) {
	c, err := New(Options{})
	if err != nil {
		t.Fatal(err)
	}
	for _, e := range examples() {
		t.Run(e.rule, func(t *testing.T) {
			also := strings.Fields(e.also)
			want := append([]string{e.rule}, also...)
			slices.Sort(want)
			found := e.judge(t, c, e.bad)
			got := strings.Fields(ids(found))
			slices.Sort(got)
			if !slices.Equal(got, want) {
				t.Errorf("breaking it gives %v, want %v", got, want)
			}
			for _, f := range found {
				if f.Rule != e.rule && f.Level == Must {
					t.Errorf("breaking it also breaks %s", f)
				}
			}
			for _, f := range e.judge(t, c, e.good) {
				if f.Rule == e.rule || f.Level == Must || !slices.Contains(also, f.Rule) {
					t.Errorf("the twin gives %s", f)
				}
			}
		})
	}
}

// Turned off, a rule is silent, and no other takes its place.
func TestRulesOff(t *testing.T) {
	for _, e := range examples() {
		c, err := New(Options{Off: map[string]string{e.rule: "this test"}})
		if err != nil {
			t.Fatal(err)
		}
		got := strings.Fields(ids(e.judge(t, c, e.bad)))
		want := strings.Fields(e.also)
		slices.Sort(got)
		slices.Sort(want)
		if !slices.Equal(got, want) {
			t.Errorf("without %s: %v, want %v", e.rule, got, want)
		}
	}
}

// The table is whole: each rule has its words and an example.
func TestTable(t *testing.T) {
	shown := map[string]bool{}
	for _, e := range examples() {
		shown[e.rule] = true
	}
	seen := map[string]bool{}
	for _, r := range Rules() {
		if seen[r.ID] || r.ID == "" {
			t.Errorf("the id %q is there twice, or is empty", r.ID)
		}
		seen[r.ID] = true
		for name, words := range map[string]string{"message": r.Message, "mend": r.Mend} {
			if !unicode.IsUpper(rune(words[0])) && !strings.HasPrefix(words, "If-") || !strings.HasSuffix(words, ".") || strings.Count(words, " ") < 2 {
				t.Errorf("%s: the %s is no whole sentence: %q", r.ID, name, words)
			}
		}
		for section := range strings.SplitSeq(r.Section, ", ") {
			if rfc, _, ok := strings.Cut(section, "§"); !ok || rfc != "" && !strings.HasPrefix(rfc, "RFC ") {
				t.Errorf("%s: the section is %q", r.ID, r.Section)
			}
		}
		if !strings.HasPrefix(r.Section, "RFC ") {
			t.Errorf("%s: the section is %q", r.ID, r.Section)
		}
		if r.Pair != (r.both != nil) || r.Pair == (r.one != nil) {
			t.Errorf("%s: the predicate is not of its kind", r.ID)
		}
		if !shown[r.ID] && !r.Probe && !slices.ContainsFunc(slices.Concat(conditions, watched), func(c Rule) bool { return c.ID == r.ID }) {
			t.Errorf("%s has no example", r.ID)
		}
	}
	for id := range shown {
		if !seen[id] {
			t.Errorf("the example %s is of no rule", id)
		}
	}
}
