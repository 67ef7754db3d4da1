package load_test

import (
	"fmt"
	"testing"

	"smsetl/load"
	"smsetl/sms"
)

// month puts four weeks of steady days before 01-20.
func month(t *testing.T, wh *load.Warehouse, dataset sms.Dataset, requested func(weekday int) int64) {
	t.Helper()
	b := sms.Batch{Scope: scope(marketing, "01-05", dataset)}
	b.Scope.Window = window("2025-12-23", "2026-01-19")
	i := 0
	for d := range b.Scope.Window.Days() {
		r := row("01-05", "a", requested(i%7))
		r.Day = d
		b.Deliveries = append(b.Deliveries, r)
		i++
	}
	put(t, wh, b, now("01-20 12:00"))
}

func window(first, last string) sms.Window {
	parse := func(text string) sms.Day {
		d, err := sms.ParseDay(text)
		if err != nil {
			panic(err)
		}
		return d
	}
	w, err := sms.NewWindow(parse(first), parse(last), east)
	if err != nil {
		panic(err)
	}
	return w
}

// A first answer is compared with what is usual. 01-20 is four weeks after 12-23, so it is the weekday of index 0.
func TestFirstAnswers(t *testing.T) {
	t.Parallel()
	steady := func(int) int64 { return 10_000 }
	free := func(weekday int) int64 { // nobody works on weekday 0
		if weekday == 0 {
			return 2
		}
		return 10_000
	}
	rare := func(weekday int) int64 { // a campaign on some days
		if weekday == 3 {
			return 30
		}
		return 10_000
	}
	small := func(int) int64 { return 99 }
	for name, test := range map[string]struct {
		history   func(int) int64
		requested int64 // -1 is an answer without a row, which is not silent
		state     string
	}{
		"usual":                           {steady, 9_000, "provisional"},
		"a tenth":                         {steady, 1_000, "provisional"},
		"less":                            {steady, 999, "quarantined"},
		"nothing":                         {steady, -1, "quarantined"},
		"much more is somebody's success": {steady, 90_000, "provisional"},
		"a day off as every week":         {free, 1, "provisional"},
		"nothing on a day off":            {free, -1, "provisional"},
		"there were such days lately":     {rare, 20, "provisional"},
		"there were no such days":         {rare, 10, "quarantined"},
		"a small account":                 {small, -1, "provisional"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			wh := open(t, marketing)
			month(t, wh, sms.StatsDay, test.history)
			b := sms.Batch{Scope: scope(marketing, "01-20", sms.StatsDay), Zeros: 1}
			if test.requested >= 0 {
				b = answerOf(b.Scope, test.requested)
			}
			put(t, wh, b, now("01-21 02:30"))
			same(t, "the day", dump(t, wh, `SELECT state FROM etl.coverage WHERE date_key = '2026-01-20'`), test.state)
			if test.state != "quarantined" {
				return
			}
			// An honest quiet day is confirmed by the next run.
			put(t, wh, b, now("01-22 02:30"))
			same(t, "the day, confirmed", dump(t, wh, `SELECT state FROM etl.coverage WHERE date_key = '2026-01-20'`), "provisional")
			same(t, "findings", dump(t, wh, `SELECT check_name, subject FROM etl.finding`), "doubt_overruled stats_day 2026-01-20")
			put(t, wh, b, now("01-25 02:30"))
			put(t, wh, b, now("01-26 02:30"))
			want := map[bool]string{true: "final", false: "empty"}[test.requested >= 0]
			same(t, "the day, settled", dump(t, wh, `SELECT state FROM etl.coverage WHERE date_key = '2026-01-20'`), want)
			verify(t, wh)
		})
	}
}

// Failures come and go, and history is not judged by what stands around it.
func TestFirstAnswersThatAreNotJudged(t *testing.T) {
	t.Parallel()
	wh := open(t, marketing)
	month(t, wh, sms.StatsDay, func(int) int64 { return 10_000 })
	put(t, wh, sms.Batch{Scope: scope(marketing, "01-20", sms.SendFailed), Zeros: 1}, now("01-21 02:30"))
	days := sms.Batch{Scope: scope(marketing, "01-20..01-21", sms.StatsDay), Deliveries: []sms.Delivery{row("01-20", "a", 5), row("01-21", "a", 5)}}
	put(t, wh, days, now("02-18 02:30")) // four weeks after 01-21
	same(t, "the days", dump(t, wh, `SELECT date_key, dataset, state FROM etl.coverage WHERE date_key > '2026-01-19' ORDER BY 1, 2`),
		"2026-01-20 send_failed provisional", "2026-01-20 stats_day final", "2026-01-21 stats_day quarantined")
}

// A day that was believed only because it was said twice makes the next one like it no less doubtful.
func TestOverruledDoubtIsNoPrecedent(t *testing.T) {
	t.Parallel()
	wh := open(t, marketing)
	month(t, wh, sms.StatsDay, func(int) int64 { return 10_000 })
	put(t, wh, answerOf(scope(marketing, "01-20", sms.StatsDay), 5), now("01-21 02:30"))
	put(t, wh, answerOf(scope(marketing, "01-20", sms.StatsDay), 5), now("01-22 02:30"))
	put(t, wh, answerOf(scope(marketing, "01-21", sms.StatsDay), 5), now("01-22 02:30"))
	same(t, "the days", dump(t, wh, `SELECT date_key, state FROM etl.coverage WHERE date_key > '2026-01-19' ORDER BY 1`),
		"2026-01-20 provisional", "2026-01-21 quarantined")
}

// A vendor that says the same wrong thing for days is believed on the second, as the rule is. When it is well again, every
// day that it lied about is put right by the runs that follow, and what it said stands in the findings and in the history.
func TestOutageOfDaysHeals(t *testing.T) {
	t.Parallel()
	wh := open(t, marketing)
	month(t, wh, sms.StatsDay, func(int) int64 { return 10_000 })
	lied := map[string]bool{}
	for day := 20; day <= 31; day++ { // each morning the provisional days and the quarantined ones are asked for, and yesterday
		var due []string
		for d := 14; d <= day; d++ {
			state := dump(t, wh, `SELECT state FROM etl.coverage WHERE date_key = $1`, fmt.Sprintf("2026-01-%02d", d))
			if state == "" || state == "provisional" || state == "quarantined" {
				due = append(due, fmt.Sprintf("01-%02d", d))
			}
		}
		s := scope(marketing, due[0]+".."+due[len(due)-1], sms.StatsDay)
		b := sms.Batch{Scope: s}
		for d := range s.Window.Days() {
			if day < 21 || day > 23 { // an outage of three days: "nothing"
				r := row("01-05", "a", 10_000)
				r.Day = d
				b.Deliveries = append(b.Deliveries, r)
				continue
			}
			lied[d.String()] = true
		}
		put(t, wh, b, now(fmt.Sprintf("01-%02d 18:30", day))) // 02:30 of the next day in the vendor's zone
		verify(t, wh)
	}
	if len(lied) < 6 {
		t.Fatalf("the outage touched %d days only", len(lied))
	}
	same(t, "days that are wrong", dump(t, wh, `
		SELECT date_key, state, row_count FROM etl.coverage
		WHERE date_key BETWEEN '2026-01-14' AND '2026-01-27' AND (state <> 'final' OR messages <> 10000)`), "")
	same(t, "believed lies that nobody was told of", dump(t, wh, `
		SELECT DISTINCT h.date_key FROM etl.delivery_history AS h
		WHERE h.change = 'removed'
		  AND NOT EXISTS (SELECT FROM etl.finding AS f WHERE f.check_name = 'doubt_overruled' AND f.subject = 'stats_day ' || h.date_key)`), "")
}

// An outage that lasts until everything that was settled is asked for once more, and believed to be empty, leaves nothing to
// tell what is usual. The days that come after it are doubted all the same.
func TestOutageLeavesNothingUsual(t *testing.T) {
	t.Parallel()
	wh := open(t, marketing)
	month(t, wh, sms.StatsDay, func(int) int64 { return 10_000 })
	swept := sms.Batch{Scope: scope(marketing, "01-05", sms.StatsDay), Zeros: 1}
	swept.Scope.Window = window("2025-12-23", "2026-01-19")
	put(t, wh, swept, now("01-20 13:00"))
	put(t, wh, swept, now("01-20 14:00"))
	same(t, "what is left", dump(t, wh, `SELECT count(*) FROM sms.fact_delivery_daily`), "0")
	day := sms.Batch{Scope: scope(marketing, "01-20", sms.StatsDay), Zeros: 1}
	put(t, wh, day, now("01-21 02:30"))
	const state = `SELECT state, split_part(reason, ';', 1) FROM etl.coverage WHERE date_key = '2026-01-20'`
	same(t, "the day", dump(t, wh, state), "quarantined stats_day has no messages, and what it says of 28 of the days before is doubted too")
	put(t, wh, answerOf(day.Scope, 10_000), now("01-21 03:30"))
	same(t, "the day, afterwards", dump(t, wh, state), "provisional ")
	verify(t, wh)
}
