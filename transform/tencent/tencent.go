package tencent

import (
	"fmt"
	"slices"

	"smsetl/sms"
	"smsetl/transform"
)

// The counts of Tencent's answers. FeeCount is billed pieces, the others are messages. Sources:
// https://cloud.tencent.com/document/api/382/55966 (SendStatusStatistics) and
// https://www.tencentcloud.com/document/product/382/40528 (CallbackStatusStatistics).
var (
	feeCount        = transform.Field{Dataset: sms.SendStatus, Name: "FeeCount"}
	requestCount    = transform.Field{Dataset: sms.SendStatus, Name: "RequestCount"}
	sendSuccess     = transform.Field{Dataset: sms.SendStatus, Name: "RequestSuccessCount"}
	receiptSuccess  = transform.Field{Dataset: sms.CallbackStatus, Name: "RequestSuccessCount"} // asked for at another moment
	callbackCount   = transform.Field{Dataset: sms.CallbackStatus, Name: "CallbackCount"}       // receipts
	callbackFail    = transform.Field{Dataset: sms.CallbackStatus, Name: "CallbackFailCount"}
	callbackSuccess = transform.Field{Dataset: sms.CallbackStatus, Name: "CallbackSuccessCount"}
)

// measureFields lists the fields that each measure is made of: the first less the others.
var measureFields = map[string][]transform.Field{
	"requested":         {requestCount},
	"accepted":          {sendSuccess},
	"processing_failed": {requestCount, sendSuccess},
	"delivered":         {callbackSuccess},
	"send_failed":       {callbackFail},
	"pending":           {receiptSuccess, callbackCount},
	"billed_segments":   {feeCount},
}

// failures are the counts of CallbackStatusStatistics that give why the carrier did not deliver. Shutdown is a
// number suspended or a handset powered off, in one.
var failures = []sms.Reason{
	{Code: "InternalErrorCount", Stage: sms.Sending, Category: sms.CarrierNetwork},
	{Code: "InvalidNumberCount", Stage: sms.Sending, Category: sms.InvalidNumber},
	{Code: "ShutdownErrorCount", Stage: sms.Sending, Category: sms.Unreachable},
	{Code: "BlackListCount", Stage: sms.Sending, Category: sms.BlockedOptOut},
	{Code: "FrequencyLimitCount", Stage: sms.Sending, Category: sms.RateLimited},
}

// residual is the rest of CallbackFailCount that none of the five reasons counts. The name is ours.
const residual = "residual"

var reasons = append(slices.Clone(failures),
	sms.Reason{Code: residual, Stage: sms.Sending, Category: sms.Other})

// reasonFields: a reason is counted under its own code, and the residual is what the others leave of all
// failures.
func reasonFields(r *sms.Reason) []transform.Field {
	if r.Code != residual {
		return transform.FieldsOf(sms.CallbackStatus, r.Code)
	}
	return append([]transform.Field{callbackFail}, countsOf(failures)...)
}

// countsOf gives the counts of reasons: each is counted under its own code.
func countsOf(reasons []sms.Reason) []transform.Field {
	fields := make([]transform.Field, len(reasons))
	for i, r := range reasons {
		fields[i] = transform.Field{Dataset: sms.CallbackStatus, Name: r.Code}
	}
	return fields
}

// statistic is what the answer of one Tencent dataset holds.
type statistic struct {
	object string // the name of the object with the counts
	counts []transform.Field
}

var statistics = map[sms.Dataset]statistic{
	sms.SendStatus: {"SendStatusStatistics", []transform.Field{feeCount, requestCount, sendSuccess}},
	sms.CallbackStatus: {"CallbackStatusStatistics", slices.Concat(
		[]transform.Field{callbackCount, receiptSuccess, callbackFail, callbackSuccess},
		countsOf(failures))},
}

// numbers are the numbers of answers. One that is missing is not reported.
type numbers map[transform.Field]sms.Count

// grainOf is what the facts of a day are about. Tencent keeps statistics by application alone: whatever else a row
// could be about is not reported.
func grainOf(day sms.Day) sms.Grain {
	none := sms.NotReported
	return sms.Grain{Day: day, Template: none, Label: none, MessageType: none, Country: none}
}

// facts makes the facts of one day.
func (t *reader) facts(day sms.Day, counts numbers) {
	t.compare(day, counts)
	g := grainOf(day)
	m := t.measures(day, counts)
	t.AddDelivery(&g, &m)
	for i := range reasons {
		reason := &reasons[i]
		messages := t.messages(day, counts, reason)
		// With one of the reasons not reported the residual is not known, and is no reason of its own.
		if messages != sms.Reported(0) && (messages.IsReported() || reason.Code != residual) {
			t.AddFailure(&g, reason, messages)
		}
	}
}

func (t *reader) measures(day sms.Day, counts numbers) (m sms.Measures) {
	for i, to := range m.Pointers() {
		if name := sms.MeasureNames[i]; measureFields[name] != nil {
			*to = t.difference(name, day, counts, measureFields[name])
		}
	}
	return m
}

// messages gives the messages that failed for a reason. Tencent does not promise that the reasons add up.
func (t *reader) messages(day sms.Day, counts numbers, reason *sms.Reason) sms.Count {
	return t.difference(reason.Code, day, counts, reasonFields(reason))
}

// difference gives the first field less the others. A negative number of messages is no fact: it is noted and stored as
// not reported.
func (t *reader) difference(what string, day sms.Day, counts numbers, fields []transform.Field) sms.Count {
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
	t.Note(transform.Negative(what), fields[0].Name+" - "+others, day, func() string {
		return fmt.Sprintf("%s %s is less than %s %s on %s: the difference is stored as not reported",
			fields[0].Name, first, others, first.Minus(n), day)
	})
	return sms.Count{}
}

// compare checks what should hold between the counts of a day, where all of them are reported.
func (t *reader) compare(day sms.Day, counts numbers) {
	all, success, fail := counts[callbackCount], counts[callbackSuccess], counts[callbackFail]
	if sum := success.Plus(fail); all.IsReported() && sum.IsReported() && all != sum {
		t.Note(callbackSum, callbackCount.Name, day, func() string {
			return fmt.Sprintf("%s is %s on %s, while %s %s and %s %s make %s",
				callbackCount.Name, all, day, callbackSuccess.Name, success, callbackFail.Name, fail, sum)
		})
	}
	if a, b := counts[sendSuccess], counts[receiptSuccess]; a.IsReported() && b.IsReported() && a != b {
		t.Note(successDiff, sendSuccess.Name, day, func() string {
			return fmt.Sprintf("%s is %s in the send status and %s in the callback status of %s",
				sendSuccess.Name, a, b, day)
		})
	}
}
