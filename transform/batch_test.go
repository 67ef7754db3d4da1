package transform_test

import (
	"errors"
	"fmt"
	"reflect"
	"slices"
	"strings"
	"testing"

	"smsetl/internal/pack"
	"smsetl/sms"
)

const quietRow = `{"send_date":"2026-01-02","msg_type":"2","sms_user":"marketing","template_id":101,"label_id":7,` +
	`"targets":1,"sent":1,"process_failed":0,"delivered":1,"send_failed":0,"wait_result":0,"billing_count":1}`

// statsAnswer gives a scope of stats_day with one answer.
func statsAnswer(t testing.TB, body string) (sms.Scope, []sms.Payload) {
	scope := scopeOf(t, sms.EngageLab, "marketing", "2026-01-01/2026-01-03", sms.StatsDay)
	return scope, []sms.Payload{{Account: scope.Account, Dataset: sms.StatsDay, Window: scope.Window, Body: pack.Bytes([]byte(body))}}
}

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
			scope, payloads := statsAnswer(t, `{"result":[`+quietRow+`],"count":1}`)
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
	scope := scopeOf(t, sms.Huawei, "app", "2026-01-01/2026-01-01", "details")
	if _, err := vendors.Batch(scope, nil); err == nil || !strings.Contains(err.Error(), `vendor "huawei"`) {
		t.Errorf("error %v, want one about the vendor", err)
	}
	scope = scopeOf(t, sms.EngageLab, "marketing", "2026-01-01/2026-01-01")
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
	scope, payloads := statsAnswer(t, `{"code":30000,"message":"authentication failed"}`)
	if _, err := vendors.Batch(scope, payloads); !errors.Is(err, sms.ErrMalformed) || errors.Is(err, pack.ErrCorrupt) {
		t.Errorf("error %v, want ErrMalformed", err)
	}
}

// Bytes that are not the vendor's are nobody's answer, whatever they seem to say.
func TestBatchRefusesCorruptBodies(t *testing.T) {
	foreign := strings.Replace(quietRow, "marketing", "otp", 1)
	bodies := map[string]string{
		"rows":   `{"result":[` + quietRow + `,` + foreign + `],"count":2}`,
		"no end": `{"result":[` + foreign,
		"long":   `{"result":[` + strings.Repeat(quietRow+",\n", 2000) + quietRow + `],"count":2001}`,
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
			scope, payloads := statsAnswer(t, body)
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
	scope := scopeOf(t, sms.Tencent, "1400006874", "2026-01-01/2026-01-01", sms.SendStatus, sms.CallbackStatus)
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
	scope, payloads := readCase(t, "testdata/engagelab/new_reason.json", sms.EngageLab)
	before := slices.Clone(payloads)
	one, _ := vendors.Batch(scope, payloads)
	two, _ := vendors.Batch(scope, payloads)
	if !reflect.DeepEqual(one, two) {
		t.Errorf("the same answers gave %+v, then %+v", one, two)
	}
	if !reflect.DeepEqual(before, payloads) {
		t.Error("the payloads were changed")
	}
}

func TestManyRejectsKeepTheirPlaces(t *testing.T) {
	const rows = 3000
	row := strings.Replace(quietRow, "marketing", "otp", 1)
	body := `{"result":[` + quietRow + strings.Repeat(",\n "+row, rows) + fmt.Sprintf(`],"count":%d}`, rows+1)
	scope, payloads := statsAnswer(t, body)
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
	row := strings.Replace(quietRow, `"targets":1`, `"note":"`+strings.Repeat("你", 100_000)+`","targets":-1`, 1)
	scope, payloads := statsAnswer(t, `{"result":[`+quietRow+`,`+row+`,`+quietRow+`],"count":3}`)
	batch, err := vendors.Batch(scope, payloads)
	if err != nil || len(batch.Deliveries) != 2 || len(batch.Rejects) != 1 {
		t.Fatalf("%d deliveries, %d rejects, error %v", len(batch.Deliveries), len(batch.Rejects), err)
	}
	mustHold(t, scope, &batch, err)
	if r := batch.Rejects[0]; len(r.Row) > 500 || r.Position != 1 {
		t.Errorf("reject %d holds %d bytes of row", r.Position, len(r.Row))
	}
}

func TestTooManyNewReasons(t *testing.T) {
	scope := scopeOf(t, sms.EngageLab, "marketing", "2026-01-02/2026-01-02", sms.SendFailed)
	answer := func(fields int) []sms.Payload {
		body := `{"result":[{"send_date":"2026-01-02","sms_user":"marketing"`
		for i := range fields {
			body += fmt.Sprintf(`,"new_%d":1`, i)
		}
		return []sms.Payload{{Account: scope.Account, Dataset: sms.SendFailed, Window: scope.Window, Body: pack.Bytes([]byte(body + `}],"count":1}`))}}
	}
	if batch, err := vendors.Batch(scope, answer(100)); err != nil || len(batch.Failures) != 110 {
		t.Errorf("100 new reasons: %d failures, error %v", len(batch.Failures), err)
	}
	if _, err := vendors.Batch(scope, answer(101)); !errors.Is(err, sms.ErrMalformed) {
		t.Errorf("101 new reasons: %v, want ErrMalformed", err)
	}
}

// The table typed a second time, from the vendors' pages.
func TestReasons(t *testing.T) {
	want := map[sms.Vendor]string{
		sms.EngageLab: `
			processing global_block blocked_opt_out, processing partial_block blocked_opt_out, processing unsubscribe blocked_opt_out,
			processing keyword_block content_template, processing variable_error content_template, processing content_error content_template,
			processing frequency_overrun rate_limited, processing other other,
			sending empty invalid_number, sending out_of_service unreachable, sending blacklist blocked_opt_out, sending busy unreachable,
			sending no_answer unreachable, sending interception content_template, sending break_down unreachable,
			sending not_in_service unreachable, sending power_off unreachable, sending other other`,
		sms.Tencent: `
			sending InternalErrorCount carrier_network, sending InvalidNumberCount invalid_number, sending ShutdownErrorCount unreachable,
			sending BlackListCount blocked_opt_out, sending FrequencyLimitCount rate_limited, sending residual other`,
		sms.Huawei: `
			sending EXPIRED unreachable, sending DELETED unreachable, sending UNDELIV unreachable, sending UNKNOWN other,
			sending REJECTD blocked_opt_out, sending BLACK blocked_opt_out, sending MBBLACK blocked_opt_out,
			sending TDBLACK blocked_opt_out, sending TSBLACK blocked_opt_out,
			sending MILIMIT rate_limited, sending LIMIT rate_limited, sending BEYONDN rate_limited, sending CTLIMIT rate_limited,
			sending KEYWORD content_template, sending DJ:0255 content_template,
			processing E200018 platform_config, processing E200019 platform_config, processing E200020 platform_config,
			processing E200021 platform_config, processing E200022 platform_config, processing E200023 platform_config,
			processing E200024 platform_config, processing E200025 platform_config, processing E200026 platform_config,
			processing E200027 platform_config, processing E200032 content_template, processing E200034 carrier_network,
			processing E200035 carrier_network, processing E200036 platform_config, processing E200038 platform_config,
			processing E200051 content_template, processing E000628 platform_config, processing E000629 platform_config,
			sending no_code other`,
	}
	for vendor, lines := range want {
		var got []string
		for _, r := range vendors.Reasons(vendor) {
			got = append(got, fmt.Sprintf("%s %s %s", r.Stage, r.Code, r.Category))
		}
		if want := strings.Join(strings.Fields(lines), " "); strings.Join(got, ", ") != want {
			t.Errorf("%s: %s\nwant %s", vendor, strings.Join(got, ", "), want)
		}
	}
	vendors.Reasons(sms.EngageLab)[0].Category = sms.Other
	if vendors.Reasons(sms.EngageLab)[0].Category != sms.BlockedOptOut {
		t.Error("a caller can change the table of reasons")
	}
}
