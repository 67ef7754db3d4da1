package load_test

import (
	"fmt"
	"testing"

	"smsetl/load"
	"smsetl/sms"
)

// BenchmarkPut loads a year of one account in windows of 90 days, 2,740 rows a day: for the first time, again with the
// same numbers, and with one row in a hundred changed. internal/dev/bench compares the whole product with a bare COPY.
func BenchmarkPut(b *testing.B) {
	const days, rows = 365, 2740
	first := sms.Date(2025, 1, 1)
	year, err := sms.NewWindow(first, first+days-1, east)
	if err != nil {
		b.Fatal(err)
	}
	var batches []answer
	for _, w := range year.Chunks(90) {
		s := sms.Scope{Account: marketing, Datasets: []sms.Dataset{sms.StatsDay}, Window: w}
		batch := answer{Scope: s, Deliveries: make([]sms.Delivery, 0, w.Len()*rows)}
		for d := range w.Days() {
			for i := range rows {
				r := row("01-01", fmt.Sprintf("t%03d", i/10), int64(100+i))
				r.Day, r.Label = d, sms.Named(fmt.Sprint("l", i%10))
				batch.Deliveries = append(batch.Deliveries, r)
			}
		}
		batches = append(batches, batch)
	}
	each := func(b *testing.B, wh *load.Warehouse, change ...func(*load.PutOptions)) {
		for _, batch := range batches {
			put(b, wh, batch, change...)
		}
	}
	b.Run("first", func(b *testing.B) {
		for b.Loop() {
			b.StopTimer()
			wh := open(b, marketing)
			b.StartTimer()
			each(b, wh)
		}
	})
	wh := open(b, marketing)
	each(b, wh, content("same"))
	b.Run("identical", func(b *testing.B) {
		for b.Loop() {
			each(b, wh)
		}
	})
	each(b, wh, content("same"))
	b.Run("identical_bytes", func(b *testing.B) {
		for b.Loop() {
			each(b, wh, content("same"))
		}
	})
	b.Run("one_in_a_hundred_changed", func(b *testing.B) {
		for b.Loop() {
			for _, batch := range batches {
				for i := 0; i < len(batch.Deliveries); i += 100 {
					d := &batch.Deliveries[i]
					d.BilledSegments = d.BilledSegments.Plus(sms.Reported(1))
				}
			}
			each(b, wh)
		}
	})
}
