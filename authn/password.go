package authn

import (
	"crypto/rand"
	"crypto/subtle"
	"encoding/base64"
	"errors"
	"fmt"
	"strconv"
	"strings"

	"golang.org/x/crypto/argon2"
	"golang.org/x/crypto/bcrypt"
	"golang.org/x/text/unicode/norm"
)

// What HashPassword makes: argon2id with the least that OWASP's password storage
// advice asks for, 19 MiB and two passes.
const (
	hashMemory  = 19 << 10 // KiB
	hashTime    = 2
	hashThreads = 1
	hashSalt    = 16 // bytes
	hashSum     = 32 // bytes
)

// What a hash may demand. A hash is data, and who can write one row of a table must
// not be able to take all memory with it.
const (
	maxMemory     = 256 << 10 // KiB for one computation
	maxWork       = 1 << 20   // KiB of memory times passes
	maxThreads    = 16
	maxBcryptCost = 16
	maxHashLength = 256 // characters
)

// maxBcryptPassword is how many bytes of a password bcrypt looks at.
const maxBcryptPassword = 72

// HashPassword makes the hash of a password, as [User] keeps it: argon2id in the
// PHC string format, with a random salt.
//
// The password is hashed in Normalization Form C, since that is what a client is
// asked to send (RFC 7617 §2.1). One that Basic cannot carry is an error: it is
// empty, is not UTF-8, has a control character, or is longer than 2,000 bytes.
func HashPassword(password string) (string, error) {
	password = norm.NFC.String(password)
	switch {
	case password == "":
		return "", errors.New("authn: the password is empty")
	case !isUserText(password):
		return "", errors.New("authn: the password has a control character or is not UTF-8")
	case len(password) > maxPassword:
		return "", fmt.Errorf("authn: the password is longer than %d bytes", maxPassword)
	}
	h := argon2Hash{memory: hashMemory, time: hashTime, threads: hashThreads, salt: make([]byte, hashSalt), sum: make([]byte, hashSum)}
	rand.Read(h.salt)
	h.sum = h.compute(password)
	return h.String(), nil
}

// passwordHash is a hash that was read and found to be within the limits.
type passwordHash interface {
	// matches computes the hash of the password, which takes long, and compares.
	matches(password string) bool
}

// parseHash reads a hash. Its errors do not show it.
func parseHash(s string) (passwordHash, error) {
	if strings.HasPrefix(s, "$argon2id$") {
		return parseArgon2(s)
	}
	if len(s) > 3 && s[:2] == "$2" {
		return parseBcrypt(s)
	}
	return nil, errors.New("the hash is neither argon2id in the PHC string format nor bcrypt")
}

// bcryptHash is "$2b$10$" with 22 characters of salt and 31 of hash.
type bcryptHash string

func (h bcryptHash) matches(password string) bool {
	seen := password[:min(len(password), maxBcryptPassword)]
	same := bcrypt.CompareHashAndPassword([]byte(h), []byte(seen)) == nil
	return same && len(password) <= maxBcryptPassword
}

// parseBcrypt takes the versions 2a, 2b and 2y, which are one algorithm. 2x is
// that of a faulty implementation.
func parseBcrypt(s string) (passwordHash, error) {
	const length, head = 60, 7
	if len(s) != length || !strings.ContainsRune("aby", rune(s[2])) || s[3] != '$' || s[6] != '$' {
		return nil, errors.New("the bcrypt hash is not of the form $2b$NN$ and 53 characters, with 2a, 2b or 2y")
	}
	for _, c := range s[head:] {
		if !isAlphanumeric(c) && c != '.' && c != '/' {
			return nil, errors.New("the bcrypt hash has a character that is not in its alphabet")
		}
	}
	cost, err := strconv.ParseUint(s[4:6], 10, 8)
	if err != nil || cost < uint64(bcrypt.MinCost) || cost > maxBcryptCost {
		return nil, fmt.Errorf("the cost of the bcrypt hash is not one of %d to %d", bcrypt.MinCost, maxBcryptCost)
	}
	return bcryptHash(s), nil
}

func isAlphanumeric(c rune) bool {
	return '0' <= c && c <= '9' || 'A' <= c && c <= 'Z' || 'a' <= c && c <= 'z'
}

// argon2Hash is an argon2id hash of version 19 (RFC 9106).
type argon2Hash struct {
	memory, time uint32 // KiB and passes
	threads      uint8
	salt, sum    []byte
}

func (h *argon2Hash) matches(password string) bool {
	return subtle.ConstantTimeCompare(h.compute(password), h.sum) == 1
}

func (h *argon2Hash) compute(password string) []byte {
	return argon2.IDKey([]byte(password), h.salt, h.time, h.memory, h.threads, uint32(len(h.sum)))
}

// String writes the hash in the PHC string format.
func (h *argon2Hash) String() string {
	return fmt.Sprintf("$argon2id$v=%d$m=%d,t=%d,p=%d$%s$%s", argon2.Version, h.memory, h.time, h.threads,
		base64.RawStdEncoding.EncodeToString(h.salt), base64.RawStdEncoding.EncodeToString(h.sum))
}

// parseArgon2 reads $argon2id$v=19$m=19456,t=2,p=1$salt$hash: the parameters in
// that order, base64 without padding.
func parseArgon2(s string) (passwordHash, error) {
	if len(s) > maxHashLength {
		return nil, errors.New("the argon2id hash is too long")
	}
	parts := strings.Split(s, "$")
	if len(parts) != 6 || parts[2] != "v="+strconv.Itoa(argon2.Version) {
		return nil, errors.New("the argon2id hash is not of the form $argon2id$v=19$m=...,t=...,p=...$salt$hash")
	}
	params := strings.Split(parts[3], ",")
	if len(params) != 3 {
		return nil, errors.New("the argon2id hash does not have the parameters m, t and p alone")
	}
	var values [3]uint64
	for i, name := range [...]string{"m=", "t=", "p="} {
		digits, ok := strings.CutPrefix(params[i], name)
		n, err := strconv.ParseUint(digits, 10, 32)
		if !ok || err != nil || digits[0] == '0' {
			return nil, errors.New("the parameters of the argon2id hash are not m, t and p as positive numbers")
		}
		values[i] = n
	}
	memory, passes, threads := values[0], values[1], values[2]
	if memory < 8*threads || memory > maxMemory || memory*passes > maxWork || threads > maxThreads {
		return nil, fmt.Errorf("the argon2id hash demands other than 8 KiB for each of at most %d threads, at most %d MiB, and at most %d MiB times passes",
			maxThreads, maxMemory>>10, maxWork>>10)
	}
	salt, err1 := base64.RawStdEncoding.Strict().DecodeString(parts[4])
	sum, err2 := base64.RawStdEncoding.Strict().DecodeString(parts[5])
	if err1 != nil || err2 != nil || strings.ContainsAny(s, "\r\n") || len(salt) < 8 || len(salt) > 64 || len(sum) < 16 || len(sum) > 64 {
		return nil, errors.New("the salt of the argon2id hash is not 8 to 64 bytes, or the hash itself 16 to 64, in base64 without padding")
	}
	return &argon2Hash{memory: uint32(memory), time: uint32(passes), threads: uint8(threads), salt: salt, sum: sum}, nil
}

// decoyHash costs what a hash by HashPassword does, and no password is known for it.
func decoyHash() passwordHash {
	return &argon2Hash{memory: hashMemory, time: hashTime, threads: hashThreads, salt: make([]byte, hashSalt), sum: make([]byte, hashSum)}
}
