package httpfield

import (
	"strings"
	"testing"
)

type negotiationTest struct {
	name   string
	lines  []string
	offers []string
	index  int
	el     string
	q      int
}

func testNegotiation(t *testing.T, f func([]string, []string) (Choice, bool), tests []negotiationTest) {
	t.Helper()
	for _, tt := range tests {
		c, ok := f(tt.lines, tt.offers)
		eq(t, tt.name, c, Choice{tt.index, tt.el, tt.q})
		eq(t, tt.name, ok, tt.index >= 0)
		noAlloc(t, tt.name, func() { f(tt.lines, tt.offers) })
	}
	if c, ok := f(nil, nil); ok || c.Index != -1 {
		t.Errorf("no offers: %+v, %v", c, ok)
	}
}

func fuzzNegotiation(f *testing.F, negotiate func([]string, []string) (Choice, bool), offers []string) {
	f.Fuzz(func(t *testing.T, s string) {
		c, ok := negotiate([]string{s}, offers)
		if ok != (c.Index >= 0) || ok != (c.Q > 0) || c.Q > 1000 || !strings.Contains(s, c.Element) {
			t.Fatalf("%q: %+v, %v", s, c, ok)
		}
		if m, _ := negotiate(append(collect(s), ""), offers); m != c {
			t.Fatalf("%q: %+v, one element a line %+v", s, c, m)
		}
	})
}

func TestNegotiateLanguage(t *testing.T) {
	const example = "da, en-gb;q=0.8, en;q=0.7"
	testNegotiation(t, NegotiateLanguage, []negotiationTest{
		{"12.5.4 example, Danish", []string{example}, []string{"en", "da"}, 1, "da", 1000},
		{"12.5.4 example, British", []string{example}, []string{"en-US", "en-GB"}, 1, "en-gb;q=0.8", 800},
		{"12.5.4 example, other English", []string{example}, []string{"fr", "en-US"}, 1, "en;q=0.7", 700},
		{"12.5.4 example, none", []string{example}, []string{"fr"}, -1, "", 0},
		{"4647 3.3.1 prefix", []string{"de-de"}, []string{"de-DE-1996"}, 0, "de-de", 1000},
		{"4647 3.3.1 not within a subtag", []string{"de-de"}, []string{"de-Deva"}, -1, "", 0},
		{"4647 3.3.1 case", []string{"EN-us"}, []string{"en-US"}, 0, "EN-us", 1000},
		{"4647 3.4 lookup", []string{"en-GB"}, []string{"de", "en"}, 1, "en-GB", 1000},
		{"4647 3.4 lookup, two steps", []string{"zh-Hant-CN"}, []string{"zh"}, 0, "zh-Hant-CN", 1000},
		{"4647 3.4 lookup before *", []string{"en-GB, *;q=0.1"}, []string{"fr", "en"}, 1, "en-GB", 1000},
		{"4647 3.3.1 filtering before lookup", []string{"en-US, fr"}, []string{"en", "fr"}, 1, "fr", 1000},
		{"4647 3.3.1 longest range", []string{"en;q=0.9, en-GB;q=0.1, fr;q=0.5"}, []string{"en-GB", "fr"}, 1, "fr;q=0.5", 500},
		{"12.4.2 q=0 excludes", []string{"en;q=0, *"}, []string{"en-US", "fr"}, 1, "*", 1000},
		{"12.4.2 q=0 in a lookup says nothing", []string{"en-GB;q=0, *;q=0.5"}, []string{"en"}, 0, "*;q=0.5", 500},
		{"12.5.4 *", []string{"*"}, []string{"fr", "en"}, 0, "*", 1000},
		{"12.5.4 absent", nil, []string{"fr", "en"}, 0, "", 1000},
		{"12.5.4 empty", []string{""}, []string{"fr"}, 0, "", 1000},
		{"malformed dropped", []string{"en_US, fr;q=0.1"}, []string{"en", "fr"}, 1, "fr;q=0.1", 100},
		{"malformed only, is absent", []string{"en_US, toolongsubtag, -"}, []string{"en"}, 0, "", 1000},
		{"5.3 two lines", []string{"en;q=0.1", "fr"}, []string{"en", "fr"}, 1, "fr", 1000},
	})
}

func FuzzNegotiateLanguage(f *testing.F) {
	f.Add("da, en-gb;q=0.8, en;q=0.7")
	f.Add("*;q=0, zh-Hant")
	fuzzNegotiation(f, NegotiateLanguage, []string{"en", "en-GB", "zh-Hant-CN"})
}

func BenchmarkNegotiateLanguage(b *testing.B) {
	lines, offers := []string{"de-CH,de;q=0.9,en-US;q=0.8,en;q=0.7"}, []string{"en", "de"}
	b.ReportAllocs()
	for b.Loop() {
		NegotiateLanguage(lines, offers)
	}
}
