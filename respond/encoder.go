package respond

import (
	"bytes"
	"io"
	"sync"

	"github.com/forthright-http/forthright/internal/jsonx"
)

// Encoder writes values in one media type. [AsJSON] is there; write another
// for what else your clients read, and name both in [API.Offer].
type Encoder interface {
	// MediaType is what Content-Type says, with parameters:
	// "text/csv; charset=utf-8".
	MediaType() string
	// Encode writes all of v. After an error nothing of what was written
	// reaches the client: the answer is a 500.
	Encode(w io.Writer, v any) error
}

// AsJSON encodes values as encoding/json does, as application/json.
var AsJSON Encoder = jsonEncoder("application/json")

// AsJSONType encodes values as JSON under another media type, such as
// "application/vnd.example+json".
func AsJSONType(mediaType string) Encoder { return jsonEncoder(mediaType) }

type jsonEncoder string

func (e jsonEncoder) MediaType() string             { return string(e) }
func (jsonEncoder) Encode(w io.Writer, v any) error { return jsonx.Encode(w, v) }

// encode calls w.Write once, with all of v, or not at all.
func encode(e Encoder, w io.Writer, v any) error {
	if _, ok := e.(jsonEncoder); ok {
		return jsonx.Encode(w, v) // which writes once
	}
	buf := outputs.Get().(*bytes.Buffer)
	defer func() {
		if buf.Cap() <= maxKept {
			buf.Reset()
			outputs.Put(buf)
		}
	}()
	if err := e.Encode(buf, v); err != nil {
		return err
	}
	_, err := w.Write(buf.Bytes())
	return err
}

var outputs = sync.Pool{New: func() any { return new(bytes.Buffer) }}
