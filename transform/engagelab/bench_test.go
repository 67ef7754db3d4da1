package engagelab

import (
	"bytes"
	"fmt"
	"testing"

	"smsetl/internal/dev/transformtest"
	"smsetl/internal/pack"
	"smsetl/sms"
	"smsetl/transform"
)

// statsDoc gives an answer of stats_day with n rows over January 2026, 306 bytes a row as EngageLab's are.
func statsDoc(n int) []byte {
	var b bytes.Buffer
	b.WriteString(`{"result":[`)
	for i := range n {
		if i > 0 {
			b.WriteByte(',')
		}
		t := 1000 + i*7%900
		fmt.Fprintf(&b, `{"send_date":"2026-01-%02d","msg_type":"2","sms_user":"marketing","template_id":%d,"label_id":%d,`+
			`"targets":%d,"sent":%d,"process_failed":3,"delivered":%d,"send_failed":7,"wait_result":0,"billing_count":%d,`+
			`"process_failed_percent":%.2f,"delivered_percent":%.2f,"send_failed_percent":%.2f,"wait_result_percent":0.0}`,
			1+i*31/n, 1000+i%2740, 20+i%7, t, t-3, t-10, t+9,
			300/float64(t), 100*float64(t-10)/float64(t), 700/float64(t))
	}
	fmt.Fprintf(&b, `],"count":%d}`, n)
	return b.Bytes()
}

func BenchmarkStatsDay(b *testing.B) {
	const rows = 200_000 // about 64 MB, the largest answer that is asked for
	doc := statsDoc(rows)
	w, _ := sms.NewWindow(sms.Date(2026, 1, 1), sms.Date(2026, 1, 31), sms.Zone{})
	account := sms.Account{Vendor: sms.EngageLab, ID: "marketing"}
	scope := sms.Scope{Account: account, Datasets: []sms.Dataset{sms.StatsDay}, Window: w}
	payloads := []sms.Payload{{Account: account, Dataset: sms.StatsDay, Window: w, Body: pack.Bytes(doc)}}
	for _, noScanner := range []bool{false, true} {
		b.Run(map[bool]string{false: "scanner", true: "decoder alone"}[noScanner], func(b *testing.B) {
			b.ReportAllocs()
			b.SetBytes(int64(len(doc)))
			start := transformtest.CPU()
			for b.Loop() {
				out := &transform.Draft{Batch: sms.Batch{Scope: scope}}
				e := &reader{Draft: out}
				e.noScanner = noScanner
				if err := e.readAll(payloads); err != nil || len(out.Deliveries) != rows {
					b.Fatal(len(out.Deliveries), err)
				}
				if len(out.Findings) > 0 {
					b.Fatal(out.Findings)
				}
			}
			b.ReportMetric((transformtest.CPU()-start).Seconds()*1e9/float64(rows*b.N), "cpu-ns/row")
			b.ReportMetric(float64(rows)*float64(b.N)/b.Elapsed().Seconds(), "rows/s")
		})
	}
}
