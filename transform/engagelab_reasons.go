package transform

import (
	"slices"

	"smsetl/sms"
)

// processFailedReasons are the counts of GET /v1/stats/process_failed: why EngageLab did not hand a message on. The
// categories follow the bounce codes 410-460 of the product it descends from (github.com/sendcloud2013/sendcloud_docs,
// sources/sms/index.md). global_block is suppression after failures of other customers' messages to the same number.
var processFailedReasons = []sms.Reason{
	{Code: "global_block", Stage: sms.Processing, Category: sms.BlockedOptOut},
	{Code: "partial_block", Stage: sms.Processing, Category: sms.BlockedOptOut},
	{Code: "unsubscribe", Stage: sms.Processing, Category: sms.BlockedOptOut},
	{Code: "keyword_block", Stage: sms.Processing, Category: sms.ContentTemplate},
	{Code: "variable_error", Stage: sms.Processing, Category: sms.ContentTemplate},
	{Code: "content_error", Stage: sms.Processing, Category: sms.ContentTemplate},
	{Code: "frequency_overrun", Stage: sms.Processing, Category: sms.RateLimited},
	{Code: "other", Stage: sms.Processing, Category: sms.Other},
}

// sendFailedReasons are the counts of GET /v1/stats/send_failed: what the carrier answered. out_of_service is a number
// suspended for arrears, not_in_service one out of coverage; interception is the template's content (code 550).
var sendFailedReasons = []sms.Reason{
	{Code: "empty", Stage: sms.Sending, Category: sms.InvalidNumber},
	{Code: "out_of_service", Stage: sms.Sending, Category: sms.Unreachable},
	{Code: "blacklist", Stage: sms.Sending, Category: sms.BlockedOptOut},
	{Code: "busy", Stage: sms.Sending, Category: sms.Unreachable},
	{Code: "no_answer", Stage: sms.Sending, Category: sms.Unreachable},
	{Code: "interception", Stage: sms.Sending, Category: sms.ContentTemplate},
	{Code: "break_down", Stage: sms.Sending, Category: sms.Unreachable},
	{Code: "not_in_service", Stage: sms.Sending, Category: sms.Unreachable},
	{Code: "power_off", Stage: sms.Sending, Category: sms.Unreachable},
	{Code: "other", Stage: sms.Sending, Category: sms.Other},
}

var engageLabReasons = slices.Concat(processFailedReasons, sendFailedReasons)

func codes(reasons []sms.Reason) (names []string) {
	for _, r := range reasons {
		names = append(names, r.Code)
	}
	return names
}
