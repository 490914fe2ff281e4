package problemlang

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"golang.org/x/text/language"

	"github.com/forthright-http/forthright/internal/httpfield"
	"github.com/forthright-http/forthright/problem"
)

// Texts are the translations into one language: the key is the text as the
// program has it, with {name} where a value stands.
//
// A text that is a key by itself is taken first; of several keys with names
// that fit a text, the one with the most letters outside of its names is. A
// name is of letters, digits and "_"; a brace around anything else is a brace.
type Texts map[string]string

// Options are the settings of a [Catalog]. The zero value is useful: it says
// what language the texts are in.
type Options struct {
	// Source is the language of the texts in the program. By default "en".
	Source string
	// Default is the language for a client that asks for none, or for none
	// that there is. By default Source.
	Default string
	// Languages are the translations by the tag of their language (BCP 47):
	// "de", "pt-BR", "zh-Hant".
	Languages map[string]Texts
	// Rules translates the detail of an item of "errors" that Languages does
	// not have, or returns false. rulelang.New makes one.
	Rules func(language string, item *problem.Item) (detail string, ok bool)
	// Missing is told of each text that has no translation in the language
	// that was chosen. It is called by many goroutines at once.
	Missing func(language, text string)
}

// Catalog holds translations. It is safe for concurrent use.
type Catalog struct {
	source  string
	names   []string
	tags    []language.Tag // of names; the first is the default
	matcher language.Matcher
	texts   map[string]*texts
	rules   func(string, *problem.Item) (string, bool)
	missing func(language, text string)
}

// New makes a Catalog. It returns an error where a language's tag is not one
// of BCP 47, the default is neither the source nor one of the languages, or a
// translation is empty or uses a name that its key does not have.
func New(o Options) (*Catalog, error) {
	if o.Source == "" {
		o.Source = "en"
	}
	if o.Default == "" {
		o.Default = o.Source
	}
	c := &Catalog{source: o.Source, texts: make(map[string]*texts, len(o.Languages)), rules: o.Rules, missing: o.Missing}
	c.names = append(slices.Sorted(maps.Keys(o.Languages)), o.Source)
	at := slices.Index(c.names, o.Default)
	if at < 0 {
		return nil, fmt.Errorf("problemlang: there are no texts in the default language %q", o.Default)
	}
	if _, twice := o.Languages[o.Source]; twice {
		return nil, fmt.Errorf("problemlang: %q is the language of the texts themselves", o.Source)
	}
	c.names[0], c.names[at] = c.names[at], c.names[0] // what the matcher falls back to
	for _, name := range c.names {
		tag, err := language.Parse(name)
		if err != nil || tag == language.Und || strings.Contains(name, "_") {
			return nil, fmt.Errorf("problemlang: %q is not the tag of a language (BCP 47)", name)
		}
		if i := slices.Index(c.tags, tag); i >= 0 {
			return nil, fmt.Errorf("problemlang: %q and %q are the same language", c.names[i], name)
		}
		c.tags = append(c.tags, tag)
		if all, ok := o.Languages[name]; ok {
			if c.texts[name], err = compile(all); err != nil {
				return nil, fmt.Errorf("problemlang: %s: %w", name, err)
			}
		}
	}
	c.matcher = language.NewMatcher(c.tags)
	return c, nil
}

// Translate is for problem.Options.Translate. It returns the language that
// [Catalog.Language] chooses where the problem now has a text in it, and
// Source where it is all as it was.
func (c *Catalog) Translate(accept []string, list []problem.Text) string {
	chosen := c.Language(accept)
	if chosen == c.source {
		return chosen
	}
	in := c.source
	for i := range list {
		if s, ok := c.text(chosen, &list[i]); ok {
			list[i].Text, in = s, chosen
		} else if c.missing != nil {
			c.missing(chosen, list[i].Text)
		}
	}
	return in
}

func (c *Catalog) text(chosen string, t *problem.Text) (string, bool) {
	if s, ok := c.texts[chosen].find(t.Text); ok {
		return s, true
	}
	if t.Item != nil && c.rules != nil {
		if s, ok := c.rules(chosen, t.Item); ok && s != "" {
			return s, true
		}
	}
	return "", false
}

// maxRanges is how many elements of Accept-Language count.
const maxRanges = 32

// Language returns the tag of the language, among those that there are, for
// the lines of an Accept-Language (RFC 9110 §12.5.4).
//
// By lookup (RFC 4647 §3.4) a reader of "de-CH" gets "de"; beyond that, one
// gets a close relative by the tables of Unicode's CLDR: "zh-TW" means
// "zh-Hant", "no" means "nb", and "pt-PT" is served with "pt-BR". The weights
// decide between several, what has q=0 does not count, nor does an element
// that is malformed, and "*" means the default, as an absent field does.
func (c *Catalog) Language(accept []string) string {
	type wish struct {
		tag language.Tag
		q   float32
	}
	var wishes []wish
	list := httpfield.NewElements(accept)
	for el, ok := list.Next(); ok && len(wishes) < maxRanges; el, ok = list.Next() {
		if tags, q, err := language.ParseAcceptLanguage(el); err == nil && len(tags) == 1 && q[0] <= 1 {
			wishes = append(wishes, wish{tags[0], q[0]})
		}
	}
	slices.SortStableFunc(wishes, func(a, b wish) int {
		switch {
		case a.q > b.q:
			return -1
		case a.q < b.q:
			return 1
		}
		return 0
	})
	tags := make([]language.Tag, len(wishes))
	for i, w := range wishes {
		tags[i] = w.tag
	}
	_, i, confidence := c.matcher.Match(tags...)
	if confidence == language.No {
		i = 0
	}
	return c.names[i]
}
