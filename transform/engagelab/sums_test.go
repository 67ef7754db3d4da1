package engagelab_test

import (
	"errors"
	"testing"

	"github.com/google/go-cmp/cmp"

	"smsetl/internal/dev/transformtest"
	"smsetl/internal/pack"
	"smsetl/sms"
)

func checkSum(t *testing.T, dataset sms.Dataset, body string) (sms.Sums, error) {
	t.Helper()
	scope := transformtest.Scope(t, sms.EngageLab, "marketing", "2026-01-01/2026-01-31", dataset)
	p := transformtest.Answer(scope, dataset, scope.Window, body)
	p.Refused = "a check sum; nothing to load"
	return vendors.Sums(p)
}

func TestSums(t *testing.T) {
	n := sms.Reported
	stats := sms.Sums{Measures: sms.Measures{
		Requested: n(100), Accepted: n(96), ProcessingFailed: n(4), Delivered: n(90), SendFailed: n(5), Pending: n(1), BilledSegments: n(120),
	}}
	const object = `{"msg_type":"2","send_date":"None","targets":100,"sent":96,"process_failed":"4","delivered":90.0,"send_failed":5,"wait_result":1,"billing_count":120,"delivered_percent":"90.00","x":[1]}`
	unsaid := stats
	unsaid.Pending, unsaid.BilledSegments = sms.Count{}, sms.Count{}
	for name, c := range map[string]struct {
		dataset sms.Dataset
		body    string
		want    sms.Sums
	}{
		"object":         {sms.StatsDay, `{"result":` + object + `}`, stats},
		"code 0":         {sms.StatsDay, `{"code":0,"message":"","result":` + object + `,"count":1}`, stats},
		"in an array":    {sms.StatsDay, `{"result":[ ` + object + ` ],"count":1}`, stats},
		"counts missing": {sms.StatsDay, `{"result":{"targets":100,"process_failed":4,"delivered":90,"send_failed":5,"wait_result":null}}`, unsaid},
		"processing": {sms.ProcessFailed, `{"result":{"global_block":3,"other":"1","unsubscribe":0,"partial_block":0,"keyword_block":0,"variable_error":0,"content_error":0,"frequency_overrun":null,"new_code":7,"template_id":9}}`,
			sms.Sums{Failures: map[string]sms.Count{"global_block": n(3), "other": n(1), "unsubscribe": n(0), "partial_block": n(0), "keyword_block": n(0),
				"variable_error": n(0), "content_error": n(0), "frequency_overrun": {}, "new_code": n(7)}}},
		"sending": {sms.SendFailed, `{"result":[{"empty":3,"out_of_service":0,"blacklist":0,"busy":0,"no_answer":0,"interception":0,"break_down":0,"not_in_service":0,"power_off":0,"other":2}]}`,
			sms.Sums{Failures: map[string]sms.Count{"empty": n(3), "out_of_service": n(0), "blacklist": n(0), "busy": n(0), "no_answer": n(0),
				"interception": n(0), "break_down": n(0), "not_in_service": n(0), "power_off": n(0), "other": n(2)}}},
	} {
		got, err := checkSum(t, c.dataset, c.body)
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		if d := cmp.Diff(c.want, got, cmp.Comparer(func(a, b sms.Count) bool { return a == b })); d != "" {
			t.Errorf("%s (-want +got):\n%s", name, d)
		}
	}
}

func TestRowsAreNoSum(t *testing.T) {
	for name, body := range map[string]string{
		"empty object": `{"result":{}}`, "null": `{"result":null}`, "nothing": `{}`, "no rows": `{"result":[],"count":0}`,
		"a row":          `{"result":[` + transformtest.Row + `],"count":1}`,
		"two objects":    `{"result":[{"targets":1},{"targets":2}]}`,
		"by type":        `{"result":{"2":{"targets":1}}}`,
		"an error":       `{"code":30000,"message":"authentication failed"}`,
		"error and sum":  `{"code":1,"result":{"targets":1}}`,
		"negative":       `{"result":{"targets":-1}}`,
		"twice a field":  `{"result":{"targets":1,"targets":2}}`,
		"twice a result": `{"result":{"targets":1},"result":{"targets":2}}`,
		"cut":            `{"result":{"targets":1}`,
		"junk behind":    `{"result":{"targets":1}}x`,
		"a list":         `[1]`, "a page": `<html>`, "no byte": ``,
	} {
		if s, err := checkSum(t, sms.StatsDay, body); !errors.Is(err, sms.ErrMalformed) {
			t.Errorf("%s: %+v, %v", name, s, err)
		}
	}
	p := transformtest.Answer(transformtest.Scope(t, sms.EngageLab, "marketing", "2026-01-01/2026-01-31", sms.StatsDay), sms.StatsDay, transformtest.Window(t, "2026-01-01/2026-01-31"), `{"result":{"targets":1}}`)
	p.Body.Hash[0]++
	if _, err := vendors.Sums(p); !errors.Is(err, pack.ErrCorrupt) {
		t.Errorf("bytes that are not the vendor's: %v", err)
	}
}
