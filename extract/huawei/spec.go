package huawei

import "smsetl/sms"

// Spec describes Huawei. A row of its page counts into all three datasets.
var Spec = sms.Spec{
	Name: sms.Huawei, Title: "Huawei Cloud Message & SMS",
	IsImported: true,
	Datasets: []sms.DatasetSpec{
		{Name: sms.SendingDetails, Facts: sms.Facts{Delivery: true}},
		{Name: sms.DetailsRefused, Facts: sms.Facts{Processing: true}},
		{Name: sms.DetailsFailed, Facts: sms.Facts{Sending: true}},
	},
	Support: []sms.MetricSupport{
		sms.Measured("requested", sms.Derived, "distinct smsMsgId", "messages", "From console exports."),
		sms.Measured("accepted", sms.Derived, "status not of the Huawei platform", "messages", ""),
		sms.Measured("processing_failed", sms.Derived, "status of the Huawei platform (source 3 or an E code)", "messages", ""),
		sms.Measured("delivered", sms.Derived, "sending result 0 or 3 (DELIVRD)", "messages", ""),
		sms.Measured("send_failed", sms.Derived, "sending result 1 or 4", "messages", ""),
		sms.Measured(
			"pending", sms.Derived, "sending result 2, no report yet", "messages",
			"EXPIRED is made up by the platform after 72 hours.",
		),
		sms.Measured(
			"billed_segments", sms.Derived, "pieces whose charged column is 0", "segments",
			"The column is inverted: 0 is charged.",
		),
		sms.Measured("vendor_sent", sms.NotGiven, "", "messages", ""),
		sms.Measured("processing_failures", sms.Derived, "by status code", "messages", ""),
		sms.Measured("sending_failures", sms.Derived, "by status code", "messages", ""),
		sms.Measured(
			sms.DeliveryTime, sms.Derived, "status report time - sending time, of delivered messages", "seconds",
			"Of a long message the last piece counts. Untimed where neither the export nor a push has the time of the report.",
		),
	},
}
