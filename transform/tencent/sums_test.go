package tencent_test

import (
	"errors"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"smsetl/internal/pack"
	"smsetl/sms"
)

const (
	wideSend = `{"Response":{"SendStatusStatistics":{"FeeCount":120,"RequestCount":100,"RequestSuccessCount":97},"RequestId":"r"}}`
	wideBack = `{"Response":{"CallbackStatusStatistics":{"CallbackCount":90,"RequestSuccessCount":97,"CallbackFailCount":20,` +
		`"CallbackSuccessCount":70,"InternalErrorCount":1,"InvalidNumberCount":2,"ShutdownErrorCount":3,"BlackListCount":4,"FrequencyLimitCount":5},"RequestId":"r"}}`
)

func wide(t *testing.T, dataset sms.Dataset, body string) sms.Payload {
	t.Helper()
	zone, err := sms.ParseZone("+08:00")
	if err != nil {
		t.Fatal(err)
	}
	w, err := sms.NewWindow(sms.Date(2026, 1, 1), sms.Date(2026, 1, 31), zone)
	if err != nil {
		t.Fatal(err)
	}
	return sms.Payload{Account: sms.Account{Vendor: sms.Tencent, ID: "1400006874", Zone: zone}, Dataset: dataset, Window: w, Body: pack.Bytes([]byte(body))}
}

// Each answer tells its own half, and nothing of the other's.
func TestSums(t *testing.T) {
	n := sms.Reported
	for dataset, c := range map[sms.Dataset]struct {
		body string
		want sms.Sums
	}{
		sms.SendStatus: {wideSend, sms.Sums{Measures: sms.Measures{Requested: n(100), Accepted: n(97), ProcessingFailed: n(3), BilledSegments: n(120)}}},
		sms.CallbackStatus: {wideBack, sms.Sums{
			Measures: sms.Measures{Delivered: n(70), SendFailed: n(20), Pending: n(7)},
			Failures: map[string]sms.Count{
				"InternalErrorCount": n(1), "InvalidNumberCount": n(2), "ShutdownErrorCount": n(3), "BlackListCount": n(4), "FrequencyLimitCount": n(5), "residual": n(5),
			},
		}},
	} {
		got, err := vendors.Sums(wide(t, dataset, c.body))
		if err != nil {
			t.Fatal(err)
		}
		if d := cmp.Diff(c.want, got, cmp.Comparer(func(a, b sms.Count) bool { return a == b })); d != "" {
			t.Errorf("%s (-want +got):\n%s", dataset, d)
		}
	}
}

func TestSumsThatCannotBeCompared(t *testing.T) {
	for name, body := range map[string]string{
		"a null":      strings.Replace(wideSend, "100", "null", 1),
		"a hole":      strings.Replace(wideSend, `"RequestCount":100,`, "", 1),
		"no object":   `{"Response":{"RequestId":"r"}}`,
		"an error":    `{"Response":{"Error":{"Code":"InternalError","Message":""},"RequestId":"r"}}`,
		"a negative":  strings.Replace(wideSend, "100", "-1", 1),
		"junk behind": wideSend + "x",
	} {
		if s, err := vendors.Sums(wide(t, sms.SendStatus, body)); !errors.Is(err, sms.ErrMalformed) {
			t.Errorf("%s: %+v, %v", name, s, err)
		}
	}
	other := wide(t, sms.SendStatus, wideSend)
	other.Account.Vendor = sms.Huawei
	if _, err := vendors.Sums(other); err == nil {
		t.Error("Huawei does not answer in sums")
	}
	// Facts are still made of single days alone.
	p, q := wide(t, sms.SendStatus, wideSend), wide(t, sms.CallbackStatus, wideBack)
	scope := sms.Scope{Account: p.Account, Datasets: []sms.Dataset{sms.SendStatus, sms.CallbackStatus}, Window: p.Window}
	if _, err := vendors.Batch(scope, []sms.Payload{p, q}); !errors.Is(err, sms.ErrMalformed) {
		t.Errorf("a sum over a month became facts: %v", err)
	}
}
