package respond

import (
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/forthright-http/forthright/internal/httpfield"
	"github.com/forthright-http/forthright/internal/jsonx"
)

// Event is one server-sent event (WHATWG HTML §9.2.6).
type Event struct {
	// ID names the event, so that a client that connects again can say in
	// Last-Event-ID what it has seen. It must be fit for a header field: valid
	// UTF-8 without control characters, or spaces at its ends. "" leaves the
	// client with the id of the event before.
	ID string
	// Name is the type of the event, which a client listens to. By default
	// "message". It must be valid UTF-8 without CR, LF and NUL. An EventSource
	// uses "open" and "error" for news of its own.
	Name string
	// Data is what the client gets: a string or []byte as it is, which must
	// be valid UTF-8, and anything else as encoding/json encodes it. Each CR, LF
	// and CRLF in text arrives as LF. nil is the empty string.
	Data any
	// Retry changes how long the client waits before it connects again, in
	// whole milliseconds, rounded up. 0 leaves it as it was.
	Retry time.Duration
}

// eventBuffer holds one event in the format of WHATWG HTML §9.2.5.
type eventBuffer struct{ b []byte }

// event appends e, or returns why it cannot be expressed.
func (o *eventBuffer) event(e *Event) error {
	switch {
	case !httpfield.ValidValue(e.ID) || strings.ContainsRune(e.ID, '\t') || !utf8.ValidString(e.ID):
		return errors.New("respond: the id of an event holds what Last-Event-ID cannot: a control character, a space at an end, or invalid UTF-8")
	case strings.ContainsAny(e.Name, "\r\n\x00") || !utf8.ValidString(e.Name):
		return errors.New("respond: the name of an event holds CR, LF, NUL or invalid UTF-8")
	case e.Retry < 0:
		return errors.New("respond: the time to retry an event stream after is negative")
	}
	if e.Name != "" {
		o.b = append(append(append(o.b, "event: "...), e.Name...), '\n')
	}
	if e.ID != "" {
		o.b = append(append(append(o.b, "id: "...), e.ID...), '\n')
	}
	if e.Retry > 0 {
		o.b = appendRetry(o.b, e.Retry)
	}
	switch data := e.Data.(type) {
	case nil:
		o.b = appendData(o.b, "")
	case string:
		if !utf8.ValidString(data) {
			return errNotUTF8
		}
		o.b = appendData(o.b, data)
	case []byte:
		if !utf8.Valid(data) {
			return errNotUTF8
		}
		o.b = appendData(o.b, data)
	default:
		if err := jsonx.Encode(o, data); err != nil {
			return fmt.Errorf("respond: the data of an event cannot be encoded: %w", err)
		}
	}
	o.b = append(o.b, '\n')
	return nil
}

var errNotUTF8 = errors.New("respond: the data of an event is not valid UTF-8")

// Write takes a JSON value, with the newline after it.
func (o *eventBuffer) Write(value []byte) (int, error) {
	o.b = appendData(o.b, value[:len(value)-1])
	return len(value), nil
}

// appendRetry appends the field that sets the reconnection time.
func appendRetry(b []byte, d time.Duration) []byte {
	ms := int64((d + time.Millisecond - 1) / time.Millisecond)
	if ms <= 0 { // it overflowed
		ms = int64(d / time.Millisecond)
	}
	return append(strconv.AppendInt(append(b, "retry: "...), ms, 10), '\n')
}

// appendData appends one field for each line of text. The space after the
// colon is not part of the value, and keeps one that the line begins with.
func appendData[T string | []byte](b []byte, text T) []byte {
	for start, i := 0, 0; ; i++ {
		if i < len(text) && text[i] != '\n' && text[i] != '\r' {
			continue
		}
		b = append(append(append(b, "data: "...), text[start:i]...), '\n')
		if i == len(text) {
			return b
		}
		if text[i] == '\r' && i+1 < len(text) && text[i+1] == '\n' {
			i++
		}
		start = i + 1
	}
}
