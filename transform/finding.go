package transform

import (
	"fmt"

	"smsetl/sms"
)

// Check is a check of every answer. None drops a row. A vendor's own stand beside its reader.
type Check struct {
	Name     string
	Severity sms.Severity
}

// The checks of more than one vendor.
var (
	UnknownField   = Check{"unknown_field", sms.Info}           // the answer has a field that no table here knows
	MissingField   = Check{"missing_field", sms.Warning}        // the answer lacks a field that the vendor documents
	NullCount      = Check{"null_count", sms.Warning}           // a count is null: stored as not reported
	UnmappedReason = Check{"unmapped_reason", sms.Warning}      // a failure reason without a category
	reportedEarly  = Check{"reported_before_sent", sms.Warning} // delivered messages whose report is older than their sending
	RejectedRow    = Check{"rejected_row", sms.Error}           // a row that cannot be understood: its messages are missing
)

// Negative is the check of a number of messages that is made by subtraction and comes out below 0: negative_pending.
func Negative(number string) Check { return Check{"negative_" + number, sms.Error} }

// maxSubjects bounds the findings of one check: an answer of nothing but unknown names makes no thousand findings.
const maxSubjects = 50

const otherSubjects = "(others)"

// Note notes that one row showed something. Findings are one for each check and subject; detail is asked only for the
// first row, which becomes the example.
func (b *Draft) Note(c Check, subject string, day sms.Day, detail func() string) {
	note(&b.Findings, c, subject, day, day, 1, detail)
}

// NoteRows notes that several rows showed something, from the first day to the last.
func (b *Draft) NoteRows(c Check, subject string, first, last sms.Day, rows int64, detail func() string) {
	note(&b.Findings, c, subject, first, last, rows, detail)
}

func note(all *[]sms.Finding, c Check, subject string, first, last sms.Day, rows int64, detail func() string) {
	subjects := 0
	for i := range *all {
		f := &(*all)[i]
		if f.Check != c.Name {
			continue
		}
		if f.Subject == subject || f.Subject == otherSubjects {
			f.Rows += rows
			if f.Day == 0 || first != 0 && first < f.Day {
				f.Day = first
			}
			f.LastDay = max(f.LastDay, last)
			if f.Severity == sms.Info {
				f.Severity = c.Severity
			}
			return
		}
		subjects++
	}
	if subjects == maxSubjects {
		subject = otherSubjects
	}
	*all = append(*all, sms.Finding{
		Check: c.Name, Subject: subject, Severity: c.Severity, Day: first, LastDay: last, Detail: detail(), Rows: rows,
	})
}

// MaxKey is the longest name of a template, label or message type that is believed, in bytes.
const MaxKey = 200

// Subject gives a field's or account's name as a finding can show it: cut, and without characters that a text column
// refuses.
func Subject(field []byte) string {
	s := Cut(field, MaxKey)
	for _, r := range s {
		if r < ' ' {
			return fmt.Sprintf("%q", s)
		}
	}
	return s
}
