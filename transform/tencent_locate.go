package transform

import (
	"bytes"
	"fmt"

	"smsetl/internal/pack"
	"smsetl/sms"
)

// tencentFields says what tencent.day makes each measure of.
var tencentFields = map[string][]Field{
	"requested":         fieldsOf(sms.SendStatus, requestCount),
	"accepted":          fieldsOf(sms.SendStatus, successCount),
	"processing_failed": fieldsOf(sms.SendStatus, requestCount, successCount),
	"delivered":         fieldsOf(sms.CallbackStatus, callbackSuccess),
	"send_failed":       fieldsOf(sms.CallbackStatus, callbackFail),
	"pending":           fieldsOf(sms.CallbackStatus, successCount, callbackCount),
	"billed_segments":   fieldsOf(sms.SendStatus, feeCount),
}

// tencentReasonFields: a reason is counted under its own code, and the residual is what the others leave of all failures.
func tencentReasonFields(r *sms.Reason) []Field {
	if r.Code != tencentResidual.Code {
		return fieldsOf(sms.CallbackStatus, r.Code)
	}
	return fieldsOf(sms.CallbackStatus, append([]string{callbackFail}, codes(tencentFailures)...)...)
}

// locateTencent: an answer is one object, which stands for each day of its window.
func locateTencent(b *batch, payloads []sms.Payload, found func(Place)) error {
	t := &tencent{batch: b}
	for i := range payloads {
		p := &payloads[i]
		body, err := pack.Unpack(p.Body)
		if err != nil {
			return fmt.Errorf("answer %s: %w", short(p), err)
		}
		object, err := t.object(body, tencentStatistics[p.Dataset].object)
		if err != nil {
			return fmt.Errorf("answer %s: %w", short(p), err)
		}
		for day := range p.Window.Days() {
			found(Place{
				Payload: p.Body.Hash, Dataset: p.Dataset, Grain: tencentGrain(day), Offset: int64(bytes.Index(body, object)), Row: object,
			})
		}
	}
	return nil
}
