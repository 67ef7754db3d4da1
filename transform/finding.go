package transform

import (
	"fmt"

	"smsetl/sms"
)

// check is one thing that is looked at in every answer.
type check struct {
	name     string
	severity sms.Severity
}

// The checks. None of them drops a row.
var (
	unknownField = check{"unknown_field", sms.Info}               // the answer has a field that no table here knows
	missingField = check{"missing_field", sms.Warning}            // the answer lacks a field that the vendor documents
	nullCount    = check{"null_count", sms.Warning}               // a count is null: stored as not reported
	unmapped     = check{"unmapped_reason", sms.Warning}          // a failure reason without a category
	rejectedRow  = check{"rejected_row", sms.Error}               // a row of ours that cannot be understood: its messages are missing
	strayRow     = check{"stray_day", sms.Error}                  // a row of a day that was not asked for: the answer is refused
	foreignRow   = check{"foreign_account", sms.Warning}          // rows of another account in an answer for ours
	totalDiffers = check{"total_differs", sms.Warning}            // the envelope's total is no row count
	countDiffers = check{"count_differs", sms.Error}              // the envelope's count is not the number of rows: the answer is refused
	countMissing = check{"count_missing", sms.Warning}            // the envelope has no count: nothing tells whether rows are missing
	missingUser  = check{"missing_user", sms.Info}                // rows without an account, asked for as the account's own
	beyondRow    = check{"row_beyond", sms.Info}                  // rows of a day for which another dataset is not answered any more: left out
	percent      = check{"vendor_percent", sms.Warning}           // a percentage of the vendor is not what its counts give
	sentIdentity = check{"sent_identity", sms.Warning}            // `sent` fits neither reading of the vendor's page
	negAccepted  = check{"negative_accepted", sms.Error}          // more messages stopped than requested
	negStopped   = check{"negative_processing_failed", sms.Error} // more requests succeeded than made
	negPending   = check{"negative_pending", sms.Error}           // more receipts than messages handed on
	negResidual  = check{"negative_residual", sms.Error}          // the reasons add up to more than the failures
	callbackSum  = check{"callback_sum", sms.Warning}             // receipts are not successes plus failures
	successDiff  = check{"request_success_differs", sms.Info}     // two answers disagree, being asked for at two moments

	badTime        = check{"unreadable_time", sms.Warning} // a time beside the time of sending cannot be read
	unknownCountry = check{"unknown_country", sms.Warning} // a country that no table knows
	unknownCharged = check{"unknown_charged", sms.Warning} // whether a message was charged cannot be read
	unknownResult  = check{"unknown_result", sms.Warning}  // a sending result that no table knows, beside a status that is
	unknownSource  = check{"unknown_source", sms.Info}     // a source of a status that no table knows
	resultDiffers  = check{"result_differs", sms.Warning}  // the sending result and the status code contradict each other
)

// maxSubjects bounds the findings of one check: an answer of nothing but unknown names makes no thousand findings.
const maxSubjects = 50

const otherSubjects = "(others)"

// notes gathers findings: one for each check and subject.
type notes struct{ list []sms.Finding }

// add notes that one row showed something. detail is asked only for the first row, which becomes the example.
func (n *notes) add(c check, subject string, day sms.Day, detail func() string) {
	subjects := 0
	for i := range n.list {
		f := &n.list[i]
		if f.Check != c.name {
			continue
		}
		if f.Subject == subject || f.Subject == otherSubjects {
			f.Rows++
			if f.Day == 0 || day != 0 && day < f.Day {
				f.Day = day
			}
			f.LastDay = max(f.LastDay, day)
			return
		}
		subjects++
	}
	if subjects == maxSubjects {
		subject = otherSubjects
	}
	n.list = append(n.list, sms.Finding{
		Check: c.name, Subject: subject, Severity: c.severity, Day: day, LastDay: day, Detail: detail(), Rows: 1,
	})
}

// subject gives a field's or account's name as a finding can show it: cut, and without characters that a text column refuses.
func subject(field []byte) string {
	s := cut(field, maxKey)
	for _, r := range s {
		if r < ' ' {
			return fmt.Sprintf("%q", s)
		}
	}
	return s
}
