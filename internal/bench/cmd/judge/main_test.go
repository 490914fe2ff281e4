package main

import (
	"errors"
	"strings"
	"testing"
)

func TestRun(t *testing.T) {
	var b strings.Builder
	if err := run(t.Context(), &b, "rfc", ""); err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{
		"| house | rule | level | section | finding | in |\n",
		"| 405 | must | RFC 9110 §15.5.6, §10.2.1 | A 405 has no Allow, or one that names the method it refuses. | a method that nobody knows: 405 |\n",
		"| house | exchanges | must | should | advice |\n",
	} {
		if !strings.Contains(b.String(), want) {
			t.Errorf("there is no %q in\n%s", want, b.String())
		}
	}
	if strings.Contains(b.String(), "| advice | RFC") {
		t.Error("the profile RFC gives advice")
	}
	b.Reset()
	if err := run(t.Context(), &b, "api", "tollbooth"); err != nil || !strings.Contains(b.String(), "over the limit: 429 | 429-retry | advice") {
		t.Errorf("%v\n%s", err, b.String())
	}
	if err := run(t.Context(), &b, "all", ""); err == nil {
		t.Error("there is a profile all")
	}
	if err := run(t.Context(), full{}, "rfc", "tollbooth"); err == nil {
		t.Error("what cannot be written is no error")
	}
}

type full struct{}

func (full) Write([]byte) (int, error) { return 0, errors.New("full") }
