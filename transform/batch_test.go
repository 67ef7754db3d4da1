package transform_test

import (
	"errors"
	"fmt"
	"reflect"
	"slices"
	"strings"
	"testing"

	"smsetl/internal/dev/transformtest"
	"smsetl/internal/pack"
	"smsetl/sms"
)

func TestBatchRefusesPayloadsOfOtherScopes(t *testing.T) {
	west, err := sms.ParseZone("-05:00")
	if err != nil {
		t.Fatal(err)
	}
	tests := map[string]struct {
		change func(*sms.Payload)
		want   string
	}{
		"account": {func(p *sms.Payload) { p.Account.ID = "otp" }, "was asked for engagelab/otp"},
		"vendor":  {func(p *sms.Payload) { p.Account.Vendor = sms.Tencent }, "was asked for tencent/marketing"},
		"zone":    {func(p *sms.Payload) { p.Account.Zone = west }, "was asked for engagelab/marketing (-05:00)"},
		"window zone": {func(p *sms.Payload) {
			p.Window, _ = sms.NewWindow(p.Window.First(), p.Window.Last(), west)
		}, "counts days in zone -05:00"},
		"dataset": {func(p *sms.Payload) { p.Dataset = sms.SendFailed }, "is of dataset send_failed"},
		"window": {func(p *sms.Payload) {
			p.Window, _ = sms.NewWindow(p.Window.First(), p.Window.Last()+1, p.Window.Zone())
		}, "not inside the scope"},
		"window before": {func(p *sms.Payload) {
			p.Window, _ = sms.NewWindow(p.Window.First()-1, p.Window.Last(), p.Window.Zone())
		}, "not inside the scope"},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			scope, payloads := transformtest.Stats(t, `{"result":[`+transformtest.Row+`],"count":1}`)
			tt.change(&payloads[0])
			_, err := vendors.Batch(scope, payloads)
			if err == nil || !strings.Contains(err.Error(), tt.want) {
				t.Errorf("error %v, want one that says %q", err, tt.want)
			}
			if errors.Is(err, sms.ErrMalformed) {
				t.Errorf("error %v blames the vendor", err)
			}
		})
	}
}

func TestBatchRefusesUnknownScopes(t *testing.T) {
	scope := transformtest.Scope(t, sms.Huawei, "app", "2026-01-01/2026-01-01", "details")
	if _, err := vendors.Batch(scope, nil); err == nil || !strings.Contains(err.Error(), `vendor "huawei"`) {
		t.Errorf("error %v, want one about the vendor", err)
	}
	scope = transformtest.Scope(t, sms.EngageLab, "marketing", "2026-01-01/2026-01-01")
	if _, err := vendors.Batch(scope, nil); err == nil || !strings.Contains(err.Error(), "no dataset") {
		t.Errorf("error %v, want one about the datasets", err)
	}
	scope.Datasets = []sms.Dataset{sms.SendStatus}
	payload := sms.Payload{Account: scope.Account, Dataset: sms.SendStatus, Window: scope.Window, Body: pack.Bytes([]byte("{}"))}
	if _, err := vendors.Batch(scope, []sms.Payload{payload}); err == nil || !strings.Contains(err.Error(), `dataset "send_status"`) {
		t.Errorf("error %v, want one about the dataset", err)
	}
	scope.Datasets = []sms.Dataset{sms.StatsDay}
	if _, err := vendors.Batch(scope, nil); !errors.Is(err, sms.ErrMalformed) {
		t.Errorf("without answers: %v, want ErrMalformed", err)
	}
}

func TestBatchWithVendorErrorIsMalformed(t *testing.T) {
	scope, payloads := transformtest.Stats(t, `{"code":30000,"message":"authentication failed"}`)
	if _, err := vendors.Batch(scope, payloads); !errors.Is(err, sms.ErrMalformed) || errors.Is(err, pack.ErrCorrupt) {
		t.Errorf("error %v, want ErrMalformed", err)
	}
}

// Bytes that are not the vendor's are nobody's answer, whatever they seem to say.
func TestBatchRefusesCorruptBodies(t *testing.T) {
	foreign := strings.Replace(transformtest.Row, "marketing", "otp", 1)
	bodies := map[string]string{
		"rows":   `{"result":[` + transformtest.Row + `,` + foreign + `],"count":2}`,
		"no end": `{"result":[` + foreign,
		"long":   `{"result":[` + strings.Repeat(transformtest.Row+",\n", 2000) + transformtest.Row + `],"count":2001}`,
	}
	harms := map[string]func(*sms.Body){
		"hash":       func(b *sms.Body) { b.Hash[0]++ },
		"one longer": func(b *sms.Body) { b.Size-- },
		"one short":  func(b *sms.Body) { b.Size++ },
		"no size":    func(b *sms.Body) { b.Size = 0 },
		"cut":        func(b *sms.Body) { b.Packed = b.Packed[:len(b.Packed)-1] },
		"half":       func(b *sms.Body) { b.Packed = b.Packed[:len(b.Packed)/2] },
		"no frame":   func(b *sms.Body) { b.Packed = []byte("not zstd") },
		"nothing":    func(b *sms.Body) { b.Packed = nil },
		"bit": func(b *sms.Body) {
			b.Packed = slices.Clone(b.Packed)
			b.Packed[len(b.Packed)-6] ^= 1
		},
	}
	for what, body := range bodies {
		for harm, apply := range harms {
			scope, payloads := transformtest.Stats(t, body)
			apply(&payloads[0].Body)
			batch, err := vendors.Batch(scope, payloads)
			if !errors.Is(err, pack.ErrCorrupt) || errors.Is(err, sms.ErrMalformed) {
				t.Errorf("%s, %s: error %v, want ErrCorrupt", what, harm, err)
			}
			if batch.Received() != 0 || len(batch.Findings) != 0 {
				t.Errorf("%s, %s: %d rows and %d findings of bytes that are not the vendor's", what, harm, batch.Received(), len(batch.Findings))
			}
		}
	}
	scope := transformtest.Scope(t, sms.Tencent, "1400006874", "2026-01-01/2026-01-01", sms.SendStatus, sms.CallbackStatus)
	for harm, apply := range harms {
		var payloads []sms.Payload
		for _, dataset := range scope.Datasets {
			p := sms.Payload{Account: scope.Account, Dataset: dataset, Window: scope.Window, Body: pack.Bytes([]byte(`{"Response":{"Error":{}}}`))}
			apply(&p.Body)
			payloads = append(payloads, p)
		}
		if _, err := vendors.Batch(scope, payloads); !errors.Is(err, pack.ErrCorrupt) || errors.Is(err, sms.ErrMalformed) {
			t.Errorf("tencent, %s: error %v, want ErrCorrupt", harm, err)
		}
	}
}

func TestBatchIsAFunction(t *testing.T) {
	scope, payloads := transformtest.Case(t, "engagelab/testdata/new_reason.json", sms.EngageLab)
	before := slices.Clone(payloads)
	one, _ := vendors.Batch(scope, payloads)
	two, _ := vendors.Batch(scope, payloads)
	rows := func(b *sms.Batch) []any {
		all := []any{b.AllDeliveries(), b.AllFailures()}
		b.Rows = sms.Rows{} // it finds reasons by their addresses
		return all
	}
	if !reflect.DeepEqual(rows(&one), rows(&two)) || !reflect.DeepEqual(one, two) {
		t.Errorf("the same answers gave %+v, then %+v", one, two)
	}
	if !reflect.DeepEqual(before, payloads) {
		t.Error("the payloads were changed")
	}
}

func TestManyRejectsKeepTheirPlaces(t *testing.T) {
	const rows = 3000
	row := strings.Replace(transformtest.Row, "marketing", "otp", 1)
	body := `{"result":[` + transformtest.Row + strings.Repeat(",\n "+row, rows) + fmt.Sprintf(`],"count":%d}`, rows+1)
	scope, payloads := transformtest.Stats(t, body)
	batch, err := vendors.Batch(scope, payloads)
	if err != nil || len(batch.Rejects) != rows || len(batch.Deliveries) != 1 {
		t.Fatalf("%d rejects, %d deliveries, error %v", len(batch.Rejects), len(batch.Deliveries), err)
	}
	withText := 0
	for i, r := range batch.Rejects {
		if r.Position != int64(i+1) || r.Payload != payloads[0].Body.Hash || r.Reason == "" {
			t.Fatalf("reject %d is %+v", i, r)
		}
		if r.Row != "" {
			withText++
		}
	}
	if withText == 0 || withText > 1000 {
		t.Errorf("%d rejects hold their row, want some and at most 1000", withText)
	}
	if batch.Findings[0].Rows != rows {
		t.Errorf("finding %+v, want %d rows", batch.Findings[0], rows)
	}
}

func TestLongRowsAreCut(t *testing.T) {
	row := strings.Replace(transformtest.Row, `"targets":1`, `"note":"`+strings.Repeat("你", 100_000)+`","targets":-1`, 1)
	scope, payloads := transformtest.Stats(t, `{"result":[`+transformtest.Row+`,`+row+`,`+transformtest.Row+`],"count":3}`)
	batch, err := vendors.Batch(scope, payloads)
	if err != nil || len(batch.Deliveries) != 2 || len(batch.Rejects) != 1 {
		t.Fatalf("%d deliveries, %d rejects, error %v", len(batch.Deliveries), len(batch.Rejects), err)
	}
	transformtest.Hold(t, scope, &batch, err)
	if r := batch.Rejects[0]; len(r.Row) > 500 || r.Position != 1 {
		t.Errorf("reject %d holds %d bytes of row", r.Position, len(r.Row))
	}
}

func TestTheTableOfReasonsIsACopy(t *testing.T) {
	vendors.Reasons(sms.EngageLab)[0].Category = sms.Other
	if vendors.Reasons(sms.EngageLab)[0].Category != sms.BlockedOptOut {
		t.Error("a caller can change the table of reasons")
	}
}
