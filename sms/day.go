package sms

import (
	"fmt"
	"time"
)

// Day is a civil day, counted in days since 1970-01-01. It has no zone of its own: the account or window beside it says
// which zone's midnight it starts at.
type Day int32

const dayForm = "2006-01-02"

// DayOf gives the civil day that t falls on in t's own location.
func DayOf(t time.Time) Day {
	y, m, d := t.Date()
	return Date(y, m, d)
}

// Date gives the civil day of a year, month and day of month, normalised as time.Date does.
func Date(year int, month time.Month, day int) Day {
	return Day(time.Date(year, month, day, 0, 0, 0, 0, time.UTC).Unix() / 86400)
}

// ParseDay reads yyyy-MM-dd, and nothing else.
func ParseDay(s string) (Day, error) {
	t, err := time.Parse(dayForm, s)
	if err != nil {
		return 0, fmt.Errorf("%q is not a day: want yyyy-MM-dd, such as 2026-01-31", s)
	}
	return DayOf(t), nil
}

// String gives the day as yyyy-MM-dd.
func (d Day) String() string { return d.UTC().Format(dayForm) }

// UTC gives midnight UTC of the day, for formatting and calendar questions. It is not the instant at which a vendor's day
// starts: that is Zone.Start.
func (d Day) UTC() time.Time { return time.Unix(int64(d)*86400, 0).UTC() }

// Month gives the first day of the day's month.
func (d Day) Month() Day {
	y, m, _ := d.UTC().Date()
	return Date(y, m, 1)
}
