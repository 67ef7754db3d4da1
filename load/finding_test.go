package load_test

import (
	"strings"
	"testing"

	"smsetl/load"
	"smsetl/sms"
)

const findings = `
	SELECT check_name, subject, to_char(day, 'MM-DD'), to_char(last_day, 'MM-DD'), rows, trend, times_seen, times_opened, closed_at IS NULL
	FROM etl.finding
	ORDER BY check_name, subject`

// found is an answer with a row a day that shows a field on some of its days, as "01-05..01-07".
func found(s sms.Scope, field, days string, rows int64) answer {
	b := answer{Scope: s}
	for d := range s.Window.Days() {
		b.Deliveries = append(b.Deliveries, row(d.String()[5:], "a", 10))
	}
	if field != "" {
		w := scope(s.Account, days).Window
		b.Findings = []sms.Finding{{Check: "unknown_field", Subject: field, Severity: sms.Info, Day: w.First(), LastDay: w.Last(), Detail: "x", Rows: rows}}
	}
	return b
}

// A finding of a load is open for as long as the last answer for one of its days showed it.
func TestFindingsOfLoadsCloseThemselves(t *testing.T) {
	t.Parallel()
	wh := open(t, marketing)
	january := scope(marketing, "01-01..01-10", sms.StatsDay)
	step := func(what string, batch answer, want string, change ...func(*load.PutOptions)) {
		t.Helper()
		put(t, wh, batch, change...)
		same(t, what, dump(t, wh, findings), strings.Split(want, "\n")...)
	}
	step("seen", found(january, "carrier", "01-02..01-09", 8), "unknown_field carrier 01-02 01-09 8 new 1 1 true")
	step("other days without it", found(scope(marketing, "01-10", sms.StatsDay), "", "", 0), "unknown_field carrier 01-02 01-09 8 new 1 1 true")
	step("its middle without it", found(scope(marketing, "01-04..01-06", sms.StatsDay), "", "", 0), "unknown_field carrier 01-02 01-09 8 new 1 1 true")
	step("its first days without it", found(scope(marketing, "01-01..01-03", sms.StatsDay), "", "", 0), "unknown_field carrier 01-07 01-09 8 new 1 1 true")
	step("its last days without it", found(scope(marketing, "01-08..01-10", sms.StatsDay), "", "", 0), "unknown_field carrier 01-07 01-07 8 new 1 1 true")
	step("seen after its end", found(scope(marketing, "01-09..01-10", sms.StatsDay), "carrier", "01-10", 1), "unknown_field carrier 01-07 01-10 1 shrinking 2 1 true")
	same(t, "its days", dump(t, wh, `SELECT seen_on::text FROM etl.finding`), "{[2026-01-07,2026-01-08),[2026-01-10,2026-01-11)}")
	step("seen in all its days again", found(january, "carrier", "01-05..01-07", 3), "unknown_field carrier 01-05 01-07 3 growing 3 1 true")

	// Another dataset says nothing about it, nor does an answer that is not believed.
	step("another dataset", answer{Scope: scope(marketing, "01-01..01-10", sms.SendFailed), Zeros: 1}, "unknown_field carrier 01-05 01-07 3 growing 3 1 true")
	const doubt = "answer_implausible answer 01-01 01-10 10 new 1 1 "
	step("a doubted answer", answer{Scope: january}, doubt+"true\nunknown_field carrier 01-05 01-07 3 growing 3 1 true")

	step("gone", found(january, "", "", 0), doubt+"false\nunknown_field carrier 01-05 01-07 3 growing 3 1 false")
	step("gone still", found(january, "", "", 0), doubt+"false\nunknown_field carrier 01-05 01-07 3 growing 3 1 false")
	step("back", found(january, "carrier", "01-06", 1), doubt+"false\nunknown_field carrier 01-06 01-06 1 new 1 2 true")
	same(t, "sizes before", dump(t, wh, `SELECT past::text, size::text FROM etl.finding WHERE check_name = 'unknown_field'`), "{} 1")
}

// A finding that belongs to no day is about the form of the answers: the next one without it closes it, whatever its days.
func TestFindingsWithoutADay(t *testing.T) {
	t.Parallel()
	wh := open(t, marketing)
	batch := found(scope(marketing, "01-05", sms.StatsDay), "", "", 0)
	batch.Findings = []sms.Finding{{Check: "total_differs", Subject: "total", Severity: sms.Warning, Detail: "x", Rows: 1}}
	put(t, wh, batch)
	same(t, "seen", dump(t, wh, findings), "total_differs total - - 1 new 1 1 true")
	put(t, wh, found(scope(marketing, "01-12", sms.StatsDay), "", "", 0))
	same(t, "gone", dump(t, wh, findings), "total_differs total - - 1 new 1 1 false")
}

// What a refused answer showed is listed until a good one for the same days came.
func TestFindingsOfRefusedAnswers(t *testing.T) {
	t.Parallel()
	wh := open(t, marketing)
	s := scope(marketing, "01-05", sms.StatsDay)
	id, err := wh.Begin(t.Context(), load.Start{Scope: s, Now: at("01-20 12:00")})
	if err == nil {
		refused := answer{Scope: s, Findings: []sms.Finding{{Check: "stray_day", Subject: "send_date", Severity: sms.Error, Day: day("01-03"), LastDay: day("01-03"), Detail: "x", Rows: 1}}}
		err = wh.Fail(t.Context(), id, batchOf(refused), "refused", at("01-20 12:00"))
	}
	if err != nil {
		t.Fatal(err)
	}
	same(t, "refused", dump(t, wh, findings), "stray_day send_date 01-05 01-05 1 new 1 1 true")
	put(t, wh, found(s, "", "", 0))
	same(t, "good", dump(t, wh, findings), "stray_day send_date 01-05 01-05 1 new 1 1 false")

	// So it is when the good answer is the one that was loaded before, byte for byte.
	put(t, wh, found(s, "", "", 0), content("good"))
	id, err = wh.Begin(t.Context(), load.Start{Scope: s, Now: at("01-20 12:00")})
	if err == nil {
		err = wh.Fail(t.Context(), id, batchOf(found(s, "carrier", "01-05", 1)), "refused", at("01-20 12:00"))
	}
	if err != nil {
		t.Fatal(err)
	}
	put(t, wh, found(s, "", "", 0), content("good"))
	same(t, "the same good one", dump(t, wh, `SELECT count(*) FROM etl.finding WHERE closed_at IS NULL`), "0")
}

// Windows are loaded side by side: what an answer for other days shows meanwhile is no reason to keep what was mended.
func TestFindingsOfWindowsSideBySide(t *testing.T) {
	t.Parallel()
	wh := open(t, marketing)
	fail := func(days string) (id int64) {
		t.Helper()
		s := scope(marketing, days, sms.StatsDay)
		id, err := wh.Begin(t.Context(), load.Start{Scope: s, Now: at("01-20 12:00")})
		if err == nil {
			err = wh.Fail(t.Context(), id, batchOf(found(s, "carrier", days, 1)), "refused", at("01-20 12:00"))
		}
		if err != nil {
			t.Fatal(err)
		}
		return id
	}
	fail("01-05")
	s := scope(marketing, "01-05", sms.StatsDay)
	slow, err := wh.Begin(t.Context(), load.Start{Scope: s, Now: at("01-20 12:00")})
	if err != nil {
		t.Fatal(err)
	}
	fail("01-09")
	if _, err := wh.Put(t.Context(), slow, batchOf(found(s, "", "", 0)), load.PutOptions{Now: at("01-20 12:00")}, nil); err != nil {
		t.Fatal(err)
	}
	same(t, "the other window", dump(t, wh, `SELECT seen_on::text, closed_at FROM etl.finding`), "{[2026-01-09,2026-01-10)} -")
}

// Only sizes that differ are remembered, and no more than twelve.
func TestSizesOfFindings(t *testing.T) {
	t.Parallel()
	wh := open(t, marketing)
	s := scope(marketing, "01-05", sms.StatsDay)
	for _, rows := range []int64{1, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 14} {
		put(t, wh, found(s, "carrier", "01-05", rows))
	}
	same(t, "sizes", dump(t, wh, `SELECT past::text, size::text, times_seen, trend FROM etl.finding`), "{2,3,4,5,6,7,8,9,10,11,12,13} 14 16 growing")
	put(t, wh, found(s, "carrier", "01-05", 14), now("01-30 12:00"))
	same(t, "a week later", dump(t, wh, `SELECT size::text, trend FROM etl.finding`), "14 steady")
}
