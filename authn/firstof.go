package authn

import (
	"context"
	"errors"
	"fmt"
	"time"
)

// FirstOf is a source of keys that asks several, in this order: keys that are known
// beforehand beside an issuer's key set, or the key sets of an issuer that moves.
//
//	Keys: authn.FirstOf(authn.Keys{{ID: "2025-1", Key: public}}, authn.JWKS(keysURL)),
//
// The first source that has a key of the id which a token names is the last that is
// asked. For a token without a key id all are, and all their keys are tried, 16 at
// most; so are keys without an id, whatever the token names. A source that fails is
// passed over: that is answered by 503 only where no other has a key that the
// signature is by.
//
// Put what answers at once first: a [JWKS] that is asked for an id which it does not
// have may fetch its keys anew for it. [Keys], [JWKS] and [Discover] in it are
// checked, and timed, as they are without it.
//
// It is ready ([Authenticator.Ready]) where one of the sources is, but asks all. For
// [JWT].Cache, each source that is your own must have a method Version.
func FirstOf(sources ...KeySource) KeySource { return &firstOf{append([]KeySource(nil), sources...)} }

type firstOf struct{ sources []KeySource }

// use makes the sources fit for the tokens of one issuer.
func (f *firstOf) use(algorithms []string, issuer string, now func() time.Time) (KeySource, error) {
	if len(f.sources) == 0 {
		return nil, errors.New("FirstOf has no source of keys")
	}
	out := &firstOf{make([]KeySource, len(f.sources))}
	for i, s := range f.sources {
		var err error
		if out.sources[i], err = sourceFor(s, algorithms, issuer, now); err != nil {
			return nil, fmt.Errorf("source %d of FirstOf: %w", i, err)
		}
	}
	return out, nil
}

// someKeys is the error of a source that failed, with the keys that others have: one
// of them may be the one that is looked for.
type someKeys struct {
	keys []Key
	err  error
}

func (e *someKeys) Error() string { return e.err.Error() }
func (e *someKeys) Unwrap() error { return e.err }

// Keys returns the keys of the first source that has this id, with those without an
// id of the sources before it. Where none has it, they are those without an id of
// all sources, and for no id all that there are.
func (f *firstOf) Keys(ctx context.Context, kid string) ([]Key, error) {
	var found []Key
	var failed []error
	for _, s := range f.sources {
		if s == nil {
			failed = append(failed, errors.New("authn: a source of FirstOf is nil"))
			continue
		}
		keys, err := s.Keys(ctx, kid)
		switch {
		case errors.Is(err, ErrUnknownKey):
			keys = nil
		case err != nil:
			failed, keys = append(failed, err), nil
			if some, ok := errors.AsType[*someKeys](err); ok { // a FirstOf in this one
				keys = some.keys
			}
		case kid != "" && hasKey(keys, kid):
			return appendKeys(found, keys), nil
		}
		found = appendKeys(found, keys)
	}
	switch {
	case failed != nil:
		return nil, &someKeys{found, errors.Join(failed...)}
	case len(found) == 0:
		return nil, ErrUnknownKey
	}
	return found, nil
}

func hasKey(keys []Key, kid string) bool {
	for i := range keys {
		if keys[i].ID == kid {
			return true
		}
	}
	return false
}

// appendKeys does not write to what a source returned.
func appendKeys(found, keys []Key) []Key {
	if found == nil {
		return keys[:len(keys):len(keys)]
	}
	return append(found, keys...)
}

// Version changes with that of any source.
func (f *firstOf) Version() uint64 {
	const prime = 1099511628211 // so that no small change of one makes up for that of another
	var sum uint64
	for _, s := range f.sources {
		sum *= prime
		if v, ok := s.(interface{ Version() uint64 }); ok {
			sum += v.Version()
		}
	}
	return sum
}

// Ready asks all sources, and returns an error where none is ready.
func (f *firstOf) Ready(ctx context.Context) error {
	var errs []error
	for _, s := range f.sources {
		if r, ok := s.(readier); ok {
			if err := r.Ready(ctx); err != nil {
				errs = append(errs, err)
			}
		}
	}
	if len(errs) < len(f.sources) {
		return nil
	}
	return errors.Join(errs...)
}

// versioned: it can be told when the keys of the source change.
func versioned(source KeySource) bool {
	switch s := source.(type) {
	case *staticKeys:
		return true
	case *firstOf:
		for _, s := range s.sources {
			if !versioned(s) {
				return false
			}
		}
		return true
	case interface{ Version() uint64 }:
		return true
	}
	return false
}
