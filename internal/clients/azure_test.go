package clients_test

import (
	"bytes"
	"context"
	"encoding/json"
	"net"
	"net/http"
	"testing"

	"github.com/Azure/azure-sdk-for-go/sdk/azcore/policy"
	"github.com/Azure/azure-sdk-for-go/sdk/azcore/runtime"
	"github.com/Azure/azure-sdk-for-go/sdk/azcore/streaming"

	"github.com/forthright-http/forthright/async"
)

// state is what a client reads of a status document.
type state struct {
	Status           string `json:"status"`
	Result           report `json:"result"`
	ResourceLocation string `json:"resourceLocation"`
	Error            struct {
		Code string `json:"code"`
	} `json:"error"`
	Links struct {
		Self   string `json:"self"`
		Result string `json:"result"`
	} `json:"links"`
}

// azure is a client made of azcore, and the service that it talks to, in a bubble: their
// waits take no time, and are exact.
type azure struct {
	*service
	t    *testing.T
	pipe runtime.Pipeline
}

// newAzure makes both. A client may be kept from seeing a header field.
func newAzure(t *testing.T, unseen string, change func(*async.Options)) *azure {
	t.Helper()
	a := &azure{t: t, service: newService(t, "http://service.test", export, change)}
	lis := &pipes{conns: make(chan net.Conn), closed: make(chan struct{})}
	srv := &http.Server{Handler: a}
	served := make(chan error, 1)
	go func() { served <- srv.Serve(lis) }()
	wire := &http.Transport{DialContext: lis.dial}
	t.Cleanup(func() {
		wire.CloseIdleConnections()
		srv.Close()
		<-served
	})
	a.run(t)
	client := &http.Client{Transport: without{wire, unseen}}
	a.pipe = runtime.NewPipeline("clients", "v0.0.0", runtime.PipelineOptions{}, &policy.ClientOptions{Transport: client})
	return a
}

// without hides a header field of answers.
type without struct {
	http.RoundTripper
	field string
}

func (w without) RoundTrip(r *http.Request) (*http.Response, error) {
	res, err := w.RoundTripper.RoundTrip(r)
	if err == nil && w.field != "" {
		res.Header.Del(w.field)
	}
	return res, err
}

// do sends a request as the SDK's clients do.
func (a *azure) do(method, url string, in any, header ...string) *http.Response {
	a.t.Helper()
	req, err := runtime.NewRequest(context.Background(), method, url)
	if err != nil {
		a.t.Fatal(err)
	}
	for i := 0; i < len(header); i += 2 {
		req.Raw().Header.Set(header[i], header[i+1])
	}
	if in != nil {
		body, _ := json.Marshal(in)
		if err := req.SetBody(streaming.NopCloser(bytes.NewReader(body)), "application/json"); err != nil {
			a.t.Fatal(err)
		}
	}
	res, err := a.pipe.Do(req)
	if err != nil {
		a.t.Fatal(err)
	}
	return res
}

func (a *azure) submit(name string, header ...string) *http.Response {
	a.t.Helper()
	return a.do("POST", a.url+"/v1/exports", order{Name: name}, header...)
}

// poller is one that the SDK chooses by the answer.
func poller[T any](a *azure, res *http.Response, o *runtime.NewPollerOptions[T]) *runtime.Poller[T] {
	a.t.Helper()
	p, err := runtime.NewPoller(res, a.pipe, o)
	if err != nil {
		a.t.Fatal(err)
	}
	return p
}

// pipes joins a client and a server in memory.
type pipes struct {
	conns  chan net.Conn
	closed chan struct{}
}

func (p *pipes) dial(ctx context.Context, _, _ string) (net.Conn, error) {
	near, far := net.Pipe()
	select {
	case p.conns <- far:
		return near, nil
	case <-ctx.Done():
		return nil, ctx.Err()
	}
}

func (p *pipes) Accept() (net.Conn, error) {
	select {
	case conn := <-p.conns:
		return conn, nil
	case <-p.closed:
		return nil, net.ErrClosed
	}
}

func (p *pipes) Close() error   { close(p.closed); return nil }
func (p *pipes) Addr() net.Addr { return &net.TCPAddr{} }
