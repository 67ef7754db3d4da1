package transform

import (
	"fmt"
	"slices"

	"smsetl/sms"
)

// The counts of Tencent's answers. FeeCount is billed pieces, the others are messages. Sources:
// https://cloud.tencent.com/document/api/382/55966 (SendStatusStatistics) and
// https://www.tencentcloud.com/document/product/382/40528 (CallbackStatusStatistics).
var (
	feeCount        = Field{sms.SendStatus, "FeeCount"}
	requestCount    = Field{sms.SendStatus, "RequestCount"}
	sendSuccess     = Field{sms.SendStatus, "RequestSuccessCount"}
	receiptSuccess  = Field{sms.CallbackStatus, "RequestSuccessCount"} // asked for at another moment
	callbackCount   = Field{sms.CallbackStatus, "CallbackCount"}       // receipts
	callbackFail    = Field{sms.CallbackStatus, "CallbackFailCount"}
	callbackSuccess = Field{sms.CallbackStatus, "CallbackSuccessCount"}
)

// tencentFields lists the fields that each measure is made of: the first less the others.
var tencentFields = map[string][]Field{
	"requested":         {requestCount},
	"accepted":          {sendSuccess},
	"processing_failed": {requestCount, sendSuccess},
	"delivered":         {callbackSuccess},
	"send_failed":       {callbackFail},
	"pending":           {receiptSuccess, callbackCount},
	"billed_segments":   {feeCount},
}

// tencentFailures are the counts of CallbackStatusStatistics that give why the carrier did not deliver. Shutdown is a
// number suspended or a handset powered off, in one.
var tencentFailures = []sms.Reason{
	{Code: "InternalErrorCount", Stage: sms.Sending, Category: sms.CarrierNetwork},
	{Code: "InvalidNumberCount", Stage: sms.Sending, Category: sms.InvalidNumber},
	{Code: "ShutdownErrorCount", Stage: sms.Sending, Category: sms.Unreachable},
	{Code: "BlackListCount", Stage: sms.Sending, Category: sms.BlockedOptOut},
	{Code: "FrequencyLimitCount", Stage: sms.Sending, Category: sms.RateLimited},
}

// tencentResidual is the rest of CallbackFailCount that none of the five reasons counts. The name is ours.
const tencentResidual = "residual"

var tencentReasons = append(slices.Clone(tencentFailures),
	sms.Reason{Code: tencentResidual, Stage: sms.Sending, Category: sms.Other})

// tencentReasonFields: a reason is counted under its own code, and the residual is what the others leave of all
// failures.
func tencentReasonFields(r *sms.Reason) []Field {
	if r.Code != tencentResidual {
		return fieldsOf(sms.CallbackStatus, r.Code)
	}
	return append([]Field{callbackFail}, fieldsOf(sms.CallbackStatus, codes(tencentFailures)...)...)
}

// statistic is what the answer of one Tencent dataset holds.
type statistic struct {
	object string // the name of the object with the counts
	counts []Field
}

var tencentStatistics = map[sms.Dataset]statistic{
	sms.SendStatus: {"SendStatusStatistics", []Field{feeCount, requestCount, sendSuccess}},
	sms.CallbackStatus: {"CallbackStatusStatistics", slices.Concat(
		[]Field{callbackCount, receiptSuccess, callbackFail, callbackSuccess},
		fieldsOf(sms.CallbackStatus, codes(tencentFailures)...))},
}

// tencentCounts are the numbers of answers. One that is missing is not reported.
type tencentCounts map[Field]sms.Count

// tencentGrain is what the facts of a day are about. Tencent keeps statistics by application alone: whatever else a row
// could be about is not reported.
func tencentGrain(day sms.Day) sms.Grain {
	none := sms.NotReported
	return sms.Grain{Day: day, Template: none, Label: none, MessageType: none, Country: none}
}

// facts makes the facts of one day.
func (t *tencent) facts(day sms.Day, counts tencentCounts) {
	t.compare(day, counts)
	g := tencentGrain(day)
	t.Deliveries = append(t.Deliveries, sms.Delivery{Grain: g, Measures: t.measures(day, counts)})
	for i := range tencentReasons {
		reason := &tencentReasons[i]
		messages := t.messages(day, counts, reason)
		// With one of the reasons not reported the residual is not known, and is no reason of its own.
		if messages != sms.Reported(0) && (messages.IsReported() || reason.Code != tencentResidual) {
			t.Failures = append(t.Failures, sms.Failure{Grain: g, Reason: reason, Messages: messages})
		}
	}
}

func (t *tencent) measures(day sms.Day, counts tencentCounts) (m sms.Measures) {
	for i, to := range m.Pointers() {
		if name := sms.MeasureNames[i]; tencentFields[name] != nil {
			*to = t.difference(name, day, counts, tencentFields[name])
		}
	}
	return m
}

// messages gives the messages that failed for a reason. Tencent does not promise that the reasons add up.
func (t *tencent) messages(day sms.Day, counts tencentCounts, reason *sms.Reason) sms.Count {
	return t.difference(reason.Code, day, counts, tencentReasonFields(reason))
}

// difference gives the first field less the others. A negative number of messages is no fact: it is noted and stored as
// not reported.
func (t *tencent) difference(what string, day sms.Day, counts tencentCounts, fields []Field) sms.Count {
	first := counts[fields[0]]
	n := first
	for _, f := range fields[1:] {
		n = n.Minus(counts[f])
	}
	if n.Or(0) >= 0 || t.isSum {
		return n
	}
	others := fields[1].Name
	if len(fields) > 2 {
		others = "reasons"
	}
	t.notes.add(negative(what), fields[0].Name+" - "+others, day, func() string {
		return fmt.Sprintf("%s %s is less than %s %s on %s: the difference is stored as not reported",
			fields[0].Name, first, others, first.Minus(n), day)
	})
	return sms.Count{}
}

// compare checks what should hold between the counts of a day, where all of them are reported.
func (t *tencent) compare(day sms.Day, counts tencentCounts) {
	all, success, fail := counts[callbackCount], counts[callbackSuccess], counts[callbackFail]
	if sum := success.Plus(fail); all.IsReported() && sum.IsReported() && all != sum {
		t.notes.add(callbackSum, callbackCount.Name, day, func() string {
			return fmt.Sprintf("%s is %s on %s, while %s %s and %s %s make %s",
				callbackCount.Name, all, day, callbackSuccess.Name, success, callbackFail.Name, fail, sum)
		})
	}
	if a, b := counts[sendSuccess], counts[receiptSuccess]; a.IsReported() && b.IsReported() && a != b {
		t.notes.add(successDiff, sendSuccess.Name, day, func() string {
			return fmt.Sprintf("%s is %s in the send status and %s in the callback status of %s",
				sendSuccess.Name, a, b, day)
		})
	}
}
