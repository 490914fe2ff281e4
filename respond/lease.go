package respond

import (
	"errors"
	"io"
	"net/http"
	"sync"
	"sync/atomic"
	"time"
)

// lease is the content of a request that can be taken back from its reader.
// net/http wants no read to begin or go on once its handler has returned, and
// holds an HTTP/1.1 answer back while a read waits.
type lease struct {
	mu      sync.Mutex // held while the body is in use
	body    io.ReadCloser
	revoked atomic.Bool
}

var errRevoked = errors.New("respond: the request has been answered; its content cannot be read any more")

// Read reads the content, and fails once the lease was revoked.
func (l *lease) Read(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.revoked.Load() {
		return 0, errRevoked
	}
	return l.body.Read(p)
}

// Close closes the content, unless the lease was revoked: then it is the
// server's.
func (l *lease) Close() error {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.revoked.Load() {
		return nil
	}
	return l.body.Close()
}

// revoke returns when the body is not in use, and will not be.
func (l *lease) revoke(w http.ResponseWriter) {
	l.revoked.Store(true)
	if !l.mu.TryLock() {
		// A deadline in the past wakes who waits in a read; the server sets
		// another one for its next request.
		_ = http.NewResponseController(w).SetReadDeadline(time.Unix(1, 0))
		l.mu.Lock()
	}
	l.mu.Unlock()
}
