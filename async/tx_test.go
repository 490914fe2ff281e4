package async_test

import (
	"errors"
	"net/http"
	"testing"

	"github.com/forthright-http/forthright/async"
	"github.com/forthright-http/forthright/respond"
)

// joining is a backend that joins the transaction "ours".
type joining struct{ *webBackend }

func (joining) Joins(tx any) error {
	if tx != "ours" {
		return errors.New("another transaction")
	}
	return nil
}

// A job is kept in the transaction that its submit names, or not at all.
func TestTransactions(t *testing.T) {
	b := newWebBackend()
	joins := newWeb(t, joining{b}, nil, nil)
	kind := joins.define("export", "/exports", async.KindOptions{})
	other := newWeb(t, b, nil, nil).define("export", "/exports", async.KindOptions{})
	for _, c := range []struct {
		name string
		kind *async.Kind[webIn, string]
		tx   any
		ok   bool
	}{
		{"ours", kind, "ours", true},
		{"another", kind, "theirs", false},
		{"none", kind, nil, false},
		{"a backend that has none", other, "ours", false},
	} {
		before := len(b.submitted)
		_, err := c.kind.Submit(async.WithTx(t.Context(), c.tx), "ana", "", webIn{"x"})
		if kept := len(b.submitted) > before; (err == nil) != c.ok || kept != c.ok {
			t.Errorf("%s: %v, kept: %v", c.name, err, kept)
		}
	}
	joins.mux.Handle("POST /accept", respond.Handle(func(r *http.Request) (respond.Response, error) {
		return kind.Accept(r.WithContext(async.WithTx(r.Context(), "ours")), webIn{"x"})
	}))
	joins.mux.Handle("POST /keep", respond.Handle(func(r *http.Request) (respond.Response, error) {
		kept, err := kind.Keep(r.WithContext(async.WithTx(r.Context(), "ours")), webIn{"x"})
		if err != nil {
			return respond.Fail(err)
		}
		return kind.Answer(r, kept)
	}))
	before := len(b.submitted)
	joins.do("POST", "/accept", "").has(t, 500) // it would answer before the commit
	if len(b.submitted) > before {
		t.Error("a job was kept")
	}
	joins.do("POST", "/keep", "").has(t, 202, "Location", "*")
}
