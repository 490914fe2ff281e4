package main

import (
	"strings"
	"testing"
)

func TestRun(t *testing.T) {
	const in = `goos: linux
BenchmarkGet/forthright-2   	 1000	       500.0 ns/op	     240 B/op	       3 allocs/op
BenchmarkGet/forthright-2   	 1000	       300.0 ns/op	     240 B/op	       3 allocs/op
BenchmarkGet/forthright-2   	 1000	       400.0 ns/op	     240 B/op	       3 allocs/op
BenchmarkGet/nethttp-2      	 1000	       600.0 ns/op	      80 B/op	       2 allocs/op
BenchmarkGet/nethttp-2      	 1000	       400.0 ns/op	      80 B/op	       2 allocs/op
BenchmarkCreate/forthright-validate         	 1000	      12 ns/op
BenchmarkConditional/200/nethttp-4   	 1000	      30 ns/op
BenchmarkConditional/304/nethttp-4   	 1000	      20 ns/op
BenchmarkConditional/304/other-4   	 1000	      40 ns/op
PASS
ok  	example	1.0s
`
	const want = `| benchmark | contender | ns/op | allocs/op | speed, nethttp = 1 |
|---|---|--:|--:|--:|
| Get | forthright | 400 | 3 | 1.25 |
| Get | nethttp | 500 | 2 | 1.00 |
| Create | forthright-validate | 12 |  |  |
| Conditional/200 | nethttp | 30 |  | 1.00 |
| Conditional/304 | nethttp | 20 |  | 1.00 |
| Conditional/304 | other | 40 |  | 0.50 |

| contender | Conditional/304, ns/op | Conditional/200, ns/op | speed of Conditional/304, Conditional/200 = 1 |
|---|--:|--:|--:|
| nethttp | 20 | 30 | 1.50 |
`
	var out strings.Builder
	if err := run(strings.NewReader(in), &out, "nethttp", "Conditional/304=Conditional/200"); err != nil {
		t.Fatal(err)
	}
	if out.String() != want {
		t.Errorf("%s\nwant\n%s", out.String(), want)
	}
}

func TestRunErrors(t *testing.T) {
	const good = "BenchmarkGet/a-2 1 2 ns/op\n"
	for _, tt := range []struct{ name, in, beside string }{
		{"empty", "", ""},
		{"no benchmark", "PASS\nok  \texample\t1.0s\n", ""},
		{"failed", "BenchmarkGet/a-2 1 2 ns/op\n--- FAIL: BenchmarkGet/b\nFAIL\n", ""},
		{"no number", "BenchmarkGet/a-2 1 x ns/op\n", ""},
		{"no time", "BenchmarkGet/a-2 1 3 B/op\n", ""},
		{"no pair", good, "Get=Put"},
		{"beside nothing", good, "Get"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			if err := run(strings.NewReader(tt.in), &strings.Builder{}, "nethttp", tt.beside); err == nil {
				t.Error("no error")
			}
		})
	}
}
