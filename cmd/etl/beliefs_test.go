package main

import (
	"context"
	"fmt"
	"net/http/httptest"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"smsetl/internal/dev/long"
	"smsetl/internal/dev/pgtest"
	"smsetl/internal/dev/temper"
)

const (
	beliefsSeed   = 20260101
	historyOfThem = 30 // days before the first run
	cutRunAfter   = 30 * time.Second
	mostCuts      = 5 // runs that are ended before nothing is run any more
)

// storyBegin is the first morning of every story, a Wednesday at 03:00 of +08:00.
var storyBegin = time.Date(2025, 1, 1, 3, 0, 0, 0, time.FixedZone("+08:00", 8*3600))

// storyFirst is the day of storyBegin.
const storyFirst = temper.Day(20089)

// fewTempers are lived through where nobody asked for all: one for each kind of mistake that the rules can make.
var fewTempers = []string{
	"permanent pending", "late failures", "retention, silent", "retention, refusing", "fraud corrections", "outage of two hours, zeros", "outage of a day, half, rows only",
	"revoked credentials",
}

// onTencentToo are the temperaments whose Tencent account lives too: those where its day sums make a difference.
var onTencentToo = []string{
	"plain", "new account", "permanent pending", "late failures", "receipts by receipt day", "retention, refusing", "retention, zeros",
	"fraud corrections", "rate limit", "revoked credentials", "outage of two hours, zeros", "outage of a day, zeros", "outage of a day, half, rows only",
}

// livesThrough says whether the program meets the temperament. Some outages are left to simulations of the rules alone: others of the
// same length, and of the same lie, stand for them.
func livesThrough(one temper.Temper) bool {
	for length, left := range map[string][]string{
		"outage of an hour, ":    {"nulls", "double", "yesterday's answer", "rows only"},
		"outage of two hours, ":  {"nothing", "nulls", "double", "rows only"},
		"outage of three days, ": {"zeros", "double", "rows only"},
	} {
		lie, ok := strings.CutPrefix(one.Name, length)
		if ok && slices.ContainsFunc(left, func(part string) bool { return strings.Contains(lie, part) }) {
			return false
		}
	}
	return true
}

// Every temperament is one account's vendor, asked by the real program once a day. After each run the warehouse is compared with
// what the vendor holds. docs/beliefs.md says what is counted.
func TestBeliefs(t *testing.T) {
	long.Skip(t, "lives through 40 days with a few temperaments, or 120 with all of them and -long=whole")
	t.Parallel()
	days := 40
	if long.IsWhole() {
		days = 120
	}
	var all []*score
	t.Run("fleet", func(t *testing.T) {
		var mu sync.Mutex
		for _, m := range fleetOf(long.IsWhole()) {
			t.Run(m.name(), func(t *testing.T) {
				t.Parallel()
				l := newLife(t, m.Temper, m.isTencent)
				for day := range days {
					l.live(day)
				}
				l.end(days)
				t.Logf("%d runs, %s", l.score.runs, l.score.time.Round(time.Second))
				mu.Lock()
				defer mu.Unlock()
				all = append(all, l.score)
			})
		}
	})
	judgeFleet(t, all, days)
}

// fleetMember is a temperament on a vendor.
type fleetMember struct {
	temper.Temper

	isTencent bool
}

func (m fleetMember) name() string {
	if m.isTencent {
		return m.Name + " (Tencent)"
	}
	return m.Name
}

func fleetOf(isWhole bool) (fleet []fleetMember) {
	for _, one := range temper.All() {
		isFew := slices.Contains(fewTempers, one.Name)
		if !livesThrough(one) {
			continue
		}
		if one.OnEngageLab && (isWhole || isFew) {
			fleet = append(fleet, fleetMember{one, false})
		}
		if isWhole && slices.Contains(onTencentToo, one.Name) {
			fleet = append(fleet, fleetMember{one, true})
		}
	}
	return fleet
}

// life is one account that is lived through, run by run.
type life struct {
	lives   *world // the program, its configuration and its database
	world   *temper.World
	vendor  *temper.Vendor
	account string
	history int
	score   *score
	before  map[temper.Day]factsOfDay // the facts after the last run
	streaks map[heldKey]int           // how many runs a day is held that could be told
	final   map[temper.Day]int        // the age at which every dataset of a day was settled first
	seen    map[temper.Day]bool       // days that were told honestly at some run
	unlike  map[temper.Day]bool       // days whose facts were not what had been told for long, at some run
	lastRun time.Time
	cuts    int // runs that had to be ended
}

// The configuration of a life, and the part of it that differs by vendor.
const (
	fleetConfig = `sources:
  - name: vendor
    %s
    base_url: %s
    time_zone: "+08:00"
    history_start: %s
    max_requests_per_second: 1000
schedules:
  - name: daily
    cron: "0 3 * * *"
    time_zone: Asia/Shanghai
    sources: [vendor]
`
	engageLabSource = `vendor: engagelab
    sms_user: harbor
    sms_key: sandbox-key`
	tencentSource = `vendor: tencent
    secret_id: AKIDsandbox
    secret_key: sandbox-secret
    region: ap-guangzhou
    sdk_app_ids: ["1400006874"]
    probe: off`
)

func newLife(t *testing.T, of temper.Temper, isTencent bool) *life {
	t.Helper()
	l := &life{
		world:   temper.Of(isTencent, of).World(beliefsSeed, storyFirst),
		account: "harbor", history: max(of.History, historyOfThem), score: newScore(of, isTencent),
		before: map[temper.Day]factsOfDay{}, streaks: map[heldKey]int{},
		final: map[temper.Day]int{}, seen: map[temper.Day]bool{}, unlike: map[temper.Day]bool{},
	}
	source, key := engageLabSource, "sandbox-key"
	if isTencent {
		l.account, source, key = "1400006874", tencentSource, "AKIDsandbox"
	}
	if of.Name == "89 days at most" {
		source += "\n    chunk_days: 90" // longer windows than anybody asks for without it
	}
	l.vendor = temper.Serve(l.world, l.account, key)
	server := httptest.NewServer(l.vendor.Handler())
	t.Cleanup(server.Close)
	w := &world{t: t, url: pgtest.New(t), config: filepath.Join(t.TempDir(), "schedules.yaml")}
	w.write(fmt.Sprintf(fleetConfig, source, server.URL, storyFirst-temper.Day(l.history)))
	conn, err := pgx.Connect(t.Context(), w.url)
	if err != nil {
		t.Fatal(err)
	}
	w.conn = conn
	t.Cleanup(func() { _ = conn.Close(context.Background()) }) // the database is dropped next
	l.lives = w
	return l
}

// live is one day: a run in the morning, and one 70 minutes later while a short outage lasts or has just ended, and when credentials
// are taken no more, or again.
func (l *life) live(day int) {
	l.lives.t.Helper()
	now := storyBegin.AddDate(0, 0, day)
	if day%30 == 2 {
		l.lives.exec(`ANALYZE`) // a database that lives for months is looked at by autovacuum
	}
	l.run(now)
	first, later := l.world.Observe(storyFirst+temper.Day(day-1), now), now.Add(70*time.Minute)
	if l.score.temper.TwoRuns && (first.IsLie || first.IsDenied != l.world.Observe(storyFirst, later).IsDenied) {
		l.run(later)
	}
}

// run is one run of the program and its judgement.
func (l *life) run(now time.Time) {
	l.lives.t.Helper()
	if l.cuts >= mostCuts {
		l.score.runs++
		l.score.add(notZero, 1, "not run: too many runs before it had to be ended")
		return
	}
	l.vendor.SetNow(now)
	l.vendor.Asked() // the judgement is about the calls of this run
	// The hours between two runs pass for the pace too, which is kept in the machine's time.
	l.lives.exec(`UPDATE etl.pace SET next_slot_at = next_slot_at - interval '1 hour'`)
	begun := time.Now()
	ctx, cancel := context.WithTimeout(l.lives.t.Context(), cutRunAfter)
	defer cancel()
	code, out, errs := l.lives.etlUntil(ctx, "run", append(at(now), "-o", "json", "--log-level", "error")...)
	isCut := ctx.Err() != nil
	if isCut {
		l.cuts++
	}
	(&year{world: l.lives}).turnBack(now.Sub(begun), begun.Add(-time.Hour))
	l.score.took(time.Since(begun))
	l.judge(now, told{code: code, report: out, errors: errs, isCut: isCut})
	l.lastRun = now
}

// end counts what is known at the end alone.
func (l *life) end(days int) {
	l.lives.t.Helper()
	last := storyFirst + temper.Day(days-1)
	l.score.calls = float64(l.vendor.Calls(last-29, last)) / 30
	l.settled(last)
	l.compareRows(last)
	for day := range l.seen {
		if day >= storyFirst-temper.Day(l.history) {
			l.score.dayDatasets += len(l.datasets())
		}
	}
}

func (l *life) datasets() []string {
	if l.score.isTencent {
		return []string{"send_status", "callback_status"}
	}
	return []string{"stats_day", "process_failed", "send_failed"}
}

// settled notes how long each day of the story took to become final. Days that are too young to tell are left out.
func (l *life) settled(last temper.Day) {
	limit := finalWithin[l.score.temper.Receipts]
	for day := storyFirst; int(last-day) > limit; day++ {
		age, ok := l.final[day]
		if !ok {
			age = int(last - day)
		}
		l.score.finalAges = append(l.score.finalAges, age)
	}
}

// compareRows compares the rows of the last weeks with the vendor's own, key by key. Days that the vendor has changed so lately that
// nobody needs to know are left out.
func (l *life) compareRows(last temper.Day) {
	l.lives.t.Helper()
	if l.score.isTencent || l.score.temper.Kind != temper.Honest {
		return
	}
	for day := last - 24; day <= last-6; day++ {
		if l.world.Truth(day, l.lastRun) != l.world.Truth(day, l.lastRun.AddDate(0, 0, -knownAfter)) && last-day > knownAfter {
			continue
		}
		if l.score.temper.Receipts == temper.Late && last-day < 9+knownAfter {
			continue
		}
		stored := map[string]int{}
		for _, line := range l.lives.lines(`
			SELECT concat_ws(' ', template, label, message_type, requested, processing_failed, delivered, send_failed, pending, billed_segments)
			FROM   sms.delivery_daily
			WHERE  send_date = $1::date`, day.String()) {
			stored[line]++
		}
		for _, r := range l.world.Rows(day, l.lastRun) {
			label := "(none)"
			if r.Label != 0 {
				label = fmt.Sprint(r.Label)
			}
			line := fmt.Sprintf("%d %s %s %d %d %d %d %d %d",
				r.Template, label, r.Type, r.Targets, r.ProcessFailed(), r.Delivered, r.SendFailed(), r.Waiting, r.Billed)
			if stored[line]--; stored[line] < 0 {
				l.score.add(rowsUnlike, 1, fmt.Sprintf("%s: not stored: %s", day, line))
			}
		}
		for line, n := range stored {
			if n > 0 {
				l.score.add(rowsUnlike, 1, fmt.Sprintf("%s: stored and not told: %s", day, line))
			}
		}
	}
}

// exampleOf shortens what a program said to what a log can hold.
func exampleOf(text string) string {
	text = strings.Join(strings.Fields(text), " ")
	return text[:min(len(text), 300)]
}
