package main

import (
	"bytes"
	"context"
	"encoding/json"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"os"
	"slices"
	"strings"
	"sync"
	"testing"
)

// client talks to the service over a real server.
type client struct {
	t    *testing.T
	base string
	logs *logBuffer
}

// logBuffer is a bytes.Buffer for several goroutines.
type logBuffer struct {
	mu sync.Mutex
	b  bytes.Buffer
}

func (l *logBuffer) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.Write(p)
}

func (l *logBuffer) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.String()
}

func newClient(t *testing.T) *client {
	t.Helper()
	return newClientWith(t, serviceOptions{})
}

// newClientWith starts a service with the checker inside: what it finds fails the
// test.
func newClientWith(t *testing.T, o serviceOptions) *client {
	t.Helper()
	var logs logBuffer
	server := httptest.NewUnstartedServer(nil)
	o.Logger, o.Check = slog.New(slog.NewJSONHandler(&logs, nil)), true
	if o.PublicURL == "" {
		o.PublicURL = "http://" + server.Listener.Addr().String()
	}
	if o.Backend == nil && os.Getenv(contractOnPostgres) == "1" {
		o = onPostgres(t, postgresURL(t), o)
	}
	svc, err := newService(o)
	if err != nil {
		t.Fatal(err)
	}
	server.Config.Handler = svc.handler
	server.Start()
	ctx, stop := context.WithCancel(context.Background())
	worked := make(chan error, 1)
	go func() { worked <- svc.jobs.Run(ctx) }()
	t.Cleanup(func() {
		stop()
		if err := <-worked; err != nil {
			t.Error(err)
		}
		server.Close()
		for line := range strings.Lines(logs.String()) {
			if strings.Contains(line, `"msg":"conform"`) && !strings.Contains(line, "/demo/teapot") {
				t.Errorf("an answer breaks a rule: %s", line)
			}
		}
	})
	return &client{t, server.URL, &logs}
}

// with is the client for a subtest.
func (c *client) with(t *testing.T) *client { return &client{t, c.base, c.logs} }

// exchange is an answer with its body.
type exchange struct {
	*http.Response
	body []byte
}

func (e exchange) json(t *testing.T) map[string]any {
	t.Helper()
	var v map[string]any
	if err := json.Unmarshal(e.body, &v); err != nil {
		t.Fatalf("the body is not a JSON object: %v: %s", err, e.body)
	}
	return v
}

// do sends a request as ana; header holds names and values in turn, and an
// empty value removes the field.
func (c *client) do(method, path, body string, header ...string) exchange {
	c.t.Helper()
	r, err := http.NewRequestWithContext(c.t.Context(), method, c.base+path, strings.NewReader(body))
	if err != nil {
		c.t.Fatal(err)
	}
	r.SetBasicAuth(demoUser, demoPassword)
	if body != "" {
		r.Header.Set("Content-Type", "application/json")
	}
	for i := 0; i < len(header); i += 2 {
		if r.Header.Set(header[i], header[i+1]); header[i+1] == "" {
			r.Header.Del(header[i])
		}
	}
	res, err := http.DefaultTransport.RoundTrip(r)
	if err != nil {
		c.t.Fatalf("%s %s: %v", method, path, err)
	}
	defer res.Body.Close()
	content, err := io.ReadAll(res.Body)
	if err != nil {
		c.t.Fatalf("%s %s: %v", method, path, err)
	}
	return exchange{res, content}
}

func order(reference string) string {
	return strings.Replace(demoOrder, "web-1", reference, 1)
}

// create makes an order and returns its path.
func (c *client) create(reference string) string {
	c.t.Helper()
	res := c.do("POST", "/v1/orders", order(reference))
	if res.StatusCode != http.StatusCreated {
		c.t.Fatalf("an order cannot be created: %d %s", res.StatusCode, res.body)
	}
	return res.Header.Get("Location")
}

func TestContractOfAnOrder(t *testing.T) {
	c := newClient(t)
	in := `{"reference":"web-1","customer":"ana@example.com","currency":"EUR","items":[{"sku":"AB-123","quantity":2,"unit_price":"12.50"}],"deliver_after":"2027-01-04","deliver_before":"2027-01-08","note":"optional"}`
	created := c.do("POST", "/v1/orders", in)
	if created.StatusCode != http.StatusCreated {
		t.Fatalf("POST: %d %s", created.StatusCode, created.body)
	}
	path := created.Header.Get("Location")
	got := created.json(t)
	var want map[string]any
	if err := json.Unmarshal([]byte(in), &want); err != nil {
		t.Fatal(err)
	}
	want["id"], want["status"], want["total"] = strings.TrimPrefix(path, "/v1/orders/"), "open", "25.00"
	for name, value := range want {
		a, _ := json.Marshal(value)
		b, _ := json.Marshal(got[name])
		if !bytes.Equal(a, b) {
			t.Errorf("%s is %s, want %s", name, b, a)
		}
	}
	if got["created_at"] == nil || got["updated_at"] == nil {
		t.Errorf("the times are missing: %s", created.body)
	}
	read := c.do("GET", path, "")
	if read.StatusCode != http.StatusOK || !bytes.Equal(read.body, created.body) {
		t.Errorf("GET: %d %s, want 200 and what POST answered", read.StatusCode, read.body)
	}
	for _, name := range []string{"ETag", "Last-Modified"} {
		if read.Header.Get(name) == "" || read.Header.Get(name) != created.Header.Get(name) {
			t.Errorf("%s is %q on GET and %q on POST", name, read.Header.Get(name), created.Header.Get(name))
		}
	}
	head := c.do("HEAD", path, "")
	for _, name := range []string{"ETag", "Last-Modified", "Content-Type", "Content-Length", "Cache-Control"} {
		if head.Header.Get(name) != read.Header.Get(name) {
			t.Errorf("RFC 9110 §9.3.2: %s is %q on HEAD and %q on GET", name, head.Header.Get(name), read.Header.Get(name))
		}
	}
	if len(head.body) > 0 {
		t.Error("RFC 9110 §9.3.2: HEAD has a body")
	}
}

func TestContractStatuses(t *testing.T) {
	c := newClient(t)
	there := c.create("there")
	deleted := c.create("deleted")
	if res := c.do("DELETE", deleted, ""); res.StatusCode != http.StatusNoContent || len(res.body) > 0 {
		t.Fatalf("DELETE: %d %s", res.StatusCode, res.body)
	}
	text := []string{"Content-Type", "text/plain"}
	nobody := []string{"Authorization", ""}
	for _, row := range []struct {
		name, method, path, body string
		header                   []string
		status                   int
		field, value             string // one that must be there; an empty value is any
	}{
		{"a deleted order", "GET", deleted, "", nil, 410, "", ""},
		{"deleting it again", "DELETE", deleted, "", nil, 410, "", ""},
		{"its reference is free again", "POST", "/v1/orders", order("deleted"), nil, 201, "Location", ""},
		{"the same reference", "POST", "/v1/orders", order("there"), nil, 409, "", ""},
		{"an unknown order", "GET", "/v1/orders/unknown", "", nil, 404, "", ""},
		{"an unknown path", "GET", "/nowhere", "", nil, 404, "", ""},
		{"an unknown path and method", "BREW", "/nowhere", "", nil, 404, "", ""},
		{"an unknown method", "BREW", there, "", nil, 501, "", ""},
		{"OPTIONS needs no credentials", "OPTIONS", there, "", nobody, 204, "Allow", ""},
		{"no credentials", "GET", there, "", nobody, 401, "Www-Authenticate", ""},
		{"a wrong password", "GET", there, "", []string{"Authorization", "Basic YW5hOng="}, 401, "Www-Authenticate", ""},
		{"no credentials and a bad body", "POST", "/v1/orders", "{", nobody, 401, "Www-Authenticate", ""},
		{"another method, without credentials", "TRACE", "/v1/orders", "", nobody, 405, "Allow", ""},
		{"a media type", "POST", "/v1/orders", "x", text, 415, "Accept-Post", "application/json"},
		{"a coding", "POST", "/v1/orders", "{}", []string{"Content-Encoding", "gzip"}, 415, "Accept-Encoding", "identity"},
		{"over 64 KiB", "POST", "/v1/orders", `{"note":"` + strings.Repeat("x", 64<<10) + `"}`, nil, 413, "", ""},
		{"no content", "POST", "/v1/orders", "", nil, 400, "", ""},
		{"syntax", "POST", "/v1/orders", `{"reference":`, nil, 400, "", ""},
		{"a panic", "GET", "/demo/panic", "", nil, 500, "", ""},
		{"health", "GET", "/healthz", "", nobody, 200, "Cache-Control", "no-store"},
		{"the console", "GET", "/", "", nobody, 200, "Content-Type", "text/html; charset=utf-8"},
		{"the catalogue", "GET", "/problems", "", nobody, 200, "Content-Type", "application/json"},
		{"the catalogue in a browser", "GET", "/problems", "", []string{"Accept", "text/html,*/*;q=0.8"}, 200, "Content-Type", "text/html; charset=utf-8"},
		{"a type", "GET", "/problems/reference-taken", "", nobody, 200, "", ""},
		{"an unknown type", "GET", "/problems/nothing", "", nobody, 404, "", ""},
	} {
		t.Run(row.name, func(t *testing.T) {
			c := c.with(t)
			res := c.do(row.method, row.path, row.body, row.header...)
			if res.StatusCode != row.status {
				t.Fatalf("the status is %d, want %d: %s", res.StatusCode, row.status, res.body)
			}
			if row.field != "" && (res.Header.Get(row.field) == "" || row.value != "" && res.Header.Get(row.field) != row.value) {
				t.Errorf("%s is %q, want %q", row.field, res.Header.Get(row.field), row.value)
			}
			if res.Header.Get("X-Request-Id") == "" {
				t.Error("there is no X-Request-Id")
			}
			if row.status < 400 {
				return
			}
			for name, want := range map[string]string{"Content-Type": "application/problem+json", "Cache-Control": "no-store", "X-Content-Type-Options": "nosniff"} {
				if got := res.Header.Get(name); got != want {
					t.Errorf("%s is %q, want %q", name, got, want)
				}
			}
			if got := res.json(t)["status"]; got != float64(row.status) {
				t.Errorf("RFC 9457 §3.1.2: the member status is %v", got)
			}
		})
	}
}

func TestContractRulesOfAnOrder(t *testing.T) {
	c := newClient(t)
	item := `{"sku":"AB-123","quantity":2,"unit_price":"12.50"}`
	for _, row := range []struct {
		name, old, new string // a change of the good order
		status         int
		errors         string // pointers and codes
	}{
		{"reference absent", `"reference":"REF",`, ``, 400, "#/reference required"},
		{"reference empty", `REF`, ``, 422, "#/reference required"},
		{"reference of 64 characters", `REF`, strings.Repeat("ä", 64), 201, ""},
		{"reference of 65 characters", `REF`, strings.Repeat("ä", 65), 422, "#/reference max"},
		{"reference null", `"REF"`, `null`, 400, "#/reference null"},
		{"customer absent", `"customer":"ana@example.com",`, ``, 400, "#/customer required"},
		{"customer no address", `ana@example.com`, `ana`, 422, "#/customer email"},
		{"currency absent", `"currency":"EUR",`, ``, 400, "#/currency required"},
		{"currency unknown", `EUR`, `EUX`, 422, "#/currency iso4217"},
		{"items absent", `,"items":[` + item + `]`, ``, 400, "#/items required"},
		{"items null", `[` + item + `]`, `null`, 400, "#/items null"},
		{"no items", item, ``, 422, "#/items min"},
		{"100 items", item, strings.Repeat(item+",", 99) + item, 201, ""},
		{"101 items", item, strings.Repeat(item+",", 100) + item, 422, "#/items max"},
		{"sku", `AB-123`, `ab-123`, 422, "#/items/0/sku sku"},
		{"sku absent", `"sku":"AB-123",`, ``, 400, "#/items/0/sku required"},
		{"quantity zero", `:2,`, `:0,`, 422, "#/items/0/quantity required"},
		{"quantity 1000", `:2,`, `:1000,`, 201, ""},
		{"quantity 1001", `:2,`, `:1001,`, 422, "#/items/0/quantity max"},
		{"quantity 2.0", `:2,`, `:2.0,`, 400, "#/items/0/quantity integer"},
		{"quantity a string", `:2,`, `:"2",`, 400, "#/items/0/quantity type"},
		{"unit_price a number", `"12.50"`, `12.50`, 400, "#/items/0/unit_price type"},
		{"unit_price of 3 decimals", `12.50`, `12.505`, 422, "#/items/0/unit_price format"},
		{"unit_price zero", `12.50`, `0.00`, 422, "#/items/0/unit_price required"},
		{"unit_price negative", `12.50`, `-1`, 422, "#/items/0/unit_price gt"},
		{"a day that is none", `"items"`, `"deliver_after":"2027-02-30","items"`, 422, "#/deliver_after format"},
		{"a range of days", `"items"`, `"deliver_after":"2027-01-08","deliver_before":"2027-01-08","items"`, 422, "#/deliver_before date_range"},
		{"an unknown member", `"items"`, `"colour":"red","items"`, 400, "#/colour unknown_member"},
		{"both kinds", `"REF","customer":"ana@example.com"`, `7,"customer":"x"`, 400, "#/reference type, #/customer email"},
	} {
		t.Run(row.name, func(t *testing.T) {
			c := c.with(t)
			reference := "ref-" + strings.ReplaceAll(row.name, " ", "-")
			body := order("REF")
			if !strings.Contains(body, row.old) {
				t.Fatalf("the order has no %s", row.old)
			}
			body = strings.Replace(strings.Replace(body, row.old, row.new, 1), "REF", reference, 1)
			res := c.do("POST", "/v1/orders", body)
			if res.StatusCode != row.status {
				t.Fatalf("the status is %d, want %d: %s", res.StatusCode, row.status, res.body)
			}
			var p struct {
				Errors []struct{ Pointer, Code string }
			}
			if err := json.Unmarshal(res.body, &p); err != nil {
				t.Fatal(err)
			}
			var got []string
			for _, e := range p.Errors {
				got = append(got, e.Pointer+" "+e.Code)
			}
			if strings.Join(got, ", ") != row.errors {
				t.Errorf("the errors are %q, want %q", got, row.errors)
			}
		})
	}
	for line := range strings.Lines(c.logs.String()) {
		if strings.Contains(line, `"level":"ERROR"`) {
			t.Errorf("a client's mistake was logged as an error: %s", line)
		}
	}
}

func TestInstanceIsInTheLog(t *testing.T) {
	c := newClient(t)
	res := c.do("GET", "/demo/panic", "")
	instance, _ := res.json(t)["instance"].(string)
	if !strings.HasPrefix(instance, "urn:uuid:") || !strings.Contains(c.logs.String(), instance) {
		t.Errorf("the instance %q is not in the log", instance)
	}
	if bytes.Contains(res.body, []byte("demonstration")) || bytes.Contains(res.body, []byte("goroutine")) {
		t.Errorf("the panic leaked: %s", res.body)
	}
}

func TestAllowTellsTheTruth(t *testing.T) {
	c := newClient(t)
	path := c.create("allow")
	allow := strings.Split(c.do("OPTIONS", path, "").Header.Get("Allow"), ", ")
	for _, method := range []string{"GET", "HEAD", "POST", "PUT", "PATCH", "OPTIONS", "DELETE"} {
		refused := c.do(method, path, "").StatusCode == http.StatusMethodNotAllowed
		if refused == slices.Contains(allow, method) {
			t.Errorf("%s: refused is %v, and Allow is %v", method, refused, allow)
		}
	}
}
