package load_test

import (
	"fmt"
	"testing"
	"time"

	"smsetl/internal/pack"
	"smsetl/load"
	"smsetl/load/raw"
	"smsetl/sms"
)

// answered is put with an answer kept, as every load of a vendor has one.
func answered(t *testing.T, wh *load.Warehouse, b answer, when time.Time, change ...func(*load.PutOptions)) load.Result {
	t.Helper()
	options := load.PutOptions{Now: when, Rules: rules(4), TransformVersion: 1}
	for _, c := range change {
		c(&options)
	}
	id, err := wh.Begin(t.Context(), load.Start{Scope: b.Scope, Now: when})
	if err == nil {
		err = raw.Keep(t.Context(), wh.DB, id, sms.Payload{
			Account: b.Scope.Account, Dataset: b.Scope.Datasets[0], Window: b.Scope.Window, FetchedAt: when, Status: 200,
			Request: sms.Request{Method: "GET", URL: "https://h/"}, Body: pack.Bytes([]byte(fmt.Sprint(id))),
		})
	}
	if err != nil {
		t.Fatal(err)
	}
	r, err := wh.Put(t.Context(), id, batchOf(b), options, nil)
	if err != nil {
		t.Fatal(err)
	}
	return r
}

// The history is scripted: of each day's 1,000 messages 100 are pending a day later, 40 two days later, none from the fourth
// day on; days are read on each of the four mornings after them and by a sweep on the 20th.
func TestSettling(t *testing.T) {
	t.Parallel()
	wh := open(t, marketing, app)
	const settling = `
		SELECT account, days_after, days, messages, moved_messages, round(moved_share, 4)::text
		FROM sms.settling ORDER BY 1, 2`
	same(t, "without a history", dump(t, wh, settling), "")
	day := func(d sms.Day, age int) sms.Delivery {
		pending := map[int]int64{1: 100, 2: 40, 3: 40}[age]
		r := row("01-05", "a", 1000)
		r.Day, r.Pending, r.SendFailed, r.Delivered = d, sms.Reported(pending), sms.Reported(50), sms.Reported(950-pending)
		return r
	}
	first := sms.Date(2026, 3, 1)
	for d := first; d < first+4; d++ {
		for _, age := range []int{1, 2, 3, 4, 20} {
			b := answer{Scope: sms.Scope{Account: marketing, Datasets: []sms.Dataset{sms.StatsDay}, Window: sms.OneDay(d, east)}}
			b.Deliveries = []sms.Delivery{day(d, age)}
			if age == 20 && d == first { // a late correction, with a row that vanishes and one that is new
				b.Deliveries[0].Template = sms.Named("b")
				b.Deliveries[0].Delivered, b.Deliveries[0].SendFailed = sms.Reported(946), sms.Reported(54)
			}
			answered(t, wh, b, east.Start(d+sms.Day(age)).Add(150*time.Minute))
		}
	}
	want := []string{
		"marketing 2 4 4000 240 0.0600",
		"marketing 3 4 4000 0 0.0000",
		"marketing 4 4 4000 160 0.0400",
		"marketing 20 4 4000 4 0.0010",
	}
	same(t, "from the history", dump(t, wh, settling), want...)

	// What our own code changes is no movement, and neither is what was loaded once or asked in vain.
	s := sms.Scope{Account: marketing, Datasets: []sms.Dataset{sms.StatsDay}, Window: sms.OneDay(first+1, east)}
	changed := answer{Scope: s, Deliveries: []sms.Delivery{day(first+1, 4)}}
	changed.Deliveries[0].Delivered = sms.Reported(700)
	answered(t, wh, changed, east.Start(first+60), func(o *load.PutOptions) { o.TransformVersion = 2 })
	put(t, wh, answer{Scope: s, Deliveries: []sms.Delivery{day(first+1, 4)}}, func(o *load.PutOptions) { o.TransformVersion = 2 })
	once := sms.Scope{Account: app, Datasets: []sms.Dataset{sms.SendStatus, sms.CallbackStatus}, Window: sms.OneDay(first, east)}
	answered(t, wh, answer{Scope: once, Deliveries: []sms.Delivery{day(first, 1)}}, east.Start(first+1))
	id, err := wh.Begin(t.Context(), load.Start{Scope: once, Now: east.Start(first + 2)})
	if err == nil {
		err = wh.Fail(t.Context(), id, batchOf(answer{Scope: once}), "503", east.Start(first+2))
	}
	if err != nil {
		t.Fatal(err)
	}
	same(t, "afterwards", dump(t, wh, settling), want...)
}
