package main

import (
	"encoding/json"
	"fmt"
	"maps"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/forthright-http/forthright/authn"
)

// witness holds the service's answers against the document, and remembers which it
// has seen.
type witness struct {
	doc    object
	client *client
	seen   map[string]bool
}

// What the service answers is what the document says, and all that the document
// says is answered.
func TestOpenAPIIsTrue(t *testing.T) {
	w := &witness{client: newClientWith(t, serviceOptions{Limits: plentiful(t)}), seen: make(map[string]bool)}
	w.doc = document(t, w.client)
	for _, v := range []string{"/v0", "/v1"} {
		t.Run(v, func(t *testing.T) {
			w.client = newClientWith(t, serviceOptions{Limits: plentiful(t)})
			w.orders(t, v)
		})
	}
	for name, part := range map[string]func(*testing.T){
		"open": w.open, "token": w.token, "credentials": w.credentials, "flood": w.flood,
		"exports": w.exports, "jobs": w.jobs, "jobs that are over": w.expired, "keys": w.keys, "no store": w.noStore, "limits": w.limits,
	} {
		t.Run(name, func(t *testing.T) {
			w.client = newClientWith(t, serviceOptions{Limits: plentiful(t)})
			part(t)
		})
	}
	w.unseen(t)
}

// check sends a request and holds the answer against the document.
func (w *witness) check(t *testing.T, method, path, body string, header ...string) exchange {
	t.Helper()
	res := w.client.with(t).do(method, path, body, header...)
	w.hold(t, method, path, body, res)
	return res
}

// hold holds an answer against the document.
func (w *witness) hold(t *testing.T, method, path, body string, res exchange) {
	t.Helper()
	op, key := find(t, w.doc, method, path)
	answer := resolve(t, w.doc, op.responses()[fmt.Sprint(res.StatusCode)])
	key = fmt.Sprint(key, " ", res.StatusCode)
	if answer == nil {
		t.Errorf("%s is not there: %s", key, res.body)
		return
	}
	w.seen[key] = true
	headers, _ := answer["headers"].(object)
	for name, h := range headers {
		h := resolve(t, w.doc, h)
		value := res.Header.Get(name)
		if h["required"] == true && value == "" {
			t.Errorf("%s: there is no %s", key, name)
		}
		if value == "" {
			continue
		}
		var typed any = value
		if n, err := strconv.ParseFloat(value, 64); err == nil && h["schema"].(object)["type"] == "integer" {
			typed = n
		}
		if fault := mismatch(t, w.doc, h["schema"], typed); fault != "" {
			t.Errorf("%s: %s%s", key, name, fault)
		}
	}
	for _, name := range []string{"RateLimit", "RateLimit-Policy"} {
		if has := res.Header.Get(name) != ""; has != isLimited(path) {
			t.Errorf("%s: it has %s: %v", key, name, has)
		}
	}
	mediaType, _, _ := strings.Cut(res.Header.Get("Content-Type"), ";")
	content, _ := answer["content"].(object)
	if len(res.body) > 0 && content[mediaType] == nil && content["*/*"] == nil {
		t.Errorf("%s: the document has %v, and not %s", key, slices.Collect(maps.Keys(content)), mediaType)
	}
	if form, ok := content[mediaType].(object); ok && len(res.body) > 0 && strings.HasSuffix(mediaType, "json") {
		w.body(t, key, form["schema"], res.body)
	}
	if in := resolve(t, w.doc, op.object["requestBody"]); in != nil && res.StatusCode < 300 {
		for _, form := range in["content"].(object) {
			w.body(t, key+", the request", form.(object)["schema"], []byte(body))
		}
	}
	w.refusal(t, key, op, res)
}

// body holds content against its schema: against one alternative, if there are
// several.
func (w *witness) body(t *testing.T, key string, schema any, body []byte) {
	t.Helper()
	var value any
	if err := json.Unmarshal(body, &value); err != nil {
		t.Errorf("%s: %v", key, err)
	}
	var faults []string
	for i, alternative := range alternatives(schema) {
		fault := mismatch(t, w.doc, alternative, value)
		if fault == "" {
			w.seen[fmt.Sprint(key, " alternative ", i)] = true
			return
		}
		faults = append(faults, fault)
	}
	t.Errorf("%s: the content%s", key, strings.Join(faults, ", and"))
}

// refusal holds the challenges of a 401, and the scope of a 403, against what the
// operation takes.
func (w *witness) refusal(t *testing.T, key string, op operation, res exchange) {
	t.Helper()
	var schemes, scopes []string
	for _, s := range op.security() {
		for name, needs := range s {
			scheme := resolve(t, w.doc, object{"$ref": "#/components/securitySchemes/" + name})
			schemes = append(schemes, scheme["scheme"].(string))
			for _, scope := range needs.([]any) {
				scopes = append(scopes, scope.(string))
			}
		}
	}
	switch res.StatusCode {
	case http.StatusUnauthorized:
		challenges, err := authn.ParseChallenges(res.Header["Www-Authenticate"])
		if err != nil {
			t.Fatalf("%s: %v", key, err)
		}
		var got []string
		for _, c := range challenges {
			got = append(got, strings.ToLower(c.Scheme))
		}
		if !slices.Equal(got, schemes) {
			t.Errorf("%s: the challenges are of %v, and the document has %v", key, got, schemes)
		}
	case http.StatusForbidden:
		bearer, _ := challenge(t, res.Header, "Bearer")
		if got, _ := bearer.Param("scope"); got == "" || got != strings.Join(scopes, " ") {
			t.Errorf("%s: the scope is %q, and the document has %v", key, got, scopes)
		}
	}
}

// unseen tells what the document says and nothing has answered.
func (w *witness) unseen(t *testing.T) {
	t.Helper()
	for _, op := range operations(t, w.doc) {
		for status, response := range op.responses() {
			key := op.method + " " + op.path + " " + status
			switch {
			case w.seen[key]:
			case status == "405", status == "500", status == "501": // of the path, and of bugs
				continue
			case key == "GET / 206", key == "GET / 304", key == "GET / 412", key == "GET / 416": // of net/http
				continue
			case key == "GET /healthz 503": // while it drains
				continue
			default:
				t.Errorf("%s was not seen", key)
				continue
			}
			content, _ := resolve(t, w.doc, response)["content"].(object)
			form, _ := content["application/problem+json"].(object)
			for i, schema := range alternatives(form["schema"]) {
				if form != nil && !w.seen[fmt.Sprint(key, " alternative ", i)] {
					t.Errorf("%s with %v was not seen", key, schema)
				}
			}
		}
	}
}

var (
	nobody = []string{"Authorization", ""}
	text   = []string{"Content-Type", "text/plain"}
	image  = []string{"Accept", "image/png"}
	patch  = []string{"Content-Type", "application/merge-patch+json"}
)

// orders has the life of some orders, below a version.
func (w *witness) orders(t *testing.T, v string) {
	orders := v + "/orders"
	w.check(t, "GET", orders+"/latest", "")
	w.check(t, "GET", orders, "", nobody...)
	w.check(t, "GET", orders, "", image...)
	created := w.check(t, "POST", orders, order("first"+v[1:]))
	id := strings.TrimPrefix(created.Header.Get("Location"), "/v1/orders/")
	one := orders + "/" + id
	tag := created.Header.Get("ETag")
	match := []string{"If-Match", tag}
	w.check(t, "POST", orders, order("first"+v[1:]))
	w.check(t, "POST", orders, order("second"+v[1:]), "Prefer", "return=minimal")
	key := []string{"Idempotency-Key", `"` + v + `"`}
	for _, body := range []string{order("third" + v[1:]), order("third" + v[1:]), order("fourth")} {
		w.check(t, "POST", orders, body, key...)
	}
	w.check(t, "POST", orders, order("fifth"), "Idempotency-Key", `"`)
	page := w.check(t, "GET", orders, "")
	w.check(t, "GET", orders, "", "If-None-Match", page.Header.Get("ETag"))
	w.check(t, "GET", orders, "", "If-Match", `"x"`)
	for _, query := range []string{"?limit=abc", "?limit=0", "?cursor=x", "?customer=x", "?limit=1&limit=2", "?limit=%zz"} {
		w.check(t, "GET", orders+query, "")
	}
	w.check(t, "GET", orders+"/latest", "")
	w.check(t, "GET", one, "")
	w.check(t, "GET", one, "", "If-None-Match", tag)
	for _, method := range []string{"GET", "POST", "PUT", "PATCH", "DELETE"} {
		path := one
		if method == "POST" {
			path = orders
		}
		w.check(t, method, path, "", nobody...)
		if method != "DELETE" { // which has no form to choose
			w.check(t, method, path, "", image...)
		}
		w.check(t, method, path, "", "If-Match", `"x"`)
		if method == "GET" || method == "DELETE" {
			continue
		}
		kind := match
		if method == "PATCH" {
			kind = slices.Concat(match, patch)
		}
		w.check(t, method, path, "", kind...)
		w.check(t, method, path, "x", slices.Concat(match, text)...)
		w.check(t, method, path, "{}", slices.Concat(kind, []string{"Content-Encoding", "gzip"})...)
		w.check(t, method, path, "{", kind...)
		w.check(t, method, path, `{"reference":""}`, kind...)
		w.check(t, method, path, strings.Replace(order("x"), "EUR", "x", 1), kind...)
		w.check(t, method, path, `{"note":"`+strings.Repeat("x", 64<<10)+`"}`, kind...)
	}
	for _, method := range []string{"PUT", "PATCH"} {
		kind := []string{}
		if method == "PATCH" {
			kind = patch
		}
		w.check(t, method, one, order("first"+v[1:]), kind...)
		w.check(t, method, one, order("first"+v[1:]), slices.Concat(kind, []string{"If-Match", `"x"`})...)
		w.check(t, method, one, order("second"+v[1:]), slices.Concat(kind, match)...)
		changed := w.check(t, method, one, order("first"+v[1:]), slices.Concat(kind, match)...)
		match[1] = changed.Header.Get("ETag")
		changed = w.check(t, method, one, order("first"+v[1:]), slices.Concat(kind, match, []string{"Prefer", "return=minimal"})...)
		match[1] = changed.Header.Get("ETag")
	}
	for _, body := range []string{`{"amount":"1"}`, `{"amount":"25.00"}`, `{"amount":"x"}`, `{`, ``, `{"amount":"` + strings.Repeat("1", 64<<10) + `"}`} {
		w.check(t, "POST", one+"/payment", body)
	}
	w.check(t, "POST", one+"/payment", "x", text...)
	w.check(t, "POST", one+"/payment", "{}", nobody...)
	w.check(t, "POST", one+"/payment", "{}", "If-Match", `"x"`)
	w.check(t, "POST", one+"/payment", "{}", image...)
	w.check(t, "GET", orders+"/latest", "", nobody...)
	w.check(t, "DELETE", one, "", "If-Match", `"x"`)
	w.check(t, "DELETE", one, "")
	for _, path := range []string{one, orders + "/unknown"} {
		w.check(t, "GET", path, "")
		w.check(t, "PUT", path, order("x"), match...)
		w.check(t, "PATCH", path, "{}", slices.Concat(patch, match)...)
		w.check(t, "DELETE", path, "")
		w.check(t, "POST", path+"/payment", `{"amount":"1"}`)
	}
}

// open asks for all that is open to all.
func (w *witness) open(t *testing.T) {
	for _, path := range []string{"/", "/healthz", "/problems", "/problems/out-of-credit", "/problems/nothing", "/openapi.json", "/.well-known/oauth-protected-resource", "/.well-known/jwks.json", "/demo/panic", "/demo/slow", "/demo/unavailable", "/demo/teapot"} {
		res := w.check(t, "GET", path, "", nobody...)
		w.check(t, "GET", path, "", image...)
		w.check(t, "GET", path, "", "If-None-Match", res.Header.Get("ETag"))
		if path != "/" { // which net/http answers
			w.check(t, "GET", path, "", "If-Match", `"x"`)
		}
	}
	w.check(t, "GET", "/openapi.json", "", "Range", "bytes=0-9")
	w.check(t, "GET", "/openapi.json", "", "Range", "bytes=9999999-")
	w.check(t, "GET", "/problems", "", "Accept", "text/html")
	for _, method := range []string{"GET", "POST", "PUT", "PATCH", "DELETE"} {
		w.check(t, method, "/orders?a=1", "")
		w.check(t, method, "/orders/1/payment", "")
	}
}

// token asks the demo issuer, well and badly.
func (w *witness) token(t *testing.T) {
	const path = "/demo/token"
	for _, body := range []string{
		`{"subject":"ana"}`,
		`{"subject":"ana","scope":"orders:read","ttl":"-1h30m","audience":"x","issuer":"x","not_before":"1.5s","typ":"JWT","auth_age":"0","key":"retired"}`,
		`{"subject":"ana","ttl":null,"audience":null,"issuer":null,"not_before":null,"typ":null,"auth_age":null}`,
		``, `{`, `{}`, `{"subject":7}`, `{"subject":""}`, `{"subject":"ana","key":"other"}`, `{"subject":"` + strings.Repeat("x", 64<<10) + `"}`,
	} {
		w.check(t, "POST", path, body, nobody...)
	}
	w.check(t, "POST", path, "x", text...)
	w.check(t, "POST", path, `{"subject":"ana"}`, "Content-Encoding", "gzip")
	w.check(t, "POST", path, `{"subject":"ana"}`, image...)
}
