package read

import (
	"cmp"
	"context"

	"github.com/jackc/pgx/v5"

	"smsetl/internal/db"
	"smsetl/sms"
)

// Period is some days in a row.
type Period struct {
	First sms.Day `json:"from"`
	Last  sms.Day `json:"to"` // inside
}

// Month gives the whole month that a day is in.
func Month(d sms.Day) Period {
	y, m, _ := d.UTC().Date()
	return Period{sms.Date(y, m, 1), sms.Date(y, m+1, 1) - 1}
}

// Days is how many there are.
func (p Period) Days() int { return int(p.Last-p.First) + 1 }

// Before gives the period of the same length just before it: the month before of a whole month.
func (p Period) Before() Period {
	if p == Month(p.First) {
		return Month(p.First - 1)
	}
	return Period{p.First - sms.Day(p.Days()), p.First - 1}
}

// String writes 2026-11 for a whole month, else 2026-11-01..2026-11-07, or the day alone.
func (p Period) String() string {
	switch p {
	case Month(p.First):
		return p.First.String()[:len("2026-11")]
	case Period{p.First, p.First}:
		return p.First.String()
	}
	return p.First.String() + ".." + p.Last.String()
}

// Comparison is two periods laid side by side, of a vendor or an account where one is named.
type Comparison struct {
	This    Period     `json:"this"`
	With    Period     `json:"with"` // what it is compared with
	Vendor  sms.Vendor `json:"vendor,omitempty"`
	Account string     `json:"account,omitempty"`

	// How many days of accounts may still change or are not there.
	OpenThis int64 `json:"open_days_this"`
	OpenWith int64 `json:"open_days_with"`
}

func (c *Comparison) periods() []any {
	return []any{c.This.First, c.This.Last, c.With.First, c.With.Last}
}

// compare asks a question about both periods, and which of their days are open.
func compare[T any](ctx context.Context, m *Model, c *Comparison, query string, arguments ...any) (lines []T, err error) {
	chosen := []any{string(c.Vendor), c.Account}
	err = m.snapshot(ctx, "a comparison", func(tx pgx.Tx) error {
		if lines, err = db.All[T](ctx, tx, query, append(append(c.periods(), arguments...), chosen...)...); err != nil {
			return err
		}
		return tx.QueryRow(ctx, statement("open_days"), append(c.periods(), chosen...)...).Scan(&c.OpenThis, &c.OpenWith)
	})
	return lines, err
}

// Splits are what a change of the delivery rate can be split by.
var Splits = []string{"vendor", "account", "template", "label", "country", "message_type"}

// Moved is what a member did in both periods, and what it did for the delivery rate of all: a line of sms.rate_change. Unit:
// messages. Nil is not reported, and a rate of nothing.
type Moved struct {
	Vendor        sms.Vendor `json:"vendor"`
	Account       string     `json:"account,omitempty"`
	Member        string     `json:"member"`
	IsComparable  bool       `json:"is_comparable"`
	RowsThis      int64      `json:"rows_this"`
	RowsWith      int64      `json:"rows_with"`
	RequestedThis *int64     `json:"requested_this"`
	RequestedWith *int64     `json:"requested_with"`
	DeliveredThis *int64     `json:"delivered_this"`
	DeliveredWith *int64     `json:"delivered_with"`
	RateThis      *float64   `json:"rate_this"`
	RateWith      *float64   `json:"rate_with"`
	ShareThis     *float64   `json:"share_this"` // of requested
	ShareWith     *float64   `json:"share_with"`
	VolumeEffect  int64      `json:"volume_effect"` // the three add up to DeliveredThis - DeliveredWith
	MixEffect     int64      `json:"mix_effect"`
	RateEffect    int64      `json:"rate_effect"`
	MixPoints     *float64   `json:"mix_points"` // as a part of all requested messages; nil where there is no rate to compare
	RatePoints    *float64   `json:"rate_points"`
}

// Points is what the member did for the rate, by its own rate and by its share; nil where there is no rate to compare.
func (m Moved) Points() *float64 { return plus(m.MixPoints, m.RatePoints) }

// RateChange is why the delivery rate of a period is another one than that of another period.
type RateChange struct {
	Comparison

	By      string  `json:"by"`      // of Splits
	Total   Moved   `json:"total"`   // of all members
	Members []Moved `json:"members"` // what did most for it first
	Unknown *Moved  `json:"unknown"` // rows without requested or delivered, which are in none of it; nil when there are none
}

// RateChange compares two periods, split by one of Splits. An empty vendor or account is all of them.
func (m *Model) RateChange(ctx context.Context, this, with Period, by string, vendor sms.Vendor, account string) (RateChange, error) {
	c := RateChange{Comparison: Comparison{This: this, With: with, Vendor: vendor, Account: account}, By: by}
	lines, err := compare[Moved](ctx, m, &c.Comparison, statement("rate_change"), by)
	if last := len(lines) - 1; last >= 0 && !lines[last].IsComparable {
		c.Unknown, lines = &lines[last], lines[:last]
	}
	c.Members, c.Total = lines, Sum(lines)
	return c, err
}

// Sum adds members up.
func Sum(members []Moved) Moved {
	all := Moved{IsComparable: true, RequestedThis: new(int64), RequestedWith: new(int64), DeliveredThis: new(int64), DeliveredWith: new(int64)}
	for i := range members {
		one := &members[i]
		all.RowsThis += one.RowsThis
		all.RowsWith += one.RowsWith
		*all.RequestedThis += *one.RequestedThis
		*all.RequestedWith += *one.RequestedWith
		*all.DeliveredThis += *one.DeliveredThis
		*all.DeliveredWith += *one.DeliveredWith
		all.VolumeEffect += one.VolumeEffect
		all.MixEffect += one.MixEffect
		all.RateEffect += one.RateEffect
		all.MixPoints, all.RatePoints = plus(all.MixPoints, one.MixPoints), plus(all.RatePoints, one.RatePoints)
		all.ShareThis, all.ShareWith = plus(all.ShareThis, one.ShareThis), plus(all.ShareWith, one.ShareWith)
	}
	all.RateThis, all.RateWith = ratio(*all.DeliveredThis, *all.RequestedThis), ratio(*all.DeliveredWith, *all.RequestedWith)
	return all
}

// plus adds what is there.
func plus(a, b *float64) *float64 {
	if a == nil || b == nil {
		return cmp.Or(a, b)
	}
	sum := *a + *b
	return &sum
}

func ratio(part, whole int64) *float64 {
	if whole == 0 {
		return nil
	}
	r := float64(part) / float64(whole)
	return &r
}

// MovedReason is what failed for a reason in both periods, and what that did for the failure rate of all: a line of
// sms.reason_change. Unit: messages. Nil is not reported, and a rate of nothing.
type MovedReason struct {
	Vendor        sms.Vendor `json:"vendor"`
	Stage         sms.Stage  `json:"stage"`
	Reason        string     `json:"reason"` // NoReason for what no reason explains
	Category      string     `json:"category"`
	IsComparable  bool       `json:"is_comparable"`
	MessagesThis  *int64     `json:"messages_this"`
	MessagesWith  *int64     `json:"messages_with"`
	RequestedThis *int64     `json:"requested_this"` // of all reasons
	RequestedWith *int64     `json:"requested_with"`
	RateThis      *float64   `json:"rate_this"`
	RateWith      *float64   `json:"rate_with"`
	Effect        int64      `json:"effect"` // more that fail than at the rate of then
	Points        *float64   `json:"points"` // as a part of requested; nil where there is no rate to compare
}

// ReasonChange is why another share of the messages fails in a period than in another period.
type ReasonChange struct {
	Comparison

	Total   MovedReason   `json:"total"`   // of all reasons
	Reasons []MovedReason `json:"reasons"` // what did most for it first
	Unknown *MovedReason  `json:"unknown"` // days of accounts that lack a number, which are in none of it; nil when there are none
}

// ReasonChange compares the failures of two periods by reason. An empty vendor or account is all of them.
func (m *Model) ReasonChange(ctx context.Context, this, with Period, vendor sms.Vendor, account string) (ReasonChange, error) {
	c := ReasonChange{Comparison: Comparison{This: this, With: with, Vendor: vendor, Account: account}}
	lines, err := compare[MovedReason](ctx, m, &c.Comparison, statement("reason_change"))
	if last := len(lines) - 1; last >= 0 && !lines[last].IsComparable {
		c.Unknown, lines = &lines[last], lines[:last]
	}
	c.Reasons, c.Total = lines, SumReasons(lines)
	return c, err
}

// SumReasons adds reasons of one comparison up.
func SumReasons(reasons []MovedReason) MovedReason {
	all := MovedReason{IsComparable: true, MessagesThis: new(int64), MessagesWith: new(int64)}
	for i := range reasons {
		one := &reasons[i]
		*all.MessagesThis += *one.MessagesThis
		*all.MessagesWith += *one.MessagesWith
		all.RequestedThis, all.RequestedWith = one.RequestedThis, one.RequestedWith
		all.RateThis, all.RateWith = plus(all.RateThis, one.RateThis), plus(all.RateWith, one.RateWith)
		all.Effect += one.Effect
		all.Points = plus(all.Points, one.Points)
	}
	return all
}
