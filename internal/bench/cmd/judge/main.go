// Judge serves small services of other houses, asks what their users run into,
// judges each exchange by respond/conform, and prints a table in Markdown.
//
//	go run ./internal/bench/cmd/judge
//	go run ./internal/bench/cmd/judge -each gin
package main

import (
	"context"
	"flag"
	"fmt"
	"io"
	"os"
	"runtime"
	"runtime/debug"

	"github.com/forthright-http/forthright/internal/bench/houses"
	"github.com/forthright-http/forthright/respond/conform"
)

func main() {
	profile := flag.String("profile", "api", "rfc or api")
	each := flag.String("each", "", "print every finding of the one house of this name, not a summary of all; all for all")
	flag.Parse()
	if flag.NArg() > 0 {
		fmt.Fprintln(os.Stderr, "judge: it takes no arguments")
		os.Exit(2)
	}
	if err := run(context.Background(), os.Stdout, *profile, *each); err != nil {
		fmt.Fprintln(os.Stderr, "judge:", err)
		os.Exit(1)
	}
}

func run(ctx context.Context, w io.Writer, profile, each string) error {
	o := conform.Options{}
	switch profile {
	case "api":
	case "rfc":
		o.Profile = conform.RFC
	default:
		return fmt.Errorf("there is no profile %q", profile)
	}
	c, err := conform.New(o)
	if err != nil {
		return err
	}
	t := table{w: w, each: each != ""}
	t.head()
	for _, h := range houses.All() {
		if each != "" && each != "all" && each != h.Name {
			continue
		}
		found, asked, silent, err := houses.Judge(ctx, h, c)
		if err != nil {
			return err
		}
		t.add(h.Name+" ("+version(h.Module)+")", asked, found, silent)
	}
	t.foot()
	return t.err
}

// version is that of the module in this program; of "", that of Go.
func version(module string) string {
	if module == "" {
		return runtime.Version()
	}
	if info, ok := debug.ReadBuildInfo(); ok {
		for _, d := range info.Deps {
			if d.Path == module {
				return d.Version
			}
		}
	}
	return "unknown"
}
