package ledger_test

import (
	"context"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"smsetl/internal/db"
	"smsetl/internal/dev/pgtest"
	"smsetl/internal/dev/smstest"
	"smsetl/ledger"
	"smsetl/sms"
)

var (
	east = zone("+08:00")
	app  = sms.Account{Vendor: sms.Tencent, ID: "1400", Zone: east}
)

// How days and times are written here.
var day, zone = smstest.Day, smstest.Zone

// open gives a warehouse that knows the account.
func open(t *testing.T) *db.DB {
	t.Helper()
	d, err := db.Open(t.Context(), pgtest.New(t), db.Options{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(d.Close)
	_, err = d.Exec(t.Context(), `
		INSERT INTO sms.dim_account (vendor_key, account, zone, source)
		SELECT vendor_key, $2, $3, 'tc' FROM sms.dim_vendor WHERE vendor = $1`, app.Vendor, app.ID, app.Zone)
	if err != nil {
		t.Fatal(err)
	}
	return d
}

// expect gives the days of a dataset of the account until yesterday, which is 11-21.
func expect(first string, dataset sms.Dataset, retentionDays int) ledger.Expectation {
	return ledger.Expectation{
		Source: "tc", Account: app, Dataset: dataset, First: day(first), Last: day("11-21"), RetentionDays: retentionDays,
	}
}

// line is what stands in the ledger of a day: its state, whether it was ever loaded, its rows.
type line struct {
	Dataset  sms.Dataset
	Day      sms.Day
	State    sms.State
	Reason   string
	Since    time.Time
	IsLoaded bool
	Rows     int
}

// lines makes lines of "11-18 final; 11-19 failed 503". A frozen day was loaded before; each day entered its state at
// noon.
func lines(text string, dataset sms.Dataset) (all []line) {
	for one := range strings.SplitSeq(text, "; ") {
		if one == "" {
			continue
		}
		words := strings.Fields(one)
		l := line{Dataset: dataset, Day: day(words[0]), State: sms.State(words[1]), Reason: strings.Join(words[2:], " ")}
		l.Since = east.Start(l.Day).Add(12 * time.Hour)
		l.IsLoaded = l.State != sms.Failed && l.State != sms.Lost && l.State != sms.Quarantined
		all = append(all, l)
	}
	return all
}

// write makes these lines the ledger.
func write(ctx context.Context, t interface{ Fatal(arguments ...any) }, d *db.DB, all []line) {
	if _, err := d.Exec(ctx, `DELETE FROM etl.coverage`); err != nil {
		t.Fatal(err)
	}
	_, err := d.Exec(ctx, `
		WITH l AS (
		    INSERT INTO etl.load (account_key, datasets, window_from, window_to, zone, started_at)
		    SELECT account_key, '{}', '2026-01-01', '2026-01-01', zone, now() FROM sms.dim_account
		    RETURNING load_id, account_key
		)
		INSERT INTO etl.coverage (account_key, load_id, dataset, date_key, state, reason, since, row_count, loaded_at,
		                          confirmed_at, was_state, was_reason)
		SELECT l.account_key, l.load_id, u.dataset, u.day, u.state, u.reason, u.since, u.row_count,
		       CASE WHEN u.loaded THEN u.since END, CASE WHEN u.loaded THEN u.since END,
		       CASE WHEN u.state = 'frozen' THEN 'missing' END, CASE WHEN u.state = 'frozen' THEN '' END
		FROM unnest($1::text[], $2::date[], $3::text[], $4::text[], $5::timestamptz[], $6::boolean[], $7::int[])
		     AS u (dataset, day, state, reason, since, loaded, row_count)
		CROSS JOIN l`, db.Columns(all)...)
	if err != nil {
		t.Fatal(err)
	}
}

// Missing days are filled in, and today; what lies before the expected days is not among them. Of an account that
// nobody has named to the warehouse every day is missing.
func TestDays(t *testing.T) {
	t.Parallel()
	d := open(t)
	write(t.Context(), t, d, append(
		lines("11-18 final; 11-19 final; 11-21 quarantined; 11-22 provisional", sms.SendStatus),
		lines("11-20 final", sms.CallbackStatus)...))
	unknown := expect("11-20", sms.SendStatus, 0)
	unknown.Account.ID = "1500"
	days, err := ledger.Days(t.Context(), d, []ledger.Expectation{
		expect("11-19", sms.SendStatus, 0), expect("11-19", sms.CallbackStatus, 0), unknown,
	})
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, d := range days {
		got = append(got, fmt.Sprintf("%s %s %s %s", d.Account.ID, d.Dataset, d.Day.String()[5:], d.State))
	}
	want := []string{
		"1400 send_status 11-19 final", "1400 send_status 11-20 missing",
		"1400 send_status 11-21 quarantined", "1400 send_status 11-22 not_due",
		"1400 callback_status 11-19 missing", "1400 callback_status 11-20 final",
		"1400 callback_status 11-21 missing", "1400 callback_status 11-22 not_due",
		"1500 send_status 11-20 missing", "1500 send_status 11-21 missing", "1500 send_status 11-22 not_due",
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("days (-want +got):\n%s", diff)
	}
}

// With a retention of 3 days, 11-19 is the oldest day that can be asked for.
func TestRetention(t *testing.T) {
	t.Parallel()
	d := open(t)
	ledgerLines := lines("11-14 failed 503; 11-16 quarantined; 11-17 provisional; 11-18 provisional; 11-19 lost; "+
		"11-20 failed 503", sms.SendStatus)
	ledgerLines[3].Rows = 1
	write(t.Context(), t, d, ledgerLines)
	show := func(retentionDays int) (all []string) {
		days, err := ledger.Days(t.Context(), d, []ledger.Expectation{expect("11-14", sms.SendStatus, retentionDays)})
		if err != nil {
			t.Fatal(err)
		}
		for _, d := range days {
			left := "-"
			if d.DaysLeft != nil {
				left = fmt.Sprint(*d.DaysLeft)
			}
			since := d.Since.In(east.Location()).Format("01-02 15:04")
			text := fmt.Sprintf("%s %s since %s %s %s %s", d.Day.String()[5:], d.State, since, d.NextAction, left, d.Reason)
			all = append(all, strings.TrimSpace(text))
		}
		return all
	}
	aged := []string{
		"11-14 lost since 11-18 00:00 none - not loaded within the 3 days that the vendor keeps: 503",
		"11-15 lost since 11-19 00:00 none - not loaded within the 3 days that the vendor keeps",
		"11-16 quarantined since 11-16 12:00 release 0",
		"11-17 empty since 11-21 00:00 none -",
		"11-18 final since 11-22 00:00 none -",
		"11-19 missing since 11-20 00:00 load 1",
		"11-20 failed since 11-20 12:00 load 2 503",
		"11-21 missing since 11-22 00:00 load 3",
		"11-22 not_due since 11-22 00:00 wait -",
	}
	if diff := cmp.Diff(aged, show(3)); diff != "" {
		t.Errorf("days (-want +got):\n%s", diff)
	}
	if diff := cmp.Diff([]string{
		"11-14 failed since 11-14 12:00 load - 503",
		"11-15 missing since 11-16 00:00 load -",
		"11-16 quarantined since 11-16 12:00 confirm -",
		"11-17 provisional since 11-17 12:00 reload -",
		"11-18 provisional since 11-18 12:00 reload -",
		"11-19 lost since 11-19 12:00 none -",
		"11-20 failed since 11-20 12:00 load - 503",
		"11-21 missing since 11-22 00:00 load -",
		"11-22 not_due since 11-22 00:00 wait -",
	}, show(0)); diff != "" {
		t.Errorf("days of a vendor that does not forget (-want +got):\n%s", diff)
	}
	n, err := ledger.Expire(t.Context(), d, []ledger.Expectation{expect("11-14", sms.SendStatus, 3)})
	if err != nil || n != 5 {
		t.Errorf("%d days changed, want 5 (%v)", n, err)
	}
	if diff := cmp.Diff(aged, show(3)); diff != "" {
		t.Errorf("days after the ledger knows (-want +got):\n%s", diff)
	}
}

func TestUpTo(t *testing.T) {
	t.Parallel()
	d := open(t)
	for name, test := range map[string]struct {
		lines         string
		loaded, final string
	}{
		"nothing":                    {"", "", ""},
		"a later day proves nothing": {"11-18 final; 11-21 final", "", ""},
		"provisional is loaded":      {"11-17 final; 11-18 empty; 11-19 provisional; 11-20 final", "11-20", "11-18"},
		"quarantine is a hole":       {"11-17 final; 11-18 quarantined; 11-19 final", "11-17", "11-17"},
		"failed is a hole":           {"11-17 provisional; 11-18 failed; 11-19 final", "11-17", ""},
		"lost is a hole":             {"11-17 final; 11-18 lost; 11-19 final", "11-17", "11-17"},
		"frozen after a load":        {"11-17 frozen; 11-18 final", "11-18", "11-18"},
		"frozen without a load":      {"11-17 frozen; 11-18 final", "", ""},
		"all of them": {
			"11-17 final; 11-18 final; 11-19 final; 11-20 final; 11-21 provisional; 11-22 final", "11-21", "11-20",
		},
	} {
		written := lines(test.lines, sms.SendStatus)
		if strings.HasPrefix(name, "frozen without") {
			written[0].IsLoaded = false // it was tried, in vain
		}
		write(t.Context(), t, d, written)
		all, err := ledger.ReadStatus(t.Context(), d, []ledger.Expectation{expect("11-17", sms.SendStatus, 0)})
		if err != nil {
			t.Fatal(err)
		}
		for what, pair := range map[string]struct {
			got  sms.Day
			want string
		}{"loaded": {all[0].CompleteTo, test.loaded}, "final": {all[0].FinalTo, test.final}} {
			if pair.want == "" && pair.got != 0 || pair.want != "" && pair.got != day(pair.want) {
				t.Errorf("%s: %s up to %s, want %q", name, what, pair.got, pair.want)
			}
		}
	}
}

// The status is what its days say one by one, for any ledger and any retention, also after the ledger knows what time
// has made of its days.
func TestStatusIsWhatTheDaysSay(t *testing.T) {
	t.Parallel()
	d := open(t)
	ctx := context.Background()
	states := []string{"", "provisional", "final", "empty", "failed", "quarantined", "lost", "unverified", "frozen"}
	rapid.Check(t, func(t *rapid.T) {
		e := expect("11-07", sms.SendStatus, rapid.SampledFrom([]int{0, 3, 10, 400}).Draw(t, "retention"))
		var all []line
		for day := day("11-03"); day <= e.Last; day++ {
			state := rapid.SampledFrom(states).Draw(t, day.String())
			if state == "" {
				continue
			}
			l := lines(day.String()[5:]+" "+state, sms.SendStatus)[0]
			if state == "frozen" {
				l.IsLoaded = rapid.Bool().Draw(t, "loaded")
			}
			if l.IsLoaded && state != "empty" && rapid.Bool().Draw(t, "rows") {
				l.Rows = 1
			}
			all = append(all, l)
		}
		write(ctx, t, d, all)
		for range 2 {
			checkStatus(ctx, t, d, e)
			if _, err := ledger.Expire(ctx, d, []ledger.Expectation{e}); err != nil {
				t.Fatal(err)
			}
		}
	})
}

func checkStatus(ctx context.Context, t *rapid.T, d *db.DB, e ledger.Expectation) {
	days, err := ledger.Days(ctx, d, []ledger.Expectation{e})
	if err != nil {
		t.Fatal(err)
	}
	all, err := ledger.ReadStatus(ctx, d, []ledger.Expectation{e})
	if err != nil {
		t.Fatal(err)
	}
	want := ledger.Status{Expectation: e, Days: map[sms.State]int{}, CompleteTo: e.First - 1, FinalTo: e.First - 1}
	open := map[sms.State][]sms.Day{}
	for _, d := range days[:len(days)-1] { // the last one is today
		if d.State == sms.Provisional {
			want.Unsettled = append(want.Unsettled, d.Day)
		}
		want.Days[d.State]++
		isFrozen := d.State == sms.Frozen && !d.ConfirmedAt.IsZero()
		isHeld := d.IsLoaded() || d.State == sms.Unverified || isFrozen
		if isHeld {
			want.Newest = d.Day
		}
		if isHeld && want.CompleteTo == d.Day-1 {
			want.CompleteTo = d.Day
		}
		if isHeld && d.State != sms.Provisional && want.FinalTo == d.Day-1 {
			want.FinalTo = d.Day
		}
		if d.State == sms.Missing || d.State == sms.Failed || d.State == sms.Quarantined {
			open[d.State] = append(open[d.State], d.Day)
		}
	}
	for _, to := range []*sms.Day{&want.CompleteTo, &want.FinalTo} {
		if *to < e.First {
			*to = 0
		}
	}
	got := all[0]
	for _, o := range got.Open {
		if diff := cmp.Diff(open[o.State], o.Days); diff != "" {
			t.Fatalf("%s days (-days +status):\n%s", o.State, diff)
		}
		delete(open, o.State)
	}
	if len(open) > 0 {
		t.Fatalf("open days are not in the status: %v", open)
	}
	got.Open, got.Confirmed = nil, time.Time{}
	if diff := cmp.Diff(want, got, cmp.AllowUnexported(sms.Zone{})); diff != "" {
		t.Fatalf("status (-days +status):\n%s", diff)
	}
}

// A day is late once the time of the next day is over and it is not loaded, or, loaded, once that of the day by which it is final is.
func TestLate(t *testing.T) {
	t.Parallel()
	s := ledger.Status{Expectation: expect("11-10", sms.SendStatus, 0)}
	s.Open = []ledger.OpenDays{
		{State: sms.Missing, Days: []sms.Day{day("11-21")}}, {State: sms.Failed, Days: []sms.Day{day("11-19")}},
		{State: sms.Quarantined, Days: []sms.Day{day("11-18")}},
	}
	s.Unsettled = []sms.Day{day("11-14"), day("11-15"), day("11-20")}
	for at, want := range map[string]string{
		"11-22 09:59": "11-14 11-19",
		"11-22 10:00": "11-14 11-15 11-19 11-21",
		"11-22 23:59": "11-14 11-15 11-19 11-21",
	} {
		now, err := time.ParseInLocation("2006-01-02 15:04", "2026-"+at, east.Location())
		if err != nil {
			t.Fatal(err)
		}
		s.Deadline = ledger.Deadline{By: 10 * time.Hour, FinalDays: 7}
		var got []string
		for _, d := range s.Late(now) {
			got = append(got, d.String()[len("2026-"):])
		}
		if strings.Join(got, " ") != want {
			t.Errorf("%s: late are %v, want %s", at, got, want)
		}
		if s.Deadline = (ledger.Deadline{}); s.Late(now) != nil {
			t.Errorf("%s: days are late for nobody", at)
		}
	}
}
