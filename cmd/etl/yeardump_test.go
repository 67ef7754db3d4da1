package main

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"time"

	"smsetl/cmd/etl/show"
	"smsetl/sandbox"
	"smsetl/sms"
)

// yearColumns are what the vendors tell of a row, in the words of the views.
var yearColumns = map[string]string{
	"delivery": "vendor, account, template, label, message_type, requested, accepted, processing_failed, delivered, send_failed, pending, billed_segments",
	"failure":  "vendor, account, template, label, message_type, stage, reason, category, messages",
}

// isTold leaves out reasons that an answer did not tell of: they are kept as not reported, and the sandbox's truth has no rows
// of them.
var isTold = map[string]string{"delivery": "true", "failure": "messages IS NOT NULL"}

// digest sums up the rows of each day of a relation, so that two of them have the same rows, duplicates included, when they
// have the same digest: it has their number and the sum of a hash of each.
func digest(view, relation string, since sms.Day) string {
	return fmt.Sprintf(`
		SELECT send_date,
		       count(*)                                       AS row_count,
		       sum(hashtextextended(ROW(%[1]s)::text, 0))     AS said
		FROM %[2]s
		WHERE %[3]s
		  AND send_date >= '%[4]s'
		GROUP BY send_date`, yearColumns[view], relation, isTold[view], since)
}

// digestWithTime is digest with the time of each row's load, which the vendors do not know.
func digestWithTime(view, relation string) string {
	return strings.Replace(strings.Replace(digest(view, relation, yearDay(-before)), isTold[view], "true", 1), "AS said", "AS said, sum(hashtextextended(ROW("+yearColumns[view]+", country, loaded_at)::text, 0)) AS stored", 1)
}

func (y *year) prepareDumps() {
	y.exec(`CREATE TABLE year_dump (view_name text, day_number int, send_date date, row_count bigint, said numeric, stored numeric)`)
	y.exec(`CREATE INDEX ON year_dump (day_number)`)
	y.exec(`CREATE TABLE year_finding (account text, check_name text, day date, last_day date)`)
	y.exec(`CREATE TABLE year_time (day_number int PRIMARY KEY, at timestamptz)`)
}

// dump keeps what the warehouse reports at the end of a day.
func (y *year) dump(n int, now time.Time) {
	y.t.Helper()
	for view := range yearColumns {
		y.exec(`INSERT INTO year_dump SELECT $1, $2::int, d.send_date, d.row_count, d.said, d.stored FROM (`+digestWithTime(view, "sms."+view+"_daily")+`) AS d`, view, n)
	}
	y.exec(`INSERT INTO year_time SELECT $1, $2`, n, now.Add(time.Hour))
}

// comparesDumps asks for what was reported at the end of every day.
func (y *year) comparesDumps() {
	y.t.Helper()
	if n := y.number(`SELECT count(*) FROM (SELECT DISTINCT view_name, send_date, stored FROM year_dump) AS d`); n <= 2*y.number(`SELECT count(DISTINCT send_date) FROM year_dump`) {
		y.t.Errorf("%d images of days: nothing has changed, so equality would mean nothing", n)
	}
	for _, text := range y.lines(`SELECT concat_ws(' ', day_number, to_char(at AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"')) FROM year_time ORDER BY day_number`) {
		var n int
		var at string
		if _, err := fmt.Sscan(text, &n, &at); err != nil {
			y.t.Fatal(err)
		}
		for view := range yearColumns {
			differ := y.lines(`
				WITH as_of AS MATERIALIZED (`+digestWithTime(view, "sms."+view+"_daily_as_of($1)")+`
				), dumped AS MATERIALIZED (
				    SELECT send_date, row_count, said, stored FROM year_dump WHERE view_name = $2 AND day_number = $3
				)
				SELECT 'only then: ' || d::text FROM (SELECT * FROM dumped EXCEPT ALL SELECT * FROM as_of) AS d
				UNION ALL
				SELECT 'only as of: ' || d::text FROM (SELECT * FROM as_of EXCEPT ALL SELECT * FROM dumped) AS d`, at, view, n)
			if len(differ) > 0 {
				y.t.Fatalf("sms.%s_daily_as_of the end of day %d: %s", view, n, differ[:min(len(differ), 6)])
			}
		}
	}
}

// differs lists days since a day on which the warehouse is not what its reader believes, at most three of them with their rows.
func (y *year) differs(since sms.Day) []string {
	y.t.Helper()
	var all []string
	for view, columns := range yearColumns {
		days := y.lines(`
			WITH stored AS MATERIALIZED (` + digest(view, "sms."+view+"_daily", since) + `
			), believed AS MATERIALIZED (` + digest(view, "year_"+view, since) + `)
			SELECT DISTINCT send_date::text FROM (
			    (SELECT * FROM stored EXCEPT ALL SELECT * FROM believed) UNION ALL (SELECT * FROM believed EXCEPT ALL SELECT * FROM stored)
			) AS d ORDER BY 1`)
		for _, day := range days[:min(len(days), 3)] {
			stored, believed := `SELECT `+columns+` FROM sms.`+view+`_daily WHERE send_date = '`+day+`' AND `+isTold[view], `SELECT `+columns+` FROM year_`+view+` WHERE send_date = '`+day+`'`
			rows := y.lines(`SELECT 'only stored: ' || d::text FROM (` + stored + ` EXCEPT ALL ` + believed + `) AS d
				UNION ALL SELECT 'only believed: ' || d::text FROM (` + believed + ` EXCEPT ALL ` + stored + `) AS d`)
			all = append(all, fmt.Sprintf("%s %s (of %d days):\n%s", view, day, len(days), strings.Join(rows[:min(len(rows), 8)], "\n")))
		}
	}
	return all
}

// isWhole says that at the end the warehouse is the vendors' truth: whatever was told, believed and mended on the way.
func (y *year) isWhole(days int) {
	y.t.Helper()
	last := newYear.AddDate(0, 0, days-1)
	truth, err := y.vendors.Truth(y.vendors.First(), yearDay(days-2).String(), y.vendors.Now())
	if err != nil {
		y.t.Fatal(err)
	}
	for view, rows := range map[string]any{"delivery_daily": truth.Deliveries, "failure_daily": truth.Failures} {
		document, err := json.Marshal(rows)
		if err != nil {
			y.t.Fatal(err)
		}
		differ := slices.DeleteFunc(y.exceptBothWays(view, document), func(row string) bool {
			return strings.HasPrefix(row, "only in the warehouse") && strings.Contains(row, `"reason": "`+oldReason+`"`) && strings.Contains(row, `"messages": null`)
		})
		if len(differ) > 0 {
			y.t.Errorf("%d rows of %s differ from the truth at the end: %s", len(differ), view, differ[:min(len(differ), 5)])
		}
	}
	if n := y.number(`SELECT count(*) FROM sms.coverage_daily WHERE state NOT IN ('final', 'empty') AND send_date < '` + last.AddDate(0, 0, -6).Format(time.DateOnly) + `'`); n != 0 {
		y.t.Errorf("%d old days are stuck", n)
	}
}

// liesAreKnown insists that each lie was quarantined, or is told of by a finding that covers its day.
func (y *year) liesAreKnown() {
	y.t.Helper()
	for _, h := range y.happenings {
		if !h.isLie() {
			continue
		}
		told := false
		for day := yearDay(max(h.from, h.told-4)); day <= min(yearDay(h.to), yearDay(h.told+int((h.until-1)/(24*time.Hour)))-1); day++ {
			told = true
			for account, dataset := range map[string]string{"harbor": "stats_day", "1400006874": "send_status"} {
				found := y.number(fmt.Sprintf(`
					SELECT (SELECT count(*) FROM etl.finding AS f JOIN sms.dim_account AS a USING (account_key)
					        WHERE a.account = '%[1]s' AND f.check_name = 'answer_implausible')
					     + (SELECT count(*) FROM etl.delivery_history WHERE date_key = '%[2]s')
					     + (SELECT count(*) FROM year_finding
					        WHERE account = '%[1]s' AND check_name = 'doubled_day' AND '%[2]s' BETWEEN day AND last_day)`,
					account, day))
				if l := parseLine(y.t, account+" "+dataset+" "+day.String()); found == 0 && !y.doubted[l] {
					y.t.Errorf("%s: nothing tells that %s of %s was wrong on %s", h.what, dataset, account, day)
				}
			}
		}
		if !told {
			y.t.Errorf("%s was told of no day", h.what)
		}
	}
	if n := y.number(`SELECT count(*) FROM etl.finding WHERE check_name = 'unmapped_reason' AND concat(subject, detail) LIKE '%` + newReason + `%'`); n == 0 {
		y.t.Error("no finding tells of the renamed reason")
	}
}

// changesAreKept looks for the vendors' corrections in the history, with what stood before.
func (y *year) changesAreKept() {
	y.t.Helper()
	for _, h := range y.happenings {
		for day := yearDay(h.from); day <= yearDay(h.to) && !h.isLie() && h.kind != sandbox.QuietDay && h.kind != sandbox.RenamedReason; day++ {
			if h.kind == sandbox.VanishedRow {
				if n := y.number(fmt.Sprintf(`SELECT count(*) FROM etl.delivery_history WHERE change = 'removed' AND date_key = '%s'`, day)); n == 0 {
					y.t.Errorf("%s: the rows of %s are not in the history", h.what, day)
				}
				continue
			}
			settled := h.told-h.to >= 4
			old, now := y.deliveredAt(day.String(), h.at().Add(-time.Hour)), y.deliveredAt(day.String(), h.at().AddDate(0, 0, 9))
			if n := y.number(fmt.Sprintf(`
				SELECT count(*) FROM sms.restatements
				WHERE vendor = 'tencent' AND send_date = '%s' AND measure = 'delivered' AND new_value = %d
				  AND (NOT %t OR old_value = %d AND cause = 'vendor_restatement')`, day, now, settled, old)); n == 0 {
				y.t.Errorf("%s: no restatement of %s says %d -> %d", h.what, day, old, now)
			}
		}
	}
}

// deliveredAt gives what Tencent says at a moment was delivered on a day.
func (y *year) deliveredAt(day string, at time.Time) int64 {
	truth, err := y.vendors.TruthOf(sandbox.Query{From: day, To: day, At: at, Vendor: sandbox.Tencent})
	if err != nil || len(truth.Deliveries) != 1 {
		y.t.Fatal(len(truth.Deliveries), err)
	}
	return *truth.Deliveries[0].Delivered
}

// replays builds everything again when there are no vendors any more.
func (y *year) replays(days int) {
	y.t.Helper()
	y.stop()
	y.remember()
	written := y.tuples()
	code, out, errs := y.alone(context.Background(), "replay", "--from", y.vendors.First(), "--to", yearDay(days-2).String(), "-o", "json")
	if code != exitOK {
		y.t.Fatalf("exit %d\n%s\n%s", code, out, errs)
	}
	var r show.Replayed
	if err := readJSON(out, &r); err != nil {
		y.t.Fatal(err)
	}
	if int64(r.Days) != y.number(`SELECT count(DISTINCT (account_key, datasets, date_key)) FROM etl.believed_day`) || r.Unchanged == 0 || len(r.Left)+len(r.Overtaken) != 0 {
		y.t.Errorf("not everything was built again: %s", out)
	}
	if written = y.tuples() - written; written != 0 || r.Inserted+r.Updated+r.Removed+r.Held != 0 {
		y.t.Errorf("%d tuples were written, want 0: %s", written, out)
	}
	if differ := y.changed(); len(differ) > 0 {
		y.t.Errorf("what is stored has changed:\n%s", strings.Join(differ, "\n"))
	}
}
