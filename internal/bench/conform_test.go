package bench

import (
	"slices"
	"strings"
	"testing"

	"github.com/forthright-http/forthright/internal/bench/houses"
	"github.com/forthright-http/forthright/respond/conform"
)

// must are the findings of level Must in other houses, each looked at by hand
// and right by the section that it quotes. One more is a false alarm until
// somebody has looked at it, too.
var must = map[string][]string{
	"net/http": {
		"401 by http.Error: 401",                  // RFC 9110 §15.5.2: no WWW-Authenticate
		"405 by http.Error, as in tutorials: 405", // §15.5.6: no Allow
		"no Host: G6",                             // §6.6.1: a 400 of the server itself has no Date
		"a header that is too large: G6",          // the same with 431
	},
	"net/http files": { // §14.2: Range is for GET; to any other method it MUST be ignored
		"HEAD with Range: 206-range", "POST with Range: 206-range", "HEAD with Range: 206-range", "POST with Range: 206-range",
	},
	"echo": {
		"KeyAuth with a wrong key: 401", // §15.5.2: its own middleware sends no challenge
		"ErrUnauthorized: 401",
	},
	"gin": {"401 of a handler, as in tutorials: 401"},
	"chi with render": {
		"a method that nobody knows: 405", // §15.5.6: a 405 without Allow
		"Compress: G12",                   // §8.8.3.3: the ETag of the plain content stays, and stays strong
	},
	"huma": {
		"Error401Unauthorized: 401",
		"conditional, 304: 304-pair",         // §15.4.5: no ETag
		"conditional, 304 by date: 304-pair", // the same
		"conditional, 412: 304-asked",        // §13.1.1: If-Match of another tag is a 412, not a 304
		"conditional, 412: 304-pair",
	},
	"fuego": {"UnauthorizedError: 401"},
}

func TestOtherHouses(t *testing.T) {
	c, err := conform.New(conform.Options{})
	if err != nil {
		t.Fatal(err)
	}
	for _, h := range houses.All() {
		found, asked, silent, err := houses.Judge(t.Context(), h, c)
		if err != nil {
			t.Fatal(err)
		}
		if asked+len(silent) != len(h.Asks) || len(silent) > 0 {
			t.Errorf("%s: %d of %d asks were answered; not %v", h.Name, asked, len(h.Asks), silent)
		}
		var got []string
		for _, f := range found {
			if f.Level == conform.Must {
				got = append(got, f.Ask.What+": "+f.Rule)
			}
		}
		want := slices.Clone(must[h.Name])
		slices.Sort(got)
		slices.Sort(want)
		if !slices.Equal(got, want) {
			t.Errorf("%s: found\n\t%s\nwant\n\t%s", h.Name, strings.Join(got, "\n\t"), strings.Join(want, "\n\t"))
		}
	}
}
