package async

import (
	"bytes"
	"encoding/json"
	"math/rand/v2"
	"testing"
	"time"

	"github.com/forthright-http/forthright/respond"
)

// The two ways in which a document is written are one: encoding/json's is the measure.
func TestDocumentAsEncodingJSON(t *testing.T) {
	texts := []string{"", "export", `a"b\c`, "<b>&", "ä", "\u2028\x00\x7f", "a\tb", "\xff"}
	values := []string{`{"a": [1, 2]}`, ` "<x>" `, `null`, ""}
	random := rand.New(rand.NewPCG(1, 2))
	text := func() string { return texts[random.IntN(len(texts))] }
	moments := func() time.Time {
		if random.IntN(3) == 0 {
			return time.Time{}
		}
		return moment(time.Unix(random.Int64N(4e9), random.Int64N(1e9)))
	}
	for range 2000 {
		d := &document{
			ID: text(), Kind: text(), Status: Status(text()), CreatedAt: moments(), StartedAt: moments(), UpdatedAt: moments(),
			FinishedAt: moments(), ExpiresAt: moments(), Attempt: random.IntN(3), QueuePosition: random.IntN(2),
			Result: json.RawMessage(values[random.IntN(4)]), ResourceLocation: text(), Error: json.RawMessage(values[random.IntN(4)]),
			Links: links{Self: text(), Result: text(), Cancel: text()},
		}
		if random.IntN(2) == 0 {
			d.Progress = &progress{Done: random.Int64N(3), Total: random.Int64N(3), Message: text()}
			if random.IntN(2) == 0 {
				d.Progress.Percent = new(int)
			}
		}
		var got, want bytes.Buffer
		if err := (asJSON{}).Encode(&got, d); err != nil {
			t.Fatal(err)
		}
		if err := respond.AsJSON.Encode(&want, d); err != nil {
			t.Fatal(err)
		}
		if got.String() != want.String() {
			t.Fatalf("\n got %s\nwant %s", got.String(), want.String())
		}
	}
}
