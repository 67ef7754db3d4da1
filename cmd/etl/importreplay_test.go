package main

import (
	"math/rand/v2"
	"os"
	"strings"
	"testing"
	"time"

	"go.uber.org/zap"

	"smsetl/cmd/etl/show"
	"smsetl/internal/dev/pgtest"
	"smsetl/job"
	"smsetl/load"
	"smsetl/load/raw"
	played "smsetl/sandbox/huawei"
	"smsetl/sms"
	"smsetl/transform"
	"smsetl/transform/huawei"
	"smsetl/vendors"
)

// replayed runs "etl replay" over all days, with the database and nothing else.
func (x *exported) replayed(want int, flags ...string) (r show.Replayed) {
	x.t.Helper()
	arguments := append([]string{"replay", "--from", "2026-11-01", "--to", "2026-11-30", "-o", "json"}, flags...)
	code, out, errs := x.alone(x.t.Context(), arguments...)
	x.logs.WriteString(out + errs)
	if code != want {
		x.t.Fatalf("exit %d, want %d\n%s%s", code, want, out, errs)
	}
	if err := readJSON(out, &r); err != nil {
		x.t.Fatalf("%v\n%s", err, out)
	}
	return r
}

// newTwice is a world that has the week imported young and then as it was known days later, and remembers everything.
func newTwice(t *testing.T) *exported {
	t.Helper()
	x := newExportedIn(t, pgtest.Prepared(t, "imported twice", func(url string) {
		x := newExportedIn(t, url, weekOptions)
		dice := rand.New(rand.NewPCG(3, 5))
		x.bring(0, x.week(dice, weekEnd.Add(time.Hour)))
		x.bring(0, x.week(dice, weekEnd.Add(96*time.Hour)))
		if x.number(`SELECT count(*) FROM etl.delivery_history WHERE change = 'updated'`) == 0 {
			t.Fatal("the newer exports told nothing new, so a replay would prove little")
		}
		x.conn.Close(t.Context())
	}), weekOptions)
	x.remember()
	return x
}

// stands insists that a replay of all days changes nothing.
func (x *exported) stands(r show.Replayed) {
	x.t.Helper()
	days := x.number(`SELECT count(DISTINCT (account_key, date_key)) FROM etl.believed_day`)
	if int64(r.Days) != days || r.Inserted+r.Updated+r.Removed+r.Held != 0 || r.Unchanged == 0 || len(r.Left)+len(r.Overtaken)+len(r.Suspect) != 0 {
		x.t.Errorf("%d days are believed: %+v", days, r)
	}
	if differ := x.changed(); len(differ) > 0 {
		x.t.Errorf("what is stored has changed:\n%s", strings.Join(differ, "\n"))
	}
}

// Days are built again from the kept forms of all files about them: not a tuple differs.
func TestReplayOfFiles(t *testing.T) {
	t.Parallel()
	x := newTwice(t)
	x.write(strings.Replace(exportingConfig, "    chunk_days: 3", "    chunk_days: 3\n    raw_retention_days: 1", 1))
	x.exec(`
		WITH gone AS (INSERT INTO etl.load (account_key, datasets, window_from, window_to, zone, started_at, outcome)
		              SELECT account_key, datasets, window_from, window_to, zone, started_at, 'failed' FROM etl.load LIMIT 1 RETURNING load_id),
		     raw  AS (INSERT INTO etl.raw (hash, packed, size) VALUES (sha256(''), '', 0) RETURNING hash)
		INSERT INTO etl.fetch (load_id, hash, dataset, window_from, window_to, method, url, action, body, status, request_id, fetched_at, refused)
		SELECT g.load_id, r.hash, dataset, window_from, window_to, method, url, action, body, status, request_id, fetched_at, refused
		FROM etl.fetch, gone AS g, raw AS r LIMIT 1`)
	if out := x.prune(today.AddDate(1, 0, 0)); !strings.HasPrefix(out, "1 answer thrown away") {
		t.Errorf("want the answer to a load that failed, and no other: %s", out)
	}
	if err := os.Remove(x.config); err != nil {
		t.Fatal(err)
	}
	before := x.tuples()
	x.stands(x.replayed(0))
	x.stands(x.replayed(0, "--dry-run"))
	x.stands(x.replayed(0))
	if written := x.tuples() - before; written != 0 {
		t.Errorf("%d tuples were written, want 0", written)
	}
	if n := x.number(`SELECT count(*) FROM etl.load WHERE origin = 'replay' AND (outcome <> 'unchanged' OR raw_of IS NULL)`); n != 0 {
		t.Errorf("%d loads of the replay are something else than unchanged", n)
	}
	x.holdsNothingPrivate()
}

// Another mapping is told before it is written, and the history says that it was ours.
func TestReplayOfFilesWithAnotherMapping(t *testing.T) {
	t.Parallel()
	x := newTwice(t)
	wh, err := load.Open(t.Context(), x.url, load.Options{Log: zap.NewNop()})
	if err != nil {
		t.Fatal(err)
	}
	defer wh.Close()
	mapping := job.CurrentMapping(vendors.All.Readers())
	mapping.Version++
	mapping.Messages = func(rows transform.Rows, p *sms.Payload, each func(*sms.Message) error) (transform.Reading, error) {
		return huawei.Messages(rows, p, func(m *sms.Message) error {
			m.Country = sms.Unknown
			return each(m)
		})
	}
	replay := job.Replay{Mapping: mapping, Now: today, DryRun: true, Examples: 3, Select: raw.Selection{From: sms.Date(2026, 11, 1), To: sms.Date(2026, 11, 30)}}
	dry, err := replay.Run(t.Context(), wh)
	if err != nil {
		t.Fatal(err)
	}
	if len(dry.Change.Days) == 0 || dry.Inserted == 0 || dry.Removed == 0 || len(dry.Examples) != 3 || len(dry.Left) > 0 {
		t.Errorf("%+v", dry)
	}
	if differ := x.changed(); len(differ) > 0 {
		t.Fatalf("a dry run wrote:\n%s", strings.Join(differ, "\n"))
	}
	replay.DryRun = false
	wet, err := replay.Run(t.Context(), wh)
	if err != nil || wet.Inserted != dry.Inserted || wet.Removed != dry.Removed || wet.Updated != dry.Updated {
		t.Errorf("%v; told %+v, written %+v", err, dry, wet)
	}
	for query, want := range map[string]int64{
		`SELECT count(*) FROM sms.delivery_daily WHERE country <> '(unknown)'`:                                                                   0,
		`SELECT count(*) FROM sms.restatements AS r JOIN etl.load AS l USING (load_id) WHERE (l.origin = 'replay') <> (r.cause = 'our_mapping')`: 0,
	} {
		if got := x.number(query); got != want {
			t.Errorf("%s: %d, want %d", query, got, want)
		}
	}
	if x.number(`SELECT count(*) FROM sms.restatements WHERE cause = 'our_mapping'`) == 0 {
		t.Error("the history does not say that it was ours")
	}
	// Today's code brings it all back.
	x.replayed(0, "--outdated")
	x.equals("with today's mapping", x.console.Truth(weekStart, weekEnd, 8, weekEnd.Add(96*time.Hour)))
}

// A file that was doubted is no part of what its days rest on; days that are too old to be counted anew are built again all the same.
func TestReplayOfFilesThatWereDoubtedOrAreOld(t *testing.T) {
	t.Parallel()
	x := newTwice(t)
	// A file with the messages of the 12th once more under other ids: the day doubles.
	made := weekEnd.Add(100 * time.Hour)
	again := x.save("doubled", played.Export{From: weekStart.AddDate(0, 0, 2), To: weekStart.AddDate(0, 0, 3), At: made, NoID: true})
	x.write(strings.Replace(exportingConfig, "    chunk_days: 3", "    chunk_days: 3\n    shrink_min_messages: 5", 1))
	r := x.bring(exitQuality, []string{again})
	if len(r.Quarantined) == 0 || r.Messages == 0 {
		t.Fatalf("nothing is doubted: %+v", r)
	}
	x.exec(`DROP TABLE before_etl_coverage; CREATE TABLE before_etl_coverage AS SELECT * FROM etl.coverage`)
	x.stands(x.replayed(0))

	// The first days are too old to be counted when a later file comes.
	last := x.save("last", played.Export{From: weekStart.AddDate(0, 0, 6), To: weekEnd, At: made})
	x.write(strings.Replace(exportingConfig, "    chunk_days: 3", "    chunk_days: 3\n    message_retention_days: 8", 1))
	code, out, errs := x.run(last)
	if code != 0 {
		t.Fatalf("exit %d\n%s%s", code, out, errs)
	}
	first := x.save("first", played.Export{From: weekStart, To: weekStart.AddDate(0, 0, 1), At: made})
	if r := x.bring(0, []string{first}); r.TooOld == 0 || r.Messages+r.Changed != 0 {
		t.Errorf("messages of days that are not counted anew were taken in: %+v", r)
	}
	x.exec(`DROP TABLE before_etl_coverage; CREATE TABLE before_etl_coverage AS SELECT * FROM etl.coverage`)
	x.stands(x.replayed(0))
	// A setting that counts them again finds all that was ever kept about them, so nothing shrinks.
	x.write(exportingConfig)
	if r := x.bring(0, []string{first}); r.TooOld != 0 || r.Unchanged == 0 || r.Messages+r.Inserted+r.Updated+r.Removed != 0 {
		t.Errorf("old days counted once more: %+v", r)
	}
}
