package respond

import (
	"encoding"
	"errors"
	"math"
	"reflect"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/forthright-http/forthright/internal/jsonx"
)

func setString(to reflect.Value, text string) (string, string, error) {
	to.SetString(text)
	return "", "", nil
}

func setText(to reflect.Value, text string) (string, string, error) {
	if text == "" {
		return "", "", nil
	}
	if err := to.Addr().Interface().(encoding.TextUnmarshaler).UnmarshalText([]byte(text)); err != nil {
		return jsonx.Format, "", err
	}
	return "", "", nil
}

func setDuration(to reflect.Value, text string) (string, string, error) {
	if text == "" {
		return "", "", nil
	}
	d, err := time.ParseDuration(text)
	if err != nil {
		return jsonx.Format, "", err
	}
	to.SetInt(int64(d))
	return "", "", nil
}

func setBool(to reflect.Value, text string) (string, string, error) {
	switch text {
	case "":
	case "true", "1", "on": // a browser's checkbox says on
		to.SetBool(true)
	case "false", "0":
		to.SetBool(false)
	default:
		return jsonx.WrongType, "boolean", nil
	}
	return "", "", nil
}

func setInt(to reflect.Value, text string) (string, string, error) {
	if text == "" {
		return "", "", nil
	}
	n, err := strconv.ParseInt(text, 10, to.Type().Bits())
	if err != nil {
		return numberCode(text, err)
	}
	to.SetInt(n)
	return "", "", nil
}

func setUint(to reflect.Value, text string) (string, string, error) {
	if text == "" {
		return "", "", nil
	}
	n, err := strconv.ParseUint(text, 10, to.Type().Bits())
	if err != nil {
		if _, negative := strconv.ParseInt(text, 10, 64); negative == nil {
			return jsonx.OutOfRange, "", err
		}
		return numberCode(text, err)
	}
	to.SetUint(n)
	return "", "", nil
}

// numberCode tells a fraction from what is no number.
func numberCode(text string, err error) (string, string, error) {
	if errors.Is(err, strconv.ErrRange) {
		return jsonx.OutOfRange, "", err
	}
	if isNumber(text) {
		return jsonx.Fraction, "integer", err
	}
	return jsonx.WrongType, "integer", err
}

func setFloat(to reflect.Value, text string) (string, string, error) {
	if text == "" {
		return "", "", nil
	}
	if !isNumber(text) {
		return jsonx.WrongType, "number", nil
	}
	f, err := strconv.ParseFloat(text, to.Type().Bits())
	if err != nil {
		return jsonx.OutOfRange, "", err
	}
	to.SetFloat(f)
	return "", "", nil
}

// isNumber takes decimal numbers: no hexadecimal, underscores, Inf or NaN.
func isNumber(text string) bool {
	f, err := strconv.ParseFloat(text, 64)
	return (err == nil || errors.Is(err, strconv.ErrRange)) && !math.IsNaN(f) &&
		strings.Trim(text, "+-.0123456789eE") == ""
}

// isText refuses what is not UTF-8, and NUL, which no text has.
func isText(s string) bool { return utf8.ValidString(s) && !strings.Contains(s, "\x00") }
