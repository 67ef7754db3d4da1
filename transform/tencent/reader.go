// Package tencent says what Tencent's answers mean: sums of an application over a window.
package tencent

import (
	"smsetl/sms"
	"smsetl/transform"
)

// Reader is what Tencent's answers mean.
var Reader = transform.Reader{
	Read: read, Sums: sums, Locate: locate, Fields: measureFields, ReasonFields: reasonFields, Reasons: reasons,
}

// The checks of Tencent's answers alone.
var (
	callbackSum = transform.Check{Name: "callback_sum", Severity: sms.Warning}         // receipts are not successes plus failures
	successDiff = transform.Check{Name: "request_success_differs", Severity: sms.Info} // two answers disagree, being asked for at two moments
)
