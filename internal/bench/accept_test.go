package bench

import (
	"mime"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/danielgtaylor/huma/v2/negotiation"
	"github.com/elnormous/contenttype"

	"github.com/forthright-http/forthright/internal/httpfield"
)

// browserAccept is of the kind that browsers send, with five elements.
const browserAccept = "text/html,application/xhtml+xml,application/xml;q=0.9,image/avif,*/*;q=0.8"

// offered is in the server's order of preference.
var offered = []string{"application/json", "text/html", "text/csv"}

// chooser chooses one of offered by the one line of an Accept field; "" is
// none.
type chooser struct {
	name   string
	choose func(lines []string) string
}

func choosers() []chooser {
	offers, err := httpfield.NewOffers(offered...)
	if err != nil {
		panic(err)
	}
	var available []contenttype.MediaType
	for _, o := range offered {
		available = append(available, contenttype.NewMediaType(o))
	}
	return []chooser{
		{"forthright", func(lines []string) string {
			c, ok := httpfield.NegotiateType(lines, offers)
			if !ok {
				return ""
			}
			return offered[c.Index]
		}},
		{"nethttp", func(lines []string) string { return chooseByHand(lines[0]) }},
		{"contenttype", func(lines []string) string {
			m, _, err := contenttype.GetAcceptableMediaTypeFromHeader(lines[0], available)
			if err != nil {
				return ""
			}
			// Its String and MIME allocate: an index costs it nothing.
			return offered[slices.IndexFunc(available, func(a contenttype.MediaType) bool {
				return a.Subtype == m.Subtype && a.Type == m.Type
			})]
		}},
		{"huma", func(lines []string) string { return negotiation.SelectQValueFast(lines[0], offered) }},
	}
}

// chooseByHand is what the standard library has for it: mime.ParseMediaType.
func chooseByHand(accept string) string {
	var ranks [3]int
	var weights [3]float64
	for element := range strings.SplitSeq(accept, ",") {
		t, params, err := mime.ParseMediaType(element)
		if err != nil {
			continue
		}
		weight := 1.0
		if q, ok := params["q"]; ok {
			if weight, err = strconv.ParseFloat(q, 64); err != nil {
				continue
			}
		}
		for i, o := range offered {
			rank := 0
			kind, all := strings.CutSuffix(t, "/*")
			switch {
			case t == o:
				rank = 3
			case t == "*/*":
				rank = 1
			case all && strings.HasPrefix(o, kind+"/"):
				rank = 2
			}
			if rank > ranks[i] {
				ranks[i], weights[i] = rank, weight
			}
		}
	}
	best, at := 0.0, ""
	for i, w := range weights {
		if w > best {
			best, at = w, offered[i]
		}
	}
	return at
}

func TestAccept(t *testing.T) {
	for _, tt := range []struct {
		accept, want string
		huma         bool // it differs: it knows no ranges, and no weight of 0
	}{
		{browserAccept, "text/html", false},
		{"text/csv;q=0.5, text/html;q=0.7", "text/html", false},
		{"application/json;q=0.2, text/csv", "text/csv", false},
		{"image/avif", "", false},
		{"text/csv, */*;q=0.1", "text/csv", false},
		{"image/avif, */*;q=0.8", "application/json", true},
		{"text/*, application/json;q=0.3", "text/html", true},
		{"application/json;q=0, text/csv;q=0.5", "text/csv", true},
	} {
		for _, c := range choosers() {
			want := tt.want
			if tt.huma && c.name == "huma" {
				want = map[bool]string{true: "application/json"}[strings.Contains(tt.accept, "json")]
			}
			if got := c.choose([]string{tt.accept}); got != want {
				t.Errorf("%s, %q: %q, want %q", c.name, tt.accept, got, want)
			}
		}
	}
}

// BenchmarkAccept chooses one of three forms for a browser.
func BenchmarkAccept(b *testing.B) {
	lines := http.Header{"Accept": {browserAccept}}["Accept"]
	for _, c := range choosers() {
		b.Run(c.name, func(b *testing.B) {
			b.ReportAllocs()
			got := ""
			for b.Loop() {
				got = c.choose(lines)
			}
			if got != "text/html" {
				b.Fatal(got)
			}
		})
	}
}
