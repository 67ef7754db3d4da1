package engagelab

import "smsetl/sms"

// Spec describes EngageLab.
var Spec = sms.Spec{
	Name: sms.EngageLab, Title: "EngageLab SMS",
	MessageTypes: []sms.MessageType{{Code: "0", Name: "domestic"}, {Code: "2", Name: "international"}},
	Datasets: []sms.DatasetSpec{
		{Name: sms.StatsDay, Facts: sms.Facts{Delivery: true}},
		{Name: sms.ProcessFailed, Facts: sms.Facts{Processing: true}},
		{Name: sms.SendFailed, Facts: sms.Facts{Sending: true}},
	},
	Support: []sms.MetricSupport{
		sms.Measured("requested", sms.Stated, "targets", "messages", ""),
		sms.Measured("accepted", sms.Derived, "targets - process_failed", "messages", ""),
		sms.Measured("processing_failed", sms.Stated, "process_failed", "messages", ""),
		sms.Measured("delivered", sms.Stated, "delivered", "messages", ""),
		sms.Measured("send_failed", sms.Stated, "send_failed", "messages", ""),
		sms.Measured("pending", sms.Stated, "wait_result", "messages", "No horizon after which it settles is documented."),
		sms.Measured(
			"billed_segments", sms.Stated, "billing_count", "segments",
			"A long message is several segments: can exceed requested.",
		),
		sms.Measured(
			"vendor_sent", sms.Stated, "sent", "messages",
			"Ambiguous on the vendor's pages: kept as reported, nothing is derived from it.",
		),
		sms.Measured("processing_failures", sms.Stated, "process_failed: 8 reasons", "messages", ""),
		sms.Measured("sending_failures", sms.Stated, "send_failed: 10 reasons", "messages", ""),
		sms.Measured(sms.DeliveryTime, sms.NotGiven, "", "seconds", ""),
	},
}
