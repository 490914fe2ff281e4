// Ratios reads what go test -bench prints, and writes a Markdown table of the
// medians: each contender of each benchmark, beside one of them. The contender
// is what follows the last slash of a name.
//
//	go test -run '^$' -bench . -count 6 . | go run ./cmd/ratios
package main

import (
	"flag"
	"fmt"
	"io"
	"os"
	"strings"
)

func main() {
	base := flag.String("base", "nethttp", "the contender that the others are compared with")
	beside := flag.String("beside", "", "A=B: a second table, of each contender's benchmark A beside its own B")
	flag.Parse()
	if flag.NArg() > 0 {
		fmt.Fprintln(os.Stderr, "ratios: it reads the standard input, and takes no arguments")
		os.Exit(2)
	}
	if err := run(os.Stdin, os.Stdout, *base, *beside); err != nil {
		fmt.Fprintln(os.Stderr, "ratios:", err)
		os.Exit(1)
	}
}

func run(r io.Reader, w io.Writer, base, beside string) error {
	a, b, ok := strings.Cut(beside, "=")
	if beside != "" && (!ok || a == "" || b == "") {
		return fmt.Errorf("-beside %s is not A=B", beside)
	}
	rows, err := read(r)
	if err != nil {
		return err
	}
	if err := write(w, rows, base); err != nil || beside == "" {
		return err
	}
	return writeBeside(w, rows, a, b)
}
