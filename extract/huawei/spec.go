package huawei

import "smsetl/sms"

// Spec describes Huawei. A row of its page counts into all three datasets.
var Spec = sms.Spec{
	Name: sms.Huawei, Title: "Huawei Cloud Message & SMS",
	IsImported: true,
	Datasets: []sms.DatasetSpec{
		{sms.SendingDetails, sms.Facts{Delivery: true}},
		{sms.DetailsRefused, sms.Facts{Processing: true}},
		{sms.DetailsFailed, sms.Facts{Sending: true}},
	},
	Support: []sms.MetricSupport{
		{"requested", sms.Derived, "distinct smsMsgId", "messages", "From console exports."},
		{"accepted", sms.Derived, "status not of the Huawei platform", "messages", ""},
		{"processing_failed", sms.Derived, "status of the Huawei platform (source 3 or an E code)", "messages", ""},
		{"delivered", sms.Derived, "sending result 0 or 3 (DELIVRD)", "messages", ""},
		{"send_failed", sms.Derived, "sending result 1 or 4", "messages", ""},
		{
			"pending", sms.Derived, "sending result 2, no report yet", "messages",
			"EXPIRED is made up by the platform after 72 hours.",
		},
		{
			"billed_segments", sms.Derived, "pieces whose charged column is 0", "segments",
			"The column is inverted: 0 is charged.",
		},
		{"vendor_sent", sms.NotGiven, "", "messages", ""},
		{"processing_failures", sms.Derived, "by status code", "messages", ""},
		{"sending_failures", sms.Derived, "by status code", "messages", ""},
	},
}
