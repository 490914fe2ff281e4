package respond

import (
	"net/url"
	"reflect"
	"strings"
	"testing"
)

// The parser agrees with net/url.ParseQuery but for text that is not UTF-8 or
// holds a NUL, which it refuses.
func FuzzParamsQuery(f *testing.F) {
	for _, s := range []string{
		"", "a=1&b=2", "a", "a=", "=a", "=", "&&a=1&", "a=1=2", "a=1&a=2", "%61=%20+", "a=%zz", "%=1", "a=%", "a;b=1", "a=%3b",
		"a=%ff", "a=\xff", "%00=1", "a=%C3%A9", "%26=%3D", "a+b=+", "a=1&b=%zz&c=2;&d=3",
	} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, query string) {
		want, wantErr := url.ParseQuery(query)
		if wantErr != nil && strings.Contains(wantErr.Error(), "exceeded limit") {
			t.Skip() // of net/url; ours is the size of the request line
		}
		got := make(url.Values)
		malformed := false
		for rest := query; ; {
			pair, after, ok := nextPair(rest)
			if !ok {
				break
			}
			if len(after) >= len(rest) {
				t.Fatalf("%q: no progress", query)
			}
			rest = after
			switch pair.code {
			case "":
				got[pair.name] = append(got[pair.name], pair.value)
			default:
				malformed = true
			}
		}
		texts := true
		for name, values := range want {
			var kept []string
			for _, v := range values {
				if isText(name) && isText(v) {
					kept = append(kept, v)
				} else {
					texts = false
				}
			}
			if want[name] = kept; kept == nil {
				delete(want, name)
			}
		}
		if !reflect.DeepEqual(got, want) {
			t.Errorf("%q: %q, net/url has %q", query, got, want)
		}
		if malformed != (wantErr != nil || !texts) {
			t.Errorf("%q: malformed is %v, net/url says %v, texts %v", query, malformed, wantErr, texts)
		}
	})
}
