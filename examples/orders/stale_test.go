package main

import (
	"strings"
	"sync"
	"testing"
)

// A payment that names no state is not refused for a change of another.
func TestPaymentBesideAnotherChange(t *testing.T) {
	c := newClient(t)
	path := c.create("beside")
	statuses := make([]int, 64)
	var all sync.WaitGroup
	for i := range statuses {
		all.Go(func() {
			if i%2 == 0 {
				statuses[i] = c.do("POST", path+"/payment", `{"amount":"25.00"}`).StatusCode
			} else {
				statuses[i] = c.do("PUT", path, order("beside"), "If-Match", "*").StatusCode
			}
		})
	}
	all.Wait()
	for i, status := range statuses {
		if want := []int{303, 200}[i%2]; status != want {
			t.Errorf("request %d: %d, want %d", i, status, want)
		}
	}
}

// RFC 9110 §13.2.1: a payment may name the state that it is for.
func TestPaymentWithAPrecondition(t *testing.T) {
	c := newClient(t)
	path := c.create("guarded")
	if res := c.do("POST", path+"/payment", `{"amount":"25.00"}`, "If-Match", `"v0"`); res.StatusCode != 412 {
		t.Errorf("a stale payment is %d, want 412", res.StatusCode)
	}
	if got := c.do("GET", path, "").json(t)["status"]; got != "open" {
		t.Errorf("the order is %v after it", got)
	}
}

// The greatest order can be put back and paid.
func TestGreatestOrder(t *testing.T) {
	c := newClient(t)
	item := `{"sku":"AB-123","quantity":1000,"unit_price":"9999999999.99"}`
	body := strings.Replace(order("great"), `{"sku":"AB-123","quantity":2,"unit_price":"12.50"}`, strings.Repeat(item+",", 99)+item, 1)
	created := c.do("POST", "/v1/orders", body)
	if created.StatusCode != 201 {
		t.Fatalf("%d %s", created.StatusCode, created.body)
	}
	path := created.Header.Get("Location")
	if res := c.do("PUT", path, string(created.body), "If-Match", created.Header.Get("ETag")); res.StatusCode != 200 {
		t.Errorf("it cannot be put back: %d %s", res.StatusCode, res.body)
	}
	total := created.json(t)["total"].(string)
	if res := c.do("POST", path+"/payment", `{"amount":"`+total+`"}`); res.StatusCode != 303 {
		t.Errorf("it cannot be paid with %s: %d %s", total, res.StatusCode, res.body)
	}
	if res := c.do("POST", "/v1/orders", strings.Replace(order("more"), "12.50", "10000000000.00", 1)); res.StatusCode != 422 {
		t.Errorf("a greater price is %d, want 422", res.StatusCode)
	}
}

// RFC 9457 §3.1.1: the type of each problem leads to its page.
func TestTypesLeadToTheirPages(t *testing.T) {
	c := newClient(t)
	path := c.create("types")
	for _, res := range []exchange{
		c.do("POST", "/v1/orders", "{"),
		c.do("POST", "/v1/orders", strings.Replace(order("x"), "EUR", "EUX", 1)),
		c.do("POST", "/v1/orders", order("types")),
		c.do("POST", path+"/payment", `{"amount":"1"}`),
		c.do("PATCH", path, `{"reference":null}`, "If-Match", "*", "Content-Type", "application/merge-patch+json"),
	} {
		uri, _ := res.json(t)["type"].(string)
		if page := c.do("GET", strings.TrimPrefix(uri, c.base), ""); page.StatusCode != 200 {
			t.Errorf("the type %s leads to %d", uri, page.StatusCode)
		}
	}
}
