package main

import (
	"context"
	"io"
	"net/http"
	"runtime"
	"strings"
	"sync"
	"testing"
	"time"
)

// credentials tries bad ones on each operation that takes any.
func (w *witness) credentials(t *testing.T) {
	good := w.client.token(bothScopes)
	for _, op := range operations(t, w.doc) {
		if len(op.security()) == 0 {
			continue
		}
		path := strings.Replace(op.path, "{id}", "unknown", 1)
		w.check(t, op.method, path, "", nobody...)
		w.check(t, op.method, path+"?access_token="+good, "", nobody...)
		w.check(t, op.method, path+"?access_token="+good, "", "Authorization", "Bearer "+good)
		for _, credentials := range []string{"Bearer", "Bearer a.b.c", "Basic ***", "Basic YW5hOng=", "Digest a=b"} {
			w.check(t, op.method, path, "", "Authorization", credentials)
		}
		for _, members := range []string{
			``, `,"ttl":"-1s"`, `,"not_before":"1h"`, `,"audience":"x"`, `,"issuer":"x"`, `,"typ":"JWT"`, `,"key":"retired"`, `,"key":"unknown"`,
			`,"auth_age":"10m"`, bothScopes + `,"auth_age":"10m"`,
		} {
			w.check(t, op.method, path, "", "Authorization", "Bearer "+w.client.token(members))
		}
	}
}

// flood sends more passwords than the service checks at once or lets wait, to each
// operation that takes any, until each has said that it cannot check them.
func (w *witness) flood(t *testing.T) {
	before := runtime.GOMAXPROCS(1) // that many are checked at once
	w.client = newClientWith(t, serviceOptions{Limits: plentiful(t)})
	runtime.GOMAXPROCS(before)
	type refusal struct {
		method, path string
		exchange
	}
	left := make(map[string]bool)
	var all []operation
	for _, op := range operations(t, w.doc) {
		if len(op.security()) > 0 {
			all = append(all, op)
			left[op.method+" "+op.path] = true
		}
	}
	const many = 100
	transport := &http.Transport{MaxIdleConnsPerHost: many}
	ctx, stop := context.WithTimeout(t.Context(), time.Minute)
	refusals := make(chan refusal)
	var flooders sync.WaitGroup
	defer func() {
		stop()
		flooders.Wait()
		transport.CloseIdleConnections()
	}()
	for i := range many {
		flooders.Go(func() {
			for i := i; ctx.Err() == nil; i++ {
				op := all[i%len(all)]
				path := strings.Replace(op.path, "{id}", "unknown", 1)
				r, _ := http.NewRequestWithContext(ctx, op.method, w.client.base+path, nil)
				r.SetBasicAuth("bob", "")
				res, err := transport.RoundTrip(r)
				if err != nil {
					continue
				}
				body, _ := io.ReadAll(res.Body)
				res.Body.Close()
				if res.StatusCode != http.StatusServiceUnavailable {
					continue
				}
				select {
				case refusals <- refusal{op.method, path, exchange{res, body}}:
				case <-ctx.Done():
				}
			}
		})
	}
	for len(left) > 0 {
		select {
		case r := <-refusals:
			_, key := find(t, w.doc, r.method, r.path)
			delete(left, key)
			w.hold(t, r.method, r.path, "", r.exchange)
		case <-ctx.Done():
			t.Fatalf("never a 503: %v", left)
		}
	}
}
