// Conform checks HTTP answers against the rules of the RFCs: those of a live
// URL, or of a capture of any service.
//
//	conform https://api.example.com/orders/1
//	conform capture.har
//	conform -json - < exchange.http
//
// A capture is a HAR file, as browsers save it, or a dump of HTTP/1.1: a
// request, its response, the next request. "-" reads it from standard input.
// A URL is probed with some twenty requests of safe methods; it begins with
// http:// or https://.
//
//	-json             one finding a line, as JSON
//	-profile api|rfc  all rules (api, the default), or the letter of the RFCs
//	-off RULE=REASON  turns a rule off; repeatable
//	-rules            prints all rules, and reads nothing
//
// and for a probe alone:
//
//	-H "Name: value"  a header field of all requests; repeatable
//	-unsafe           sends POST, PUT, PATCH and DELETE, too
//	-timeout 10s      how long it waits for each answer
//
// The exit code is 1 if a MUST is broken, 0 if none is, and 2 for what cannot
// be read.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"io/fs"
	"net/http"
	"os"
	"os/signal"
	"slices"
	"strings"
	"time"

	"github.com/forthright-http/forthright/respond/conform"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	os.Exit(run(ctx, os.Args[1:], os.Stdin, os.Stdout, os.Stderr))
}

const (
	exitGood     = 0
	exitMust     = 1
	exitUnusable = 2
)

// run is the command. It returns the exit code.
func run(ctx context.Context, args []string, stdin io.Reader, stdout, stderr io.Writer) int {
	set, err := parse(args, stderr)
	switch {
	case errors.Is(err, flag.ErrHelp):
		return exitGood
	case err != nil:
		fmt.Fprintln(stderr, "conform:", err)
		return exitUnusable
	}
	if set.rules {
		if err := writeRules(stdout); err != nil {
			fmt.Fprintln(stderr, "conform:", err)
			return exitUnusable
		}
		return exitGood
	}
	found, summary, err := set.findings(ctx, stdin)
	if err != nil {
		fmt.Fprintln(stderr, "conform:", strings.TrimPrefix(err.Error(), "conform: "))
		if len(found) == 0 {
			return exitUnusable
		}
	}
	write := writeTable
	if set.json {
		write = writeJSON
	}
	if werr := write(stdout, found, summary); werr != nil {
		fmt.Fprintln(stderr, "conform:", werr)
		return exitUnusable
	}
	if err != nil { // a probe that was cut short, after findings
		return exitUnusable
	}
	for _, f := range found {
		if f.Level == conform.Must {
			return exitMust
		}
	}
	return exitGood
}

// settings are what the flags say.
type settings struct {
	options conform.Options
	json    bool
	rules   bool // print them, and that is all
	unsafe  bool
	header  http.Header
	timeout time.Duration
	source  string
}

func parse(args []string, stderr io.Writer) (*settings, error) {
	set := &settings{header: http.Header{}, options: conform.Options{Off: map[string]string{}}}
	flags := flag.NewFlagSet("conform", flag.ContinueOnError)
	flags.SetOutput(io.Discard)
	flags.BoolVar(&set.json, "json", false, "print one finding a line, as JSON")
	flags.BoolVar(&set.rules, "rules", false, "print all rules, with level, section and message, and read nothing")
	profile := flags.String("profile", "api", "the `rules`: rfc for the letter of the RFCs, api for what users of APIs rely on, too")
	flags.BoolVar(&set.unsafe, "unsafe", false, "let a probe send POST, PUT, PATCH and DELETE, too, without content")
	flags.DurationVar(&set.timeout, "timeout", 10*time.Second, "how long a probe waits for each answer")
	flags.Func("H", "a header `field` of all requests of a probe, such as 'Authorization: Bearer ...'; repeatable", func(s string) error {
		name, value, ok := strings.Cut(s, ":")
		if name = strings.TrimSpace(name); !ok || name == "" {
			return errors.New("it is not of the form Name: value")
		}
		set.header.Add(name, strings.TrimSpace(value))
		return nil
	})
	flags.Func("off", "turn a rule off, by its id, and say why: `RULE=REASON`, as 200-validator='the gateway adds ETag'; -rules prints the ids; repeatable", func(s string) error {
		id, reason, _ := strings.Cut(s, "=")
		set.options.Off[id] = reason
		return nil
	})
	var sources []string
	for rest := args; ; { // flags may come behind the source, too
		if err := flags.Parse(rest); err != nil {
			if errors.Is(err, flag.ErrHelp) {
				usage(flags, stderr)
			}
			return nil, err
		}
		if flags.NArg() == 0 {
			break
		}
		sources = append(sources, flags.Arg(0))
		rest = flags.Args()[1:]
	}
	switch *profile {
	case "api":
		set.options.Profile = conform.API
	case "rfc":
		set.options.Profile = conform.RFC
	default:
		return nil, fmt.Errorf("-profile is %q, and must be rfc or api", *profile)
	}
	if set.timeout <= 0 {
		return nil, fmt.Errorf("-timeout is %s, and must be more than 0", set.timeout)
	}
	if set.rules {
		if len(sources) > 0 {
			return nil, fmt.Errorf("-rules reads nothing, and there is %q", sources[0])
		}
		return set, nil
	}
	if len(sources) != 1 {
		return nil, fmt.Errorf("there are %d sources, and must be one: a URL, a file, or - for standard input (-h tells more)", len(sources))
	}
	set.source = sources[0]
	if isURL(set.source) {
		return set, nil
	}
	if strings.Contains(set.source, "://") {
		return nil, fmt.Errorf("%q is no URL to probe: %s", set.source, urlsBegin)
	}
	var err error
	flags.Visit(func(f *flag.Flag) {
		if slices.Contains([]string{"H", "unsafe", "timeout"}, f.Name) {
			err = fmt.Errorf("-%s is for a probe, and %s is a capture: %s", f.Name, set.source, urlsBegin)
		}
	})
	return set, err
}

const urlsBegin = "a URL begins with http:// or https://"

func isURL(source string) bool {
	low := strings.ToLower(source)
	return strings.HasPrefix(low, "http://") || strings.HasPrefix(low, "https://")
}

func usage(flags *flag.FlagSet, stderr io.Writer) {
	fmt.Fprint(stderr, "usage: conform [flags] URL | FILE | -\n\nA file is a HAR file or a dump of HTTP/1.1. Exit code: 1 if a MUST is broken, 2 for what cannot be read.\n\n")
	flags.SetOutput(stderr)
	flags.PrintDefaults()
}

// findings judges the source. summary says what was looked at.
func (set *settings) findings(ctx context.Context, stdin io.Reader) (found []conform.Finding, summary string, err error) {
	checker, err := conform.New(set.options)
	if err != nil {
		return nil, "", err
	}
	if isURL(set.source) {
		p := conform.Prober{Checker: checker, Header: set.header, Unsafe: set.unsafe, Timeout: set.timeout}
		found, err = p.Probe(ctx, set.source)
		return found, "the probe", err
	}
	src := stdin
	if set.source != "-" {
		f, err := os.Open(set.source)
		if errors.Is(err, fs.ErrNotExist) {
			return nil, "", fmt.Errorf("%w (%s)", err, urlsBegin)
		}
		if err != nil {
			return nil, "", err
		}
		defer f.Close()
		src = f
	}
	all, err := conform.ReadCapture(src)
	if err != nil {
		return nil, "", fmt.Errorf("%s: %s", set.source, strings.TrimPrefix(err.Error(), "conform: "))
	}
	return checker.Exchanges(all), plural(len(all), "exchange"), nil
}

func plural(n int, what string) string {
	if n == 1 {
		return "1 " + what
	}
	return fmt.Sprintf("%d %ss", n, what)
}
