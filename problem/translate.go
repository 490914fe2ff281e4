package problem

import "net/http"

// Text is one of the texts of a problem that people read, on its way through
// [Options.Translate].
type Text struct {
	// Text is the text as the program has it; the translation takes its place.
	Text string
	// Problem is the one that it belongs to.
	Problem *Problem
	// Item is set where it is the detail of an item of "errors".
	Item *Item
}

// translated returns p in the language of the client, and the tag of the
// language. A p in which nothing changes is returned itself, and what is kept
// of its serialisation with it.
func (w *Writer) translated(r *http.Request, p *Problem) (*Problem, string) {
	if w == nil || w.translate == nil {
		return p, ""
	}
	var few [4]Text
	texts := append(few[:0], Text{Text: p.Title(), Problem: p})
	if p.detail != "" {
		texts = append(texts, Text{Text: p.detail, Problem: p})
	}
	items := len(texts)
	for i := range p.errors {
		item := p.errors[i] // a copy: the problem is shared
		texts = append(texts, Text{Text: item.Detail, Problem: p, Item: &item})
	}
	language := w.translate(r.Header["Accept-Language"], texts)
	if !languageTag(language) {
		language = ""
	}
	if !changed(p, texts) {
		return p, language
	}
	c := p.clone()
	if t := plain(texts[0].Text); t != "" && t != p.Title() {
		c.title = t
	}
	if items == 2 {
		c.detail = plain(texts[1].Text)
	}
	c.errors = p.Errors()
	for i, t := range texts[items:] {
		c.errors[i].Detail = t.Text
	}
	return c, language
}

// changed tells whether one of the texts is not what p says.
func changed(p *Problem, texts []Text) bool {
	if texts[0].Text != p.Title() {
		return true
	}
	items := texts[len(texts)-len(p.errors):]
	for i, t := range items {
		if t.Text != p.errors[i].Detail {
			return true
		}
	}
	return p.detail != "" && texts[1].Text != p.detail
}

// languageTag tells whether s may stand in Content-Language: letters, digits
// and hyphens (RFC 5646 §2.1).
func languageTag(s string) bool {
	for i := range len(s) {
		c := s[i]
		if (c < 'a' || c > 'z') && (c < 'A' || c > 'Z') && (c < '0' || c > '9') && c != '-' {
			return false
		}
	}
	return s != ""
}
