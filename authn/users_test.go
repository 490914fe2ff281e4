package authn_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/forthright-http/forthright/authn"
)

// RFC 7617 §2.1: what comes is compared as it came.
func TestRFC7617Section2_1_Normalization(t *testing.T) {
	const nfc, nfd = "\u00e9", "e\u0301"
	s := newBasicService(t, authn.Options{Schemes: []authn.Scheme{authn.Basic{Users: authn.Users{nfc: {Hash: basicHash(t, nfd)}}}}})
	for _, tt := range []struct {
		name, password string
		reason         authn.Reason
	}{{nfc, nfc, authn.Accepted}, {nfd, nfc, authn.UserUnknown}, {nfc, nfd, authn.PasswordWrong}} {
		if _, reason := s.send(basicLine(tt.name, tt.password)); reason != tt.reason {
			t.Errorf("%+q %+q: %s, want %s", tt.name, tt.password, reason, tt.reason)
		}
	}
}

func TestBasicStore(t *testing.T) {
	down := errors.New("connection refused")
	for _, tt := range []struct {
		user   authn.User
		err    error
		reason authn.Reason
	}{
		{authn.User{Hash: argon2Password}, nil, authn.Accepted},
		{authn.User{}, authn.ErrNoUser, authn.UserUnknown},
		{authn.User{}, fmt.Errorf("users: %w", authn.ErrNoUser), authn.UserUnknown},
		{authn.User{Hash: argon2Password}, authn.ErrNoUser, authn.UserUnknown},
		{authn.User{Subject: "sso-only"}, nil, authn.UserUnknown},
		{authn.User{}, down, authn.UsersUnavailable},
		{authn.User{Hash: argon2Password}, down, authn.UsersUnavailable},
		{authn.User{Hash: "password"}, nil, authn.UsersUnavailable},
		{authn.User{Hash: strings.Replace(argon2Password, "m=256", "m=4194304", 1)}, nil, authn.UsersUnavailable},
		{authn.User{}, context.Canceled, authn.UsersUnavailable}, // of the store's own: the client waits
	} {
		hashes := 0
		s := newBasicService(t, authn.Options{Schemes: []authn.Scheme{authn.WatchedBasic{
			Basic: authn.Basic{Users: basicStore(func(_ context.Context, name string) (authn.User, error) {
				if name != "ana" {
					t.Errorf("the store is asked for %q", name)
				}
				return tt.user, tt.err
			})},
			Compare: func(_, _ string, compute func() bool) bool { hashes++; return compute() },
		}}})
		w, reason := s.send(basicLine("ana", "password"))
		if reason != tt.reason {
			t.Errorf("%+v %v: %s, want %s", tt.user, tt.err, reason, tt.reason)
		}
		switch reason {
		case authn.UsersUnavailable:
			if w.Code != 503 || w.Header().Get("Retry-After") != "5" || w.Header()["Www-Authenticate"] != nil || hashes != 0 {
				t.Errorf("%+v %v: %d %v with %d hashes", tt.user, tt.err, w.Code, w.Header(), hashes)
			}
			if s.events[0].Err == nil || strings.Contains(s.events[0].Err.Error(), "password") {
				t.Errorf("the cause is %v", s.events[0].Err)
			}
		default:
			if hashes != 1 {
				t.Errorf("%+v %v: %d hashes", tt.user, tt.err, hashes)
			}
		}
	}
}
