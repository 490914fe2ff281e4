package main

import (
	"cmp"
	"fmt"
	"io"
	"slices"
	"strings"

	"github.com/forthright-http/forthright/internal/bench/houses"
	"github.com/forthright-http/forthright/respond/conform"
)

// table writes Markdown: each finding, or each rule of a house with the
// exchanges that break it.
type table struct {
	w      io.Writer
	each   bool
	totals []string
	err    error
}

func (t *table) printf(format string, args ...any) {
	if t.err == nil {
		_, t.err = fmt.Fprintf(t.w, format, args...)
	}
}

func (t *table) head() {
	if t.each {
		t.printf("| house | exchange | rule | level | section | finding |\n|---|---|---|---|---|---|\n")
		return
	}
	t.printf("| house | rule | level | section | finding | in |\n|---|---|---|---|---|---|\n")
}

func (t *table) add(house string, asked int, found []houses.Verdict, silent []houses.Ask) {
	count := map[conform.Level]int{}
	type rule struct {
		houses.Verdict
		in []string
	}
	var rules []*rule
	for _, v := range found {
		count[v.Level]++
		in := fmt.Sprintf("%s: %d", v.Ask.What, v.Status)
		if t.each {
			t.printf("| %s | %s | %s | %s | %s | %s |\n", house, cell(in), v.Rule, v.Level, v.Section, cell(v.Message))
			continue
		}
		i := slices.IndexFunc(rules, func(r *rule) bool { return r.Rule == v.Rule })
		if i < 0 {
			i, rules = len(rules), append(rules, &rule{Verdict: v})
		}
		rules[i].in = append(rules[i].in, in)
	}
	slices.SortStableFunc(rules, func(a, b *rule) int { return cmp.Compare(a.Level, b.Level) })
	for _, r := range rules {
		t.printf("| %s | %s | %s | %s | %s | %s |\n", house, r.Rule, r.Level, r.Section, cell(r.Message), cell(some(r.in)))
	}
	for _, a := range silent {
		t.printf("| %s | | | | No answer: the connection was closed. | %s |\n", house, cell(a.What))
	}
	t.totals = append(t.totals, fmt.Sprintf("| %s | %d | %d | %d | %d |\n", house, asked, count[conform.Must], count[conform.Should], count[conform.Advice]))
}

// foot is the count of each house.
func (t *table) foot() {
	t.printf("\n| house | exchanges | must | should | advice |\n|---|--:|--:|--:|--:|\n%s", strings.Join(t.totals, ""))
}

// some names the first few.
func some(in []string) string {
	const few = 3
	if len(in) <= few {
		return strings.Join(in, "; ")
	}
	return fmt.Sprintf("%s; and %d more", strings.Join(in[:few], "; "), len(in)-few)
}

func cell(s string) string { return strings.ReplaceAll(s, "|", `\|`) }
