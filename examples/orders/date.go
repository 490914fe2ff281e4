package main

import "time"

// Date is a day, "2027-01-04" in JSON (RFC 3339 full-date).
type Date struct{ day time.Time }

// UnmarshalText reads a day that the calendar has.
func (d *Date) UnmarshalText(text []byte) (err error) {
	d.day, err = time.Parse(time.DateOnly, string(text))
	return err
}

// MarshalText writes the day.
func (d Date) MarshalText() ([]byte, error) { return d.day.AppendFormat(nil, time.DateOnly), nil }

// After tells whether d is a later day.
func (d Date) After(other Date) bool { return d.day.After(other.day) }
