package respond_test

import (
	"math"
	"net/http"
	"testing"
	"time"

	"github.com/forthright-http/forthright/respond"
)

func TestCacheControl(t *testing.T) {
	type ds = []respond.Directive
	var answer respond.Response
	url, _ := fieldServer(t, func(*http.Request) (respond.Response, error) { return answer, nil })
	for _, row := range []struct {
		name string
		ds   ds
		want string
	}{
		{"RFC 9111 §5.2.2.1", ds{respond.MaxAge(5 * time.Second)}, "max-age=5"},
		{"RFC 9111 §5.2.2.2", ds{respond.MustRevalidate}, "must-revalidate"},
		{"RFC 9111 §5.2.2.3", ds{respond.MustUnderstand, respond.NoStore}, "must-understand, no-store"},
		{"RFC 9111 §5.2.2.3: kept by who understands", ds{respond.MustUnderstand, respond.NoStore, respond.MaxAge(time.Minute)}, "must-understand, no-store, max-age=60"},
		{"RFC 9111 §5.2.2.4", ds{respond.NoCache}, "no-cache"},
		{"RFC 9111 §5.2.2.4: with field names", ds{`no-cache="Set-Cookie, X-Total"`, respond.MaxAge(time.Minute)}, `no-cache="Set-Cookie, X-Total", max-age=60`},
		{"RFC 9111 §5.2.2.5", ds{respond.NoStore}, "no-store"},
		{"RFC 9111 §5.2.2.6", ds{respond.NoTransform}, "no-transform"},
		{"RFC 9111 §5.2.2.7", ds{respond.Private, respond.NoCache}, "private, no-cache"},
		{"RFC 9111 §5.2.2.7: with field names", ds{`private="set-cookie"`, respond.Public}, `private="set-cookie", public`},
		{"RFC 9111 §5.2.2.8", ds{respond.ProxyRevalidate, respond.Public}, "proxy-revalidate, public"},
		{"RFC 9111 §5.2.2.9", ds{respond.Public, respond.MaxAge(time.Hour)}, "public, max-age=3600"},
		{"RFC 9111 §5.2.2.10", ds{respond.SharedMaxAge(10 * time.Second)}, "s-maxage=10"},
		{"RFC 9111 §5.2.3: an extension", ds{respond.Private, `community="UCI"`}, `private, community="UCI"`},
		{"RFC 9111 §5.2.3: without an argument", ds{"ext"}, "ext"},
		{"RFC 8246 §2", ds{respond.MaxAge(365 * 24 * time.Hour), respond.Immutable}, "max-age=31536000, immutable"},
		{"RFC 5861 §3", ds{respond.MaxAge(600 * time.Second), respond.StaleWhileRevalidate(30 * time.Second)}, "max-age=600, stale-while-revalidate=30"},
		{"RFC 5861 §4", ds{respond.MaxAge(600 * time.Second), respond.StaleIfError(1200 * time.Second)}, "max-age=600, stale-if-error=1200"},
		{"shared caches longer", ds{respond.MaxAge(0), respond.SharedMaxAge(time.Hour), respond.MustRevalidate}, "max-age=0, s-maxage=3600, must-revalidate"},
		{"by conversion", ds{"max-age=60"}, "max-age=60"},
		{"by conversion, in any case", ds{"Max-Age=60", "PRIVATE"}, "Max-Age=60, PRIVATE"},
		{"RFC 9111 §1.2.2: rounded down", ds{respond.MaxAge(1999 * time.Millisecond)}, "max-age=1"},
		{"RFC 9111 §1.2.2: below 0", ds{respond.MaxAge(-time.Hour)}, "max-age=0"},
		{"RFC 9111 §1.2.2: far below 0", ds{respond.SharedMaxAge(math.MinInt64)}, "s-maxage=0"},
		{"RFC 9111 §1.2.2: far beyond", ds{respond.StaleIfError(math.MaxInt64)}, "stale-if-error=9223372036"},
		{"no-store, and fresh for no time", ds{respond.NoStore, respond.MaxAge(0)}, "no-store, max-age=0"},
		{"no-store and no-cache", ds{respond.NoStore, respond.NoCache, respond.MustRevalidate, respond.Private}, "no-store, no-cache, must-revalidate, private"},
		{"private and stale by itself", ds{respond.Private, respond.MaxAge(0), respond.StaleIfError(time.Minute)}, "private, max-age=0, stale-if-error=60"},
	} {
		t.Run(row.name, func(t *testing.T) {
			answer = respond.OK("v").CacheControl(row.ds...)
			res, body := fieldAsk(t, "GET", url, "")
			if got := res.Header["Cache-Control"]; res.StatusCode != 200 || len(got) != 1 || got[0] != row.want {
				t.Errorf("%d %s %q, want %q", res.StatusCode, body, got, row.want)
			}
		})
	}
	t.Run("the last call counts", func(t *testing.T) {
		answer = respond.OK("v").CacheControl(respond.NoStore).CacheControl(respond.Public)
		if res, _ := fieldAsk(t, "GET", url, ""); len(res.Header["Cache-Control"]) != 1 || res.Header.Get("Cache-Control") != "public" {
			t.Errorf("%q", res.Header["Cache-Control"])
		}
	})
}

func TestCacheControlRefused(t *testing.T) {
	type ds = []respond.Directive
	for _, row := range []struct {
		name string
		ds   ds
		word string
	}{
		{"none", nil, "no directive"},
		{"public and private", ds{respond.Public, respond.Private}, "both public and private"},
		{"public and private, in another case", ds{"PUBLIC", "Private"}, "both public and private"},
		{"RFC 9111 §5.2.2.10: private, and for shared caches", ds{respond.Private, respond.SharedMaxAge(time.Minute)}, "shared caches"},
		{"RFC 9111 §5.2.2.5: no-store and max-age", ds{respond.NoStore, respond.MaxAge(time.Minute)}, "no-store"},
		{"RFC 9111 §5.2.2.5: no-store and s-maxage", ds{respond.SharedMaxAge(time.Minute), respond.NoStore}, "no-store"},
		{"RFC 9111 §5.2.2.5: no-store and public", ds{respond.NoStore, respond.Public}, "no-store"},
		{"RFC 9111 §5.2.2.5: no-store and immutable", ds{respond.NoStore, respond.Immutable}, "no-store"},
		{"RFC 9111 §5.2.2.5: no-store and stale", ds{respond.NoStore, respond.StaleIfError(time.Minute)}, "no-store"},
		{"RFC 9111 §4.2.4: must-revalidate and stale", ds{respond.MustRevalidate, respond.StaleIfError(time.Minute)}, "stale"},
		{"RFC 9111 §4.2.4: no-cache and stale", ds{respond.NoCache, respond.StaleWhileRevalidate(time.Minute)}, "stale"},
		{"twice", ds{respond.NoCache, respond.NoCache}, "no-cache twice"},
		{"RFC 9111 §4.2.1: two lifetimes", ds{respond.MaxAge(time.Minute), respond.MaxAge(time.Hour)}, "max-age twice"},
		{"RFC 9111 §5.2: twice, in another case", ds{"Max-Age=1", respond.MaxAge(time.Hour)}, "max-age twice"},
		{"twice, with and without names", ds{respond.Private, `private="set-cookie"`}, "private twice"},
		{"RFC 9111 §5.2: empty", ds{""}, "not a token"},
		{"RFC 9111 §5.2: no name", ds{"=60"}, "not a token"},
		{"RFC 9111 §5.2: a space", ds{"no store"}, "not a token"},
		{"RFC 9111 §5.2: a space before", ds{" no-store"}, "not a token"},
		{"RFC 9111 §5.2: two in one", ds{"no-store, max-age=60"}, "not a token"},
		{"RFC 9111 §5.2: two in one, behind an argument", ds{"max-age=60, public"}, "argument for max-age"},
		{"RFC 9110 §5.5: CR and LF", ds{"x=\"a\r\nSet-Cookie: b\""}, "argument for x"},
		{"RFC 9111 §5.2: an extension without a value", ds{"ext="}, "argument for ext"},
		{"RFC 9111 §5.2: an open quote", ds{`ext="a`}, "argument for ext"},
		{"RFC 9111 §5.2: a space in a token", ds{"ext=a b"}, "argument for ext"},
		{"RFC 9111 §5.2.2.1: no number", ds{"max-age"}, "argument for max-age"},
		{"RFC 9111 §5.2.2.1: an empty number", ds{"max-age="}, "argument for max-age"},
		{"RFC 9111 §5.2.2.1: in quotes", ds{`max-age="60"`}, "argument for max-age"},
		{"RFC 9111 §1.2.2: below 0", ds{"max-age=-1"}, "argument for max-age"},
		{"RFC 9111 §1.2.2: a fraction", ds{"s-maxage=1.5"}, "argument for s-maxage"},
		{"RFC 9111 §1.2.2: a unit", ds{"stale-if-error=1h"}, "argument for stale-if-error"},
		{"RFC 9111 §5.2.2.5: an argument", ds{"no-store=1"}, "argument for no-store"},
		{"RFC 9111 §5.2.2.9: an argument", ds{"public=1"}, "argument for public"},
		{"RFC 9111 §5.2.2.7: no quotes", ds{"private=set-cookie"}, "argument for private"},
		{"RFC 9111 §5.2.2.4: no names", ds{`no-cache=""`}, "argument for no-cache"},
		{"RFC 9111 §5.2.2.4: no field name", ds{`no-cache="set cookie"`}, "argument for no-cache"},
	} {
		t.Run(row.name, func(t *testing.T) { fieldFails(t, respond.OK("v").CacheControl(row.ds...), row.word) })
	}
}
