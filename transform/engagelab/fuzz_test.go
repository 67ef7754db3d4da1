package engagelab_test

import (
	"encoding/json"
	"testing"

	"smsetl/internal/dev/transformtest"
	"smsetl/internal/pack"
	"smsetl/sms"
)

// The fuzz targets feed any bytes as answers. Run one for a while with
//
//	go test ./transform/engagelab -run '^$' -fuzz FuzzStatsDay -fuzztime 1m -fuzzminimizetime 10x

func FuzzStatsDay(f *testing.F)      { fuzzAnswer(f, sms.StatsDay) }
func FuzzProcessFailed(f *testing.F) { fuzzAnswer(f, sms.ProcessFailed) }
func FuzzSendFailed(f *testing.F)    { fuzzAnswer(f, sms.SendFailed) }

func fuzzAnswer(f *testing.F, dataset sms.Dataset) {
	for _, body := range transformtest.Bodies(f, sms.EngageLab, dataset) {
		f.Add(body)
	}
	scope := transformtest.Scope(f, sms.EngageLab, "marketing", "2026-01-01/2026-01-03", dataset)
	f.Fuzz(func(t *testing.T, body []byte) {
		payload := sms.Payload{Account: scope.Account, Dataset: dataset, Window: scope.Window, Body: pack.Bytes(body)}
		batch, err := vendors.Batch(scope, []sms.Payload{payload})
		transformtest.Hold(t, scope, &batch, err)
		if err != nil {
			return
		}
		// A reader that shares no code must see a whole answer with as many rows.
		var answer struct {
			Result []json.RawMessage `json:"result"`
		}
		if err := json.Unmarshal(body, &answer); err != nil {
			t.Fatalf("believed what encoding/json does not: %v", err)
		}
		believed := len(answer.Result) - len(batch.Rejects)
		if dataset == sms.StatsDay && len(batch.Deliveries) != believed || believed < 0 || believed == 0 && len(batch.Rejects) > 0 {
			t.Errorf("%d rows gave %d deliveries and %d rejects", len(answer.Result), len(batch.Deliveries), len(batch.Rejects))
		}
	})
}
