package main

import (
	"bytes"
	"encoding/csv"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"smsetl/sandbox/huawei"
)

// spoilt saves an export of which some rows cannot be read: spoil is given the cells of each, by their headers, and changes them.
func (x *exported) spoilt(name string, e huawei.Export, spoil func(row int, cell func(header, value string))) string {
	x.t.Helper()
	path := x.save(name, e)
	text, err := os.ReadFile(path)
	if err != nil {
		x.t.Fatal(err)
	}
	rows, err := csv.NewReader(bytes.NewReader(text)).ReadAll()
	if err != nil {
		x.t.Fatal(err)
	}
	for i, row := range rows[1:] {
		spoil(i, func(header, value string) {
			at := slices.Index(rows[0], header)
			if at < 0 {
				x.t.Fatalf("there is no header %q among %q", header, rows[0])
			}
			row[at] = value
		})
	}
	var out bytes.Buffer
	if err := csv.NewWriter(&out).WriteAll(rows); err != nil {
		x.t.Fatal(err)
	}
	if err := os.WriteFile(path, out.Bytes(), 0o600); err != nil {
		x.t.Fatal(err)
	}
	if err := os.Chtimes(path, e.At, e.At); err != nil {
		x.t.Fatal(err)
	}
	return path
}

// hoursOf is an export of some hours of the week, in the simplest look, made when everything is settled.
func hoursOf(fromDay, fromHour, toDay, toHour int) huawei.Export {
	at := func(day, hour int) time.Time {
		return weekStart.AddDate(0, 0, day).Add(time.Duration(hour) * time.Hour)
	}
	return huawei.Export{From: at(fromDay, fromHour), To: at(toDay, toHour), At: weekEnd.Add(96 * time.Hour)}
}

// truth is what the console knows of some days.
func (x *exported) truth(days ...int) (all huawei.Truth) {
	for _, day := range days {
		one := x.console.Truth(weekStart.AddDate(0, 0, day), weekStart.AddDate(0, 0, day+1), 8, weekEnd.Add(96*time.Hour))
		all.Deliveries, all.Failures = append(all.Deliveries, one.Deliveries...), append(all.Failures, one.Failures...)
		all.Times = append(all.Times, one.Times...)
	}
	return all
}

// quarantinedDays lists the days that are not believed, with their accounts.
func (x *exported) quarantinedDays() string {
	return x.text(`
		SELECT coalesce(string_agg(DISTINCT concat_ws(' ', a.account, to_char(c.date_key, 'DD')), ', '), '')
		FROM etl.coverage AS c
		JOIN sms.dim_account AS a USING (account_key)
		WHERE c.state = 'quarantined'`)
}

// A row that cannot be read, but for when and with which application it was sent, holds up that day of that application and nothing else;
// whatever order files come in, until another export of the hour is whole.
func TestUnreadableRowHoldsUpItsDay(t *testing.T) {
	t.Parallel()
	x := newExported(t)
	bad := x.spoilt("bad", hoursOf(2, 0, 2, 12), func(row int, cell func(header, value string)) {
		if row == 3 {
			cell("SMS Message ID", "1.23457E+17")
		}
	})
	good := []string{x.save("a", hoursOf(0, 0, 1, 0)), x.save("b", hoursOf(1, 0, 2, 0)), x.save("d", hoursOf(3, 0, 4, 0))}

	// The first half of the day says so, and the second half, in a load of its own, does not make one forget it.
	first := x.bring(exitPartial, []string{bad})
	if len(first.Unreadable) != 1 || first.Unreadable[0].Position != 3 || !strings.Contains(first.Unreadable[0].Reason, "rounded by a spreadsheet") {
		t.Errorf("%+v", first.Unreadable)
	}
	app := x.text(`SELECT a.account FROM etl.reject JOIN etl.load USING (load_id) JOIN sms.dim_account AS a USING (account_key)`)
	r := x.bring(exitQuality, append([]string{x.save("c", hoursOf(2, 12, 3, 0))}, good...))
	if got, want := x.quarantinedDays(), app+" 12"; got != want {
		t.Errorf("not believed: %q, want %q", got, want)
	}
	if len(r.Quarantined) != 1 || !strings.Contains(r.Quarantined[0].Reason, "1 in SendingDetails_20261112000000_20261112115959.csv") {
		t.Errorf("%+v", r.Quarantined)
	}
	x.equals("the other days", withoutDay(x.truth(0, 1, 2, 3), app, "2026-11-12"))
	if n := x.number(`SELECT count(*) FROM etl.reject WHERE position = 3 AND reason ~ 'rounded'`); n != 1 {
		t.Errorf("the row is kept %d times, want once", n)
	}
	_, form, _ := x.alone(t.Context(), "raw", "show", first.Unreadable[0].Hash)
	if !strings.Contains(strings.Split(form, "\n")[2+3], "1.23457E+17") {
		t.Errorf("row 3 of the kept form is not the row:\n%s", form)
	}
	status := x.must(exitQuality, "status", at(today)...)
	if !strings.Contains(status, "unreadable rows") {
		t.Errorf("the status does not say why:\n%s", status)
	}

	// The hour once more, whole.
	sent := x.text(`SELECT (bit_length(0::bit(1)) * log(2, unreadable_hours))::int::text FROM etl.huawei_export WHERE unreadable_hours <> 0`)
	var hour int
	if _, err := fmt.Sscan(sent, &hour); err != nil {
		t.Fatal(err)
	}
	x.bring(exitOK, []string{x.save("again", hoursOf(2, hour, 2, hour+1))})
	x.equals("with the hour exported again", x.truth(0, 1, 2, 3))
	if got := x.quarantinedDays(); got != "" {
		t.Errorf("still not believed: %s", got)
	}
	// The bad file once more changes nothing: the hour is known.
	x.bring(exitOK, []string{bad})
	x.equals("the bad file again", x.truth(0, 1, 2, 3))
}

// withoutDay leaves a day of an application out.
func withoutDay(truth huawei.Truth, account, day string) huawei.Truth {
	truth.Deliveries = slices.DeleteFunc(truth.Deliveries, func(d huawei.Delivery) bool { return d.Account == account && d.SendDate == day })
	truth.Failures = slices.DeleteFunc(truth.Failures, func(f huawei.Failure) bool { return f.Account == account && f.SendDate == day })
	truth.Times = slices.DeleteFunc(truth.Times, func(t huawei.Times) bool { return t.Account == account && t.SendDate == day })
	return truth
}

// A row of which nobody knows when it was sent holds up the days of which its file speaks, and no others; of all applications when
// it does not say of which it is. An operator, or the same file an hour later, lets it pass.
func TestUnreadableTimeHoldsUpWhatTheFileCovers(t *testing.T) {
	t.Parallel()
	x := newExported(t)
	bad := x.spoilt("bad", hoursOf(1, 12, 2, 12), func(row int, cell func(header, value string)) {
		if row == 0 {
			cell("Sending Time", "yesterday")
			cell("Application Name", "")
		}
	})
	good := []string{x.save("a", hoursOf(0, 0, 1, 0)), x.save("b", hoursOf(1, 0, 1, 12)), x.save("c", hoursOf(2, 12, 3, 0)), x.save("d", hoursOf(3, 0, 4, 0))}
	r := x.bring(exitQuality, append(good, bad))
	if got, want := x.quarantinedDays(), "harbor-home 11, harbor-home 12, harbor-world 11, harbor-world 12"; got != want {
		t.Errorf("not believed: %q, want %q", got, want)
	}
	if len(r.Unreadable) != 1 || r.Unreadable[0].SentAt != "" {
		t.Errorf("%+v", r.Unreadable)
	}
	x.equals("the other days", x.truth(0, 3))

	decide := append(at(today), "--from", "2026-11-11", "--to", "2026-11-11", "--reason", "one of 30", "--who", "ana", "--account", "harbor-home")
	if out := x.must(exitOK, "release", decide...); !strings.Contains(out, "harbor-home") {
		t.Errorf("%s", out)
	}
	if got, want := x.quarantinedDays(), "harbor-home 12, harbor-world 11, harbor-world 12"; got != want {
		t.Errorf("not believed after a release: %q, want %q", got, want)
	}
	released := x.number(`SELECT sum(requested) FROM sms.delivery_daily WHERE send_date = '2026-11-11' AND account = 'harbor-home'`)
	known := int64(0)
	for _, d := range x.truth(1).Deliveries {
		if d.Account == "harbor-home" {
			known += *d.Requested
		}
	}
	if lost := known - released; lost != 0 && lost != 1 || known == 0 { // the row that cannot be read may be of either application
		t.Errorf("%d messages are counted of %d", released, known)
	}
	x.bring(exitOK, []string{bad}, "--now", today.Add(21*time.Hour).Format(time.RFC3339))
	if got := x.quarantinedDays(); got != "" {
		t.Errorf("not believed though the same came twice: %s", got)
	}
	if n := x.number(`SELECT count(*) FROM etl.finding WHERE check_name = 'doubt_overruled' AND closed_at IS NULL`); n == 0 {
		t.Error("nothing says that days were believed against evidence")
	}
	x.holdsNothingPrivate()
}

// A file of which no row can be read, and which does not say what it was asked for, is refused.
func TestNothingThatCanBeRead(t *testing.T) {
	t.Parallel()
	x := newExported(t)
	path := x.spoilt("bad", hoursOf(1, 0, 2, 0), func(_ int, cell func(header, value string)) { cell("Sending Time", "yesterday") })
	nameless := filepath.Join(filepath.Dir(path), "export.csv")
	if err := os.Rename(path, nameless); err != nil {
		t.Fatal(err)
	}
	code, out, errs := x.run(nameless)
	if code != exitUsage || !strings.Contains(errs, `of export.csv can be read`) || !strings.Contains(errs, `"yesterday" is no time`) {
		t.Errorf("exit %d\n%s%s", code, out, errs)
	}
	if n := x.number(`SELECT count(*) FROM etl.load`); n != 0 {
		t.Errorf("%d loads", n)
	}
	// With the stretch of time that it speaks for, its days are held up and its rows are kept.
	r := x.bring(exitQuality, []string{nameless}, "--from", "2026-11-11", "--to", "2026-11-11")
	if len(r.Unreadable) == 0 || x.number(`SELECT count(*) FROM etl.reject`) != int64(len(r.Unreadable)) {
		t.Errorf("%d rows are told, %d kept", len(r.Unreadable), x.number(`SELECT count(*) FROM etl.reject`))
	}
}
