package belief

import (
	"time"

	"smsetl/sms"
)

// Settings are the thresholds of the rules. The zero Settings settle everything at once and doubt by size nothing.
type Settings struct {
	// SettleDays: a day younger than this may still change. Unit: days.
	SettleDays int
	// PendingDays: messages pending on a day of this age, in an answer that no longer moves, never get a receipt. Unit: days.
	PendingDays int
	// RetentionDays: the vendor is known to answer for so many days back; 0 when it is not known to forget.
	RetentionDays int
	// ConfirmAfter: how much later a second answer has to come to count as another one.
	ConfirmAfter time.Duration
	// ShrinkRatio: a stored day that keeps no more than this share of its messages is surprising. 0 finds none.
	ShrinkRatio float64
	// GrowRatio: a settled day that has at least this multiple of its messages is surprising. 0 finds none.
	GrowRatio float64
	// MinMessages: days where fewer messages are stored, or usual, are not judged by their size.
	MinMessages int64
	// RemovalShare: a believed answer that takes away more than this share of a day's messages is a finding.
	RemovalShare float64
}

// Default are the settings of a source whose configuration says nothing else. Another answer is one of another day: 20 hours
// leave room for a daily run that starts late.
var Default = Settings{
	SettleDays: 4, PendingDays: 7, ConfirmAfter: 20 * time.Hour,
	ShrinkRatio: 0.5, GrowRatio: 1.8, MinMessages: 100, RemovalShare: 0.1,
}

// Rules decide by their settings.
type Rules struct{ Settings }

// New gives the rules for the settings.
func New(s Settings) *Rules { return &Rules{s} }

// still is how long an answer must be the same for its messages to count as not moving. It is less than a day and more than
// a run that is repeated at once.
const still = 12 * time.Hour

// patience is after how many times PendingDays a day settles although its pending messages still move.
const patience = 4

// Settle says what a believed answer means for its day: it may still change, or it is settled with rows, without, or without
// proof.
func (r *Rules) Settle(s sms.Settlement) sms.Event {
	age := int(s.Today - s.Day)
	switch {
	case age < r.SettleDays:
		return sms.Settling
	case s.Pending > 0 && !r.isResidue(age, s):
		return sms.Settling
	// A vendor that is broken for days says the same wrong thing every day: what was doubted may change for as long again.
	case !s.SuspectSince.IsZero() && s.Now.Before(s.SuspectSince.AddDate(0, 0, r.SettleDays)):
		return sms.Settling
	case s.IsUnproven:
		return sms.Unproven
	case s.Rows > 0:
		return sms.Settled
	default:
		return sms.Nothing
	}
}

// isResidue says that what is pending never gets a receipt.
func (r *Rules) isResidue(age int, s sms.Settlement) bool {
	if age >= patience*r.PendingDays {
		return true
	}
	return age >= r.PendingDays && !s.ChangedAt.IsZero() && s.Now.Sub(s.ChangedAt) >= still
}
