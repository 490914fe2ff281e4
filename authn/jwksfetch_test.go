package authn_test

import (
	"compress/gzip"
	"errors"
	"io"
	"net/http"
	"strings"
	"testing"

	"github.com/forthright-http/forthright/authn"
)

// jwksNet answers for any host, by its URL, and notes what is asked.
type jwksNet struct {
	answers map[string]string // "200 body" or "302 location"
	asked   []string
}

func (n *jwksNet) RoundTrip(r *http.Request) (*http.Response, error) {
	n.asked = append(n.asked, r.URL.String())
	answer, ok := n.answers[r.URL.String()]
	response := &http.Response{StatusCode: 404, Header: http.Header{}, Body: http.NoBody, Request: r}
	switch code, rest, _ := strings.Cut(answer, " "); {
	case !ok:
	case code == "302":
		response.StatusCode = 302
		response.Header.Set("Location", rest)
	case code == "error":
		return nil, errors.New(rest)
	default:
		response.StatusCode = 200
		response.Body = io.NopCloser(strings.NewReader(rest))
	}
	return response, nil
}

// Redirects lead to https, or from loopback to loopback, and at most three times.
func TestJWKSRedirects(t *testing.T) {
	a := newJWKSSigner(t, "a")
	set := "200 " + jwksSet(a.jwk(t))
	for _, tt := range []struct {
		name, url string
		answers   map[string]string
		asked     int
		ok        bool
	}{
		{"https", "https://a.example/", map[string]string{"https://a.example/": "302 https://b.example/", "https://b.example/": set}, 2, true},
		{"to plain", "https://a.example/", map[string]string{"https://a.example/": "302 http://b.example/", "http://b.example/": set}, 1, false},
		{"to plain loopback", "https://a.example/", map[string]string{"https://a.example/": "302 http://127.0.0.1/", "http://127.0.0.1/": set}, 1, false},
		{"with user information", "https://a.example/", map[string]string{"https://a.example/": "302 https://u:p@b.example/", "https://u:p@b.example/": set}, 1, false},
		{"loopback to loopback", "http://127.0.0.1/", map[string]string{"http://127.0.0.1/": "302 http://localhost/b", "http://localhost/b": set}, 2, true},
		{"loopback to plain", "http://127.0.0.1/", map[string]string{"http://127.0.0.1/": "302 http://b.example/", "http://b.example/": set}, 1, false},
		{"three", "https://a.example/0", map[string]string{
			"https://a.example/0": "302 /1", "https://a.example/1": "302 /2", "https://a.example/2": "302 /3", "https://a.example/3": set}, 4, true},
		{"four", "https://a.example/0", map[string]string{
			"https://a.example/0": "302 /1", "https://a.example/1": "302 /2", "https://a.example/2": "302 /3", "https://a.example/3": "302 /4", "https://a.example/4": set}, 4, false},
		{"in circles", "https://a.example/0", map[string]string{"https://a.example/0": "302 /0"}, 4, false},
		{"without a place", "https://a.example/0", map[string]string{"https://a.example/0": "302 "}, 1, false},
	} {
		net := &jwksNet{answers: tt.answers}
		keys := authn.JWKS(tt.url)
		keys.Client = &http.Client{Transport: net}
		if err := keys.Ready(t.Context()); (err == nil) != tt.ok {
			t.Errorf("%s: %v", tt.name, err)
		}
		if len(net.asked) != tt.asked {
			t.Errorf("%s: asked %q, want %d", tt.name, net.asked, tt.asked)
		}
	}
}

// The client's own check of redirects is asked too, and the client is not changed.
func TestJWKSRedirectsOfTheClient(t *testing.T) {
	net := &jwksNet{answers: map[string]string{"https://a.example/": "302 https://b.example/", "https://b.example/": "200 " + jwksSet(newJWKSSigner(t, "a").jwk(t))}}
	client := &http.Client{Transport: net}
	keys := authn.JWKS("https://a.example/")
	keys.Client = client
	if err := keys.Ready(t.Context()); err != nil || client.CheckRedirect != nil {
		t.Error(err, client.CheckRedirect != nil)
	}
	client.CheckRedirect = func(*http.Request, []*http.Request) error { return errors.New("not there") }
	keys = authn.JWKS("https://a.example/")
	keys.Client = client
	if err := keys.Ready(t.Context()); err == nil || !strings.Contains(err.Error(), "not there") {
		t.Error(err)
	}
}

// Errors name the place, and neither the query nor what a redirect has.
func TestJWKSErrorsHaveNoSecret(t *testing.T) {
	const url = "https://a.example/keys?key=secret"
	for _, answer := range []string{"302 http://b.example/?secret", "error the line is cut", "200 <html>secret", "200 {}", `200 {"keys":"secret"}`, "200 " + strings.Repeat("x", 1<<20+1)} {
		keys := authn.JWKS(url)
		keys.Client = &http.Client{Transport: &jwksNet{answers: map[string]string{url: answer}}}
		err := keys.Ready(t.Context())
		if err == nil || strings.Contains(err.Error(), "secret") || !strings.Contains(err.Error(), "https://a.example/keys: ") {
			t.Errorf("%.40s: %v", answer, err)
		}
	}
}

// MaxBytes counts what is unpacked.
func TestJWKSMaxBytes(t *testing.T) {
	a := newJWKSSigner(t, "a")
	set := jwksSet(a.jwk(t))
	for _, tt := range []struct {
		pad int
		ok  bool
	}{
		{0, true}, {1, false}, {10 << 20, false},
	} {
		server := newJWKSServer(t, "")
		server.handle(func(w http.ResponseWriter, r *http.Request) {
			w.Header().Set("Content-Encoding", "gzip")
			z := gzip.NewWriter(w)
			io.WriteString(z, set+strings.Repeat(" ", tt.pad))
			z.Close()
		})
		keys := authn.JWKS(server.URL)
		keys.MaxBytes = int64(len(set))
		if err := keys.Ready(t.Context()); (err == nil) != tt.ok {
			t.Errorf("%d bytes more: %v", tt.pad, err)
		}
	}
}
