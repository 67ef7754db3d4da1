package transform_test

import (
	"encoding/json"
	"path/filepath"
	"testing"

	"smsetl/internal/pack"
	"smsetl/sms"
)

// The fuzz targets feed any bytes as answers. Run one for a while with
//
//	go test ./transform -run '^$' -fuzz FuzzStatsDay -fuzztime 1m -fuzzminimizetime 10x

func FuzzStatsDay(f *testing.F)      { fuzzEngageLab(f, sms.StatsDay) }
func FuzzProcessFailed(f *testing.F) { fuzzEngageLab(f, sms.ProcessFailed) }
func FuzzSendFailed(f *testing.F)    { fuzzEngageLab(f, sms.SendFailed) }

func fuzzEngageLab(f *testing.F, dataset sms.Dataset) {
	for _, body := range bodies(f, sms.EngageLab, dataset) {
		f.Add(body)
	}
	scope := scopeOf(f, sms.EngageLab, "marketing", "2026-01-01/2026-01-03", dataset)
	f.Fuzz(func(t *testing.T, body []byte) {
		payload := sms.Payload{Account: scope.Account, Dataset: dataset, Window: scope.Window, Body: pack.Bytes(body)}
		batch, err := vendors.Batch(scope, []sms.Payload{payload})
		mustHold(t, scope, &batch, err)
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

func FuzzTencent(f *testing.F) {
	sends := bodies(f, sms.Tencent, sms.SendStatus)
	callbacks := bodies(f, sms.Tencent, sms.CallbackStatus)
	for i := range max(len(sends), len(callbacks)) {
		f.Add(sends[i%len(sends)], callbacks[i%len(callbacks)], i%2 == 0)
	}
	day := scopeOf(f, sms.Tencent, "1400006874", "2026-01-01/2026-01-01", sms.SendStatus, sms.CallbackStatus)
	days := scopeOf(f, sms.Tencent, "1400006874", "2026-01-01/2026-01-03", sms.SendStatus, sms.CallbackStatus)
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
		mustHold(t, scope, &batch, err)
		if err != nil {
			return
		}
		if !json.Valid(send) || !json.Valid(callback) {
			t.Error("believed what is no JSON")
		}
		if len(batch.Deliveries) != scope.Window.Len() {
			t.Errorf("%d deliveries for %d days", len(batch.Deliveries), scope.Window.Len())
		}
		for _, d := range batch.Deliveries {
			if wide && d.Measures != batch.Deliveries[0].Measures || wide && d.Requested != sms.Reported(0) {
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
	for _, f := range b.Failures {
		if !f.Messages.IsReported() {
			return
		}
		known += f.Messages.Or(0)
	}
	if all := b.Deliveries[0].SendFailed; all.IsReported() && known != all.Or(0) {
		t.Errorf("the reasons explain %d of %s failed messages", known, all)
	}
}

// bodies gives the bodies of all golden cases of a dataset.
func bodies(f *testing.F, vendor sms.Vendor, dataset sms.Dataset) [][]byte {
	f.Helper()
	files, err := filepath.Glob(filepath.Join("testdata", string(vendor), "*.json"))
	if err != nil {
		f.Fatal(err)
	}
	var all [][]byte
	for _, file := range files {
		_, payloads := readCase(f, file, vendor)
		for _, p := range payloads {
			if p.Dataset != dataset {
				continue
			}
			body, err := pack.Unpack(p.Body)
			if err != nil {
				f.Fatal(err)
			}
			all = append(all, body)
		}
	}
	return all
}
