package authntest

import (
	"encoding/json"
	"fmt"
	"maps"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/forthright-http/forthright/internal/httpfield"
	"github.com/forthright-http/forthright/problem/problemtest"
)

func seconds(d time.Duration) string { return strconv.FormatInt(int64(d/time.Second), 10) }

// Want fails the test unless res is the answer that the row demands. The body can
// still be read after it.
func (row Row) Want(t testing.TB, res *http.Response) {
	t.Helper()
	if row.Type == nil {
		if res.StatusCode != row.Status {
			t.Fatalf("the status is %d, want %d: the credentials hold (%s); the body is %s", res.StatusCode, row.Status, row.Source, problemtest.Body(t, res))
		}
	} else {
		if res.StatusCode != row.Status {
			t.Errorf("this is refused by %s", row.Source)
		}
		problemtest.Want(t, res, row.Status, row.Type)
		row.wantFields(t, res.Header)
		row.wantMembers(t, res)
	}
	row.wantChallenges(t, res.Header.Values("WWW-Authenticate"))
	row.wantReason(t)
	row.wantSame(t, res)
}

// wantMembers: the problem says the same as the challenge.
func (row Row) wantMembers(t testing.TB, res *http.Response) {
	t.Helper()
	var body struct {
		Scope  *string
		MaxAge *int64   `json:"max_age"`
		ACR    []string `json:"acr_values"`
	}
	content := problemtest.Body(t, res)
	if len(content) == 0 {
		return // of an answer to HEAD
	}
	if err := json.Unmarshal(content, &body); err != nil {
		t.Fatalf("the problem has a member scope, max_age or acr_values of another type: %v", err)
	}
	got := map[string]string{}
	if body.Scope != nil {
		got["scope"] = *body.Scope
	}
	if body.MaxAge != nil {
		got["max_age"] = strconv.FormatInt(*body.MaxAge, 10)
	}
	if body.ACR != nil {
		got["acr_values"] = strings.Join(body.ACR, " ")
	}
	for _, c := range row.Challenges {
		for _, name := range [...]string{"scope", "max_age", "acr_values"} {
			if want, ok := c.Params[name]; ok && got[name] != want {
				t.Errorf("the problem has %s=%q, and the challenge of %s says %q", name, got[name], c.Scheme, want)
			}
		}
	}
}

func (row Row) wantFields(t testing.TB, h http.Header) {
	t.Helper()
	if got := h.Get("Retry-After"); row.Status == http.StatusServiceUnavailable && !httpfield.ValidRetryAfter(got) {
		t.Errorf("Retry-After is %q: a 503 says when to come back (RFC 9110 §15.6.4)", got)
	}
	nonce := h.Values("DPoP-Nonce")
	if slices.ContainsFunc(row.Challenges, func(c Challenge) bool { return c.Error == "use_dpop_nonce" }) &&
		(len(nonce) != 1 || nonce[0] == "") {
		t.Errorf("DPoP-Nonce is %q, and there must be one (RFC 9449 §9)", nonce)
	}
}

// wantChallenges: there is a challenge for each that is expected, and no other;
// Bearer is the first, and an error_description the last of its parameters, for the
// sake of clients that read no further.
func (row Row) wantChallenges(t testing.TB, lines []string) {
	t.Helper()
	var got []httpfield.Challenge
	if lines != nil {
		var err error
		if got, err = httpfield.ParseChallenges(lines); err != nil {
			t.Fatalf("WWW-Authenticate is %q: %v", lines, err)
		}
	}
	if len(got) != len(row.Challenges) {
		t.Errorf("WWW-Authenticate is %q, want challenges of %q (%s)", lines, schemesOf(row.Challenges), row.Source)
	}
	for n, want := range row.Challenges {
		at := slices.IndexFunc(got, func(c httpfield.Challenge) bool { return httpfield.EqualFold(c.Scheme, want.Scheme) })
		if at < 0 {
			t.Errorf("WWW-Authenticate is %q, and has no challenge of %s (%s)", lines, want.Scheme, row.Source)
			continue
		}
		if n == 0 && want.Scheme == "Bearer" && at != 0 {
			t.Errorf("WWW-Authenticate is %q, and does not begin with Bearer", lines)
		}
		want.check(t, got[at], row.Source)
	}
}

// telling are the parameters that say what is wrong: they are expected or absent.
var telling = [...]string{"error", "error_description", "scope", "max_age", "acr_values"}

func (c Challenge) check(t testing.TB, got httpfield.Challenge, source string) {
	t.Helper()
	want := map[string]string{}
	maps.Copy(want, c.Params)
	if c.Error != "" {
		want["error"], want["error_description"] = c.Error, ""
		if last := got.Params[max(len(got.Params)-1, 0):]; len(last) == 0 || last[0].Name != "error_description" {
			t.Errorf("the challenge of %s does not end in error_description: %v", c.Scheme, got.Params)
		}
	}
	for name, value := range want {
		if v, ok := got.Param(name); !ok || value != "" && v != value {
			t.Errorf("the challenge of %s has %s=%q, want %q (%s)", c.Scheme, name, v, value, source)
		}
	}
	for _, name := range telling {
		if _, wanted := want[name]; wanted {
			continue
		}
		if v, ok := got.Param(name); ok {
			t.Errorf("the challenge of %s has %s=%q, which does not belong there (%s)", c.Scheme, name, v, source)
		}
	}
}

func schemesOf(list []Challenge) []string {
	names := []string{}
	for _, c := range list {
		names = append(names, c.Scheme)
	}
	return names
}

// wantReason checks what the service told the issuer's OnDecision, if anything.
func (row Row) wantReason(t testing.TB) {
	t.Helper()
	row.issuer.mu.Lock()
	defer row.issuer.mu.Unlock()
	switch last := row.issuer.last; {
	case !row.issuer.heard || row.Reason == "":
	case last == nil:
		t.Errorf("OnDecision was not called, want %s", row.Reason)
	case last.Reason != row.Reason:
		t.Errorf("the reason is %s, want %s", last.Reason, row.Reason)
	}
}

// wantSame: whether a user or a key exists is told by no difference between two
// answers.
func (row Row) wantSame(t testing.TB, res *http.Response) {
	t.Helper()
	if row.Type == nil || row.Type.Name() != "invalid-credentials" && row.Type.Name() != "invalid-api-key" {
		return
	}
	var body struct{ Type, Title, Detail string }
	if content := problemtest.Body(t, res); len(content) > 0 {
		if err := json.Unmarshal(content, &body); err != nil {
			t.Fatalf("the body is not JSON: %v", err)
		}
	}
	answer := fmt.Sprintf("%d %q %q", res.StatusCode, res.Header.Values("WWW-Authenticate"), body)
	row.mu.Lock()
	defer row.mu.Unlock()
	if before := row.same[row.Type]; before == "" {
		row.same[row.Type] = answer
	} else if before != answer {
		t.Errorf("the answer is %s, and was %s for other credentials that do not hold: they tell which", answer, before)
	}
}
