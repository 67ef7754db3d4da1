package sms

import "time"

// Package is a prepaid package of segments, as its vendor tells of it.
type Package struct {
	ID          string
	Amount      Count // segments in it
	Used        Count // segments of it that are used up
	IsGift      bool
	CreatedAt   time.Time // zero where it is not told, as the others
	EffectiveAt time.Time
	EndsAt      time.Time
	Told        string // the vendor's object, in its own words
}
