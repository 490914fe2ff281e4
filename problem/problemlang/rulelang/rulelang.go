// Package rulelang translates the messages of rules by the translations that
// come with github.com/go-playground/validator, and any of one's own in their
// form:
//
//	import translations "github.com/go-playground/validator/v10/translations/de"
//
//	rules, err := rulelang.New(rulelang.Language{
//		Tag: "de", Locale: de.New(), Register: translations.RegisterDefaultTranslations,
//	})
//	catalog, err := problemlang.New(problemlang.Options{
//		Languages: map[string]problemlang.Texts{"de": texts},
//		Rules:     rules,
//	})
//
// They serve the items that package respond makes of struct tags. A text that
// the catalogue has for a message goes before, and so do the words that the
// author gave a rule in respond's options.
//
// # Where not to use it
//
// The validator's texts are whole sentences and not all of them right: the
// German ones for gt and gte of a time say "before" (v10.30.6). Read those of
// your languages, and put what you do not like into the catalogue.
package rulelang

import (
	"errors"
	"fmt"
	"net/url"
	"reflect"
	"strings"
	"sync"

	"github.com/go-playground/locales"
	ut "github.com/go-playground/universal-translator"
	"github.com/go-playground/validator/v10"

	"github.com/forthright-http/forthright/problem"
)

// Language is one into which messages are translated.
type Language struct {
	// Tag is that of the language, as the catalogue names it.
	Tag string
	// Locale has its plurals and numbers: de.New() of
	// github.com/go-playground/locales/de.
	Locale locales.Translator
	// Register registers the texts: RegisterDefaultTranslations of
	// github.com/go-playground/validator/v10/translations/de, or a function
	// that calls it and registers those of rules of one's own, too.
	Register func(*validator.Validate, ut.Translator) error
}

// New returns a function for problemlang.Options.Rules. It returns an error
// where a language is incomplete or there twice, or its texts cannot be
// registered.
//
// The texts begin with the name of the member, which is the last part of the
// item's place. Rules about two members are left alone: the texts would name
// fields of Go. So are values: the texts are made without the one that broke
// the rule.
func New(languages ...Language) (func(language string, item *problem.Item) (string, bool), error) {
	all := make(map[string]*speaker, len(languages))
	for _, l := range languages {
		if l.Tag == "" || l.Locale == nil || l.Register == nil {
			return nil, fmt.Errorf("rulelang: the language %q lacks its tag, its locale or its texts", l.Tag)
		}
		if all[l.Tag] != nil {
			return nil, fmt.Errorf("rulelang: the language %q is there twice", l.Tag)
		}
		translator, _ := ut.New(l.Locale, l.Locale).GetTranslator(l.Locale.Locale())
		s := &speaker{translator: translator, validate: validator.New(), rules: make(map[string]bool)}
		if err := l.Register(s.validate, translator); err != nil {
			return nil, fmt.Errorf("rulelang: %s: %w", l.Tag, err)
		}
		all[l.Tag] = s
	}
	return func(language string, item *problem.Item) (string, bool) {
		s := all[language]
		e, ok := errors.AsType[validator.FieldError](item.Cause)
		if s == nil || !ok || aboutOthers(e) {
			return "", false
		}
		name := nameOf(item)
		if name == "" {
			return "", false
		}
		return s.say(name, e)
	}, nil
}

// speaker has the texts of one language. Only a validator's own error can
// look them up; so it has one whose rules are all broken, by any value.
type speaker struct {
	translator ut.Translator
	mu         sync.Mutex
	validate   *validator.Validate
	rules      map[string]bool
}

var paramEscaper = strings.NewReplacer(",", "0x2C", "|", "0x7C")

// say breaks the rule once more, with a zero value under the name, and
// translates that error.
func (s *speaker) say(name string, e validator.FieldError) (text string, ok bool) {
	rule, value := e.Tag(), any("")
	if rule != "required" { // which an empty text breaks by itself, and nobody can redefine
		t := e.Type()
		for t != nil && t.Kind() == reflect.Pointer {
			t = t.Elem()
		}
		if t == nil || t.Kind() == reflect.Interface || t.Kind() != e.Kind() {
			return "", false
		}
		value = reflect.Zero(t).Interface()
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	defer func() {
		if recover() != nil { // another rule that nobody can redefine
			text, ok = "", false
		}
	}()
	if rule != "required" && !s.rules[rule] {
		if err := s.validate.RegisterValidation(rule, func(validator.FieldLevel) bool { return false }); err != nil {
			return "", false
		}
		s.rules[rule] = true
	}
	if e.Param() != "" {
		rule += "=" + paramEscaper.Replace(e.Param())
	}
	found, ok := errors.AsType[validator.ValidationErrors](s.validate.VarWithKey(name, value, rule))
	if !ok || len(found) != 1 {
		return "", false
	}
	// Without a translation it is the error's own text, which names Go code.
	if text = found[0].Translate(s.translator); text == "" || text == found[0].Error() {
		return "", false
	}
	return text, true
}

// aboutOthers tells of a rule whether its setting names other fields, or a
// method.
func aboutOthers(e validator.FieldError) bool {
	rule := e.ActualTag()
	for _, begin := range [...]string{"required_", "excluded_", "skip_"} {
		if strings.HasPrefix(rule, begin) {
			return true
		}
	}
	switch rule {
	case "unique", "validateFn", "fieldcontains", "fieldexcludes":
		return e.Param() != ""
	}
	return strings.HasSuffix(rule, "field")
}

var tokenUnescaper = strings.NewReplacer("~1", "/", "~0", "~")

// nameOf is the name of what the item is about: the parameter, the field, or
// the last part of the pointer, with the index of an element. Names that a
// client may have made up are not repeated in a text.
func nameOf(item *problem.Item) string {
	name := item.Parameter + item.Header
	if name == "" {
		pointer, err := url.PathUnescape(strings.TrimPrefix(item.Pointer, "#/"))
		if err != nil {
			return ""
		}
		parts := strings.Split(pointer, "/")
		last := len(parts) - 1
		name = tokenUnescaper.Replace(parts[last])
		if last > 0 && strings.Trim(name, "0123456789") == "" {
			index := name
			if name = tokenUnescaper.Replace(parts[last-1]); plainName(name) {
				return name + "[" + index + "]"
			}
		}
	}
	if !plainName(name) {
		return ""
	}
	return name
}

func plainName(s string) bool {
	if s == "" || len(s) > 64 || '0' <= s[0] && s[0] <= '9' {
		return false
	}
	for i := range len(s) {
		c := s[i]
		if (c < 'a' || c > 'z') && (c < 'A' || c > 'Z') && (c < '0' || c > '9') && c != '_' && c != '-' {
			return false
		}
	}
	return true
}
