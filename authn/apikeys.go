package authn

import (
	"context"
	"crypto/rand"
	"crypto/sha256"
	"crypto/subtle"
	"encoding/base32"
	"encoding/binary"
	"encoding/hex"
	"errors"
	"fmt"
	"hash/crc32"
	"maps"
	"slices"
	"strings"
)

// NewAPIKey makes an API key of 130 random bits, and its hash as [APIKeys] and a
// store keep it: SHA-256 in lower-case hexadecimal. Show the key once, and keep the
// hash alone.
//
// A key is "acme_" and 33 characters of A-Z and 2-7 where the prefix is "acme". The
// last seven are a CRC-32 of the rest, by which [APIKey.Prefix] and scanners for
// leaked secrets tell a key from what looks like one. The prefix has 1 to 32
// letters, digits, "_" and "-".
func NewAPIKey(prefix string) (key, hash string, err error) {
	if err := checkAPIKeyPrefix(prefix); err != nil {
		return "", "", fmt.Errorf("authn: %w", err)
	}
	key = prefix + "_" + rand.Text()
	key += checkDigits(key)
	return key, hexHash(key), nil
}

// HashAPIKey makes the hash of a key that was not made by [NewAPIKey]. A key that
// does not have 22 to 512 visible characters of ASCII is an error. That the key
// was made at random, with 128 bits or more, is for the caller to know.
func HashAPIKey(key string) (string, error) {
	if !isAPIKey(key) {
		return "", fmt.Errorf("authn: the API key does not have %d to %d visible characters of ASCII", minAPIKey, maxAPIKey)
	}
	return hexHash(key), nil
}

func hexHash(key string) string {
	sum := sha256.Sum256([]byte(key))
	return hex.EncodeToString(sum[:])
}

// apiKeyRandom is the length of what rand.Text returns.
const apiKeyRandom = 26

var apiKeyDigits = base32.StdEncoding.WithPadding(base32.NoPadding)

func checkDigits(s string) string {
	return apiKeyDigits.EncodeToString(binary.BigEndian.AppendUint32(nil, crc32.ChecksumIEEE([]byte(s))))
}

// madeWithPrefix: the key is one of [NewAPIKey]. Nothing in this is secret.
func madeWithPrefix(key, prefix string) bool {
	rest, ok := strings.CutPrefix(key, prefix+"_")
	if !ok || len(rest) <= apiKeyRandom {
		return false
	}
	body := len(prefix) + 1 + apiKeyRandom
	return key[body:] == checkDigits(key[:body])
}

// APIKeys are keys that are known when the service starts, by their hashes as
// [NewAPIKey] returns them. [New] checks them, and keeps a copy. All are looked
// through for each request: beyond some hundreds, use a store.
type APIKeys map[string]APIKeyOwner

// APIKey returns whose key has this hash.
func (k APIKeys) APIKey(_ context.Context, hash [sha256.Size]byte) (APIKeyOwner, error) {
	owner, ok := k[hex.EncodeToString(hash[:])]
	if !ok {
		return APIKeyOwner{}, ErrNoAPIKey
	}
	return owner, nil
}

func (k APIKeys) list() (apiKeyList, error) {
	if len(k) == 0 {
		return nil, errors.New("there are no keys")
	}
	list := make(apiKeyList, 0, len(k))
	for i, text := range slices.Sorted(maps.Keys(k)) {
		e := apiKeyEntry{owner: k[text]}
		if sum, err := hex.DecodeString(text); err != nil || len(sum) != len(e.hash) || strings.ToLower(text) != text {
			return nil, fmt.Errorf("hash %d, in order, is not SHA-256 in lower-case hexadecimal: is it the key itself?", i)
		} else {
			copy(e.hash[:], sum)
		}
		if err := e.owner.check(); err != nil {
			return nil, fmt.Errorf("hash %d, in order: %w", i, err)
		}
		e.owner.Scopes = slices.Clone(e.owner.Scopes)
		list = append(list, e)
	}
	return list, nil
}

func (o *APIKeyOwner) check() error {
	if o.Subject == "" {
		return errAPIKeyOwner
	}
	if err := checkIssuer(o.Issuer); err != nil {
		return err
	}
	return checkOwnScopes(o.Scopes)
}

// apiKeyList is APIKeys as they are searched: all of them, in a time that does not
// depend on which one it is.
type apiKeyList []apiKeyEntry

type apiKeyEntry struct {
	hash  [sha256.Size]byte
	owner APIKeyOwner
}

func (l apiKeyList) APIKey(_ context.Context, hash [sha256.Size]byte) (APIKeyOwner, error) {
	found := -1
	for i := range l {
		found = subtle.ConstantTimeSelect(subtle.ConstantTimeCompare(l[i].hash[:], hash[:]), i, found)
	}
	if found < 0 {
		return APIKeyOwner{}, ErrNoAPIKey
	}
	return l[found].owner, nil
}
