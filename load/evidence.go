package load

import (
	"context"
	_ "embed"
	"time"

	"github.com/jackc/pgx/v5"

	"smsetl/sms"
)

//go:embed sql/evidence_stored.sql
var evidenceStored string

//go:embed sql/evidence_keys.sql
var evidenceKeys string

// evidence gathers what the decision about the batch rests on.
func (p *put) evidence(ctx context.Context, tx pgx.Tx) (*sms.Evidence, error) {
	e := &sms.Evidence{
		Account: p.scope.Account, Window: p.window, Now: p.options.Now, Days: make([]sms.DayEvidence, p.window.Len()),
		Unreadable: p.unreadable, IsCounted: p.scope.Account.Vendor.IsImported(),
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
	return totals && reasons && !p.scope.Account.Vendor.IsImported()
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
		if d.State == sms.Missing || c.state == sms.Quarantined {
			d.State = c.state
		}
		d.IsStored = d.IsStored && c.confirmedAt != nil
		d.Stored.Rows += c.rows
	}
	for part := range parts {
		d.Said.Rows += p.tally.days[part][i].rows
		d.Lacks |= p.tally.days[part][i].lacks
	}
	if p.fills(delivery) {
		d.Said.Measures = p.tally.days[delivery][i].sums()
	}
	d.Said.HasNoTotals, d.Stored.HasNoTotals = !p.fills(delivery), !p.fills(delivery)
	d.Said.Processing, d.Said.Sending = p.saidFailures(processing, i), p.saidFailures(sending, i)
	for _, w := range p.tally.batch.Beyond {
		d.IsBeyond = d.IsBeyond || w.Contains(day)
	}
	d.Unread = p.tally.batch.Unread[day]
}

// saidFailures gives the failures of a stage by reason, added up; not reported when the scope does not fill the stage.
func (p *put) saidFailures(part part, i int) sms.Count {
	if !p.fills(part) {
		return sms.Count{}
	}
	return sms.Reported(p.tally.days[part][i].messages.total)
}

// storedDay is a row of what is stored of a day.
type storedDay struct {
	day                 time.Time
	isDoubted           bool
	measures            [sms.MeasureCount]*int64
	processing, sending int64
}

// readStored reads what is stored of the window's days and of the weeks before.
func (p *put) readStored(ctx context.Context, tx pgx.Tx, e *sms.Evidence) error {
	rows, err := tx.Query(ctx, evidenceStored, p.account, p.totals(), date(p.window.First()-sms.BaselineDays), date(p.window.Last()))
	if err != nil {
		return err
	}
	var s storedDay
	m := &s.measures
	_, err = pgx.ForEachRow(rows, []any{
		&s.day, &s.isDoubted, &m[0], &m[1], &m[2], &m[3], &m[4], &m[5], &m[6], &m[7], &s.processing, &s.sending,
	}, func() error {
		day, n := sms.DayOf(s.day), sms.Numbers{HasNoTotals: !p.fills(delivery)}
		if p.fills(delivery) {
			n.Measures = measuresOf(&s.measures)
		}
		if p.fills(processing) {
			n.Processing = sms.Reported(s.processing)
		}
		if p.fills(sending) {
			n.Sending = sms.Reported(s.sending)
		}
		switch i := int(day - p.window.First()); {
		case i >= 0:
			n.Rows = e.Days[i].Stored.Rows
			e.Days[i].Stored = n
		case !s.isDoubted:
			e.Before = append(e.Before, sms.PastDay{Day: day, Numbers: n})
		}
		return nil
	})
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

// measuresOf gives columns of the fact as measures. NULL is not reported.
func measuresOf(columns *[sms.MeasureCount]*int64) (m sms.Measures) {
	for i, to := range m.Pointers() {
		if columns[i] != nil {
			*to = sms.Reported(*columns[i])
		}
	}
	return m
}

// compareKeys finds out which templates and labels that are stored for the window the answer does not have at all.
func (p *put) compareKeys(ctx context.Context, tx pgx.Tx) (*sms.KeyLoss, error) {
	var days []time.Time // that the answer speaks of
	for i := range p.tally.days[delivery] {
		if p.tally.days[delivery][i].messages.total > 0 {
			days = append(days, date(p.window.First()+sms.Day(i)))
		}
	}
	rows, err := tx.Query(ctx, evidenceKeys, p.account, days)
	if err != nil {
		return nil, err
	}
	type key struct{ dimension, name string }
	said := map[key]int64{}
	for i := range p.tally.batch.Deliveries {
		d := &p.tally.batch.Deliveries[i]
		said[key{"template", d.Template.String()}] += d.Requested.Or(0)
		said[key{"label", d.Label.String()}] += d.Requested.Or(0)
	}
	loss := map[string]*sms.KeyLoss{"template": {}, "label": {}}
	var k key
	var stored int64
	_, err = pgx.ForEachRow(rows, []any{&k.dimension, &k.name, &stored}, func() error {
		l := loss[k.dimension]
		now, isThere := said[k]
		if !isThere {
			l.Gone += stored
			l.Names = append(l.Names, k.dimension+" "+k.name)
			return nil
		}
		l.Kept += stored
		l.Now += now
		return nil
	})
	if loss["label"].Gone > loss["template"].Gone {
		return loss["label"], err
	}
	return loss["template"], err
}
