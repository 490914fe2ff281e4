package async

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"errors"
	"net/http"
	"strconv"
	"strings"
	"time"
)

// The fields of Standard Webhooks.
const (
	webhookID        = "Webhook-Id"
	webhookTimestamp = "Webhook-Timestamp"
	webhookSignature = "Webhook-Signature"
)

// callbackKey reads a secret: as it is, or in base64 behind "whsec_".
func callbackKey(secret string) ([]byte, error) {
	key := []byte(secret)
	if encoded, ok := strings.CutPrefix(secret, "whsec_"); ok {
		decoded, err := base64.StdEncoding.DecodeString(encoded)
		if err != nil {
			return nil, errors.New("the Secret of callbacks is not base64 behind whsec_")
		}
		key = decoded
	}
	if len(key) < 24 || len(key) > 64 {
		return nil, errors.New("a Secret of callbacks has not 24 to 64 bytes")
	}
	return key, nil
}

// sign sets the fields: a signature for each key, over id, time and body.
func sign(h http.Header, keys [][]byte, id string, now time.Time, body []byte) {
	at := strconv.FormatInt(now.Unix(), 10)
	var signatures []string
	for _, key := range keys {
		signatures = append(signatures, "v1,"+base64.StdEncoding.EncodeToString(signature(key, id, at, body)))
	}
	h.Set(webhookID, id)
	h.Set(webhookTimestamp, at)
	h.Set(webhookSignature, strings.Join(signatures, " "))
}

func signature(key []byte, id, at string, body []byte) []byte {
	mac := hmac.New(sha256.New, key)
	mac.Write([]byte(id + "." + at + "."))
	mac.Write(body)
	return mac.Sum(nil)
}

// ErrCallback is what [VerifyCallback] returns for a callback that is not genuine, or
// too old.
var ErrCallback = errors.New("async: the callback is not genuine, or too old")

// callbackTolerance is how far the time of a callback may be from now.
const callbackTolerance = 5 * time.Minute

// VerifyCallback is the receiver's half of [Callbacks]: it checks the signature of a
// request with this header and body, and that it was made within 5 minutes of now. The
// id, which is the same for each attempt, is for those who must not act twice. Any
// other implementation of Standard Webhooks does as well.
func VerifyCallback(secret string, h http.Header, body []byte, now time.Time) (id string, err error) {
	key, err := callbackKey(secret)
	if err != nil {
		return "", err
	}
	id, at := h.Get(webhookID), h.Get(webhookTimestamp)
	seconds, err := strconv.ParseInt(at, 10, 64)
	if err != nil || id == "" || now.Sub(time.Unix(seconds, 0)).Abs() > callbackTolerance {
		return "", ErrCallback
	}
	want := signature(key, id, at, body)
	for _, s := range strings.Fields(h.Get(webhookSignature)) {
		version, encoded, _ := strings.Cut(s, ",")
		got, err := base64.StdEncoding.DecodeString(encoded)
		if version == "v1" && err == nil && hmac.Equal(got, want) {
			return id, nil
		}
	}
	return "", ErrCallback
}
