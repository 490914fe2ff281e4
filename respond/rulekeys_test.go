package respond_test

import (
	"runtime"
	"strings"
	"testing"

	"github.com/forthright-http/forthright/respond"
)

type longKeys struct {
	base
	Rules map[string][]leaf `json:"ru/les" validate:"dive,dive"`
	Deep  []*struct {
		Any any `json:"any" validate:"omitempty,dive"`
	} `json:"deep" validate:"dive"`
}

type flatKeys struct {
	Flat map[string]string `json:"flat" validate:"dive,max=1"`
}

// The keys of a map cannot make the work grow with the square of the content:
// beyond a length they are refused where rules apply below them.
func TestLongKeys(t *testing.T) {
	long, fits := strings.Repeat("k", 1025), strings.Repeat("k", 1024)
	for _, row := range []struct{ name, doc, want string }{
		{"fits", `{"ru/les":{"` + fits + `":[{"v":""}]}}`, "fine"},
		{"too long", `{"ru/les":{"` + long + `":[{"v":""}]}}`, "400 #/ru~1les name_too_long"},
		{"deeper", `{"deep":[null,{"any":{"x":[{"` + long + `":1}]}}]}`, "400 #/deep/1/any/x/0 name_too_long"},
	} {
		if got := summary(decodeErr[longKeys](t, respond.DecodeOptions{}, row.doc)); got != row.want {
			t.Errorf("%s: %s, want %s", row.name, got, row.want)
		}
	}
	if got := summary(decodeErr[flatKeys](t, respond.DecodeOptions{}, `{"flat":{"`+long+`":"x"}}`)); got != "fine" {
		t.Errorf("one rule for each key: %s", got)
	}
	if got := summary(decodeErr[map[string]leaf](t, respond.DecodeOptions{}, `{"`+long+`":{"v":""}}`)); got != "400 # name_too_long" {
		t.Errorf("at the root: %s", got)
	}

	doc := `{"ru/les":{"` + strings.Repeat("k", 400_000) + `":[{"v":"long"}` + strings.Repeat(`,{"v":"long"}`, 40_000) + `]}}`
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	if got := summary(decodeErr[longKeys](t, respond.DecodeOptions{}, doc)); got != "400 #/ru~1les name_too_long" {
		t.Error(got)
	}
	runtime.ReadMemStats(&after)
	if n := (after.TotalAlloc - before.TotalAlloc) >> 20; n > 200 {
		t.Errorf("%d MiB were allocated", n)
	}
}
