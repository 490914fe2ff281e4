package main

import (
	"strings"
	"sync"
	"testing"
)

func TestContractPut(t *testing.T) {
	c := newClient(t)
	path := c.create("put")
	c.create("taken")
	etag := c.do("GET", path, "").Header.Get("ETag")
	for _, row := range []struct {
		name, body string
		header     []string
		status     int
	}{
		{"RFC 6585 §3 without If-Match", order("put"), nil, 428},
		{"RFC 9110 §13.1.1 stale", order("put"), []string{"If-Match", `"v0"`}, 412},
		{"RFC 9110 §13.1.1 weak", order("put"), []string{"If-Match", "W/" + etag}, 412},
		{"415 before 428", "x", []string{"Content-Type", "text/plain"}, 415},
		{"413 before 428", `{"note":"` + strings.Repeat("x", 70000) + `"}`, nil, 413},
		{"412 before 400", "{", []string{"If-Match", `"v0"`}, 412},
		{"428 before 400, without content", "", nil, 428},
		{"412 before 400, without content", "", []string{"If-Match", `"v0"`}, 412},
		{"406 before 415", "x", []string{"Accept", "text/csv", "Content-Type", "text/plain"}, 406},
		{"400", "{", []string{"If-Match", etag}, 400},
		{"422", strings.Replace(order("put"), "EUR", "EUX", 1), []string{"If-Match", etag}, 422},
		{"another's reference", order("taken"), []string{"If-Match", etag}, 409},
		{"*", order("put"), []string{"If-Match", "*"}, 200},
	} {
		t.Run(row.name, func(t *testing.T) {
			c := c.with(t)
			res := c.do("PUT", path, row.body, row.header...)
			if res.StatusCode != row.status {
				t.Fatalf("the status is %d, want %d: %s", res.StatusCode, row.status, res.body)
			}
			if row.status == 200 && (res.Header.Get("ETag") == "" || res.Header.Get("ETag") == etag) {
				t.Errorf("the new ETag is %q", res.Header.Get("ETag"))
			}
		})
	}
	got := c.do("GET", path, "")
	if res := c.do("PUT", path, string(got.body), "If-Match", got.Header.Get("ETag")); res.StatusCode != 200 {
		t.Errorf("what GET answered is refused by PUT: %d %s", res.StatusCode, res.body)
	}
	if res := c.do("PUT", "/v1/orders/unknown", order("x"), "Accept", "text/csv"); res.StatusCode != 404 {
		t.Errorf("an unknown order is %d, want 404", res.StatusCode)
	}
}

func TestContractPatch(t *testing.T) {
	c := newClient(t)
	path := c.create("patch")
	etag := c.do("GET", path, "").Header.Get("ETag")
	merge := []string{"Content-Type", "application/merge-patch+json"}
	match := append([]string{"If-Match", etag}, merge...)
	for _, row := range []struct {
		name, body string
		header     []string
		status     int
	}{
		{"RFC 5789 §3.1 another type", `{"note":"x"}`, []string{"If-Match", etag}, 415},
		{"without If-Match", `{"note":"x"}`, merge, 428},
		{"broken", `{"note":`, match, 400},
		{"RFC 5789 §2.2 a required member removed", `{"reference":null}`, match, 422},
		{"RFC 5789 §2.2 a rule", `{"currency":"EUX"}`, match, 422},
		{"RFC 5789 §2.2 what is not the client's", `{"total":"1.00"}`, match, 422},
		{"another total", `{"items":[{"sku":"AB-123","quantity":4,"unit_price":"12.50"}]}`, match, 200},
		{"stale by now", `{"note":"x"}`, match, 412},
	} {
		t.Run(row.name, func(t *testing.T) {
			c := c.with(t)
			res := c.do("PATCH", path, row.body, row.header...)
			if res.StatusCode != row.status {
				t.Fatalf("the status is %d, want %d: %s", res.StatusCode, row.status, res.body)
			}
			if row.status == 415 && res.Header.Get("Accept-Patch") != "application/merge-patch+json" {
				t.Errorf("Accept-Patch is %q", res.Header.Get("Accept-Patch"))
			}
			if row.status == 200 && res.json(t)["total"] != "50.00" {
				t.Errorf("the total is %v", res.json(t)["total"])
			}
		})
	}
}

func TestContractDelete(t *testing.T) {
	c := newClient(t)
	path := c.create("delete")
	etag := c.do("GET", path, "").Header.Get("ETag")
	if res := c.do("DELETE", path, "", "If-Match", `"v0"`); res.StatusCode != 412 {
		t.Errorf("a stale DELETE is %d, want 412", res.StatusCode)
	}
	if res := c.do("DELETE", path, "", "If-Match", etag); res.StatusCode != 204 {
		t.Errorf("DELETE is %d, want 204", res.StatusCode)
	}
	for _, method := range []string{"GET", "PUT", "PATCH", "DELETE"} {
		if res := c.do(method, path, ""); res.StatusCode != 410 {
			t.Errorf("%s of a deleted order is %d, want 410", method, res.StatusCode)
		}
	}
}

func TestContractPrefer(t *testing.T) {
	c := newClient(t)
	minimal := []string{"Prefer", "return=minimal"}
	created := c.do("POST", "/v1/orders", order("minimal"), minimal...)
	path := created.Header.Get("Location")
	put := c.do("PUT", path, order("minimal"), append([]string{"If-Match", created.Header.Get("ETag")}, minimal...)...)
	patch := c.do("PATCH", path, `{"note":"x"}`, append([]string{"If-Match", put.Header.Get("ETag"), "Content-Type", "application/merge-patch+json"}, minimal...)...)
	for _, row := range []struct {
		name string
		res  exchange
		want int
	}{{"POST", created, 201}, {"PUT", put, 204}, {"PATCH", patch, 204}} {
		h := row.res.Header
		if row.res.StatusCode != row.want || len(row.res.body) > 0 || h.Get("Preference-Applied") != "return=minimal" || h.Get("ETag") == "" {
			t.Errorf("RFC 7240 §4.2 %s: %d %q, Preference-Applied %q, ETag %q", row.name, row.res.StatusCode, row.res.body, h.Get("Preference-Applied"), h.Get("ETag"))
		}
	}
	if res := c.do("POST", "/v1/orders", order("full"), "Prefer", "return=representation"); len(res.body) == 0 || res.Header.Get("Preference-Applied") != "return=representation" || !strings.Contains(res.Header.Get("Vary"), "Prefer") {
		t.Errorf("RFC 7240 §2, §4.2: %d %q %v", res.StatusCode, res.body, res.Header)
	}
}

func TestContractPayment(t *testing.T) {
	c := newClient(t)
	path := c.create("payment")
	short := c.do("POST", path+"/payment", `{"amount":"24.99"}`)
	if p := short.json(t); short.StatusCode != 409 || !strings.HasSuffix(p["type"].(string), "/problems/out-of-credit") || p["balance"] != "24.99" || p["cost"] != "25.00" {
		t.Errorf("too little: %d %s", short.StatusCode, short.body)
	}
	if res := c.do("POST", path+"/payment", `{"amount":"25.00"}`); res.StatusCode != 303 || res.Header.Get("Location") != path {
		t.Errorf("RFC 9110 §15.4.4: %d to %q", res.StatusCode, res.Header.Get("Location"))
	}
	if got := c.do("GET", path, "").json(t)["status"]; got != "paid" {
		t.Errorf("the status of a paid order is %v", got)
	}
	for body, status := range map[string]int{`{}`: 400, `{"amount":25}`: 400, `{"amount":"0"}`: 422, `{"amount":"x"}`: 422} {
		if res := c.do("POST", path+"/payment", body); res.StatusCode != status {
			t.Errorf("%s: %d, want %d", body, res.StatusCode, status)
		}
	}
}

// Of many who change what they have all read, one wins.
func TestContractLostUpdate(t *testing.T) {
	c := newClient(t)
	path := c.create("race")
	etag := c.do("GET", path, "").Header.Get("ETag")
	statuses := make([]int, 32)
	var all sync.WaitGroup
	for i := range statuses {
		all.Go(func() { statuses[i] = c.do("PUT", path, order("race"), "If-Match", etag).StatusCode })
	}
	all.Wait()
	won := 0
	for _, status := range statuses {
		switch status {
		case 200:
			won++
		case 412:
		default:
			t.Errorf("a status is %d", status)
		}
	}
	if won != 1 {
		t.Errorf("%d of 32 writers won, want 1", won)
	}
}
