//go:build unix

package redisstore_test

import (
	"strings"
	"testing"

	"github.com/forthright-http/forthright/ratelimit/redisstore"
)

// TestLeastRights: a user with the rights that the documentation names is enough.
func TestLeastRights(t *testing.T) {
	r := startServer(t)
	c := clientOf(t, r.url())
	rule := "ACL SETUSER limits on >PASSWORD resetkeys ~ratelimit:* -@all +evalsha +eval +time +mget +set +del"
	args := []any{}
	for word := range strings.FieldsSeq(rule) {
		args = append(args, word)
	}
	if err := c.Do(t.Context(), args...).Err(); err != nil {
		t.Fatal(err)
	}
	s, err := redisstore.Open("redis://limits:PASSWORD@"+r.addr(), redisstore.Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	p := hourly("p", 2)
	for i := range 3 {
		if d := mustTake(t, s, "k", 1, p)[0]; d.Allowed != (i < 2) {
			t.Errorf("take %d: %+v", i+1, d)
		}
	}
	mustAdjust(t, s, "k", -2, p)
	mustPeek(t, s, "k", p)
	if err := s.Ready(t.Context()); err != nil {
		t.Error(err)
	}
	wrong, err := redisstore.Open("redis://limits:NOT-IT@"+r.addr(), redisstore.Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer wrong.Close()
	if err := wrong.Ready(t.Context()); err == nil || strings.Contains(err.Error(), "NOT-IT") {
		t.Errorf("a wrong password: %v", err)
	}
}
