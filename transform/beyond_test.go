package transform_test

import (
	"strings"
	"testing"

	"smsetl/internal/dev/transformtest"
	"smsetl/sms"
)

func windows(list []sms.Window) string {
	var all []string
	for _, w := range list {
		all = append(all, w.String())
	}
	return strings.Join(all, " ")
}

func TestDaysBeyondWhatTheVendorKeepsNeedNoAnswer(t *testing.T) {
	scope := transformtest.Scope(t, sms.EngageLab, "marketing", "2026-01-01/2026-01-05", sms.StatsDay)
	rows := transformtest.Answer(scope, sms.StatsDay, transformtest.Window(t, "2026-01-02/2026-01-02"), `{"result":[`+transformtest.Row+`],"count":1}`)
	young := transformtest.Answer(scope, sms.StatsDay, transformtest.Window(t, "2026-01-05/2026-01-05"), `{"result":[],"count":0}`)
	b, err := vendors.Batch(scope, []sms.Payload{
		transformtest.Beyond(scope, sms.StatsDay, transformtest.Window(t, "2026-01-04/2026-01-04")), rows,
		transformtest.Beyond(scope, sms.StatsDay, transformtest.Window(t, "2026-01-01/2026-01-01")),
		transformtest.Beyond(scope, sms.StatsDay, transformtest.Window(t, "2026-01-03/2026-01-03")), young,
	})
	if err != nil || len(b.Deliveries) != 1 || windows(b.Beyond) != "2026-01-01/2026-01-01 2026-01-03/2026-01-04" {
		t.Errorf("%d facts, beyond %s, %v", len(b.Deliveries), windows(b.Beyond), err)
	}
	if _, err := vendors.Batch(scope, []sms.Payload{rows, young}); err == nil {
		t.Error("days without any answer were taken")
	}
	all := []sms.Payload{transformtest.Beyond(scope, sms.StatsDay, scope.Window)}
	if b, err := vendors.Batch(scope, all); err != nil || b.Received() != 0 || windows(b.Beyond) != scope.Window.String() {
		t.Errorf("nothing but beyond: %+v, %v", b, err)
	}
	all[0].Account.ID = "otp"
	if _, err := vendors.Batch(scope, all); err == nil {
		t.Error("another account's days beyond were taken for this one's")
	}
}

func TestADayBeyondForOneDatasetIsBeyondForAll(t *testing.T) {
	scope := transformtest.Scope(t, sms.EngageLab, "marketing", "2026-01-01/2026-01-03", sms.StatsDay, sms.ProcessFailed)
	rows := `{"result":[` + transformtest.Row + `,` + strings.Replace(transformtest.Row, "-02", "-03", 1) + `],"count":2}`
	payloads := []sms.Payload{
		transformtest.Answer(scope, sms.StatsDay, scope.Window, rows),
		transformtest.Beyond(scope, sms.ProcessFailed, transformtest.Window(t, "2026-01-01/2026-01-02")),
		transformtest.Answer(scope, sms.ProcessFailed, transformtest.Window(t, "2026-01-03/2026-01-03"), `{"result":[],"count":0}`),
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
