// Package capture is what a first contact with a vendor leaves behind: each answer to a fixed set of questions as a file without
// credentials, names and ids, and what the answers say about the assumptions that the program rests on. It knows no network: the
// extractors ask, and package sandbox plays a folder of it as a vendor.
package capture

// The questions by name. What each of them asks stands in cmd/etl; whoever reads a capture finds an answer by its name.
const (
	Rows      = "rows"       // EngageLab: 28 days, rows
	Sums      = "sums"       // the same days with aggregate_by=1
	Rows2     = "rows_2"     // as Rows, with msg_type=2
	Sums2     = "sums_2"     // as Sums, with msg_type=2
	OtherPath = "other_path" // a day at the path of the vendor's example
	Days89    = "days_89"
	Days90    = "days_90"
	Days91    = "days_91"
	EmptyDay  = "empty_day" // a day of which Rows holds nothing
	Today     = "today"
	TooOld    = "too_old" // a day of 800 days ago

	Yesterday = "yesterday"  // Tencent: 00 to 23
	Day       = "day"        // Tencent: a day of four days ago, 00 to 23
	DayToNext = "day_to_00"  // the same to 00 of the next day
	NextHour  = "next_00"    // that hour alone: EndTime is BeginTime
	Morning   = "morning"    // 00 to 11
	Afternoon = "afternoon"  // 12 to 23
	Noon      = "noon"       // 12 to 12: EndTime is BeginTime
	NoonTo13  = "noon_to_13" // 12 to 13
	Hour13    = "hour_13"    // 13 to 13
	Days32    = "days_32"
	Days33    = "days_33"
)

// RowDays is how many days Rows asks for: long enough for Sundays and quiet days, short enough to be read by people.
const RowDays = 28

// TooOldDays is how long ago TooOld is.
const TooOldDays = 800
