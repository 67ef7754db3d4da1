// Package engagelab says what EngageLab's answers mean: rows of counts by day, template, label and message type.
package engagelab

import (
	"smsetl/sms"
	"smsetl/transform"
)

// Reader is what EngageLab's answers mean.
var Reader = transform.Reader{
	Read: read, Early: early, Sums: sums, Locate: locate, Fields: measureFields, ReasonFields: reasonFields, Reasons: reasons,
}

// The checks of EngageLab's answers alone.
var (
	strayRow      = transform.Check{Name: "stray_day", Severity: sms.Error}         // a row of a day not asked for: the answer is refused
	foreignRow    = transform.Check{Name: "foreign_account", Severity: sms.Warning} // rows of another account in an answer for ours
	totalDiffers  = transform.Check{Name: "total_differs", Severity: sms.Warning}   // the envelope's total is no row count
	countDiffers  = transform.Check{Name: "count_differs", Severity: sms.Error}     // the count is not the number of rows: the answer is refused
	countMissing  = transform.Check{Name: "count_missing", Severity: sms.Warning}   // without count nobody knows whether rows are missing
	missingUser   = transform.Check{Name: "missing_user", Severity: sms.Info}       // rows without an account, asked for as the account's own
	beyondRow     = transform.Check{Name: "row_beyond", Severity: sms.Info}         // rows of a day that another dataset has no answer for any more
	vendorPercent = transform.Check{Name: "vendor_percent", Severity: sms.Warning}  // a percentage of the vendor is not what its counts give
	sentIdentity  = transform.Check{Name: "sent_identity", Severity: sms.Warning}   // `sent` fits neither reading of the vendor's page
)
