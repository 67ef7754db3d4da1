package engagelab

import "smsetl/sms"

// Spec describes EngageLab.
var Spec = sms.Spec{
	Name: sms.EngageLab, Title: "EngageLab SMS",
	MessageTypes: []sms.MessageType{{"0", "domestic"}, {"2", "international"}},
	Datasets: []sms.DatasetSpec{
		{sms.StatsDay, sms.Facts{Delivery: true}},
		{sms.ProcessFailed, sms.Facts{Processing: true}},
		{sms.SendFailed, sms.Facts{Sending: true}},
	},
	Support: []sms.MetricSupport{
		{"requested", sms.Stated, "targets", "messages", ""},
		{"accepted", sms.Derived, "targets - process_failed", "messages", ""},
		{"processing_failed", sms.Stated, "process_failed", "messages", ""},
		{"delivered", sms.Stated, "delivered", "messages", ""},
		{"send_failed", sms.Stated, "send_failed", "messages", ""},
		{"pending", sms.Stated, "wait_result", "messages", "No horizon after which it settles is documented."},
		{
			"billed_segments", sms.Stated, "billing_count", "segments",
			"A long message is several segments: can exceed requested.",
		},
		{
			"vendor_sent", sms.Stated, "sent", "messages",
			"Ambiguous on the vendor's pages: kept as reported, nothing is derived from it.",
		},
		{"processing_failures", sms.Stated, "process_failed: 8 reasons", "messages", ""},
		{"sending_failures", sms.Stated, "send_failed: 10 reasons", "messages", ""},
	},
}
