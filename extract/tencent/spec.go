package tencent

import "smsetl/sms"

// Spec describes Tencent. Its two datasets share the delivery rows: each reports some of their measures.
var Spec = sms.Spec{
	Name: sms.Tencent, Title: "Tencent Cloud SMS",
	Datasets: []sms.DatasetSpec{
		{sms.SendStatus, sms.Facts{Delivery: true}},
		{sms.CallbackStatus, sms.Facts{Delivery: true, Sending: true}},
	},
	Support: []sms.MetricSupport{
		{"requested", sms.Stated, "RequestCount", "messages", ""},
		{
			"accepted", sms.Stated, "RequestSuccessCount", "messages",
			"Of SendStatusStatistics; the callback answer can disagree when it was asked at another moment.",
		},
		{"processing_failed", sms.Derived, "RequestCount - RequestSuccessCount", "messages", ""},
		{"delivered", sms.Stated, "CallbackSuccessCount", "messages", ""},
		{"send_failed", sms.Stated, "CallbackFailCount", "messages", ""},
		{
			"pending", sms.Derived, "RequestSuccessCount - CallbackCount", "messages",
			"Both of CallbackStatusStatistics.",
		},
		{
			"billed_segments", sms.Stated, "FeeCount", "segments",
			"A long message is several segments: can exceed requested.",
		},
		{"vendor_sent", sms.NotGiven, "", "messages", ""},
		{"processing_failures", sms.NotGiven, "", "messages", "The vendor gives no reasons before the hand-over."},
		{
			"sending_failures", sms.Derived, "InternalErrorCount, InvalidNumberCount, ShutdownErrorCount, BlackListCount, " +
				"FrequencyLimitCount, and other = CallbackFailCount - their sum",
			"messages", "Suspended and powered-off numbers are one reason.",
		},
	},
}
