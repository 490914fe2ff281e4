// Package jsonx is the one door to the JSON libraries.
//
// A [Decoder] is made once for a type and then decodes documents strictly:
//
//	var orders, err = jsonx.New(reflect.TypeFor[Order](), jsonx.Options{})
//	...
//	var o Order
//	for _, f := range orders.Decode(body, &o) {
//		fmt.Println(f.Pointer, f.Code) // /items/1/sku type
//	}
//
// Strictly means that these are refused, each with the RFC 6901 JSON Pointer
// of where it is: a member name that occurs twice, invalid UTF-8, a lone
// surrogate, a name that differs from the field's in case, an unknown member,
// anything after the document, a byte order mark, nesting beyond a limit, null
// for what cannot be nil, a fraction for an integer, a number beyond the
// range of its Go type.
//
// What encoding/json writes for a type, a Decoder for that type reads: the tags
// mean what they mean there, a time.Duration is a number of nanoseconds, a
// [3]byte an array of numbers, a nil slice null. [Encode] is encoding/json.
//
// # How it works
//
// The good path is one call of github.com/go-json-experiment/json. Only when
// that fails, or when the document holds a null, does this package look at the
// document itself: null.go looks for a null that is not allowed, and
// diagnose.go walks the document beside the type, collects every fault
// (at most [MaxFaults]), and decodes what can be decoded, so that the
// rules of the rest can still be checked.
//
// [Find], [Locate] and [FieldName] are for the reverse way, from a Go field to a pointer
// to a place in the document.
//
// # Where not to use it
//
// Not for documents of unknown size: it wants the whole document in memory. Not
// for types whose tags use what encoding/json does not know (format, case:ignore,
// embed, inline for a map): [New] refuses those. Nothing of the library is in
// this package's signatures, and its error texts, which vary by design, are
// found only in [Fault.Err], which is for logs.
package jsonx
