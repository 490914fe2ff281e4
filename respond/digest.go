package respond

import (
	"crypto/sha256"
	"encoding/base64"
	"io"
)

// ContentDigest adds Content-Digest with the SHA-256 of the content (RFC 9530
// §2), so that the client can tell that it arrived as it was sent. An answer
// without the whole content (to HEAD, a 206, a 304) has none.
func (s Response) ContentDigest() Response {
	s.digested = true
	return s
}

func digestField(sum [sha256.Size]byte) []string {
	return []string{"sha-256=:" + base64.StdEncoding.EncodeToString(sum[:]) + ":"}
}

// contentTag is a strong entity tag: it differs with every byte, and with the
// media type (RFC 9110 §8.8.3).
func contentTag(mediaType string, content []byte) string {
	hash := sha256.New()
	hash.Write([]byte(mediaType))
	hash.Write([]byte{0})
	hash.Write(content)
	return tagOf([sha256.Size]byte(hash.Sum(nil)))
}

func tagOf(sum [sha256.Size]byte) string {
	tag := append(make([]byte, 0, 24), '"')
	tag = base64.RawURLEncoding.AppendEncode(tag, sum[:16])
	return string(append(tag, '"'))
}

// sum hashes what is put before the content, and all of it.
func (b *blob) sum(before string) (sum [sha256.Size]byte, err error) {
	if _, err := b.content.Seek(0, io.SeekStart); err != nil {
		return sum, err
	}
	hash := sha256.New()
	_, _ = io.WriteString(hash, before)
	if _, err := io.Copy(hash, b.content); err != nil {
		return sum, err
	}
	hash.Sum(sum[:0])
	return sum, nil
}
