package async_test

import (
	"fmt"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/forthright-http/forthright/async"
)

// ids of a page, and where the next one is, "" at the end.
func webPage(t *testing.T, a webAnswer) (ids []string, next string) {
	t.Helper()
	for _, job := range a.has(t, 200, "Cache-Control", "no-store").json(t)["jobs"].([]any) {
		ids = append(ids, job.(map[string]any)["id"].(string))
	}
	if m := regexp.MustCompile(`<([^>]*)>; rel="?next`).FindStringSubmatch(strings.Join(a.Header["Link"], ", ")); m != nil {
		next = m[1]
	}
	return ids, next
}

// RFC 8288: pages follow their links; nothing is twice, and nothing is missing, also
// where new jobs come in between.
func TestList(t *testing.T) {
	b := newWebBackend()
	s := newWeb(t, b, nil, nil)
	var want []string
	for i := range 45 {
		id, owner := fmt.Sprintf("job%02d", i), "ana"
		if i%3 == 0 {
			owner = "bob"
		} else {
			want = append(want, id)
		}
		b.put(webJob(id, func(job *async.Job) { job.Owner = owner }))
	}
	slices.Reverse(want)
	for _, c := range []struct {
		query string
		pages []int
	}{{"", []int{20, 10}}, {"?limit=30", []int{30}}, {"?limit=29", []int{29, 1}}, {"?limit=7", []int{7, 7, 7, 7, 2}}, {"?limit=100", []int{30}}} {
		var got []string
		var pages []int
		for next := webURL + c.query; next != ""; {
			var ids []string
			a := s.get(next)
			ids, next = webPage(t, a)
			if next != "" && !strings.HasPrefix(next, webURL+"?") {
				t.Fatalf("the next page is at %q", next)
			}
			if !strings.Contains(strings.Join(a.Header["Link"], ", "), `rel="first"`) && !strings.Contains(strings.Join(a.Header["Link"], ", "), `rel=first`) {
				t.Errorf("Link: %q", a.Header["Link"])
			}
			got, pages = append(got, ids...), append(pages, len(ids))
			if len(pages) > 10 {
				t.Fatal("it does not end")
			}
			b.put(webJob(fmt.Sprintf("new%s%d", strings.TrimPrefix(c.query, "?limit="), len(pages)), func(job *async.Job) { job.Owner = "bob" }))
		}
		if !slices.Equal(got, want) || !slices.Equal(pages, c.pages) {
			t.Errorf("%q: pages of %v: %v", c.query, pages, got)
		}
	}
	b.put(webJob("zzz", nil))
	if ids, _ := webPage(t, s.get("/v1/jobs?limit=2&after=job44")); !slices.Equal(ids, want[1:3]) {
		t.Errorf("behind the newest but one: %v", ids)
	}
	s.do("HEAD", "/v1/jobs", "").has(t, 200)
}

func TestListOfNothing(t *testing.T) {
	s := newWeb(t, newWebBackend(), nil, nil)
	for _, path := range []string{"/v1/jobs", "/v1/jobs/"} {
		if a := s.get(path).has(t, 200); strings.TrimSpace(a.body) != `{"jobs":[]}` {
			t.Errorf("%s: %s", path, a.body)
		}
	}
}

func TestListParameters(t *testing.T) {
	b := newWebBackend()
	s := newWeb(t, b, nil, nil)
	b.put(webJob("bobs", func(job *async.Job) { job.Owner = "bob" }))
	for _, c := range []struct {
		query  string
		status int
	}{
		{"limit=x", 400}, {"limit=", 400}, {"limit=1.5", 400}, {"limit=1&limit=2", 400},
		{"limit=0", 422}, {"limit=101", 422}, {"limit=-1", 422},
		{"after=nowhere", 400}, {"after=bobs", 400}, {"after=%00", 400}, {"after=a%20b", 400}, {"after=" + strings.Repeat("x", 65), 400},
		{"limit=1", 200}, {"after=", 200}, {"other=1", 200},
	} {
		a := s.get("/v1/jobs?"+c.query).has(t, c.status)
		if c.status != 200 && !strings.Contains(a.body, `"parameter":"`) {
			t.Errorf("%s: %s", c.query, a.body)
		}
	}
	if unknown, anothers := s.get("/v1/jobs?after=nowhere").bare(), s.get("/v1/jobs?after=bobs").bare(); unknown != anothers {
		t.Errorf("another's job:\n%s\nan unknown one:\n%s", anothers, unknown)
	}
}
