package authn_test

import (
	"context"
	"fmt"
	"sync"
	"testing"
	"time"

	"github.com/forthright-http/forthright/authn"
)

func TestBasicRemember(t *testing.T) {
	other := basicHash(t, "other")
	now := time.Unix(1000, 0)
	users := authn.Users{"ana": {Hash: argon2Password}, "an": {Hash: argon2Password}}
	hashes := 0
	s := newBasicService(t, authn.Options{Now: func() time.Time { return now }, Schemes: []authn.Scheme{authn.WatchedBasic{
		Basic: authn.Basic{Remember: time.Minute, Users: basicStore(func(ctx context.Context, name string) (authn.User, error) {
			return users.User(ctx, name)
		})},
		Compare: func(_, _ string, compute func() bool) bool { hashes++; return compute() },
	}}})
	for i, step := range []struct {
		do             func()
		name, password string
		reason         authn.Reason
		hashes         int
	}{
		{nil, "ana", "wrong", authn.PasswordWrong, 1},
		{nil, "ana", "wrong", authn.PasswordWrong, 1}, // what is wrong is not remembered
		{nil, "ana", "password", authn.Accepted, 1},
		{nil, "ana", "password", authn.Accepted, 0},
		{nil, "ana", "wrong", authn.PasswordWrong, 1},
		{nil, "an", "apassword", authn.PasswordWrong, 1}, // the same bytes in a row
		{nil, "carol", "password", authn.UserUnknown, 1},
		{func() { now = now.Add(time.Minute - 1) }, "ana", "password", authn.Accepted, 0},
		{func() { now = now.Add(1) }, "ana", "password", authn.Accepted, 1}, // a use does not make it longer
		{func() { now = now.Add(-time.Second) }, "ana", "password", authn.Accepted, 1},
		{func() { users["ana"] = authn.User{Hash: other} }, "ana", "password", authn.PasswordWrong, 1},
		{nil, "ana", "other", authn.Accepted, 1},
		{nil, "ana", "other", authn.Accepted, 0},
		{func() { users["ana"] = authn.User{Hash: other, Subject: "new"} }, "ana", "other", authn.Accepted, 0},
		{func() { delete(users, "ana") }, "ana", "other", authn.UserUnknown, 1},
	} {
		if step.do != nil {
			step.do()
		}
		hashes = 0
		if _, reason := s.send(basicLine(step.name, step.password)); reason != step.reason || hashes != step.hashes {
			t.Errorf("step %d: %s with %d hashes, want %s with %d", i, reason, hashes, step.reason, step.hashes)
		}
		if step.reason == authn.Accepted && !s.events[0].Principal.AuthTime.Equal(now) {
			t.Errorf("step %d: the login is at %v", i, s.events[0].Principal.AuthTime)
		}
	}
}

func TestBasicRememberIsBounded(t *testing.T) {
	var remembered func() int
	hashes := 0
	s := newBasicService(t, authn.Options{Schemes: []authn.Scheme{authn.WatchedBasic{
		Basic: authn.Basic{Remember: time.Minute, Users: basicStore(func(context.Context, string) (authn.User, error) {
			return authn.User{Hash: argon2Password}, nil
		})},
		Compare:    func(_, _ string, _ func() bool) bool { hashes++; return true },
		Remembered: &remembered,
	}}})
	for n := range 12_000 {
		s.send(basicLine(fmt.Sprint(n), "x"))
		if n%1000 == 0 && remembered() > 10_000 {
			t.Fatalf("%d are remembered", remembered())
		}
	}
	if remembered() > 10_000 {
		t.Errorf("%d are remembered", remembered())
	}
	hashes = 0
	s.send(basicLine("11999", "x"))
	s.send(basicLine("9000", "x")) // in the older half
	if hashes != 0 {
		t.Error("the last ones are forgotten")
	}
	if s.send(basicLine("0", "x")); hashes != 1 {
		t.Error("the first one is remembered")
	}
}

func TestBasicRememberAtOnce(t *testing.T) {
	auth, err := authn.New(authn.Options{Schemes: []authn.Scheme{authn.Basic{
		Remember: time.Minute, Users: authn.Users{"ana": {Hash: argon2Password}}, Waiting: 1000,
	}}})
	if err != nil {
		t.Fatal(err)
	}
	var all sync.WaitGroup
	for range 8 {
		all.Go(func() {
			for range 50 {
				if _, err := auth.Verify(turnsRequest("ana", "password")); err != nil {
					t.Error(err)
				}
			}
		})
	}
	all.Wait()
}
