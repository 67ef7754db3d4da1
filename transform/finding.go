package transform

import (
	"fmt"

	"smsetl/sms"
)

// check is a check of every answer.
type check struct {
	name     string
	severity sms.Severity
}

// The checks. None of them drops a row.
var (
	unknownField = check{"unknown_field", sms.Info}           // the answer has a field that no table here knows
	missingField = check{"missing_field", sms.Warning}        // the answer lacks a field that the vendor documents
	nullCount    = check{"null_count", sms.Warning}           // a count is null: stored as not reported
	unmapped     = check{"unmapped_reason", sms.Warning}      // a failure reason without a category
	rejectedRow  = check{"rejected_row", sms.Error}           // a row that cannot be understood: its messages are missing
	strayRow     = check{"stray_day", sms.Error}              // a row of a day not asked for: the answer is refused
	foreignRow   = check{"foreign_account", sms.Warning}      // rows of another account in an answer for ours
	totalDiffers = check{"total_differs", sms.Warning}        // the envelope's total is no row count
	countDiffers = check{"count_differs", sms.Error}          // the count is not the number of rows: the answer is refused
	countMissing = check{"count_missing", sms.Warning}        // without count nobody knows whether rows are missing
	missingUser  = check{"missing_user", sms.Info}            // rows without an account, asked for as the account's own
	beyondRow    = check{"row_beyond", sms.Info}              // rows of a day that another dataset has no answer for any more
	percent      = check{"vendor_percent", sms.Warning}       // a percentage of the vendor is not what its counts give
	sentIdentity = check{"sent_identity", sms.Warning}        // `sent` fits neither reading of the vendor's page
	callbackSum  = check{"callback_sum", sms.Warning}         // receipts are not successes plus failures
	successDiff  = check{"request_success_differs", sms.Info} // two answers disagree, being asked for at two moments

	badTime        = check{"unreadable_time", sms.Warning} // a time beside the time of sending cannot be read
	unknownCountry = check{"unknown_country", sms.Warning} // a country that no table knows
	unknownCharged = check{"unknown_charged", sms.Warning} // whether a message was charged cannot be read
	unknownResult  = check{"unknown_result", sms.Warning}  // a sending result that no table knows, beside a status that is
	unknownSource  = check{"unknown_source", sms.Info}     // a source of a status that no table knows
	resultDiffers  = check{"result_differs", sms.Warning}  // the sending result and the status code contradict each other
)

// negative is the check of a number of messages that is made by subtraction and comes out below 0: negative_pending.
func negative(number string) check { return check{"negative_" + number, sms.Error} }

// maxSubjects bounds the findings of one check: an answer of nothing but unknown names makes no thousand findings.
const maxSubjects = 50

const otherSubjects = "(others)"

// notes gathers findings: one for each check and subject.
type notes struct{ list []sms.Finding }

// add notes that one row showed something. detail is asked only for the first row, which becomes the example.
func (n *notes) add(c check, subject string, day sms.Day, detail func() string) {
	n.addRows(c, subject, day, day, 1, detail)
}

// addRows notes that several rows showed something, from the first day to the last.
func (n *notes) addRows(c check, subject string, first, last sms.Day, rows int64, detail func() string) {
	subjects := 0
	for i := range n.list {
		f := &n.list[i]
		if f.Check != c.name {
			continue
		}
		if f.Subject == subject || f.Subject == otherSubjects {
			f.Rows += rows
			if f.Day == 0 || first != 0 && first < f.Day {
				f.Day = first
			}
			f.LastDay = max(f.LastDay, last)
			if f.Severity == sms.Info {
				f.Severity = c.severity
			}
			return
		}
		subjects++
	}
	if subjects == maxSubjects {
		subject = otherSubjects
	}
	n.list = append(n.list, sms.Finding{
		Check: c.name, Subject: subject, Severity: c.severity, Day: first, LastDay: last, Detail: detail(), Rows: rows,
	})
}

// subject gives a field's or account's name as a finding can show it: cut, and without characters that a text column
// refuses.
func subject(field []byte) string {
	s := cut(field, maxKey)
	for _, r := range s {
		if r < ' ' {
			return fmt.Sprintf("%q", s)
		}
	}
	return s
}
