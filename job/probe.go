package job

import (
	"context"
	"sync"
	"time"

	"go.uber.org/zap"

	"smsetl/load"
	"smsetl/load/raw"
	"smsetl/sms"
)

// Prober finds out what a vendor's documents leave open, by asking.
type Prober interface {
	// Probe asks about the day, or about one that it finds when that is 0, and hands each answer to emit, none of them to
	// be understood. What the answers do not tell is no error.
	Probe(ctx context.Context, account sms.Account, day sms.Day, emit func(sms.Payload) error) (sms.ProbeResult, error)
	// Judge gives an error of kind sms.ErrContradicted when the verdict is not what the source is set to.
	Judge(v sms.ProbeResult) error
}

// Probing is one probe of an account.
type Probing struct {
	RunID   int64 // 0 for no run
	Source  string
	Prober  Prober
	Account sms.Account
	Day     sms.Day // to ask about; 0 lets the prober find one
	Now     time.Time
	Called  func(sms.Payload) // told of each answer; may be nil
}

// Run asks, keeps every answer raw as those of a load that loads nothing, and stores the verdict with what follows from
// it.
func (p Probing) Run(ctx context.Context, wh *load.Warehouse) (sms.ProbeResult, error) {
	scope, err := p.scope(wh)
	if err != nil {
		return sms.ProbeResult{}, err
	}
	start := load.Start{RunID: p.RunID, Source: p.Source, Scope: scope, Now: p.Now}
	return begun(ctx, wh, start, func(loadID int64) (sms.ProbeResult, error) {
		v, err := p.Prober.Probe(ctx, p.Account, p.Day, func(answer sms.Payload) error {
			if p.Called != nil {
				p.Called(answer)
			}
			return raw.Keep(ctx, wh.DB, loadID, answer)
		})
		if err == nil {
			err = wh.EndProbe(ctx, loadID, scope, v, findingsOf(v, p.Prober.Judge(v)), p.Now)
		}
		if err != nil {
			return sms.ProbeResult{}, err
		}
		return v, nil
	})
}

// scope is what the answers are kept under: the vendor's first dataset alone, over the days that may be asked about.
// Ordinary loads have all datasets of their group, so none of them is mixed up with a probe's.
func (p Probing) scope(wh *load.Warehouse) (sms.Scope, error) {
	const back = 40 // days: a busy day is looked for in the weeks before
	today := p.Account.Zone.Today(p.Now)
	first := today - back
	if p.Day != 0 {
		first = min(first, p.Day)
	}
	window, err := sms.NewWindow(first, today, p.Account.Zone)
	return sms.Scope{Account: p.Account, Datasets: wh.Datasets(p.Account.Vendor)[:1], Window: window}, err
}

// findingsOf says what a person should know of a verdict.
func findingsOf(v sms.ProbeResult, contradicted error) []sms.Finding {
	var all []sms.Finding
	if contradicted != nil {
		all = append(all, sms.Finding{
			Check: load.Contradiction, Subject: "configuration", Severity: sms.Error, Detail: contradicted.Error(), Rows: 1,
		})
	}
	severity := sms.Warning
	if v.IsQuiet {
		severity = sms.Info // an application that is hardly used is no matter for anybody
	}
	for _, open := range v.Open() {
		all = append(all, sms.Finding{Check: "probe_open", Subject: open.What, Severity: severity, Detail: open.Why, Rows: 1})
	}
	return all
}

// When a verdict is asked for again without being told to: no message was there to ask about, or it stands in the way,
// and may be due to an outage of the vendor.
const (
	askQuietAgain        = 7 * 24 * time.Hour
	askContradictedAgain = time.Hour
)

// probes remembers which accounts need no probe any more, and lets one window of an account probe while the others
// wait. The zero value is ready.
type probes struct {
	mu       sync.Mutex
	accounts map[string]*probedAccount
}

type probedAccount struct {
	turn   chan struct{} // held by the window that probes
	isDone bool          // guarded by turn
}

func (p *probes) of(key string) *probedAccount {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.accounts == nil {
		p.accounts = map[string]*probedAccount{}
	}
	if p.accounts[key] == nil {
		p.accounts[key] = &probedAccount{turn: make(chan struct{}, 1)}
	}
	return p.accounts[key]
}

// probeFirst makes sure that a verdict on the account is there and does not contradict the configuration, before
// anything of the account is fetched. What the vendor does not tell stops nobody.
func (w *Loader) probeFirst(ctx context.Context, source Source, account sms.Account, runID int64) error {
	if source.Prober == nil {
		return nil
	}
	one := w.probes.of(source.Name + "\x00" + account.ID)
	select {
	case one.turn <- struct{}{}:
		defer func() { <-one.turn }()
	case <-ctx.Done():
		return ctx.Err()
	}
	if one.isDone {
		return nil
	}
	// The windows that waited meanwhile learn what the first one met.
	if err := w.refusals.check(source.Name, account); err != nil {
		return err
	}
	err := w.probe(ctx, source, account, runID)
	w.refusals.note(source.Name, account, err)
	one.isDone = err == nil
	return err
}

func (w *Loader) probe(ctx context.Context, source Source, account sms.Account, runID int64) error {
	v, known, err := w.warehouse.ProbeResult(ctx, account)
	if err != nil {
		return err
	}
	now := w.now()
	if !known || isStale(v, source.Prober.Judge(v), now) {
		probing := Probing{RunID: runID, Source: source.Name, Prober: source.Prober, Account: account, Now: now, Called: w.progress.Called}
		if v, err = probing.Run(ctx, w.warehouse); err != nil {
			return err
		}
		w.log.Info("account probed", zap.String("source", source.Name), zap.String("account", account.ID), zap.Int("calls", v.Calls),
			zap.String("end_hour", v.EndHour), zap.String("hours_in", v.HoursIn), zap.String("today", v.Today))
	}
	if err := source.Prober.Judge(v); err != nil {
		return err
	}
	return w.warehouse.CloseContradiction(ctx, account, now)
}

func isStale(v sms.ProbeResult, contradicted error, now time.Time) bool {
	age := now.Sub(v.AskedAt)
	return v.Day == 0 && age >= askQuietAgain || contradicted != nil && age >= askContradictedAgain
}
