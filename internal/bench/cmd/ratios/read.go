package main

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"slices"
	"strconv"
	"strings"
)

// row is one contender of one benchmark, over all its runs.
type row struct {
	benchmark, contender string
	times, allocs        []float64
}

// read collects the rows in the order in which they come. A run that failed
// is an error: a table of what is left would look whole.
func read(r io.Reader) ([]*row, error) {
	var rows []*row
	lines := bufio.NewScanner(r)
	for lines.Scan() {
		line := lines.Text()
		if strings.HasPrefix(line, "--- FAIL") || strings.HasPrefix(line, "FAIL") {
			return nil, fmt.Errorf("a run failed: %s", line)
		}
		f := strings.Fields(line)
		if len(f) < 4 || !strings.HasPrefix(f[0], "Benchmark") {
			continue
		}
		name := strings.TrimPrefix(trimProcs(f[0]), "Benchmark")
		slash := strings.LastIndexByte(name, '/')
		if slash < 0 {
			continue
		}
		benchmark, contender := name[:slash], name[slash+1:]
		i := slices.IndexFunc(rows, func(r *row) bool { return r.benchmark == benchmark && r.contender == contender })
		if i < 0 {
			i = len(rows)
			rows = append(rows, &row{benchmark: benchmark, contender: contender})
		}
		if err := rows[i].add(f[2:]); err != nil {
			return nil, fmt.Errorf("%q: %w", line, err)
		}
	}
	if err := lines.Err(); err != nil {
		return nil, err
	}
	if len(rows) == 0 {
		return nil, errors.New("there is no benchmark in the input")
	}
	return rows, nil
}

// trimProcs takes off the number of processors, "-2".
func trimProcs(name string) string {
	i := strings.LastIndexByte(name, '-')
	if i < 0 {
		return name
	}
	if _, err := strconv.Atoi(name[i+1:]); err != nil {
		return name
	}
	return name[:i]
}

// add takes the measures of a line: a number and its unit, in turn.
func (r *row) add(measures []string) error {
	for i := 0; i+1 < len(measures); i += 2 {
		n, err := strconv.ParseFloat(measures[i], 64)
		if err != nil {
			return err
		}
		switch measures[i+1] {
		case "ns/op":
			r.times = append(r.times, n)
		case "allocs/op":
			r.allocs = append(r.allocs, n)
		}
	}
	if len(r.times) == 0 {
		return errors.New("it has no ns/op")
	}
	return nil
}
