package conform

import (
	"flag"
	"fmt"
	"os"
	"regexp"
	"strconv"
	"strings"
	"testing"
)

var update = flag.Bool("update", false, "write RULES.md anew")

// RULES.md is the table of rules.
func TestRulesMD(t *testing.T) {
	var b strings.Builder
	b.WriteString("# Rules\n\nAll rules of package conform, as `conform -rules` prints them, too. Made by `go test -run TestRulesMD -update`; a test keeps it true.\n\n" +
		"*pair*: compares two exchanges about one resource. *probe*: needs a probe, which knows why it sent what. *watch*: needs the middleware or a probe.\n\n" +
		"| rule | level | section | message | needs |\n|---|---|---|---|---|\n")
	for _, r := range Rules() {
		needs := ""
		switch {
		case r.Probe:
			needs = "probe"
		case r.Pair:
			needs = "pair"
		}
		for _, w := range watched {
			if w.ID == r.ID {
				needs = "watch"
			}
		}
		fmt.Fprintf(&b, "| %s | %s | %s | %s | %s |\n", r.ID, r.Level, r.Section, strings.ReplaceAll(r.Message, "|", "\\|"), needs)
	}
	if *update {
		if err := os.WriteFile("RULES.md", []byte(b.String()), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	got, err := os.ReadFile("RULES.md")
	if err != nil || string(got) != b.String() {
		t.Errorf("RULES.md is not the table of rules; go test -run TestRulesMD -update writes it anew (%v)", err)
	}
}

// The number of rules that README.md and doc.go tell is about right.
func TestRulesCount(t *testing.T) {
	about := regexp.MustCompile(`about (\d+) rules`)
	for _, name := range []string{"README.md", "doc.go"} {
		text, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		all := about.FindAllStringSubmatch(strings.ReplaceAll(string(text), "\n// ", " "), -1)
		if len(all) != 1 {
			t.Errorf("%s tells the number of rules %d times", name, len(all))
			continue
		}
		if n, _ := strconv.Atoi(all[0][1]); n-len(Rules()) > 5 || len(Rules())-n > 5 {
			t.Errorf("%s tells of %d rules, and there are %d", name, n, len(Rules()))
		}
	}
}
