package authn_test

import (
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"reflect"
	"slices"
	"strings"
	"testing"

	"github.com/forthright-http/forthright/authn"
	"github.com/forthright-http/forthright/respond"
	"github.com/forthright-http/forthright/respond/conform"
	"github.com/forthright-http/forthright/respond/conform/conformtest"
)

func TestMetadataHandler(t *testing.T) {
	g := metadataGate(t, &authn.Metadata{Resource: gateAudience, Name: "Orders"})
	h := conformtest.Handler(t, g.Metadata())
	get := gateSend(h, "GET", metadataPath)
	etag := get.Header().Get("ETag")
	if get.Header().Get("Cache-Control") != "public, max-age=300" || get.Body.Len() == 0 {
		t.Errorf("%q %s", get.Header(), get.Body)
	}
	if want := `{"resource":"https://api.example.com","bearer_methods_supported":["header"],"resource_name":"Orders"}` + "\n"; get.Body.String() != want {
		t.Errorf("%s", get.Body)
	}
	preflight := []string{"Origin", "https://app.example.com", "Access-Control-Request-Method", "GET", "Access-Control-Request-Headers", "mcp-protocol-version"}
	for _, tt := range []struct {
		method string
		fields []string
		status int
		length int
	}{
		{"HEAD", nil, 200, 0},
		{"GET", []string{"If-None-Match", etag}, 304, 0},
		{"HEAD", []string{"If-None-Match", "W/" + etag}, 304, 0},
		{"GET", []string{"If-None-Match", `"other"`}, 200, get.Body.Len()},
		{"GET", []string{"If-None-Match", "*"}, 304, 0},
		{"GET", []string{"If-Match", etag}, 200, get.Body.Len()},
		{"GET", []string{"If-Match", `"other"`}, 412, -1},
		{"GET", []string{"Authorization", "Bearer a.b.c"}, 200, get.Body.Len()}, // open to all
		{"OPTIONS", nil, 204, 0},
		{"OPTIONS", preflight, 204, 0},
		{"POST", nil, 405, -1},
	} {
		w := gateSend(h, tt.method, metadataPath, tt.fields...)
		if w.Code != tt.status || tt.length >= 0 && w.Body.Len() != tt.length {
			t.Errorf("%s %q: %d %s", tt.method, tt.fields, w.Code, w.Body)
		}
		if got := w.Header()["Access-Control-Allow-Origin"]; !slices.Equal(got, []string{"*"}) {
			t.Errorf("%s %q: open to %q", tt.method, tt.fields, got)
		}
		if tt.status < 400 && tt.status != 204 && w.Header().Get("ETag") != etag {
			t.Errorf("%s %q: %q", tt.method, tt.fields, w.Header())
		}
		isPreflight := len(tt.fields) == len(preflight)
		if got := w.Header().Get("Access-Control-Allow-Headers"); (got == "*") != isPreflight {
			t.Errorf("%s %q: header fields %q", tt.method, tt.fields, got)
		}
		if tt.status == 405 || tt.status == 204 {
			if got := w.Header().Get("Allow"); got != "GET, HEAD, OPTIONS" {
				t.Errorf("%s: Allow is %q", tt.method, got)
			}
		}
	}
	conformtest.ProbeOptions{Options: conform.Options{
		Off: map[string]string{"501-unknown": "which methods a service knows is for what is above, such as respond.Wrap"},
	}}.Probe(t, g.Metadata(), metadataPath)

	// What CORS set further up stays.
	above := gateHeader("Access-Control-Allow-Origin", []string{"https://app.example.com"}, g.Metadata())
	for _, method := range []string{"GET", "OPTIONS"} {
		w := gateSend(above, method, metadataPath, preflight...)
		if w.Header().Get("Access-Control-Allow-Origin") != "https://app.example.com" || w.Header()["Access-Control-Allow-Headers"] != nil {
			t.Errorf("%s: %q", method, w.Header())
		}
	}
	if other := metadataGate(t, &authn.Metadata{Resource: gateAudience, Name: "Other"}); gateSend(other.Metadata(), "GET", metadataPath).Header().Get("ETag") == etag {
		t.Error("two documents have one entity tag")
	}
}

func TestMetadataWithoutAny(t *testing.T) {
	g := newGate(t)
	for _, method := range []string{"GET", "HEAD", "OPTIONS", "POST"} {
		if w := gateSend(conformtest.Handler(t, g.Metadata()), method, metadataPath); w.Code != 404 {
			t.Errorf("%s: %d", method, w.Code)
		}
	}
}

// What the author changes afterwards does not count, and neither does Host.
func TestMetadataIsComputedOnce(t *testing.T) {
	m := &authn.Metadata{Resource: gateAudience, Scopes: []string{"a"}, More: map[string]any{"x": "y"}}
	g := metadataGate(t, m)
	before := metadataOf(t, g)
	m.Resource, m.Scopes[0], m.More["x"] = "https://evil.example", "b", "z"
	if after := metadataOf(t, g); !reflect.DeepEqual(before, after) {
		t.Errorf("%v, not %v", after, before)
	}
	r := httptest.NewRequest("GET", "https://evil.example/", nil)
	r.Header.Set("X-Forwarded-Host", "evil.example")
	w := httptest.NewRecorder()
	g.Handler(gateOpen).ServeHTTP(w, r)
	if got := gateChallenges(t, w); strings.Contains(got, "evil") {
		t.Errorf("%s", got)
	}
	w = httptest.NewRecorder()
	if g.Metadata().ServeHTTP(w, r); strings.Contains(w.Body.String(), "evil") {
		t.Errorf("%s", w.Body)
	}
	if m.DPoPAlgorithms != nil || m.BearerMethods != nil {
		t.Errorf("the author's own was changed: %+v", m)
	}
}

// What a client does (RFC 9728 §5): it is refused, follows resource_metadata, and
// finds its own URL there (§3.3).
func TestRFC9728Section5_ClientFlow(t *testing.T) {
	mux := http.NewServeMux()
	server := httptest.NewServer(conformtest.Handler(t, mux))
	defer server.Close()
	g := metadataGate(t, &authn.Metadata{Resource: server.URL + "/mcp", AuthorizationServers: []string{gateIssuer}})
	mux.Handle("/mcp", g.Handler(gateOpen))
	mux.Handle(metadataPath+"/mcp", g.Metadata())
	res, err := server.Client().Get(server.URL + "/mcp")
	if err != nil {
		t.Fatal(err)
	}
	res.Body.Close()
	challenges, err := authn.ParseChallenges(res.Header["Www-Authenticate"])
	if err != nil {
		t.Fatal(err)
	}
	where, _ := challenges[0].Param("resource_metadata")
	if res, err = server.Client().Get(where); err != nil {
		t.Fatal(err)
	}
	defer res.Body.Close()
	body, _ := io.ReadAll(res.Body)
	var m authn.Metadata
	if err := json.Unmarshal(body, &m); err != nil || m.Resource != server.URL+"/mcp" || !slices.Equal(m.AuthorizationServers, []string{gateIssuer}) {
		t.Errorf("%s: %s, %v", where, body, err)
	}
}

// Mounted by its methods, the mux answers all others, and a script of another origin
// may ask for it with a field of its own.
func TestMetadataByMethods(t *testing.T) {
	g := metadataGate(t, &authn.Metadata{Resource: gateAudience})
	mux := http.NewServeMux()
	mux.Handle("GET "+metadataPath, g.Metadata())
	mux.Handle("OPTIONS "+metadataPath, g.Metadata())
	api, err := respond.New(respond.Options{})
	if err != nil {
		t.Fatal(err)
	}
	h := conformtest.Handler(t, api.Mux(mux))
	for method, status := range map[string]int{"GET": 200, "HEAD": 200, "OPTIONS": 204, "POST": 405, "FROB": 501} {
		if w := gateSend(h, method, metadataPath); w.Code != status {
			t.Errorf("%s: %d, want %d", method, w.Code, status)
		}
	}
	w := gateSend(h, "OPTIONS", metadataPath, "Origin", "https://app.example", "Access-Control-Request-Method", "GET", "Access-Control-Request-Headers", "mcp-protocol-version")
	if w.Code != 204 || w.Header().Get("Access-Control-Allow-Headers") != "*" || w.Header().Get("Access-Control-Allow-Origin") != "*" {
		t.Errorf("%d %v", w.Code, w.Header())
	}
}
