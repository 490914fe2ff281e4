package main

import (
	"encoding/json"
	"errors"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

const (
	date  = "Date: Sun, 06 Nov 1994 08:49:37 GMT\n"
	good  = "GET /a HTTP/1.1\nHost: x.example\n\nHTTP/1.1 204 No Content\n" + date + "\n"
	worst = "GET /b HTTP/1.1\nHost: x.example\n\nHTTP/1.1 401 Unauthorized\n" + date + "Content-Length: 4\nContent-Type: text/plain\n\nwho?"
	odd   = "GET /c HTTP/1.1\nHost: x.example\n\nHTTP/1.1 418 Teapot\n" + date + "Content-Length: 4\nContent-Type: text/plain\n\ntea!"
	har   = `{"log":{"entries":[{"request":{"method":"GET","url":"https://x.example/b","headers":[]},"response":{"status":0,"headers":[]}},
		{"request":{"method":"GET","url":"https://x.example/b","headers":[]},"response":{"status":401,"headers":[{"name":"Date","value":"Sun, 06 Nov 1994 08:49:37 GMT"}],"content":{"size":1}}}]}}`
)

// command runs it on a file with content, which comes as the last argument.
func command(t *testing.T, content string, args ...string) (code int, stdout, stderr string) {
	t.Helper()
	if content != "" {
		name := filepath.Join(t.TempDir(), "capture")
		if err := os.WriteFile(name, []byte(content), 0o600); err != nil {
			t.Fatal(err)
		}
		args = append(args, name)
	}
	var out, errs strings.Builder
	code = run(t.Context(), args, strings.NewReader(worst), &out, &errs)
	return code, out.String(), errs.String()
}

func TestCommand(t *testing.T) {
	for _, c := range []struct {
		name, content string
		args          []string
		code          int
		want          []string
	}{
		{"nothing found", good, nil, 0, []string{"0 findings in 1 exchange: 0 must, 0 should, 0 advice\n"}},
		{"a MUST", good + worst, nil, 1, []string{"LEVEL  RULE  STATUS  EXCHANGE  REQUEST\n", "must   401   401     1         GET http://x.example/b  [no WWW-Authenticate]\n", "401 (RFC 9110 §15.5.2, §11.6.1): ", "1 finding in 2 exchanges: 1 must"}},
		{"the same again", worst + "\n" + worst + "\n" + worst, nil, 1, []string{"0 (+2)", "3 findings in 3 exchanges"}},
		{"advice", odd, nil, 0, []string{"advice  G1-registered"}},
		{"advice, by the letter", odd, []string{"-profile", "rfc"}, 0, []string{"0 findings"}},
		{"a rule that is off", worst, []string{"-off", "401=the gateway adds it"}, 0, []string{"0 findings"}},
		{"HAR", har, nil, 1, []string{"must   401   401     1         GET https://x.example/b  [no WWW-Authenticate]\n"}},
		{"standard input", "", []string{"-"}, 1, []string{"must   401"}},
		{"flags behind", "", []string{"-", "-profile=rfc"}, 1, []string{"must   401"}},
		{"help", "", []string{"-h"}, 0, nil},
		{"rules", "", []string{"-rules"}, 0, []string{"RULE ", "\n401 ", "must ", "RFC 9110 §15.5.2, §11.6.1 ", "A 401 has no challenge"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			code, out, errs := command(t, c.content, c.args...)
			if code != c.code || errs != "" && c.name != "help" {
				t.Errorf("exit %d, %s", code, errs)
			}
			for _, w := range c.want {
				if !strings.Contains(out, w) {
					t.Errorf("%q is not in\n%s", w, out)
				}
			}
		})
	}
}

func TestCommandJSON(t *testing.T) {
	code, out, errs := command(t, good+worst+"\n"+odd, "-json")
	if code != 1 || errs != "" || strings.Count(out, "\n") != 2 {
		t.Fatalf("exit %d, %s\n%s", code, errs, out)
	}
	var f map[string]any
	if err := json.Unmarshal([]byte(strings.Split(out, "\n")[0]), &f); err != nil {
		t.Fatal(err)
	}
	want := map[string]any{"exchange": 1.0, "rule": "401", "level": "must", "section": "RFC 9110 §15.5.2, §11.6.1", "method": "GET", "url": "http://x.example/b", "status": 401.0}
	for name, v := range want {
		if f[name] != v {
			t.Errorf("%s is %v, want %v", name, f[name], v)
		}
	}
	if len(f) != 9 || f["message"] == "" || f["mend"] == "" {
		t.Errorf("the members are %v", f)
	}
	if code, out, _ := command(t, good, "-json"); code != 0 || out != "" {
		t.Errorf("nothing found: exit %d, %q", code, out)
	}
}

func TestCommandProbes(t *testing.T) {
	var methods []string
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		methods = append(methods, r.Method)
		if r.Header.Get("Authorization") == "Bearer t" {
			w.Header().Set("WWW-Authenticate", "Bearer")
		}
		http.Error(w, "who?", 401)
	}))
	defer s.Close()
	code, out, errs := command(t, "", s.URL+"/x", "-json")
	if code != 1 || errs != "" || !strings.HasPrefix(out, `{"exchange":0,"rule":"401","level":"must",`) || !strings.Contains(out, `"url":"`+s.URL+`/x"`) {
		t.Errorf("exit %d, %s\n%s", code, errs, out)
	}
	if slices.Contains(methods, "DELETE") {
		t.Error("DELETE was sent")
	}
	if code, out, errs = command(t, "", "-H", "Authorization: Bearer t", "-unsafe", s.URL+"/x"); code != 0 || errs != "" || !strings.Contains(out, "advice  probe-nothing  401     0         GET "+s.URL+"/x  [GET answered 401]\n") {
		t.Errorf("exit %d, %s\n%s", code, errs, out)
	}
	if !slices.Contains(methods, "DELETE") {
		t.Error("DELETE was not sent")
	}
}

func TestCommandErrors(t *testing.T) {
	closed := httptest.NewServer(http.NotFoundHandler())
	closed.Close()
	for _, c := range []struct {
		content string
		args    []string
		want    string
	}{
		{"", nil, "there are 0 sources"},
		{"", []string{"a", "b"}, "there are 2 sources"},
		{"", []string{"-profile", "all", "-"}, `-profile is "all"`},
		{"", []string{"-no-such-flag", "-"}, "not defined"},
		{"", []string{"-off", "401", "-"}, "without a reason"},
		{"", []string{"-off", "nosuch=x", "-"}, "no rule"},
		{"", []string{"-H", "x", "-"}, "Name: value"},
		{"", []string{"-timeout", "0s", "-"}, "-timeout"},
		{good, []string{"-H", "X: y"}, "-H is for a probe"},
		{"", []string{"-unsafe", "-"}, "-unsafe is for a probe, and - is a capture"},
		{good, []string{"-timeout", "1s"}, "-timeout is for a probe"},
		{"", []string{"127.0.0.1:80/x"}, "a URL begins with http:// or https://"},
		{"", []string{"ftp://127.0.0.1/x"}, "a URL begins with http:// or https://"},
		{"", []string{"-rules", "x"}, "-rules reads nothing"},
		{`{"log":{"entries":[{"request":{"method":"GET","url":5}}]}}`, nil, "entry 0 of the HAR file: request.url is a number, and must be a string"},
		{`{"log":{"entries":{}}}`, nil, "log.entries is an object, and must be an array"},
		{"", []string{"/no/such/file"}, "no such file"},
		{"", []string{closed.URL}, "refused"},
		{"", []string{"http://"}, "no URL"},
		{"\n", nil, "capture: the capture is empty"},
		{"{", nil, "the HAR file is not what it should be"},
		{`{"log":{"entries":[{}]}}`, nil, "entry 0 of the HAR file"},
		{good + "rubbish\n", nil, ""},
		{worst + "rubbish", nil, "exchange 1 of the dump"},
	} {
		code, out, errs := command(t, c.content, c.args...)
		if c.want == "" { // content after a 204, not an error
			if code != 1 {
				t.Errorf("%q: exit %d, %s", c.content, code, errs)
			}
			continue
		}
		if code != 2 || out != "" || !strings.HasPrefix(errs, "conform: ") || !strings.Contains(errs, c.want) || strings.Count(errs, "\n") != 1 {
			t.Errorf("%v: exit %d, %q, %q", c.args, code, out, errs)
		}
	}
}

// full fails to write.
type full struct{}

func (full) Write([]byte) (int, error) { return 0, errors.New("the disk is full") }

func TestCommandCannotWrite(t *testing.T) {
	for _, args := range [][]string{{"-"}, {"-json", "-"}} {
		var errs strings.Builder
		if code := run(t.Context(), args, strings.NewReader(worst), full{}, &errs); code != 2 || !strings.Contains(errs.String(), "full") {
			t.Errorf("exit %d, %s", code, errs.String())
		}
	}
}
