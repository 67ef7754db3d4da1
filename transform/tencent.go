package transform

import (
	"fmt"

	"smsetl/sms"
)

// The counts of Tencent's answers. FeeCount is billed pieces, the others are messages. Sources:
// https://cloud.tencent.com/document/api/382/55966 (SendStatusStatistics) and
// https://www.tencentcloud.com/document/product/382/40528 (CallbackStatusStatistics).
const (
	feeCount        = "FeeCount"
	requestCount    = "RequestCount"
	successCount    = "RequestSuccessCount" // in both answers
	callbackCount   = "CallbackCount"       // receipts
	callbackFail    = "CallbackFailCount"
	callbackSuccess = "CallbackSuccessCount"
)

// tencentFailures are the counts of CallbackStatusStatistics that say why the carrier did not deliver. Shutdown is a
// number suspended or a handset powered off, in one.
var tencentFailures = []sms.Reason{
	{Code: "InternalErrorCount", Stage: sms.Sending, Category: sms.CarrierNetwork},
	{Code: "InvalidNumberCount", Stage: sms.Sending, Category: sms.InvalidNumber},
	{Code: "ShutdownErrorCount", Stage: sms.Sending, Category: sms.Unreachable},
	{Code: "BlackListCount", Stage: sms.Sending, Category: sms.BlockedOptOut},
	{Code: "FrequencyLimitCount", Stage: sms.Sending, Category: sms.RateLimited},
}

// tencentResidual is the rest of CallbackFailCount that none of the five reasons counts. The name is ours.
var tencentResidual = &sms.Reason{Code: "residual", Stage: sms.Sending, Category: sms.Other}

func tencentReasons() []sms.Reason {
	return append(append([]sms.Reason(nil), tencentFailures...), *tencentResidual)
}

// statistic is what the answer of one Tencent dataset holds.
type statistic struct {
	object string // the name of the object with the counts
	counts []string
}

var tencentStatistics = map[sms.Dataset]statistic{
	sms.SendStatus: {"SendStatusStatistics", []string{feeCount, requestCount, successCount}},
	sms.CallbackStatus: {"CallbackStatusStatistics", append(
		[]string{callbackCount, successCount, callbackFail, callbackSuccess}, codes(tencentFailures)...)},
}

// day makes the facts of one day. Tencent keeps statistics by application alone: whatever else a row could be about is
// not reported.
func (t *tencent) day(day sms.Day, send, callback counts) {
	g := tencentGrain(day)
	t.compare(day, send, callback)
	t.Deliveries = append(t.Deliveries, sms.Delivery{Grain: g, Measures: sms.Measures{
		Requested:        send[requestCount],
		Accepted:         send[successCount], // the other answer has it too; they are asked for at two moments
		ProcessingFailed: t.minus(negStopped, day, requestCount, send[requestCount], successCount, send[successCount]),
		Delivered:        callback[callbackSuccess],
		SendFailed:       callback[callbackFail],
		Pending:          t.minus(negPending, day, successCount, callback[successCount], callbackCount, callback[callbackCount]),
		BilledSegments:   send[feeCount],
	}})
	t.failures(g, callback)
}

// tencentGrain is what the facts of a day are about: nothing but the day.
func tencentGrain(day sms.Day) sms.Grain {
	return sms.Grain{Day: day, Template: sms.NotReported, Label: sms.NotReported, MessageType: sms.NotReported, Country: sms.NotReported}
}

// minus derives a number of messages. A negative one is no fact: it is noted and stored as not reported.
func (t *tencent) minus(c check, day sms.Day, name string, a sms.Count, lessName string, b sms.Count) sms.Count {
	n := a.Minus(b)
	if n.Or(0) >= 0 {
		return n
	}
	t.notes.add(c, name+" - "+lessName, day, func() string {
		return fmt.Sprintf("%s %s is less than %s %s on %s: the difference is stored as not reported", name, a, lessName, b, day)
	})
	return sms.Count{}
}

// failures makes a fact of each reason that is not zero, and of what the reasons leave unexplained.
func (t *tencent) failures(g sms.Grain, callback counts) {
	explained := sms.Reported(0)
	for i := range tencentFailures {
		reason := &tencentFailures[i]
		messages := callback[reason.Code]
		explained = explained.Plus(messages)
		if messages != sms.Reported(0) {
			t.Failures = append(t.Failures, sms.Failure{Grain: g, Reason: reason, Messages: messages})
		}
	}
	// Tencent does not promise that the reasons add up. With one of them not reported the rest is not known either.
	rest := t.minus(negResidual, g.Day, callbackFail, callback[callbackFail], "reasons", explained)
	if rest.Or(0) > 0 {
		t.Failures = append(t.Failures, sms.Failure{Grain: g, Reason: tencentResidual, Messages: rest})
	}
}

// compare looks at what should hold between the counts of a day, where all of them are reported.
func (t *tencent) compare(day sms.Day, send, callback counts) {
	receipts := callback[callbackSuccess].Plus(callback[callbackFail])
	if all := callback[callbackCount]; all.IsReported() && receipts.IsReported() && all != receipts {
		t.notes.add(callbackSum, callbackCount, day, func() string {
			return fmt.Sprintf("%s is %s on %s, while %s %s and %s %s make %s",
				callbackCount, all, day, callbackSuccess, callback[callbackSuccess], callbackFail, callback[callbackFail], receipts)
		})
	}
	if a, b := send[successCount], callback[successCount]; a.IsReported() && b.IsReported() && a != b {
		t.notes.add(successDiff, successCount, day, func() string {
			return fmt.Sprintf("%s is %s in the send status and %s in the callback status of %s", successCount, a, b, day)
		})
	}
}
