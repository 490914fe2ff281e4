package problem

import (
	"crypto/rand"
	"encoding/hex"
)

// newInstance returns a random URN of RFC 9562 §5.4 (UUID version 4).
func newInstance() string {
	var id [16]byte
	rand.Read(id[:]) // never fails
	id[6] = id[6]&0x0f | 0x40
	id[8] = id[8]&0x3f | 0x80
	urn := make([]byte, 0, 45)
	urn = append(urn, "urn:uuid:"...)
	for i, n := range [...]int{4, 6, 8, 10, 16} {
		if i > 0 {
			urn = append(urn, '-')
		}
		urn = hex.AppendEncode(urn, id[[...]int{0, 4, 6, 8, 10}[i]:n])
	}
	return string(urn)
}
