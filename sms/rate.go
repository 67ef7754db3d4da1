package sms

import "time"

// Reservation is what a rate limit that several processes share gives to one of them: Count moments at which one request each
// may go, from First, Every apart.
type Reservation struct {
	First   time.Time
	Every   time.Duration
	Count   int
	RetryAt time.Time // when to ask once more, when Count is 0: everything within reach is given away
}
