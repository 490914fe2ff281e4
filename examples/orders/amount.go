package main

import (
	"errors"
	"strconv"
	"strings"
)

// Amount is money in hundredths. In JSON it is a decimal string, "12.50",
// because a JSON number is a float to most readers.
type Amount int64

var errAmount = errors.New("not a decimal of at most 2 decimals")

// maxAmountDigits before the point fit into 64 bits.
const maxAmountDigits = 16

// maxPrice keeps the total of an order, 100 items of 1000 pieces, an Amount.
const maxPrice Amount = 1e12

// UnmarshalText reads digits, and a point with one or two more.
func (a *Amount) UnmarshalText(text []byte) error {
	s, negative := strings.CutPrefix(string(text), "-")
	whole, fraction, pointed := strings.Cut(s, ".")
	if whole == "" || len(whole) > maxAmountDigits || len(fraction) > 2 || pointed && fraction == "" || strings.Trim(whole+fraction, "0123456789") != "" {
		return errAmount
	}
	n, err := strconv.ParseInt(whole+(fraction + "00")[:2], 10, 64)
	if err != nil {
		return errAmount
	}
	if negative {
		n = -n
	}
	*a = Amount(n)
	return nil
}

// MarshalText writes two decimals.
func (a Amount) MarshalText() ([]byte, error) {
	n := int64(a)
	var b []byte
	if n < 0 {
		b, n = append(b, '-'), -n
	}
	b = strconv.AppendInt(b, n/100, 10)
	return append(b, '.', byte('0'+n%100/10), byte('0'+n%10)), nil
}
