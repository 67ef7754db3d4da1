//go:build unix

package main

import (
	"testing"

	"smsetl/sandbox"
)

// Days that reports were counted into are built again from exports and pushes: not a tuple differs, whether what is known of
// reports is there, spoilt, or thrown away for its age.
func TestReplayOfPushes(t *testing.T) {
	t.Parallel()
	const days = 6
	x := newPushed(t, days, 30, signedPushes)
	x.bring(0, x.young(days))
	young := x.text(`SELECT sum(pending)::text FROM sms.delivery_daily`)
	s := x.serveReports()
	x.send(x.reports(sandbox.Pushes{Seed: 8, Batched: true, Repeats: 30}), pushAccess, "")
	x.counted()
	s.end(exitOK)
	if x.text(`SELECT sum(pending)::text FROM sms.delivery_daily`) == young {
		t.Fatal("the pushes told nothing new, so a replay would prove nothing")
	}
	x.equals("exports and pushes", x.truth(days))
	x.remember()
	x.stands(x.replayed(0))

	x.exec(`CREATE TABLE reports_before AS SELECT * FROM etl.huawei_report`)
	x.exec(`UPDATE etl.huawei_report SET outcome = 1 WHERE push_id % 2 = 0 AND NOT is_waiting`)
	x.stands(x.replayed(0))
	if n := x.number(`SELECT count(*) FROM (SELECT * FROM reports_before EXCEPT SELECT * FROM etl.huawei_report) AS x`); n != 0 {
		t.Errorf("%d reports are not known as before", n)
	}

	// As they are after message_retention_days.
	x.exec(`UPDATE etl.huawei_push SET is_settled = true; TRUNCATE etl.huawei_report`)
	x.stands(x.replayed(0))
}
