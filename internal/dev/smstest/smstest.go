// Package smstest reads the days, times and zones that tests write as text. All of them are of 2026, and what cannot be read
// panics: it is a mistake of the test.
package smstest

import (
	"time"

	"smsetl/sms"
)

// Zone reads "+08:00".
func Zone(text string) sms.Zone { return must(sms.ParseZone(text)) }

// Day reads "01-20".
func Day(text string) sms.Day { return must(sms.ParseDay("2026-" + text)) }

// At reads "01-20 12:00" in UTC.
func At(text string) time.Time { return must(time.Parse("2006-01-02 15:04", "2026-"+text)) }

func must[T any](read T, err error) T {
	if err != nil {
		panic(err)
	}
	return read
}
