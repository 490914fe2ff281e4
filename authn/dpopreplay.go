package authn

import (
	"context"
	"crypto/sha256"
	"encoding/binary"
	"errors"
	"sync"
	"time"
)

// ReplayStore remembers which DPoP proofs were used (RFC 9449 §11.1). One in Redis
// is a SET with NX and an expiry.
type ReplayStore interface {
	// Add remembers key until the time, and reports whether it is new. Of several
	// calls with one key, at the same time and on several machines, one gets true.
	// An error answers 503: a proof that may have been used is not accepted.
	//
	// The key is a SHA-256 over the thumbprint of the proof's key, the URL and
	// the "jti": the RFC asks for an identifier that is unique in the context of
	// the URL, and other clients' identifiers are none of this one's. It is added
	// last, when all else about the proof holds.
	Add(ctx context.Context, key [32]byte, until time.Time) (fresh bool, err error)
}

// replayKey takes the normal form of the URL, so that another spelling of it is not
// another context.
func replayKey(thumbprint [32]byte, url, id string) [32]byte {
	b := make([]byte, 0, len(thumbprint)+8+len(url)+len(id))
	b = append(b, thumbprint[:]...)
	b = binary.BigEndian.AppendUint64(b, uint64(len(url)))
	b = append(b, url...)
	return sha256.Sum256(append(b, id...))
}

var errReplaysFull = errors.New("as many proofs are remembered as there is room for (DPoP.MaxReplays)")

// replays is the default ReplayStore. It drops what has ended, second by second,
// and nothing before that.
type replays struct {
	max int
	now func() time.Time

	mu    sync.Mutex
	live  map[[32]byte]struct{}
	ends  map[int64][][32]byte // by the second, in Unix time, after which they go
	swept int64                // the second of the last sweep
	last  int64                // the last second in ends
}

func newReplays(most int, now func() time.Time) *replays {
	return &replays{max: most, now: now, live: map[[32]byte]struct{}{}, ends: map[int64][][32]byte{}}
}

func (s *replays) Add(_ context.Context, key [32]byte, until time.Time) (bool, error) {
	now := s.now().Unix()
	s.mu.Lock()
	defer s.mu.Unlock()
	if now != s.swept {
		s.sweep(now)
	}
	if _, seen := s.live[key]; seen {
		return false, nil
	}
	if len(s.live) >= s.max {
		return false, errReplaysFull
	}
	s.live[key] = struct{}{}
	end := until.Unix()
	s.ends[end] = append(s.ends[end], key)
	s.last = max(s.last, end)
	return true, nil
}

// sweep costs a look at each second in which something ends, of which there are no
// more than a proof may be old. After a pause nothing is left, and the memory is given
// back.
func (s *replays) sweep(now int64) {
	s.swept = now
	if s.last < now {
		s.live, s.ends = map[[32]byte]struct{}{}, map[int64][][32]byte{}
		return
	}
	for end, keys := range s.ends {
		if end < now {
			for _, key := range keys {
				delete(s.live, key)
			}
			delete(s.ends, end)
		}
	}
}
