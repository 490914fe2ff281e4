package main

import (
	"net/http"
	"reflect"
	"slices"
	"strings"
	"testing"
)

// object is one of a JSON document.
type object = map[string]any

// document is what the service says of itself.
func document(t *testing.T, c *client) object {
	t.Helper()
	res := c.do("GET", "/openapi.json", "", "Authorization", "")
	if res.StatusCode != http.StatusOK {
		t.Fatalf("%d %s", res.StatusCode, res.body)
	}
	return res.json(t)
}

// resolve follows $ref, a JSON Pointer into the document (RFC 6901 §6).
func resolve(t *testing.T, doc object, v any) object {
	t.Helper()
	o, _ := v.(object)
	ref, isRef := o["$ref"].(string)
	if !isRef {
		return o
	}
	pointer, ok := strings.CutPrefix(ref, "#/")
	if !ok {
		t.Fatalf("%s does not point into the document", ref)
	}
	var at any = doc
	for token := range strings.SplitSeq(pointer, "/") {
		in, _ := at.(object)
		if at, ok = in[strings.NewReplacer("~1", "/", "~0", "~").Replace(token)]; !ok {
			t.Fatalf("%s leads nowhere at %s", ref, token)
		}
	}
	return resolve(t, doc, at)
}

// operation is one of the document.
type operation struct {
	method, path string
	object
}

func operations(t *testing.T, doc object) (all []operation) {
	t.Helper()
	for path, item := range doc["paths"].(object) {
		for method, op := range item.(object) {
			if method != "parameters" {
				all = append(all, operation{strings.ToUpper(method), path, op.(object)})
			}
		}
	}
	slices.SortFunc(all, func(a, b operation) int { return strings.Compare(a.path+a.method, b.path+b.method) })
	return all
}

func (o operation) responses() object { return o.object["responses"].(object) }

// security is what the operation takes: one of its objects suffices.
func (o operation) security() (all []object) {
	for _, s := range o.object["security"].([]any) {
		all = append(all, s.(object))
	}
	return all
}

// needsScope tells whether a token must have one.
func (o operation) needsScope() bool {
	return slices.ContainsFunc(o.security(), func(s object) bool { return s["bearer"] != nil && len(s["bearer"].([]any)) > 0 })
}

// isLimited tells whether the limits count what is at a path.
func isLimited(path string) bool {
	return strings.HasPrefix(path, "/v1/") || strings.HasPrefix(path, "/v0/")
}

func TestOpenAPIForm(t *testing.T) {
	c := newClient(t)
	doc := document(t, c)
	if version, _ := doc["openapi"].(string); !strings.HasPrefix(version, "3.1.") {
		t.Errorf("the version is %q", version)
	}
	if got := doc["servers"].([]any)[0].(object)["url"]; got != c.base {
		t.Errorf("the server is %v, want %s", got, c.base)
	}
	refs := make(map[string]bool)
	var walk func(v any)
	walk = func(v any) {
		switch v := v.(type) {
		case []any:
			for _, e := range v {
				walk(e)
			}
		case object:
			if ref, ok := v["$ref"].(string); ok {
				refs[ref] = true
				if len(v) > 1 {
					t.Errorf("members beside $ref are ignored by many: %v", v)
				}
				resolve(t, doc, v)
			}
			for _, m := range v {
				walk(m)
			}
		}
	}
	walk(doc)
	for kind, all := range doc["components"].(object) {
		for name := range all.(object) {
			if kind != "securitySchemes" && !refs["#/components/"+kind+"/"+name] {
				t.Errorf("nothing refers to components/%s/%s", kind, name)
			}
		}
	}
	ids := make(map[string]bool)
	schemes := make(map[string]bool)
	tags := make(map[string]bool)
	for _, tag := range doc["tags"].([]any) {
		tags[tag.(object)["name"].(string)] = true
	}
	for _, op := range operations(t, doc) {
		id, _ := op.object["operationId"].(string)
		if id == "" || ids[id] {
			t.Errorf("%s %s: the operationId %q is empty, or another's", op.method, op.path, id)
		}
		ids[id] = true
		if _, says := op.object["security"].([]any); !says {
			t.Errorf("%s does not say who may", id)
			continue
		}
		for _, s := range op.security() {
			for name := range s {
				schemes[name] = true
			}
		}
		for _, tag := range op.object["tags"].([]any) {
			if !tags[tag.(string)] {
				t.Errorf("%s: the tag %v is not explained", id, tag)
			}
		}
		inPath := strings.Count(op.path, "{")
		item := doc["paths"].(object)[op.path].(object)
		for _, list := range []any{item["parameters"], op.object["parameters"]} {
			all, _ := list.([]any)
			for _, p := range all {
				if p := resolve(t, doc, p); p["in"] == "path" {
					inPath--
					if p["required"] != true || !strings.Contains(op.path, "{"+p["name"].(string)+"}") {
						t.Errorf("%s: the parameter %v", id, p)
					}
				}
			}
		}
		if inPath != 0 {
			t.Errorf("%s: a part of %s is not explained", id, op.path)
		}
	}
	for name := range doc["components"].(object)["securitySchemes"].(object) {
		if !schemes[name] {
			t.Errorf("no operation takes %s", name)
		}
		delete(schemes, name)
	}
	if len(schemes) > 0 {
		t.Errorf("the schemes %v are not explained", schemes)
	}
}

func TestOpenAPIAnswers(t *testing.T) {
	doc := document(t, newClient(t))
	for _, op := range operations(t, doc) {
		name := op.method + " " + op.path
		clientErrors := 0
		for status, r := range op.responses() {
			r := resolve(t, doc, r)
			if r["description"] == nil || r["description"] == "" {
				t.Errorf("%s: %s has no description", name, status)
			}
			headers, _ := r["headers"].(object)
			fields := []string{"X-Request-Id"}
			if isLimited(op.path) {
				fields = []string{"X-Request-Id", "RateLimit", "RateLimit-Policy"}
			}
			for _, field := range fields {
				if headers[field] == nil {
					t.Errorf("%s: %s has no %s", name, status, field)
				}
			}
			if status < "400" {
				continue
			}
			if status < "500" {
				clientErrors++
			}
			content, _ := r["content"].(object)
			if content["application/problem+json"] == nil || len(content) != 1 {
				t.Errorf("%s: %s is no problem", name, status)
			}
			for _, field := range slices.Concat([]string{"Cache-Control", "X-Content-Type-Options"}, map[string][]string{
				"401": {"WWW-Authenticate"}, "405": {"Allow"}, "415": {"Accept", "Accept-Encoding"}, "416": {"Content-Range"}, "429": {"Retry-After"}, "503": {"Retry-After"},
			}[status]) {
				if headers[field] == nil {
					t.Errorf("%s: %s has no %s", name, status, field)
				}
			}
		}
		if clientErrors == 0 {
			t.Errorf("%s has no 4xx", name)
		}
		for _, status := range []string{"400", "401", "503"} {
			if op.responses()[status] == nil && len(op.security()) > 0 {
				t.Errorf("%s takes credentials, and has no %s", name, status)
			}
		}
		if has := op.responses()["403"] != nil; has != op.needsScope() {
			t.Errorf("%s: it has a 403: %v, and needs a scope: %v", name, has, op.needsScope())
		}
		if has := op.responses()["429"] != nil; has != isLimited(op.path) {
			t.Errorf("%s: it has a 429: %v", name, has)
		}
		if op.responses()["401"] != nil && len(op.security()) == 0 {
			t.Errorf("%s is open, and has a 401", name)
		}
	}
}

// Orders are below /v0 as they are below /v1.
func TestOpenAPIOfV0(t *testing.T) {
	doc := document(t, newClient(t))
	all := make(map[string]object)
	for _, op := range operations(t, doc) {
		all[op.method+op.path] = op.object
		if _, old := strings.CutPrefix(op.path, "/v0/"); old && op.object["deprecated"] != true {
			t.Errorf("%s %s is not deprecated", op.method, op.path)
		}
	}
	for key, op := range all {
		if !strings.Contains(key, "/orders") {
			continue
		}
		for _, other := range []string{strings.Replace(key, "/v0/", "/v1/", 1), strings.Replace(key, "/v1/", "/v0/", 1)} {
			for _, part := range []string{"summary", "security", "parameters", "requestBody", "responses"} {
				if !reflect.DeepEqual(op[part], all[other][part]) {
					t.Errorf("%s and %s have other %s", key, other, part)
				}
			}
		}
	}
}

// The paths of the document are there, for the methods of the document.
func TestOpenAPIPaths(t *testing.T) {
	c := newClient(t)
	doc := document(t, c)
	for path := range doc["paths"].(object) {
		path = strings.NewReplacer("{id}", "1", "{rest}", "1", "{name}", "x").Replace(path)
		var want []string
		for _, op := range operations(t, doc) { // of all that fit: latest may be an id, too
			if _, ok := fits(op.path, path); ok && !slices.Contains(want, op.method) {
				want = append(want, op.method)
			}
		}
		if slices.Contains(want, "GET") {
			want = append(want, "HEAD")
		}
		want = append(want, "OPTIONS")
		slices.Sort(want)
		for method, status := range map[string]int{"TRACE": 405, "BREW": 501, "OPTIONS": 204} {
			res := c.do(method, path, "", "Authorization", "")
			if got := res.Header.Get("Allow"); res.StatusCode != status || got != strings.Join(want, ", ") {
				t.Errorf("%s %s: %d with Allow: %s, want %d with %v", method, path, res.StatusCode, got, status, want)
			}
		}
	}
}

// find returns the operation for a request.
func find(t *testing.T, doc object, method, target string) (op operation, key string) {
	t.Helper()
	path, _, _ := strings.Cut(target, "?")
	best := -1
	for _, o := range operations(t, doc) {
		if exact, ok := fits(o.path, path); ok && o.method == method && exact > best {
			best, op = exact, o
		}
	}
	if best < 0 {
		t.Fatalf("the document has no %s %s", method, path)
	}
	return op, op.method + " " + op.path
}

// fits tells whether a path is one of a template, and in how many segments they
// are the same.
func fits(template, path string) (exact int, ok bool) {
	t, p := strings.Split(template, "/"), strings.Split(path, "/")
	if len(t) != len(p) && (len(t) > len(p) || t[len(t)-1] != "{rest}") {
		return 0, false
	}
	for i := range t {
		switch {
		case t[i] == p[i]:
			exact++
		case !strings.HasPrefix(t[i], "{"):
			return 0, false
		}
	}
	return exact, true
}

func TestOpenAPIHandler(t *testing.T) {
	c := newClient(t)
	res := c.do("GET", "/openapi.json", "", "Authorization", "")
	for name, want := range map[string]string{"Content-Type": "application/json", "Cache-Control": "public, max-age=3600"} {
		if got := res.Header.Get(name); got != want {
			t.Errorf("%s is %q, want %q", name, got, want)
		}
	}
	again := c.do("GET", "/openapi.json", "", "If-None-Match", res.Header.Get("ETag"))
	if again.StatusCode != http.StatusNotModified || len(again.body) > 0 {
		t.Errorf("RFC 9110 §13.1.2: %d", again.StatusCode)
	}
	for _, url := range []string{"https://api.example.com", `https://x/"<>\`, ""} {
		h, err := openAPI(url)
		if err != nil || h == nil {
			t.Errorf("%q: %v", url, err)
		}
	}
	if other := newClient(t).do("GET", "/openapi.json", ""); other.Header.Get("ETag") == res.Header.Get("ETag") {
		t.Error("RFC 9110 §8.8.3: documents with another URL have the same entity tag")
	}
}
