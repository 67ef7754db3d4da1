package traffic

import (
	"fmt"
	"time"
)

// Day is a civil day of Beijing, counted in days since 1970-01-01. The shape of traffic follows Beijing days whatever
// zone a vendor counts in.
type Day int32

// Hour is an hour of the world, counted in hours since 1970-01-01 00:00 UTC.
type Hour int64

// beijing is the offset of a Beijing day from a UTC day, in hours.
const beijing = 8

const dayForm = "2006-01-02"

// ParseDay reads yyyy-MM-dd.
func ParseDay(s string) (Day, error) {
	t, err := time.Parse(dayForm, s)
	if err != nil {
		return 0, fmt.Errorf("%q is not a day: want yyyy-MM-dd", s)
	}
	return Day(t.Unix() / 86400), nil
}

// DayAt gives the civil day that t falls on, offset hours east of UTC.
func DayAt(t time.Time, offset int) Day {
	return HourAt(t).day(offset)
}

// HourAt gives the hour that t lies in.
func HourAt(t time.Time) Hour {
	return Hour(floorDiv(t.Unix(), 3600))
}

// Start gives the first hour of the day, offset hours east of UTC.
func (d Day) Start(offset int) Hour { return Hour(d)*24 - Hour(offset) }

// String gives the day as yyyy-MM-dd.
func (d Day) String() string { return d.midnight().Format(dayForm) }

// Append appends the day as yyyy-MM-dd.
func (d Day) Append(b []byte) []byte { return d.midnight().AppendFormat(b, dayForm) }

func (d Day) midnight() time.Time { return time.Unix(int64(d)*86400, 0).UTC() }

// Time gives the instant at which the hour starts.
func (h Hour) Time() time.Time { return time.Unix(int64(h)*3600, 0).UTC() }

func (h Hour) day(offset int) Day { return Day(floorDiv(int64(h)+int64(offset), 24)) }

func floorDiv(a, b int64) int64 {
	q := a / b
	if a%b < 0 {
		q--
	}
	return q
}
