package ratelimit

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"hash"
	"sync"
)

// partitions makes the parameter "pk" of RateLimit.
type partitions struct{ pool sync.Pool }

type partitionHash struct {
	mac     hash.Hash
	in, sum []byte
}

// partitionBytes of a keyed hash tell a client's buckets apart, and no more.
const partitionBytes = 9

func newPartitions(secret []byte) *partitions {
	if len(secret) == 0 {
		return nil
	}
	return &partitions{sync.Pool{New: func() any { return &partitionHash{mac: hmac.New(sha256.New, secret)} }}}
}

// appendTo appends the parameter of a key: the first bytes of a keyed hash, as a
// Byte Sequence (RFC 9651 §3.3.5). Without a secret it appends nothing.
func (p *partitions) appendTo(line []byte, key string) []byte {
	if p == nil {
		return line
	}
	h := p.pool.Get().(*partitionHash)
	defer p.pool.Put(h)
	h.in = append(h.in[:0], key...)
	h.mac.Reset()
	h.mac.Write(h.in)
	h.sum = h.mac.Sum(h.sum[:0])
	line = append(line, ";pk=:"...)
	line = base64.StdEncoding.AppendEncode(line, h.sum[:partitionBytes])
	return append(line, ':')
}
