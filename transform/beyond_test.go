package transform_test

import (
	"regexp"
	"slices"
	"strings"
	"testing"

	"smsetl/internal/pack"
	"smsetl/sms"
)

func answerFor(scope sms.Scope, dataset sms.Dataset, w sms.Window, body string) sms.Payload {
	return sms.Payload{Account: scope.Account, Dataset: dataset, Window: w, Body: pack.Bytes([]byte(body))}
}

func beyondFor(scope sms.Scope, dataset sms.Dataset, w sms.Window) sms.Payload {
	p := answerFor(scope, dataset, w, `{"code":33002,"message":"too old"}`)
	p.Refused, p.Beyond = "refused: too old", true
	return p
}

func windows(list []sms.Window) string {
	var all []string
	for _, w := range list {
		all = append(all, w.String())
	}
	return strings.Join(all, " ")
}

func TestDaysBeyondWhatTheVendorKeepsNeedNoAnswer(t *testing.T) {
	scope := scopeOf(t, sms.EngageLab, "marketing", "2026-01-01/2026-01-05", sms.StatsDay)
	rows := answerFor(scope, sms.StatsDay, window(t, "2026-01-02/2026-01-02"), `{"result":[`+quietRow+`],"count":1}`)
	young := answerFor(scope, sms.StatsDay, window(t, "2026-01-05/2026-01-05"), `{"result":[],"count":0}`)
	b, err := vendors.Batch(scope, []sms.Payload{
		beyondFor(scope, sms.StatsDay, window(t, "2026-01-04/2026-01-04")), rows,
		beyondFor(scope, sms.StatsDay, window(t, "2026-01-01/2026-01-01")),
		beyondFor(scope, sms.StatsDay, window(t, "2026-01-03/2026-01-03")), young,
	})
	if err != nil || len(b.Deliveries) != 1 || windows(b.Beyond) != "2026-01-01/2026-01-01 2026-01-03/2026-01-04" {
		t.Errorf("%d facts, beyond %s, %v", len(b.Deliveries), windows(b.Beyond), err)
	}
	if _, err := vendors.Batch(scope, []sms.Payload{rows, young}); err == nil {
		t.Error("days without any answer were taken")
	}
	all := []sms.Payload{beyondFor(scope, sms.StatsDay, scope.Window)}
	if b, err := vendors.Batch(scope, all); err != nil || b.Received() != 0 || windows(b.Beyond) != scope.Window.String() {
		t.Errorf("nothing but beyond: %+v, %v", b, err)
	}
	all[0].Account.ID = "otp"
	if _, err := vendors.Batch(scope, all); err == nil {
		t.Error("another account's days beyond were taken for this one's")
	}
}

func TestADayBeyondForOneDatasetIsBeyondForAll(t *testing.T) {
	scope := scopeOf(t, sms.EngageLab, "marketing", "2026-01-01/2026-01-03", sms.StatsDay, sms.ProcessFailed)
	rows := `{"result":[` + quietRow + `,` + strings.Replace(quietRow, "-02", "-03", 1) + `],"count":2}`
	payloads := []sms.Payload{
		answerFor(scope, sms.StatsDay, scope.Window, rows),
		beyondFor(scope, sms.ProcessFailed, window(t, "2026-01-01/2026-01-02")),
		answerFor(scope, sms.ProcessFailed, window(t, "2026-01-03/2026-01-03"), `{"result":[],"count":0}`),
	}
	b, err := vendors.Batch(scope, payloads)
	if err != nil || len(b.Deliveries) != 1 || b.Deliveries[0].Day != sms.Date(2026, 1, 3) || len(b.Rejects) != 0 {
		t.Errorf("%+v, %v, want the facts of the third day alone", b.Deliveries, err)
	}
	for day, want := range map[sms.Day]int{sms.Date(2026, 1, 2): 0, sms.Date(2026, 1, 3): 1} {
		if places, err := vendors.Locate(scope, payloads, day); err != nil || len(places) != want {
			t.Errorf("%s: %d places, %v, want %d", day, len(places), err, want)
		}
	}
}

func TestTencentDaysBeyondMakeNoPairs(t *testing.T) {
	scope := scopeOf(t, sms.Tencent, "1400006874", "2026-01-01/2026-01-03", sms.SendStatus, sms.CallbackStatus)
	zeros := func(body string) string { return regexp.MustCompile(`[0-9]+`).ReplaceAllString(body, "0") }
	day := window(t, "2026-01-03/2026-01-03")
	payloads := []sms.Payload{
		answerFor(scope, sms.SendStatus, window(t, "2026-01-01/2026-01-01"), wideSend),
		beyondFor(scope, sms.CallbackStatus, window(t, "2026-01-01/2026-01-02")),
		answerFor(scope, sms.SendStatus, window(t, "2026-01-02/2026-01-03"), zeros(wideSend)),
		answerFor(scope, sms.CallbackStatus, window(t, "2026-01-02/2026-01-03"), zeros(wideBack)),
	}
	b, err := vendors.Batch(scope, payloads)
	if err != nil || len(b.Deliveries) != 1 || b.Deliveries[0].Day != day.First() || !slices.Equal(b.Beyond, []sms.Window{window(t, "2026-01-01/2026-01-02")}) {
		t.Errorf("%+v, beyond %s, %v", b.Deliveries, windows(b.Beyond), err)
	}
	if places, err := vendors.Locate(scope, payloads, sms.Date(2026, 1, 2)); err != nil || len(places) != 0 {
		t.Errorf("%d places of a day without facts, %v", len(places), err)
	}
}
