package tencent_test

import (
	"encoding/json"
	"testing"

	"smsetl/internal/dev/transformtest"
	"smsetl/internal/pack"
	"smsetl/sms"
)

func FuzzDays(f *testing.F) {
	sends := transformtest.Bodies(f, sms.Tencent, sms.SendStatus)
	callbacks := transformtest.Bodies(f, sms.Tencent, sms.CallbackStatus)
	for i := range max(len(sends), len(callbacks)) {
		f.Add(sends[i%len(sends)], callbacks[i%len(callbacks)], i%2 == 0)
	}
	day := transformtest.Scope(f, sms.Tencent, "1400006874", "2026-01-01/2026-01-01", sms.SendStatus, sms.CallbackStatus)
	days := transformtest.Scope(f, sms.Tencent, "1400006874", "2026-01-01/2026-01-03", sms.SendStatus, sms.CallbackStatus)
	f.Fuzz(func(t *testing.T, send, callback []byte, wide bool) {
		scope := day
		if wide {
			scope = days
		}
		payloads := []sms.Payload{
			{Account: scope.Account, Dataset: sms.SendStatus, Window: scope.Window, Body: pack.Bytes(send)},
			{Account: scope.Account, Dataset: sms.CallbackStatus, Window: scope.Window, Body: pack.Bytes(callback)},
		}
		batch, err := vendors.Batch(scope, payloads)
		transformtest.Hold(t, scope, &batch, err)
		if err != nil {
			return
		}
		if !json.Valid(send) || !json.Valid(callback) {
			t.Error("believed what is no JSON")
		}
		if len(batch.Deliveries) != scope.Window.Len() {
			t.Errorf("%d deliveries for %d days", len(batch.Deliveries), scope.Window.Len())
		}
		for _, d := range batch.AllDeliveries() {
			if wide && d.Measures != batch.Delivery(0).Measures || wide && d.Requested != sms.Reported(0) {
				t.Errorf("a sum over several days became %+v", d)
			}
		}
		explained(t, &batch)
	})
}

// explained checks that a day's failures by reason never are more than its failed messages, unless that is noted.
func explained(t *testing.T, b *sms.Batch) {
	for _, f := range b.Findings {
		if f.Check == "negative_residual" {
			return
		}
	}
	var known int64
	for _, f := range b.AllFailures() {
		if !f.Messages.IsReported() {
			return
		}
		known += f.Messages.Or(0)
	}
	if all := b.Delivery(0).SendFailed; all.IsReported() && known != all.Or(0) {
		t.Errorf("the reasons explain %d of %s failed messages", known, all)
	}
}
