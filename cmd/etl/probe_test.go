package main

import (
	"os"
	"strings"
	"testing"
	"time"

	"smsetl/doctor"
	"smsetl/internal/dev/long"
	"smsetl/sandbox"
	"smsetl/sandbox/traffic"
)

// set changes a key of the tencent source.
func (w *world) set(key, value string) {
	w.t.Helper()
	w.swap("    secret_id:", "    "+key+": "+value+"\n    secret_id:")
}

// swap changes the configuration, and gives what it was.
func (w *world) swap(from, to string) (before string) {
	w.t.Helper()
	text, err := os.ReadFile(w.config)
	if err != nil {
		w.t.Fatal(err)
	}
	if !strings.Contains(string(text), from) {
		w.t.Fatalf("there is no %q in the configuration:\n%s", from, text)
	}
	w.write(strings.ReplaceAll(string(text), from, to))
	return string(text)
}

// The probe names what the vendor does, whatever is configured, and stores it with its evidence.
func TestProbeNamesWhatTheVendorDoes(t *testing.T) {
	t.Parallel()
	early := time.Date(2026, 11, 22, 6, 30, 0, 0, today.Location()) // 22:30 UTC of the day before
	noon := time.Date(2026, 11, 22, 12, 10, 0, 0, today.Location())
	for name, c := range map[string]struct {
		rules sandbox.TencentRules
		now   time.Time
		want  string
		code  int
	}{
		"inclusive":                             {sandbox.TencentRules{}, early, "inclusive +08:00 told", exitOK},
		"inclusive, at noon":                    {sandbox.TencentRules{}, noon, "inclusive +08:00 told", exitOK},
		"exclusive":                             {sandbox.TencentRules{ExclusiveEnd: true}, early, "exclusive +08:00 told", exitOK},
		"exclusive, an empty window is refused": {sandbox.TencentRules{ExclusiveEnd: true, RefuseEmpty: true}, early, "exclusive +08:00 told", exitOK},
		"UTC day":                               {sandbox.TencentRules{UTCDay: true}, early, "inclusive +00:00 told", exitOK},
		"UTC day, at noon":                      {sandbox.TencentRules{UTCDay: true}, noon, "inclusive +00:00 told", exitOK},
		"UTC day, exclusive":                    {sandbox.TencentRules{UTCDay: true, ExclusiveEnd: true}, early, "exclusive +00:00 told", exitOK},
		"clamped to yesterday":                  {sandbox.TencentRules{ClampToYesterday: true}, early, "inclusive +08:00 withheld", exitOK},
		"clamped to yesterday, UTC day":         {sandbox.TencentRules{ClampToYesterday: true, UTCDay: true}, early, "inclusive +00:00 withheld", exitOK},
		// At noon yesterday ends at the same hour in both zones.
		"clamped to yesterday, at noon": {sandbox.TencentRules{ClampToYesterday: true}, noon, "inclusive  withheld", exitPartial},
	} {
		t.Run(name, func(t *testing.T) {
			if strings.Contains(name, ", ") {
				long.Skip(t, "some rules together")
			}
			t.Parallel()
			options := quick(30)
			options.Now = func() time.Time { return c.now }
			options.Tencent = c.rules
			options.Tencent.PerSecond = 1_000_000
			w := newWorld(t, options)
			var reports []doctor.Probe
			out := w.must(c.code, "probe", append(at(c.now), "tencent", "--account", "1400006874", "-o", "json")...)
			if err := readJSON(out, &reports); err != nil || len(reports) != 1 {
				t.Fatal(err, out)
			}
			r := reports[0]
			if got := r.EndHour + " " + r.HoursIn + " " + r.Today; got != c.want || len(r.Evidence) < 4 || r.Contradiction != "" {
				t.Errorf("got %q, want %q\n%s", got, c.want, out)
			}
			if n := w.number(`
				SELECT count(*) FROM etl.probe
				WHERE concat_ws(' ', coalesce(end_hour, ''), coalesce(hours_in, ''), coalesce(today, '')) = '` + c.want + `'`); n != 1 {
				t.Errorf("%d verdicts like that are stored, want 1", n)
			}
			if n := w.number(`
				SELECT count(*) FROM etl.fetch AS f JOIN etl.raw AS r ON r.hash = f.hash JOIN etl.probe AS p ON p.load_id = f.load_id
				WHERE f.refused <> ''`); n != int64(r.Calls) && !c.rules.RefuseEmpty {
				t.Errorf("%d answers are kept of %d calls", n, r.Calls)
			}
			if n := w.number("SELECT count(*) FROM etl.coverage"); n != 0 {
				t.Errorf("a probe wrote %d lines into the ledger", n)
			}
		})
	}
}

// A first load finds out by itself that the configuration is wrong, loads nothing of the accounts it is wrong for and
// everything of the others. Put right, it goes on.
func TestFirstLoadStopsAtAContradiction(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		rules        sandbox.TencentRules
		from, to     string // in the configuration
		says, advice string
	}{
		"end_hour":  {sandbox.TencentRules{}, "end_hour: inclusive", "end_hour: exclusive", "end_hour is exclusive", `set end_hour: "inclusive"`},
		"exclusive": {sandbox.TencentRules{ExclusiveEnd: true}, "end_hour: exclusive", "end_hour: inclusive", "end_hour is inclusive", `set end_hour: "exclusive"`},
		"time_zone": {sandbox.TencentRules{UTCDay: true}, `time_zone: "+00:00"`, `time_zone: "+08:00"`, "time_zone is +08:00", `set time_zone: "+00:00"`},
	} {
		t.Run(name, func(t *testing.T) {
			if name == "end_hour" {
				long.Skip(t, "the other way round of exclusive")
			}
			t.Parallel()
			options := quick(40)
			options.Tencent = c.rules
			options.Tencent.PerSecond = 1_000_000
			options.Secrets[0].Apps = options.Secrets[0].Apps[:1] // the quiet one has no messages to ask about
			w := newWorld(t, options)
			right := w.swap(c.from, c.to)
			out := w.must(exitUsage, "run", at(today)...)
			if !strings.Contains(out, c.says) || !strings.Contains(out, c.advice) {
				t.Errorf("the report does not say what is wrong and what would be right:\n%s", out)
			}
			if n := w.number("SELECT count(*) FROM sms.delivery_daily WHERE vendor = 'tencent'"); n != 0 {
				t.Errorf("%d rows were loaded against the vendor's word", n)
			}
			if n := w.number("SELECT count(*) FROM sms.delivery_daily WHERE vendor = 'engagelab'"); n == 0 {
				t.Error("the other sources were stopped too")
			}
			if n := w.number("SELECT count(*) FROM etl.coverage WHERE state = 'failed' AND reason NOT LIKE '%" + c.says + "%'"); n != 0 {
				t.Errorf("%d lines of the ledger do not say why", n)
			}
			if n := w.number("SELECT count(*) FROM etl.finding WHERE check_name = 'probe_contradiction' AND closed_at IS NULL AND severity = 'error'"); n != 1 {
				t.Errorf("%d findings, want 1", n)
			}
			w.write(right)
			w.must(exitOK, "run", at(today)...)
			for _, d := range w.differences() {
				// A day of UTC is not over at three in the morning of +08:00.
				if !c.rules.UTCDay || !strings.Contains(d, "2026-11-21") {
					t.Fatalf("unequal to the truth with the right configuration: %s", d)
				}
			}
			if n := w.number("SELECT count(*) FROM etl.finding WHERE check_name = 'probe_contradiction' AND closed_at IS NULL"); n != 0 {
				t.Error("the finding stays open")
			}
			if n := w.number("SELECT count(*) FROM etl.probe"); n != 1 {
				t.Errorf("%d probes, want 1: the verdict is known", n)
			}
		})
	}
}

// What the vendor does not tell is a warning, and stops nobody.
func TestFirstLoadGoesOnWhenItCannotTell(t *testing.T) {
	t.Parallel()
	options := quick(40)
	noon := today.Add(9 * time.Hour)
	options.Now = func() time.Time { return noon }
	options.Tencent.ClampToYesterday = true
	options.Secrets[0].Apps = []sandbox.App{{ID: "1400006874", Profile: traffic.Busy}}
	w := newWorld(t, options)
	w.must(exitOK, "run", at(noon)...)
	if n := w.number("SELECT count(*) FROM etl.finding WHERE check_name = 'probe_open' AND subject = 'zone of the hours' AND severity = 'warning' AND closed_at IS NULL"); n != 1 {
		t.Errorf("%d findings, want 1", n)
	}
	if n := w.number("SELECT count(*) FROM sms.delivery_daily WHERE vendor = 'tencent'"); n != 40 {
		t.Errorf("%d days are loaded, want 40", n)
	}
	w.must(exitOK, "run", at(noon)...)
	if n := w.number("SELECT count(*) FROM etl.probe"); n != 1 {
		t.Errorf("%d probes after two runs, want 1", n)
	}
}

// An application that is hardly used cannot tell, which is no warning.
func TestQuietApplicationIsNoWarning(t *testing.T) {
	t.Parallel()
	options := quick(40)
	options.Secrets[0].Apps = []sandbox.App{{ID: "1400012345", Profile: traffic.Quiet}}
	w := newWorld(t, options)
	w.must(exitOK, "run", at(today)...)
	if n := w.number("SELECT count(*) FROM etl.finding WHERE check_name = 'probe_open' AND severity = 'info' AND closed_at IS NULL"); n == 0 {
		t.Error("nothing says that the zone cannot be told")
	}
	if n := w.number("SELECT count(*) FROM etl.finding WHERE check_name LIKE 'probe%' AND severity <> 'info'"); n != 0 {
		t.Errorf("%d warnings about an application that is hardly used", n)
	}
}

// probe: off asks nothing.
func TestProbeOff(t *testing.T) {
	t.Parallel()
	w := newWorld(t, quick(20))
	w.set("probe", "off")
	w.swap("end_hour: inclusive", "end_hour: exclusive")
	w.must(exitOK, "run", at(today)...)
	if n := w.number("SELECT count(*) FROM etl.probe"); n != 0 {
		t.Errorf("%d probes, want none", n)
	}
}

// Faults delay a probe, or fail it; they never make it say what is not so.
func TestProbeThroughFaults(t *testing.T) {
	t.Parallel()
	w := newWorld(t, quick(30))
	chance := map[sandbox.Fault]float64{}
	for _, fault := range sandbox.AllFaults() {
		chance[fault] = 0.01
	}
	w.vendors.SetFaults(sandbox.Faults{Seed: 11, Chance: chance, Delay: 20 * time.Millisecond})
	for range 3 {
		code, stdout, stderr := w.etl("probe", append(at(today), "tencent", "--account", "1400006874")...)
		if code == exitOK && !strings.Contains(stdout, "EndTime inclusive, hours in +08:00, today told") {
			t.Errorf("exit 0 and wrong:\n%s", stdout)
		}
		if code != exitOK && !strings.Contains(stderr, "probe") {
			t.Errorf("exit %d: %s\n%s", code, stdout, stderr)
		}
	}
	fired := int64(0)
	for _, n := range w.vendors.Counters().Faults {
		fired += n
	}
	if fired < 5 {
		t.Errorf("only %d faults fired", fired)
	}
	if n := w.number("SELECT count(*) FROM etl.load WHERE outcome = 'running'"); n != 0 {
		t.Errorf("%d probes never ended", n)
	}
}

func TestProbeOfOthers(t *testing.T) {
	t.Parallel()
	w := newWorld(t, quick(20))
	if out := w.must(exitOK, "probe", "huawei"); !strings.Contains(out, "exports of the console") {
		t.Error(out)
	}
	if code, _, stderr := w.etl("probe", append(at(today), "engagelab", "--day", "2026-11-20")...); code != exitUsage || !strings.Contains(stderr, "not about a day") {
		t.Errorf("exit %d: %s", code, stderr)
	}
	if code, _, stderr := w.etl("probe", append(at(today), "tencent", "--day", "2026-11-20")...); code != exitUsage || !strings.Contains(stderr, "too young") {
		t.Errorf("exit %d: %s", code, stderr)
	}
	if code, _, stderr := w.etl("probe", "tencent", "--account", "nobody"); code != exitUsage || !strings.Contains(stderr, "1400006874") {
		t.Errorf("exit %d: %s", code, stderr)
	}
}
