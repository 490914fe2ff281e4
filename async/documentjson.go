package async

import (
	"bytes"
	"encoding/json"
	"io"
	"strconv"
	"time"

	"github.com/forthright-http/forthright/respond"
)

// asJSON writes a status document as encoding/json does, without reflection: it is
// what each poll is answered with. Anything else it leaves to [respond.AsJSON].
type asJSON struct{}

// MediaType implements [respond.Encoder].
func (asJSON) MediaType() string { return respond.AsJSON.MediaType() }

// Encode implements [respond.Encoder].
func (asJSON) Encode(w io.Writer, v any) error {
	d, ok := v.(*document)
	if !ok {
		return respond.AsJSON.Encode(w, v)
	}
	var room []byte
	if b, ok := w.(*bytes.Buffer); ok {
		b.Grow(1 << 10)
		room = b.AvailableBuffer()
	}
	_, err := w.Write(append(d.append(room), '\n'))
	return err
}

// append appends the document, its members in their order.
func (d *document) append(b []byte) []byte {
	b = appendText(append(b, `{"id":`...), d.ID)
	b = appendText(append(b, `,"kind":`...), d.Kind)
	b = appendText(append(b, `,"status":`...), string(d.Status))
	b = appendTime(append(b, `,"createdAt":`...), d.CreatedAt)
	if !d.StartedAt.IsZero() {
		b = appendTime(append(b, `,"startedAt":`...), d.StartedAt)
	}
	b = appendTime(append(b, `,"updatedAt":`...), d.UpdatedAt)
	if !d.FinishedAt.IsZero() {
		b = appendTime(append(b, `,"finishedAt":`...), d.FinishedAt)
	}
	if !d.ExpiresAt.IsZero() {
		b = appendTime(append(b, `,"expiresAt":`...), d.ExpiresAt)
	}
	b = strconv.AppendInt(append(b, `,"attempt":`...), int64(d.Attempt), 10)
	if d.Progress != nil {
		b = d.Progress.append(append(b, `,"progress":`...))
	}
	if d.QueuePosition != 0 {
		b = strconv.AppendInt(append(b, `,"queuePosition":`...), int64(d.QueuePosition), 10)
	}
	if len(d.Result) > 0 {
		b = appendRaw(append(b, `,"result":`...), d.Result)
	}
	if d.ResourceLocation != "" {
		b = appendText(append(b, `,"resourceLocation":`...), d.ResourceLocation)
	}
	if len(d.Error) > 0 {
		b = appendRaw(append(b, `,"error":`...), d.Error)
	}
	b = appendText(append(b, `,"links":{"self":`...), d.Links.Self)
	if d.Links.Result != "" {
		b = appendText(append(b, `,"result":`...), d.Links.Result)
	}
	if d.Links.Cancel != "" {
		b = appendText(append(b, `,"cancel":`...), d.Links.Cancel)
	}
	return append(b, "}}"...)
}

func (p *progress) append(b []byte) []byte {
	b = append(b, '{')
	if p.Percent != nil {
		b = append(strconv.AppendInt(append(b, `"percent":`...), int64(*p.Percent), 10), ',')
	}
	b = strconv.AppendInt(append(b, `"done":`...), p.Done, 10)
	if p.Total != 0 {
		b = strconv.AppendInt(append(b, `,"total":`...), p.Total, 10)
	}
	if p.Message != "" {
		b = appendText(append(b, `,"message":`...), p.Message)
	}
	return append(b, '}')
}

func appendTime(b []byte, t time.Time) []byte {
	return append(t.AppendFormat(append(b, '"'), time.RFC3339Nano), '"')
}

// appendText appends a string of JSON: as it is where no character has to be
// escaped, and else as encoding/json has it.
func appendText(b []byte, s string) []byte {
	for i := range len(s) {
		if c := s[i]; c < ' ' || c > '~' || c == '"' || c == '\\' || c == '<' || c == '>' || c == '&' {
			quoted, _ := json.Marshal(s) // of a string there is no error
			return append(b, quoted...)
		}
	}
	return append(append(append(b, '"'), s...), '"')
}

// appendRaw appends a value that is JSON already, without its white space.
func appendRaw(b []byte, v json.RawMessage) []byte {
	compact, err := json.Marshal(v)
	if err != nil { // it was valid when it was put into the document
		return append(b, "null"...)
	}
	return append(b, compact...)
}
