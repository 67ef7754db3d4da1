package extract

import (
	"context"

	"smsetl/sms"
)

// Question is one call that is made to learn how a vendor answers. Nothing of what comes back is loaded.
type Question struct {
	Ask     string // its name: one of those below
	Dataset sms.Dataset
	Window  sms.Window
	// Put asks once, at the client's rate, and gives what came back, whatever it says. The error is of the way there
	// and back: it wraps a kind of package sms, or is ctx's own.
	Put func(context.Context) (Reply, error)
	// IsDialect marks the few questions that settle how the vendor answers an account.
	IsDialect bool
	// Empty gives the questions about a day of which the answer holds no rows; nil when there are none.
	Empty func(sms.Day) []Question
}

// The questions by name. Whoever reads a capture finds an answer by its name.
const (
	AskRows      = "rows"       // EngageLab: 28 days, rows
	AskSums      = "sums"       // the same days with aggregate_by=1
	AskRows2     = "rows_2"     // as AskRows, with msg_type=2
	AskSums2     = "sums_2"     // as AskSums, with msg_type=2
	AskOtherPath = "other_path" // a day at the path of the vendor's example
	AskDays89    = "days_89"
	AskDays90    = "days_90"
	AskDays91    = "days_91"
	AskEmptyDay  = "empty_day" // a day of which AskRows holds nothing
	AskToday     = "today"
	AskTooOld    = "too_old" // a day of 800 days ago

	AskYesterday = "yesterday"  // Tencent: 00 to 23
	AskDay       = "day"        // Tencent: a day of four days ago, 00 to 23
	AskDayToNext = "day_to_00"  // the same to 00 of the next day
	AskNextHour  = "next_00"    // that hour alone: EndTime is BeginTime
	AskMorning   = "morning"    // 00 to 11
	AskAfternoon = "afternoon"  // 12 to 23
	AskNoon      = "noon"       // 12 to 12: EndTime is BeginTime
	AskNoonTo13  = "noon_to_13" // 12 to 13
	AskHour13    = "hour_13"    // 13 to 13
	AskDays32    = "days_32"
	AskDays33    = "days_33"
)

// RowDays is how many days AskRows asks for: long enough for Sundays and quiet days, short enough to be read by people.
const RowDays = 28

// TooOldDays is how long ago AskTooOld is.
const TooOldDays = 800
