package check

// Rule says what one check of the warehouse compares. Its query is sql/<name>.sql.
type Rule struct {
	Name      string // stable: in etl.finding and sms.findings
	Compares  string // what has to hold
	Tolerance string // how far the two sides may lie apart
	Unit      string // of the numbers: messages, segments, rows, percent, loads, answers, days
	// ReadsFacts: the check goes through the facts in sight. The others read summaries and the ledger, and cost next to nothing.
	ReadsFacts bool
	// IsExternal: it has no query, and Options.External says what it found.
	IsExternal bool
}

// ledgerDiffers is the check that has no query: digests are computed in one place, package star.
const ledgerDiffers = "ledger_differs"

// Rules lists the checks of a Check, in the order in which they run. What loads find in answers is not among them:
// that is package transform's.
func Rules() []Rule {
	return []Rule{
		{"requested_split", "requested = accepted + processing_failed, by day", "0", "messages", false, false},
		{"accepted_split", "accepted = delivered + send_failed + pending, by day", "what is pending, which is 0 on settled days", "messages", false, false},
		{"receipts", "Tencent's receipts against its successful submissions, by day", "1 message or 0.1 % on settled days; never more receipts than submissions", "messages", false, false},
		{"failure_reasons", "the reasons of a stage add up to what failed in it, by day", "0; on days that are not settled what is pending, and only answers of the same hour", "messages", false, false},
		{"sent_reading", "EngageLab's sent against its two readings, by day", "0", "messages", false, false},
		{"negative_value", "no stored number is below 0, by row", "0", "messages", true, false},
		{"billed_segments", "billed segments against accepted and delivered messages, by day", "0", "segments", false, false},
		{"unmapped_reason", "every reason has a category", "0", "messages", false, false},
		{"missing_weekday", "a day without traffic against the same weekday of the eight weeks before", "every one of at least 4 weeks had traffic, and 100 messages in the middle", "messages", false, false},
		{"volume_jump", "requested against the same weekday of the eight weeks before", "a third to three times the middle, and 5 deviations", "messages", false, false},
		{"rate_jump", "delivered / requested against the same weekday of the eight weeks before, on settled days", "10 points, and 6 deviations", "percent", false, false},
		{"doubled_day", "no day counts everything twice", "1.5 to 2.7 times the middle, on 4 of 5 templates alike, every number even", "messages", false, false},
		{"quarantine", "answers that are not believed", "1 day", "messages", false, false},
		{"gap", "days that are missing, failed or lost, and provisional ones that cannot be refreshed", "1 day; 3 tries", "days", false, false},
		{"failed_loads", "loads of the last 7 days that failed", "0", "loads", false, false},
		{"refused_answers", "answers of the last 7 days that were not understood", "0", "answers", false, false},
		{"statistics_differ", "Huawei's statistics pages against its sending details, by day of the page", "100 messages, which is the page's own error", "messages", true, true},
		{"package_ends", "prepaid packages last, at the use of the last 14 days and until the last one expires", "14 days", "days", false, false},
		{"unknown_keys", "every key of the facts has its row in a dimension, by day", "0", "rows", true, false},
		{"summary_differs", "the summaries are the sums of the facts, by day, by month and by reason, and of the ledger, by month", "0", "messages", true, false},
		{ledgerDiffers, "the ledger describes the rows that are stored, by day", "0", "rows", true, false},
	}
}

// query gives the check's query with what all of them look at before it.
func (r Rule) query() string { return statement("days") + statement(r.Name) }
