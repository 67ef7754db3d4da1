package load

import (
	"context"
	"time"

	"github.com/jackc/pgx/v5"

	"smsetl/internal/db"
	"smsetl/load/star"
	"smsetl/sms"
)

// evidence gathers what the decision about the batch rests on.
func (p *put) evidence(ctx context.Context, tx pgx.Tx) (*sms.Evidence, error) {
	e := &sms.Evidence{
		Account: p.scope.Account, Window: p.window, Now: p.options.Now, Days: make([]sms.DayEvidence, p.window.Len()),
		Unreadable: p.unreadable, IsCounted: p.vendor.IsImported,
		IsIndependent: p.isIndependent(), Sums: p.options.Sums, IsSummed: !p.options.CanSum, Alive: p.options.Alive,
	}
	for i := range e.Days {
		p.dayEvidence(&e.Days[i], i)
	}
	if err := p.readProfile(ctx, tx, e); err != nil {
		return nil, err
	}
	return e, p.readStored(ctx, tx, e)
}

// isIndependent says that a dataset of the scope speaks for failures alone, which totals of another one must agree with.
func (p *put) isIndependent() bool {
	totals, reasons := false, false
	for _, dataset := range p.scope.Datasets {
		o := p.w.datasets[dataset]
		totals = totals || o.delivery
		reasons = reasons || !o.delivery && o.stage != ""
	}
	return totals && reasons && !p.vendor.IsImported
}

// dayEvidence fills in what the answer and the ledger say of the i-th day.
func (p *put) dayEvidence(d *sms.DayEvidence, i int) {
	day := p.window.First() + sms.Day(i)
	d.Day, d.State, d.Held = day, sms.Missing, p.held(day)
	d.IsStored = true
	for _, dataset := range p.scope.Datasets {
		c := p.ledger[lineKey{dataset, day}]
		if c == nil {
			d.IsStored = false
			continue
		}
		if d.State == sms.Missing || c.State == sms.Quarantined {
			d.State = c.State
		}
		d.IsStored = d.IsStored && !c.ConfirmedAt.IsZero()
		d.Stored.Rows += c.Rows
	}
	for part := range star.Parts {
		d.Said.Rows += p.staging.Days[part][i].Rows
		d.Lacks |= p.staging.Days[part][i].Lacks
	}
	if p.fills(star.Delivery) {
		d.Said.Measures = p.staging.Days[star.Delivery][i].Totals
	}
	d.Said.HasNoTotals, d.Stored.HasNoTotals = !p.fills(star.Delivery), !p.fills(star.Delivery)
	d.Said.Processing, d.Said.Sending = p.saidFailures(star.Processing, i), p.saidFailures(star.Sending, i)
	for _, w := range p.staging.Batch.Beyond {
		d.IsBeyond = d.IsBeyond || w.Contains(day)
	}
	d.Unread = p.staging.Batch.Unread[day]
}

// saidFailures gives the failures of a stage by reason, added up; not reported when the scope does not fill the stage.
func (p *put) saidFailures(part star.Part, i int) sms.Count {
	if !p.fills(part) {
		return sms.Count{}
	}
	return sms.Reported(p.staging.Days[part][i].Messages.Or(0))
}

// storedDay is a row of what is stored of a day.
type storedDay struct {
	Day                 sms.Day
	IsSuspect           bool
	Measures            sms.Measures
	Processing, Sending int64
	ToldAt              *time.Time
}

// readStored reads what is stored of the window's days and of the weeks before.
func (p *put) readStored(ctx context.Context, tx pgx.Tx, e *sms.Evidence) error {
	rows, err := db.All[storedDay](ctx, tx, statement("evidence_stored"), p.account, p.totals(), p.window.First()-sms.BaselineDays, p.window.Last())
	for _, s := range rows {
		n := sms.Numbers{HasNoTotals: !p.fills(star.Delivery)}
		if p.fills(star.Delivery) {
			n.Measures = s.Measures
		}
		if p.fills(star.Processing) {
			n.Processing = sms.Reported(s.Processing)
		}
		if p.fills(star.Sending) {
			n.Sending = sms.Reported(s.Sending)
		}
		switch i := int(s.Day - p.window.First()); {
		case i >= 0:
			n.Rows = e.Days[i].Stored.Rows
			e.Days[i].Stored = n
		case !s.IsSuspect:
			past := sms.PastDay{Day: s.Day, Numbers: n}
			if s.ToldAt != nil {
				past.ToldAt = *s.ToldAt
			}
			e.Before = append(e.Before, past)
		}
	}
	return err
}

// totals gives the dataset of the scope that speaks for the totals, or the first one.
func (p *put) totals() sms.Dataset {
	for _, dataset := range p.scope.Datasets {
		if p.w.datasets[dataset].delivery {
			return dataset
		}
	}
	return p.scope.Datasets[0]
}

// compareKeys finds out which templates and labels that are stored for the window the answer does not have at all.
func (p *put) compareKeys(ctx context.Context, tx pgx.Tx) (*sms.KeyLoss, error) {
	var days []sms.Day // that the answer speaks of
	for i := range p.staging.Days[star.Delivery] {
		if p.staging.Days[star.Delivery][i].Messages.Or(0) > 0 {
			days = append(days, p.window.First()+sms.Day(i))
		}
	}
	type key struct{ Dimension, Name string }
	type storedKey struct {
		Key    key
		Stored int64
	}
	rows, err := db.All[storedKey](ctx, tx, statement("evidence_keys"), p.account, days)
	said := map[key]int64{}
	for i := range p.staging.Batch.Deliveries {
		d := &p.staging.Batch.Deliveries[i]
		subject, m := &p.staging.Batch.Subjects[d.Subject], p.staging.Batch.Measures(d)
		said[key{"template", subject.Template.String()}] += m.Requested.Or(0)
		said[key{"label", subject.Label.String()}] += m.Requested.Or(0)
	}
	loss := map[string]*sms.KeyLoss{"template": {}, "label": {}}
	for _, r := range rows {
		l := loss[r.Key.Dimension]
		now, isThere := said[r.Key]
		if !isThere {
			l.Gone += r.Stored
			l.Names = append(l.Names, r.Key.Dimension+" "+r.Key.Name)
			continue
		}
		l.Kept += r.Stored
		l.Now += now
	}
	if loss["label"].Gone > loss["template"].Gone {
		return loss["label"], err
	}
	return loss["template"], err
}
