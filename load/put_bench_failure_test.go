package load_test

import (
	"fmt"
	"testing"

	"smsetl/sms"
)

// BenchmarkPutFailures loads 90 days of failures of one account, 3,000 rows a day by ten reasons: for the first time, and again
// with one row in a hundred changed.
func BenchmarkPutFailures(b *testing.B) {
	const days, templates = 90, 300
	first := sms.Date(2025, 1, 1)
	w, err := sms.NewWindow(first, first+days-1, east)
	if err != nil {
		b.Fatal(err)
	}
	reasons := make([]*sms.Reason, 10)
	for i := range reasons {
		reasons[i] = &sms.Reason{Code: fmt.Sprint("reason", i), Stage: sms.Sending, Category: sms.Unreachable}
	}
	batch := answer{Scope: sms.Scope{Account: marketing, Datasets: []sms.Dataset{sms.SendFailed}, Window: w}}
	for d := range w.Days() {
		for i := range templates * len(reasons) {
			f := failure("01-01", fmt.Sprintf("t%03d", i/len(reasons)), reasons[i%len(reasons)], int64(100+i))
			f.Day = d
			batch.Failures = append(batch.Failures, f)
		}
	}
	b.Run("first", func(b *testing.B) {
		for b.Loop() {
			b.StopTimer()
			wh := open(b, marketing)
			b.StartTimer()
			put(b, wh, batch)
		}
	})
	wh := open(b, marketing)
	put(b, wh, batch)
	b.Run("one_in_a_hundred_changed", func(b *testing.B) {
		for b.Loop() {
			for i := 0; i < len(batch.Failures); i += 100 {
				batch.Failures[i].Messages = batch.Failures[i].Messages.Plus(sms.Reported(1))
			}
			put(b, wh, batch)
		}
	})
}
