// Package problemlang answers in the language of the client: it translates
// the titles and details of problems, and the messages of rules, by
// Accept-Language (RFC 9457 §3.1.3, RFC 9110 §12.5.4).
//
// The key of a translation is the text as the program has it. Where a value
// stands in the text, the key has a name in braces, and the translation has it
// where its language wants it. One file of JSON for each language, named by its
// tag, holds them; this is texts/de.json:
//
//	{
//		"Not Found": "Nicht gefunden",
//		"There is no such order.": "Diese Bestellung gibt es nicht.",
//		"Your balance is {balance}, but that costs {cost}.": "Das kostet {cost}, Ihr Guthaben ist {balance}.",
//		"must be at most {max}.": "darf höchstens {max} sein."
//	}
//
// and this is all that the program needs:
//
//	//go:embed texts/*.json
//	var files embed.FS
//
//	languages, err := problemlang.Load(files, "texts/*.json")
//	catalog, err := problemlang.New(problemlang.Options{Languages: languages})
//	problems, err := problem.NewWriter(problem.Options{Translate: catalog.Translate})
//
// The handlers do not change: they go on to return problems with English
// texts. The messages of package respond are among those that can be
// translated; package rulelang takes those of the rules from the validator's
// own translations. [Options.Missing] tells which texts still have none.
//
// # Where not to use it
//
// A value is put into the translation as it stands in the text: neither its
// number format nor the plural of the words beside it follow the language. For
// these write a function of your own for problem.Options.Translate; it gets the
// problem with its members, and each item with its code and params, which is
// enough for golang.org/x/text/message. Extension members are data, and are
// never translated; nor are the pages of the catalogue of problem types.
package problemlang
