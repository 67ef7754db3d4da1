package cases

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"time"

	"smsetl/job"
	"smsetl/ledger"
	"smsetl/load/raw"
	"smsetl/pipeline"
	"smsetl/plan"
	"smsetl/queue"
	"smsetl/sandbox"
	"smsetl/sandbox/traffic"
	"smsetl/sms"
)

// Step is one thing that the product does. isDone says that the product calls it done, with nothing left open; then it must be.
type Step func(ctx context.Context, w *World) (isDone bool, err error)

// Scenario is something small and whole that the product does. A case disturbs it at one moment.
type Scenario struct {
	Name  string
	About string
	// now is when it happens: the present of the vendor, and of the product but for a clock that is wrong.
	now time.Time
	// vendor plays who is asked, nil for nobody, as at any time.
	vendor func() *sandbox.Sandbox
	// asked is the vendor's name.
	asked string
	// config makes the configuration of one that the vendor gives; nil leaves it as it is.
	config func(string) string
	// files writes what the scenario reads into a folder; nil for nothing.
	files func(dir string) error
	// before is what happened before, undisturbed, each at a time of its own.
	before []moment
	// do is what is disturbed, and what is done once more undisturbed unless after says something else.
	do, after Step
	// isNew starts with a database that has nothing in it.
	isNew bool
	// isTwice does it in two processes at once, the second one undisturbed.
	isTwice bool
	// truth is what the warehouse holds in the end.
	truth func(s *Scenario) (truth, error)
}

type moment struct {
	at time.Time
	do Step
}

// truth is the rows of the views for facts.
type truth struct {
	deliveries, failures json.RawMessage
	columns              string // beside those that every vendor's rows have
}

// today is when most of it happens: a Sunday morning in +08:00.
var today = time.Date(2026, 11, 22, 3, 0, 0, 0, time.FixedZone("+08:00", 8*3600))

const (
	firstDay  = "2026-11-19"
	yesterday = "2026-11-21"
)

// All are the scenarios.
func All() []*Scenario {
	return []*Scenario{
		engageLab("first load", "three days of EngageLab into a warehouse that has its schema and nothing else", nil),
		engageLab("load again", "the same three days once more, with the same answers", nil, moment{today, loading(plan.Request{Refetch: true})}),
		engageLab("restated load", "the same three days a day later, after the vendor changed its mind: late deliveries, a template withdrawn",
			restate, moment{today.AddDate(0, 0, -2), loading(plan.Request{})}),
		releasing(), freezing(), replaying(), byTwo(engageLab("first load", "", nil)), tencentDays(), sweeping(), migration(), detached(), cancelled(),
		imported("import", "two exports of Huawei's console, imported by a command"), folder(), pushed(),
		byTwo(imported("import", "")), byTwo(folder()), byTwo(detached()),
	}
}

// Find gives a scenario by its name, with - for spaces; nil for none.
func Find(name string) *Scenario {
	for _, s := range All() {
		if s.Name == strings.ReplaceAll(name, "-", " ") {
			return s
		}
	}
	return nil
}

// engageLab is a scenario of one user of EngageLab.
func engageLab(name, about string, restated []sandbox.Restatement, before ...moment) *Scenario {
	s := &Scenario{Name: name, About: about, now: today, asked: sandbox.EngageLab, before: before, truth: vendorsTruth}
	s.vendor = func() *sandbox.Sandbox {
		return played(sandbox.Options{
			Seed: 7, First: firstDay, Users: []sandbox.User{{Source: "shop", SMSUser: "shop", Key: "key", Profile: traffic.Service}}, Secrets: []sandbox.Secret{},
		}, restated)
	}
	s.do = loading(plan.Request{Refetch: len(before) > 0})
	return s
}

func played(o sandbox.Options, restated []sandbox.Restatement) *sandbox.Sandbox {
	o.Now = func() time.Time { return today }
	box := sandbox.New(o)
	if err := box.Restate(restated...); err != nil {
		panic(err) // of a scenario that is written wrong
	}
	return box
}

var restate = []sandbox.Restatement{
	{Kind: sandbox.LateDeliveries, From: firstDay, To: firstDay, At: today.AddDate(0, 0, -1), Share: 0.5},
	{Kind: sandbox.VanishedRow, From: "2026-11-19", To: "2026-11-19", Template: sandbox.None, At: today.AddDate(0, 0, -1)},
}

// loading is a run, or a backfill of all days where it fetches again.
func loading(ask plan.Request) Step {
	return func(ctx context.Context, w *World) (bool, error) {
		p, err := w.Open(ctx)
		if err != nil {
			return false, err
		}
		defer p.Close()
		command := "run"
		if ask.Refetch {
			command = "backfill"
		}
		report, err := p.Run(ctx, command, ask, NoBar)
		return err == nil && !report.IsPartial() && len(report.Waiting) == 0, err
	}
}

// vendorsTruth is what the vendor says at the time of the scenario.
func vendorsTruth(s *Scenario) (truth, error) {
	t, err := s.vendor().Truth(firstDay, yesterday, s.now)
	return written(t.Deliveries, t.Failures, "", err)
}

func written[D, F any](deliveries []D, failures []F, columns string, err error) (truth, error) {
	if err != nil {
		return truth{}, err
	}
	if len(deliveries) == 0 {
		return truth{}, errors.New("the truth is empty, so equality would mean nothing")
	}
	return marshalled(deliveries, failures, columns)
}

func marshalled[D, F any](deliveries []D, failures []F, columns string) (truth, error) {
	d, errD := json.Marshal(deliveries)
	f, errF := json.Marshal(failures)
	// The vendor's word for it is not the view's.
	lower := func(rows []byte) []byte { return bytes.ReplaceAll(rows, []byte(`"Country":`), []byte(`"country":`)) }
	return truth{lower(d), lower(f), columns}, errors.Join(errD, errF)
}

// doubled is a settled day that the vendor doubles.
const doubled = "2026-11-01"

// releasing is an operator who believes a doubled day that the product holds back.
func releasing() *Scenario {
	lie := []sandbox.Restatement{{Kind: sandbox.DoubledAnswer, From: doubled, To: doubled, At: today}}
	s := engageLab("quarantine and release", "a settled day that comes back doubled is held, then released by an operator", lie)
	day := plan.Request{From: dayOf(doubled), To: dayOf("2026-11-02"), Refetch: true}
	s.vendor = func() *sandbox.Sandbox {
		return played(sandbox.Options{
			Seed: 7, First: doubled, Last: "2026-11-02",
			Users: []sandbox.User{{Source: "shop", SMSUser: "shop", Key: "key", Profile: traffic.Service}}, Secrets: []sandbox.Secret{},
		}, lie)
	}
	s.before = []moment{{today.AddDate(0, 0, -2), loading(day)}}
	s.do = func(ctx context.Context, w *World) (bool, error) {
		isBelieved, err := loading(day)(ctx, w) // once it was released, the same answer is believed
		if err != nil {
			return false, err
		}
		days, isDone, err := decided(ctx, w, func(p *Program, items []plan.Item, by ledger.Operator) (pipeline.Decided, error) {
			return p.Release(ctx, "--from "+doubled, items, by)
		})
		return isDone && (isBelieved || days > 0), err
	}
	s.truth = func(s *Scenario) (truth, error) {
		t, err := s.vendor().Truth(doubled, "2026-11-02", s.now)
		for i := range t.Deliveries {
			if d := &t.Deliveries[i]; d.SendDate == doubled {
				for _, n := range []*int64{d.Requested, d.Accepted, d.ProcessingFailed, d.Delivered, d.SendFailed, d.Pending, d.BilledSegments} {
					*n *= 2
				}
			}
		}
		for i := range t.Failures {
			if f := &t.Failures[i]; f.SendDate == doubled {
				f.Messages *= 2
			}
		}
		return written(t.Deliveries, t.Failures, "", err)
	}
	return s
}

func dayOf(text string) *sms.Day {
	day, err := sms.ParseDay(text)
	if err != nil {
		panic(err) // written in this file
	}
	return &day
}

// decided lets an operator decide about the doubled day.
func decided(
	ctx context.Context, w *World, do func(p *Program, items []plan.Item, by ledger.Operator) (pipeline.Decided, error),
) (days int, isDone bool, err error) {
	p, err := w.Open(ctx)
	if err != nil {
		return 0, false, err
	}
	defer p.Close()
	items, err := plan.Scopes(plan.Request{From: dayOf(doubled), To: dayOf(doubled)}, p.Config.Planned(), p.Now())
	if err != nil {
		return 0, false, err
	}
	d, err := do(p, items, ledger.Operator{Who: "ana", Reason: "the vendor says so", Now: p.Now()})
	return d.Days, err == nil && len(d.Left) == 0, err
}

// freezing is an operator who wants a day left alone, and a load of it that has to.
func freezing() *Scenario {
	s := releasing()
	s.Name, s.About = "freeze", "an operator freezes a day, and a load that would change it leaves it alone"
	day := plan.Request{From: dayOf(doubled), To: dayOf("2026-11-02"), Refetch: true}
	s.do = func(ctx context.Context, w *World) (bool, error) {
		_, isDone, err := decided(ctx, w, func(p *Program, items []plan.Item, by ledger.Operator) (pipeline.Decided, error) {
			return p.Decide(ctx, "freeze", ledger.Freeze, items, by)
		})
		if err != nil {
			return false, err
		}
		_, err = loading(day)(ctx, w)
		return isDone, err
	}
	s.truth = func(s *Scenario) (truth, error) {
		t, err := s.vendor().Truth(doubled, "2026-11-02", s.now)
		return written(t.Deliveries, t.Failures, "", err)
	}
	return s
}

// byTwo is a scenario in two processes at once.
func byTwo(s *Scenario) *Scenario {
	s.Name, s.About, s.isTwice = s.Name+" by two", s.Name+" in two processes at once, one of them disturbed", true
	return s
}

// tencentDays is the first load of Tencent, which asks the vendor how it reads a window.
func tencentDays() *Scenario {
	s := &Scenario{
		Name: "tencent split and probe", About: "three days of Tencent, asked a day at a time after the vendor was probed",
		now: today, asked: sandbox.Tencent, truth: vendorsTruth, do: loading(plan.Request{}),
	}
	s.vendor = func() *sandbox.Sandbox {
		return played(sandbox.Options{
			Seed: 7, First: firstDay, Users: []sandbox.User{}, Tencent: sandbox.TencentRules{PerSecond: 1_000_000},
			Secrets: []sandbox.Secret{{Source: "tencent-main", ID: "AKIDsandbox", Key: "secret", Apps: []sandbox.App{{ID: "1400006874", Profile: traffic.Busy}}}},
		}, nil)
	}
	return s
}

// sweeping looks for a day that changed late among settled days, by halving the window.
func sweeping() *Scenario {
	const first, late = "2026-11-10", "2026-11-12"
	s := tencentDays()
	s.Name, s.About = "sweep", "settled days of Tencent compared by their sums, and the one that changed found by halving and loaded"
	s.vendor = func() *sandbox.Sandbox {
		return played(sandbox.Options{
			Seed: 7, First: first, Users: []sandbox.User{}, Tencent: sandbox.TencentRules{PerSecond: 1_000_000},
			Secrets: []sandbox.Secret{{Source: "tencent-main", ID: "AKIDsandbox", Key: "secret", Apps: []sandbox.App{{ID: "1400006874", Profile: traffic.Busy}}}},
		}, []sandbox.Restatement{{Kind: sandbox.LateDeliveries, From: late, To: late, At: today, Share: 0.3}})
	}
	s.before = []moment{{today.Add(-time.Hour), loading(plan.Request{})}, {today.Add(-time.Hour), aged}}
	s.config = func(config string) string {
		return strings.ReplaceAll(config, "    secret_id:", "    probe: off\n    secret_id:")
	}
	s.do = loading(plan.Request{Sweep: true})
	s.truth = func(s *Scenario) (truth, error) {
		t, err := s.vendor().Truth(first, yesterday, s.now)
		return written(t.Deliveries, t.Failures, "", err)
	}
	return s
}

// aged puts what the machine's clock says of earlier loads so far back that a sweep is due.
func aged(ctx context.Context, w *World) (bool, error) {
	p, err := w.Open(ctx)
	if err != nil {
		return false, err
	}
	defer p.Close()
	_, err = p.Warehouse.Pool().Exec(ctx, `
		UPDATE etl.coverage
		SET confirmed_at = $1::timestamptz - interval '8 days',
		    checked_at   = NULL`, w.Now)
	return true, err
}

// replaying builds days again from the answers that were kept.
func replaying() *Scenario {
	s := engageLab("replay", "three days that were loaded and restated, built again from the answers that were kept", restate,
		moment{today.AddDate(0, 0, -2), loading(plan.Request{})}, moment{today, loading(plan.Request{Refetch: true})})
	s.do = func(ctx context.Context, w *World) (isDone bool, err error) {
		p, err := w.Open(ctx)
		if err != nil {
			return false, err
		}
		defer p.Close()
		r := job.Replay{Mapping: job.CurrentMapping(p.Vendors.Readers()), Now: p.Now(), Select: raw.Selection{From: *dayOf(firstDay), To: *dayOf(yesterday)}}
		err = queue.Record(ctx, p.Warehouse.Pool(), p.Command("replay", r.String()), p.Now, func(runID int64) (bool, error) {
			r.RunID = runID
			done, err := r.Run(ctx, p.Warehouse)
			isDone = len(done.Left)+len(done.Overtaken) == 0
			return !isDone, err
		})
		return isDone && err == nil, err
	}
	return s
}

// migration is the schema made from nothing, and the first load into it.
func migration() *Scenario {
	s := engageLab("migration and first load", "the schema made in an empty database, and three days loaded", nil)
	s.isNew = true
	first := s.do
	s.do = func(ctx context.Context, w *World) (bool, error) {
		if err := migrate(ctx, w); err != nil {
			return false, err
		}
		return first(ctx, w)
	}
	return s
}

// step is what is disturbed, or what is done once more afterwards.
func (s *Scenario) step(isAgain bool) Step {
	if isAgain && s.after != nil {
		return s.after
	}
	return s.do
}

// Slug is the name in a command line.
func (s *Scenario) Slug() string { return strings.ReplaceAll(s.Name, " ", "-") }

// configured gives schedules.yaml for a vendor at an address.
func (s *Scenario) configured(box *sandbox.Sandbox, address string) string {
	if box == nil {
		return s.config("")
	}
	text := box.SchedulesYAML(sandbox.Addresses{EngageLab: address, Tencent: address})
	text = EachSource(text, "max_requests_per_second: 1000")
	if s.config != nil {
		text = s.config(text)
	}
	return text
}

// EachSource adds a setting to each source of a configuration that the vendors give.
func EachSource(config, setting string) string {
	for _, key := range []string{"    sms_key:", "    secret_id:"} {
		config = strings.ReplaceAll(config, key, "    "+setting+"\n"+key)
	}
	return config
}

func (s *Scenario) String() string { return fmt.Sprintf("%s: %s", s.Name, s.About) }
