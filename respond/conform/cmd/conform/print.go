package main

import (
	"bufio"
	"encoding/json"
	"fmt"
	"io"
	"strings"
	"text/tabwriter"
	"unicode"

	"github.com/forthright-http/forthright/respond/conform"
)

// line is a finding with -json.
type line struct {
	Exchange int    `json:"exchange"`
	Rule     string `json:"rule"`
	Level    string `json:"level"`
	Section  string `json:"section"`
	Method   string `json:"method"`
	URL      string `json:"url"`
	Status   int    `json:"status"`
	Message  string `json:"message"`
	Mend     string `json:"mend"`
}

func writeJSON(w io.Writer, found []conform.Finding, _ string) error {
	out := bufio.NewWriter(w)
	enc := json.NewEncoder(out)
	enc.SetEscapeHTML(false)
	for _, f := range found {
		if err := enc.Encode(line{f.Exchange, f.Rule, f.Level.String(), f.Section, f.Method, f.URL, f.Status, f.Message, f.Mend}); err != nil {
			return err
		}
	}
	return out.Flush()
}

// writeTable writes a table with a row for each rule, method, URL and status,
// the gravest first, and what the rules say.
func writeTable(w io.Writer, found []conform.Finding, summary string) error {
	rows, ids := group(found)
	out := bufio.NewWriter(w)
	if len(rows) > 0 {
		table := tabwriter.NewWriter(out, 0, 0, 2, ' ', 0)
		fmt.Fprintln(table, "LEVEL\tRULE\tSTATUS\tEXCHANGE\tREQUEST")
		for _, r := range rows {
			at := fmt.Sprint(r.Exchange)
			if r.more > 0 {
				at += fmt.Sprintf(" (+%d)", r.more)
			}
			fmt.Fprintf(table, "%s\t%s\t%d\t%s\t%s\n", r.Level, r.Rule, r.Status, at, clean(request(r)))
		}
		table.Flush()
		fmt.Fprintln(out)
		for _, f := range ids {
			fmt.Fprintf(out, "%s (%s): %s\n    %s\n", f.Rule, f.Section, f.Message, f.Mend)
		}
		fmt.Fprintln(out)
	}
	counts := map[conform.Level]int{}
	for _, f := range found {
		counts[f.Level]++
	}
	fmt.Fprintf(out, "%s in %s: %d must, %d should, %d advice\n", plural(len(found), "finding"), summary, counts[conform.Must], counts[conform.Should], counts[conform.Advice])
	return out.Flush()
}

// request is the last column: what was asked, and what was seen.
func request(r *row) string {
	if r.Detail == "" {
		return r.Request()
	}
	return r.Request() + "  [" + r.Detail + "]"
}

// writeRules writes the table of all rules.
func writeRules(w io.Writer) error {
	out := bufio.NewWriter(w)
	table := tabwriter.NewWriter(out, 0, 0, 2, ' ', 0)
	fmt.Fprintln(table, "RULE\tLEVEL\tSECTION\tMESSAGE")
	for _, r := range conform.Rules() {
		fmt.Fprintf(table, "%s\t%s\t%s\t%s\n", r.ID, r.Level, r.Section, r.Message)
	}
	table.Flush()
	return out.Flush()
}

type row struct {
	conform.Finding
	more int // of the same in later exchanges
}

// group puts equal findings into one row, and lists each rule once; by level.
func group(found []conform.Finding) (rows []*row, ids []conform.Finding) {
	seen := map[conform.Finding]*row{}
	rules := map[string]bool{}
	for _, level := range []conform.Level{conform.Must, conform.Should, conform.Advice} {
		for _, f := range found {
			if f.Level != level {
				continue
			}
			key := f
			key.Exchange, key.Detail = 0, ""
			if r, ok := seen[key]; ok {
				r.more++
				continue
			}
			r := &row{Finding: f}
			seen[key] = r
			rows = append(rows, r)
			if key := f.Rule + f.Message; !rules[key] {
				rules[key] = true
				ids = append(ids, f)
			}
		}
	}
	return rows, ids
}

// clean keeps a capture from steering the terminal.
func clean(s string) string {
	return strings.Map(func(r rune) rune {
		if unicode.IsControl(r) {
			return '\uFFFD'
		}
		return r
	}, s)
}
