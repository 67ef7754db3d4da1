package transform

import "smsetl/sms"

// engageLabFields says what engageLab.measures makes each measure of.
var engageLabFields = map[string][]Field{
	"requested":         fieldsOf(sms.StatsDay, "targets"),
	"accepted":          fieldsOf(sms.StatsDay, "targets", "process_failed"),
	"processing_failed": fieldsOf(sms.StatsDay, "process_failed"),
	"delivered":         fieldsOf(sms.StatsDay, "delivered"),
	"send_failed":       fieldsOf(sms.StatsDay, "send_failed"),
	"pending":           fieldsOf(sms.StatsDay, "wait_result"),
	"billed_segments":   fieldsOf(sms.StatsDay, "billing_count"),
	"vendor_sent":       fieldsOf(sms.StatsDay, "sent"),
}

// engageLabReasonFields: a reason is counted under its own code.
func engageLabReasonFields(r *sms.Reason) []Field {
	if r.Stage == sms.Processing {
		return fieldsOf(sms.ProcessFailed, r.Code)
	}
	return fieldsOf(sms.SendFailed, r.Code)
}

func locateEngageLab(b *batch, payloads []sms.Payload, found func(Place)) error {
	e := &engageLab{batch: b}
	e.located = func(position int64, g *sms.Grain) {
		found(Place{
			Payload: e.payload.Body.Hash, Dataset: e.payload.Dataset, Grain: *g,
			Position: position, Offset: e.stream.done - int64(len(e.row.raw)), Row: e.row.raw,
		})
	}
	return e.readAll(payloads)
}
