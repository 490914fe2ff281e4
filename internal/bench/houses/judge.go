package houses

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"log"
	"net"
	"net/http"
	"strings"
	"time"

	"github.com/forthright-http/forthright/respond/conform"
)

// Verdict is a finding in what a house answered.
type Verdict struct {
	Ask    Ask
	Status int
	conform.Finding
}

// Judge serves the house over HTTP, asks, and returns what c finds, in the
// order of the asks; how many there were; and the asks without an answer.
func Judge(ctx context.Context, h House, c *conform.Checker) (found []Verdict, asked int, silent []Ask, err error) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return nil, 0, nil, err
	}
	srv := &http.Server{Handler: h.Handler, ErrorLog: log.New(io.Discard, "", 0), ReadHeaderTimeout: 10 * time.Second}
	go func() { _ = srv.Serve(l) }()
	defer srv.Close()
	plain := map[string]conform.Exchange{} // the GETs, by path, for the rules of pairs
	for _, a := range h.Asks {
		x, err := a.send(ctx, l.Addr().String())
		if err != nil {
			silent = append(silent, a)
			continue
		}
		asked++
		all := c.Exchange(x)
		path := x.Request.URL.Path
		if base, ok := plain[path]; ok && a.Raw == "" {
			all = append(all, c.Compare(base, x)...)
		} else if a.Method == http.MethodGet && len(a.Header) == 0 {
			plain[path] = x
		}
		for _, f := range all {
			found = append(found, Verdict{a, x.Response.StatusCode, f})
		}
	}
	return found, asked, silent, nil
}

var transport = &http.Transport{DisableCompression: true, DisableKeepAlives: true}

// send sends a, and follows no redirect.
func (a Ask) send(ctx context.Context, addr string) (conform.Exchange, error) {
	ctx, cancel := context.WithTimeout(ctx, 10*time.Second)
	defer cancel()
	if a.Raw != "" {
		return a.sendRaw(ctx, addr)
	}
	var body io.Reader
	if a.Body != "" {
		body = strings.NewReader(a.Body)
	}
	req, err := http.NewRequestWithContext(ctx, a.Method, "http://"+addr+a.Path, body)
	if err != nil {
		return conform.Exchange{}, err
	}
	for _, line := range a.Header {
		name, value, _ := strings.Cut(line, ": ")
		req.Header.Add(name, value)
	}
	res, err := transport.RoundTrip(req)
	if err != nil {
		return conform.Exchange{}, err
	}
	return read(req, res)
}

func (a Ask) sendRaw(ctx context.Context, addr string) (conform.Exchange, error) {
	conn, err := new(net.Dialer).DialContext(ctx, "tcp", addr)
	if err != nil {
		return conform.Exchange{}, err
	}
	defer conn.Close()
	go func() { _, _ = io.WriteString(conn, a.Raw) }() // the server may answer before it has read all
	line, fields, _ := strings.Cut(a.Raw, "\r\n")
	var method, target string
	if _, err := fmt.Sscan(line, &method, &target); err != nil {
		return conform.Exchange{}, err
	}
	req, err := http.NewRequestWithContext(ctx, method, "http://"+addr, nil)
	if err != nil {
		return conform.Exchange{}, err
	}
	req.RequestURI = target
	for field := range strings.SplitSeq(fields, "\r\n") {
		if name, value, ok := strings.Cut(field, ": "); ok {
			req.Header.Add(name, value)
		}
	}
	res, err := http.ReadResponse(bufio.NewReader(conn), req)
	if err != nil {
		return conform.Exchange{}, err
	}
	return read(req, res)
}

func read(req *http.Request, res *http.Response) (conform.Exchange, error) {
	defer res.Body.Close()
	body, err := io.ReadAll(res.Body)
	return conform.Exchange{Request: req, Response: res, Body: body, Truncated: err != nil}, nil
}
