//go:build unix

package main

import (
	"strings"
	"testing"

	"smsetl/internal/dev/long"
	"smsetl/sandbox/huawei"
)

// Days that reports were counted into are built again from exports and pushes: not a tuple differs, whether what is known of
// reports is there, spoilt, or thrown away for its age.
func TestReplayOfPushes(t *testing.T) {
	t.Parallel()
	days := long.Or(4, 6)
	x := newPushed(t, days, 30, signedPushes)
	x.bring(0, x.young(days))
	young := x.text(`SELECT sum(pending)::text FROM sms.delivery_daily`)
	s := x.serveReports()
	x.send(x.reports(huawei.Pushes{Seed: 8, Batched: true, Repeats: 30}), pushAccess, "")
	x.counted()
	s.end(exitOK)
	if x.text(`SELECT sum(pending)::text FROM sms.delivery_daily`) == young {
		t.Fatal("the pushes told nothing new, so a replay would prove nothing")
	}
	x.equals("exports and pushes", x.truth(days))
	x.remember()
	x.stands(x.replayed(0))

	x.explainsPushes()
	x.exec(`UPDATE etl.huawei_report SET outcome = 1 WHERE push_id % 2 = 0 AND NOT is_waiting`)
	x.stands(x.replayed(0))

	// As they are after message_retention_days.
	x.exec(`UPDATE etl.huawei_push SET is_settled = true; TRUNCATE etl.huawei_report`)
	x.stands(x.replayed(0))
}

// explainsPushes insists that the rows of files, and what reports told of their messages, add up to the numbers; and that a push
// that is named can be read as it is kept.
func (x *pushed) explainsPushes() {
	x.t.Helper()
	byReports := int64(0)
	hash := ""
	for _, s := range x.samples() {
		e := x.explain(s)
		if len(e.Cells) != 1 {
			x.t.Errorf("%+v: %d cells", s, len(e.Cells))
			continue
		}
		var sum int64
		value := e.Cells[0].Values[0]
		for _, f := range value.Fields {
			if f.Field == value.Fields[0].Field && f.Adds.IsReported() {
				sum += f.Adds.Or(0)
			}
		}
		if sum != s.Value {
			x.t.Errorf("%+v: the files with their reports add %d", s, sum)
		}
		for _, p := range e.Cells[0].Places {
			byReports += p.Reported
		}
		if len(e.Pushes) > 0 {
			hash = e.Pushes[0].Hash
		}
	}
	if byReports == 0 || hash == "" {
		x.t.Fatalf("reports told of %d messages, push %q", byReports, hash)
	}
	if code, out, _ := x.alone(x.t.Context(), "raw", "show", hash); code != 0 || !strings.Contains(out, "status_reports\ttrust=signed\n") {
		x.t.Errorf("exit %d: the push is not shown: %s", code, out)
	}
	code, out, _ := x.alone(x.t.Context(), "explain", "--date", "2026-11-14", "--account", "harbor-home")
	if code != 0 || !strings.Contains(out, "told by status reports") || !strings.Contains(out, "pushes whose reports it rests on") {
		x.t.Errorf("exit %d: reports are not explained:\n%s", code, out)
	}
}
