package async_test

import (
	"strings"
	"testing"
	"time"

	"github.com/forthright-http/forthright/async"
	"github.com/forthright-http/forthright/problem"
)

func TestNewRefusesWrongSettings(t *testing.T) {
	good := func() async.Options { return async.Options{URL: webURL, Owner: webOwner} }
	for _, c := range []struct {
		name   string
		change func(*async.Options)
		want   string // "" for none
	}{
		{"as it is", func(*async.Options) {}, ""},
		{"a slash at the end", func(o *async.Options) { o.URL += "/" }, ""},
		{"an origin alone", func(o *async.Options) { o.URL = "https://api.example.com" }, ""},
		{"a port", func(o *async.Options) { o.URL = "http://[::1]:8080/jobs" }, ""},
		{"an escaped path", func(o *async.Options) { o.URL = "https://api.example.com/my%20jobs" }, ""},
		{"no URL", func(o *async.Options) { o.URL = "" }, "URL"},
		{"a path", func(o *async.Options) { o.URL = "/v1/jobs" }, "URL"},
		{"no host", func(o *async.Options) { o.URL = "https:///jobs" }, "URL"},
		{"another scheme", func(o *async.Options) { o.URL = "ftp://api.example.com/jobs" }, "URL"},
		{"a query", func(o *async.Options) { o.URL += "?a=b" }, "URL"},
		{"an empty query", func(o *async.Options) { o.URL += "?" }, "URL"},
		{"a fragment", func(o *async.Options) { o.URL += "#a" }, "URL"},
		{"an empty fragment", func(o *async.Options) { o.URL += "#" }, "URL"},
		{"a user", func(o *async.Options) { o.URL = "https://u:p@api.example.com/jobs" }, "URL"},
		{"a space", func(o *async.Options) { o.URL = "https://api.example.com/my jobs" }, "URL"},
		{"braces", func(o *async.Options) { o.URL = "https://api.example.com/{x}" }, "URL"},
		{"not clean", func(o *async.Options) { o.URL = "https://api.example.com//jobs" }, "path"},
		{"dots", func(o *async.Options) { o.URL = "https://api.example.com/a/../jobs" }, "path"},
		{"a path of its own", func(o *async.Options) { o.Path = "/jobs" }, ""},
		{"a relative path", func(o *async.Options) { o.Path = "jobs" }, "path"},
		{"a path with a wildcard", func(o *async.Options) { o.Path = "/{x}" }, "path"},
		{"nobody to own", func(o *async.Options) { o.Owner = nil }, "Owner"},
		{"both", func(o *async.Options) { o.Capability = true }, "Owner"},
		{"MaxQueued", func(o *async.Options) { o.MaxQueued = -1 }, "negative"},
		{"MaxOwned", func(o *async.Options) { o.MaxOwned = -1 }, "negative"},
		{"Retention", func(o *async.Options) { o.Retention = -1 }, "negative"},
		{"Tombstone", func(o *async.Options) { o.Tombstone = -1 }, "negative"},
		{"MaxWait", func(o *async.Options) { o.MaxWait = -1 }, "negative"},
		{"MaxWait of no second", func(o *async.Options) { o.MaxWait = time.Millisecond }, "MaxWait"},
		{"Heartbeat", func(o *async.Options) { o.Heartbeat = -1 }, "negative"},
		{"MaxResult", func(o *async.Options) { o.MaxResult = -1 }, "negative"},
		{"MaxInterrupted", func(o *async.Options) { o.MaxInterrupted = -1 }, "negative"},
	} {
		o := good()
		c.change(&o)
		jobs, err := async.New(newWebBackend(), o)
		switch {
		case c.want == "" && (err != nil || jobs == nil):
			t.Errorf("%s: %v", c.name, err)
		case c.want != "" && (err == nil || !strings.HasPrefix(err.Error(), "async: ") || !strings.Contains(err.Error(), c.want)):
			t.Errorf("%s: the error is %v, without %q", c.name, err, c.want)
		}
	}
	if _, err := async.New(nil, good()); err == nil {
		t.Error("there is a Jobs without a backend")
	}
}

// Absolute URLs come from Options.URL, whatever the request says, and wherever the
// jobs are mounted.
func TestURLAndPath(t *testing.T) {
	for _, c := range []struct{ url, path, mount string }{
		{"https://api.example.com/backend/jobs", "/jobs", "/jobs"},
		{"https://api.example.com/backend/jobs/", "/jobs/", "/jobs"},
		{"https://api.example.com", "", ""},
		{"https://api.example.com/my%20jobs", "", "/my%20jobs"},
	} {
		b := newWebBackend()
		s := newWeb(t, b, func(o *async.Options) { o.URL, o.Path = c.url, c.path }, nil)
		b.put(webJob("a", nil))
		base := strings.TrimSuffix(c.url, "/")
		s.mux.Handle("/", s.jobs)
		for _, forged := range [][]string{{"X-Forwarded-Host", "evil.example"}, {"X-Forwarded-Proto", "ftp"}, {"Forwarded", "host=evil.example"}} {
			links, _ := s.get(c.mount+"/a", forged...).has(t, 202).json(t)["links"].(map[string]any)
			if links["self"] != base+"/a" || links["cancel"] != base+"/a/cancel" {
				t.Errorf("%s: the links are %v", c.url, links)
			}
		}
		s.do("DELETE", c.mount+"/a", "").has(t, 202, "Location", base+"/a")
		if a := s.get(c.mount+"/").has(t, 200); !strings.Contains(a.Header.Get("Link"), "<"+base+"?limit=20>") {
			t.Errorf("%s: Link %q", c.url, a.Header.Get("Link"))
		}
	}
}

// The types of this package are all in the list for the catalogue, with words for it.
func TestTypes(t *testing.T) {
	names := map[string]bool{}
	for _, typ := range async.Types() {
		names[typ.Name()] = true
	}
	for _, typ := range []*problem.Type{async.KeyReused, async.KeyInFlight, async.KeyInvalid, async.AnswerNotKept, async.JobFailed, async.JobCanceled, async.JobFinished, async.JobExpired} {
		if !names[typ.Name()] {
			t.Errorf("%s is not among Types", typ.Name())
		}
	}
	if h := problem.Catalog(async.Types()...); h == nil {
		t.Error("there is no catalogue")
	}
}
