package authn_test

import (
	"crypto/tls"
	"net/http"
	"net/http/httptest"
	"net/url"
	"testing"

	"github.com/forthright-http/forthright/authn/authntest"
	"github.com/forthright-http/forthright/respond/conform/conformtest"
)

// tableServer is a server with TLS that asks for client certificates.
type tableServer struct {
	t       *testing.T
	w       *tableWorld
	url     *url.URL
	clients map[*tls.Certificate]*http.Client
}

func newTableServer(t *testing.T, w *tableWorld, h http.Handler) *tableServer {
	server := httptest.NewUnstartedServer(conformtest.Handler(t, h))
	server.TLS = w.CA().Server()
	server.StartTLS()
	t.Cleanup(server.Close)
	u, err := url.Parse(server.URL)
	if err != nil {
		t.Fatal(err)
	}
	return &tableServer{t, w, u, map[*tls.Certificate]*http.Client{}}
}

// sender sends the requests of a row, which are for a public host, to the server.
func (s *tableServer) sender(cert *tls.Certificate) authntest.Sender {
	client := s.clients[cert]
	if client == nil {
		config := s.w.CA().Config()
		if cert != nil {
			config = s.w.CA().Config(*cert)
		}
		transport := &http.Transport{TLSClientConfig: config}
		s.t.Cleanup(transport.CloseIdleConnections)
		client = &http.Client{Transport: transport}
		s.clients[cert] = client
	}
	return func(r *http.Request) (*http.Response, error) {
		out := r.Clone(r.Context())
		out.Host = r.URL.Host
		out.URL.Scheme, out.URL.Host = s.url.Scheme, s.url.Host
		return client.Do(out)
	}
}
