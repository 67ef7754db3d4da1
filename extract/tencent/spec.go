package tencent

import "smsetl/sms"

// Spec describes Tencent. Its two datasets share the delivery rows: each reports some of their measures.
var Spec = sms.Spec{
	Name: sms.Tencent, Title: "Tencent Cloud SMS",
	Datasets: []sms.DatasetSpec{
		{Name: sms.SendStatus, Facts: sms.Facts{Delivery: true}},
		{Name: sms.CallbackStatus, Facts: sms.Facts{Delivery: true, Sending: true}},
	},
	Support: []sms.MetricSupport{
		sms.Measured("requested", sms.Stated, "RequestCount", "messages", ""),
		sms.Measured(
			"accepted", sms.Stated, "RequestSuccessCount", "messages",
			"Of SendStatusStatistics; the callback answer can disagree when it was asked at another moment.",
		),
		sms.Measured("processing_failed", sms.Derived, "RequestCount - RequestSuccessCount", "messages", ""),
		sms.Measured("delivered", sms.Stated, "CallbackSuccessCount", "messages", ""),
		sms.Measured("send_failed", sms.Stated, "CallbackFailCount", "messages", ""),
		sms.Measured(
			"pending", sms.Derived, "RequestSuccessCount - CallbackCount", "messages",
			"Both of CallbackStatusStatistics.",
		),
		sms.Measured(
			"billed_segments", sms.Stated, "FeeCount", "segments",
			"A long message is several segments: can exceed requested.",
		),
		sms.Measured("vendor_sent", sms.NotGiven, "", "messages", ""),
		sms.Measured("processing_failures", sms.NotGiven, "", "messages", "The vendor gives no reasons before the hand-over."),
		sms.Measured(
			"sending_failures", sms.Derived, "InternalErrorCount, InvalidNumberCount, ShutdownErrorCount, BlackListCount, "+
				"FrequencyLimitCount, and other = CallbackFailCount - their sum",
			"messages", "Suspended and powered-off numbers are one reason.",
		),
		sms.Measured(sms.DeliveryTime, sms.NotGiven, "", "seconds", ""),
	},
}
