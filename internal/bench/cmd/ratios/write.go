package main

import (
	"fmt"
	"io"
	"slices"
	"strconv"
)

// write prints the table. A ratio of 2 means twice as many answers as the base
// in the same time.
func write(w io.Writer, rows []*row, base string) error {
	_, err := fmt.Fprintf(w, "| benchmark | contender | ns/op | allocs/op | speed, %s = 1 |\n|---|---|--:|--:|--:|\n", base)
	for _, r := range rows {
		if err != nil {
			return err
		}
		allocs, ratio := "", ""
		if len(r.allocs) > 0 {
			allocs = strconv.FormatFloat(median(r.allocs), 'f', -1, 64)
		}
		if i := slices.IndexFunc(rows, func(b *row) bool { return b.benchmark == r.benchmark && b.contender == base }); i >= 0 {
			ratio = strconv.FormatFloat(median(rows[i].times)/median(r.times), 'f', 2, 64)
		}
		_, err = fmt.Fprintf(w, "| %s | %s | %.0f | %s | %s |\n", r.benchmark, r.contender, median(r.times), allocs, ratio)
	}
	return err
}

// writeBeside prints a table of the contenders that have both benchmarks, a and
// b. A ratio of 2 means that a takes half the time of b.
func writeBeside(w io.Writer, rows []*row, a, b string) error {
	_, err := fmt.Fprintf(w, "\n| contender | %s, ns/op | %s, ns/op | speed of %s, %s = 1 |\n|---|--:|--:|--:|\n", a, b, a, b)
	found := false
	for _, x := range rows {
		i := slices.IndexFunc(rows, func(y *row) bool { return y.benchmark == b && y.contender == x.contender })
		if err != nil || x.benchmark != a || i < 0 {
			continue
		}
		found = true
		at, bt := median(x.times), median(rows[i].times)
		_, err = fmt.Fprintf(w, "| %s | %.0f | %.0f | %.2f |\n", x.contender, at, bt, bt/at)
	}
	if err == nil && !found {
		return fmt.Errorf("no contender has both %s and %s", a, b)
	}
	return err
}

func median(all []float64) float64 {
	s := slices.Sorted(slices.Values(all))
	half := len(s) / 2
	if len(s)%2 == 1 {
		return s[half]
	}
	return (s[half-1] + s[half]) / 2
}
