package respond

// Must returns v, or panics with err: for package variables, of which a wrong
// setting is a mistake in the program.
//
//	var newOrder = respond.Must(respond.NewDecoder[NewOrder](respond.DecodeOptions{MaxBytes: 64 << 10}))
func Must[T any](v T, err error) T {
	if err != nil {
		panic(err)
	}
	return v
}
