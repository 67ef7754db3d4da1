package load

import (
	"context"
	_ "embed"
	"fmt"
	"slices"
	"time"

	"github.com/jackc/pgx/v5"

	"smsetl/sms"
)

//go:embed sql/observed_pushes.sql
var observedPushes string

// Observed chooses observations.
type Observed struct {
	Account     sms.Account
	First, Last sms.Day // of sending, both inside
	// By is the moment until which they were taken in, such as when a day was believed; the zero time for all.
	By time.Time
	// ListenedBy is the load that says until when pushes were listened for; 0 for now.
	ListenedBy int64
	// NewOf is the load whose files count although it is under way; 0 for none.
	NewOf int64
}

// Observations are what is kept about the messages of some days: the forms of files, and pushes. They are of one
// transaction.
type Observations struct {
	Files    []KeptAnswer // without bytes, in the order in which they came, one for each load that took rows of the days
	Listened []sms.Span   // when pushes were listened for

	warehouse *Warehouse
	tx        pgx.Tx
	of        Observed
	source    string
	hasPushes bool
}

// Observe calls read with what is kept about messages. The context that it gets is that of the reading.
func (w *Warehouse) Observe(ctx context.Context, of Observed, read func(context.Context, *Observations) error) error {
	return pgx.BeginTxFunc(ctx, w.pool, pgx.TxOptions{IsoLevel: pgx.RepeatableRead, AccessMode: pgx.ReadOnly}, func(tx pgx.Tx) error {
		o, err := w.observe(ctx, tx, of)
		if err != nil {
			return failed("reading what is known of messages of "+of.Account.String(), err)
		}
		return read(ctx, o)
	})
}

func (w *Warehouse) observe(ctx context.Context, tx pgx.Tx, of Observed) (*Observations, error) {
	all, err := keptAnswers(ctx, tx, Which{Account: of.Account.ID, Vendor: of.Account.Vendor, Day: of.First, LastDay: of.Last})
	if err != nil {
		return nil, err
	}
	o := &Observations{warehouse: w, tx: tx, of: of}
	for _, a := range all {
		isIn := !a.LoadedAt.IsZero() && (of.By.IsZero() || !a.LoadedAt.After(of.By)) || of.NewOf != 0 && a.LoadID == of.NewOf
		if isIn && a.Refused == "" {
			o.Files = append(o.Files, a)
		}
	}
	err = tx.QueryRow(ctx, `
		SELECT a.source, EXISTS (SELECT FROM etl.huawei_push AS p WHERE p.source = a.source)
		FROM sms.dim_account AS a
		JOIN sms.dim_vendor  AS v USING (vendor_key)
		WHERE v.vendor = $1
		  AND a.account = $2`, of.Account.Vendor, of.Account.ID).Scan(&o.source, &o.hasPushes)
	if err != nil {
		return nil, err
	}
	o.Listened, err = listened(ctx, tx, o.source, of.ListenedBy)
	return o, err
}

// Until leaves out what was taken in after a moment.
func (o *Observations) Until(by time.Time) {
	o.of.By = by
	o.Files = slices.DeleteFunc(slices.Clone(o.Files), func(a KeptAnswer) bool { return a.LoadedAt.After(by) })
}

// listened gives when pushes of a source were listened for, as far as a load knew; 0 for until now.
func listened(ctx context.Context, tx pgx.Tx, source string, by int64) ([]sms.Span, error) {
	rows, err := tx.Query(ctx, `
		SELECT s.since, least(s.until, l.heard_until)
		FROM etl.huawei_listening                                      AS s
		LEFT JOIN (SELECT heard_until FROM etl.load WHERE load_id = $2) AS l ON true
		WHERE s.source = $1
		  AND ($2 = 0 OR s.since < l.heard_until)
		ORDER BY s.since`, source, by)
	if err != nil {
		return nil, err
	}
	return pgx.CollectRows(rows, pgx.RowToStructByPos[sms.Span])
}

// Payloads gives the forms with rows of a day of a zone, each once: those of the load NewOf that no other load has
// taken in come last, and are new.
func (o *Observations) Payloads(ctx context.Context, zone sms.Zone, day sms.Day, each func(p *sms.Payload, isNew bool) error) error {
	first, last := o.of.Account.Zone.Today(zone.Start(day)), o.of.Account.Zone.Today(zone.Start(day+1).Add(-1))
	type form struct {
		hash sms.Hash
		at   time.Time // what a form says is as new as its file
	}
	read := map[form]bool{}
	for i := range o.Files {
		a := &o.Files[i]
		if a.Dataset != sms.SendingDetails || a.Window.Last() < first || a.Window.First() > last || read[form{a.Body.Hash, a.FetchedAt}] {
			continue
		}
		read[form{a.Body.Hash, a.FetchedAt}] = true
		payload, err := o.Payload(ctx, a)
		payload.Account.Zone = zone
		if err == nil {
			err = each(&payload, o.of.NewOf != 0 && a.LoadID == o.of.NewOf)
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// Forms gives the form of every file once.
func (o *Observations) Forms(ctx context.Context, each func(p *sms.Payload) error) error {
	read := map[sms.Hash]bool{}
	for i := range o.Files {
		a := &o.Files[i]
		if a.Dataset != sms.SendingDetails || read[a.Body.Hash] {
			continue
		}
		read[a.Body.Hash] = true
		payload, err := o.Payload(ctx, a)
		if err == nil {
			err = each(&payload)
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// Payload reads the bytes of a file.
func (o *Observations) Payload(ctx context.Context, a *KeptAnswer) (p sms.Payload, err error) {
	p = a.Payload
	p.Body, err = o.warehouse.Body(ctx, a.Body.Hash)
	return p, err
}

// Reports gives the pushes that are about messages, in the order in which they came. Reports that were thrown away for
// their age are looked for in the pushes that came since the first of the days. Those of a load under way do not wait
// for an export any more.
func (o *Observations) Reports(ctx context.Context, ids []string, each func(p *sms.Payload) error) error {
	if !o.hasPushes || len(ids) == 0 {
		return nil
	}
	var by *time.Time
	if !o.of.By.IsZero() {
		by = &o.of.By
	}
	rows, err := o.tx.Query(ctx, observedPushes, o.source, by, o.of.Account.Zone.Start(o.of.First), ids)
	if err != nil {
		return err
	}
	if err := eachPush(rows, each); err != nil || o.of.NewOf == 0 {
		return err
	}
	return endWaiting(ctx, o.tx, o.source, ids)
}

// eachPush reads pushes as payloads.
func eachPush(rows pgx.Rows, each func(p *sms.Payload) error, more ...any) error {
	p := sms.Payload{Account: sms.Account{Vendor: sms.Huawei}, Dataset: sms.SendingDetails}
	var hash []byte
	_, err := pgx.ForEachRow(rows, append([]any{&p.FetchedAt, &hash, &p.Body.Packed, &p.Body.Size}, more...), func() error {
		p.FetchedAt = p.FetchedAt.UTC()
		copy(p.Body.Hash[:], hash)
		return each(&p)
	})
	return err
}

// Import is what is new about the messages of one account on the days of a window: files, which are kept already, or
// pushes.
type Import struct {
	LoadID  int64 // of Begin
	Scope   sms.Scope
	Exports []Export // none where the days are counted anew because of reports that were pushed
	// Count makes facts of what is kept about messages.
	Count func(context.Context, *Observations) (Counted, error)
}

// Counted are the facts of all days of an Import, also of those that are not covered.
type Counted struct {
	Deliveries        []sms.Delivery
	Failures          []sms.Failure
	Findings          []sms.Finding
	Rows              int64 // of the files
	Messages, Changed int64 // messages and pieces that the files are the first about, and others of which they say more
}

// Imported is what an Import did.
type Imported struct {
	Result
	Counted
	Open      map[sms.Day]sms.Hours // the days that are not complete, with the hours that no export covers
	Anomalies []Anomaly             // the days that are not believed yet
}

// Import counts the days anew from all that is kept about their messages, and puts those that exports cover as a whole
// in the place of what is stored, as Put does. A day that is not covered gets no facts: its line in the ledger says
// which hours are missing, and what was loaded of it before stays.
//
// A load that began later is no reason to leave days alone: whoever comes last counts everything. Errors are those of
// Put.
func (w *Warehouse) Import(ctx context.Context, im Import, options PutOptions) (Imported, error) {
	var out Imported
	var account int32
	options.Count = func(ctx context.Context, tx pgx.Tx) (sms.Batch, error) {
		batch := sms.Batch{Scope: im.Scope}
		o, err := w.observe(ctx, tx, Observed{
			Account: im.Scope.Account, First: im.Scope.Window.First() - 1, Last: im.Scope.Window.Last() + 1, NewOf: im.LoadID,
		})
		if err != nil {
			return batch, fmt.Errorf("what is kept: %w", err)
		}
		if account, err = im.begin(ctx, tx, o); err != nil {
			return batch, err
		}
		if out.Open, err = im.cover(ctx, tx, account, &batch); err != nil {
			return batch, fmt.Errorf("covered hours: %w", err)
		}
		if out.Counted, err = im.Count(ctx, o); err != nil {
			return batch, fmt.Errorf("messages: %w", err)
		}
		im.fill(&batch, &out)
		return batch, nil
	}
	options.Counted = func(ctx context.Context, tx pgx.Tx, r *Result) error {
		for _, day := range r.Quarantined {
			out.Anomalies = append(out.Anomalies, Anomaly{day, r.Waiting[day]})
		}
		return endDue(ctx, tx, account, im.Scope.Window, r, options)
	}
	result, err := w.Put(ctx, im.LoadID, sms.Batch{Scope: im.Scope}, options, nil)
	out.Result = result
	return out, err
}

// begin writes down what the load counts.
func (im *Import) begin(ctx context.Context, tx pgx.Tx, o *Observations) (account int32, err error) {
	origin := FromPush
	if len(im.Exports) > 0 {
		origin = FromImport
	}
	var until *time.Time
	for i := range o.Listened {
		if to := &o.Listened[i].To; until == nil || to.After(*until) {
			until = to
		}
	}
	err = tx.QueryRow(ctx, `
		UPDATE etl.load
		SET origin      = $2,
		    heard_until = $3
		WHERE load_id = $1
		RETURNING account_key`, im.LoadID, origin, until).Scan(&account)
	if err != nil {
		return account, err
	}
	return account, im.writeExports(ctx, tx, account)
}

// fill makes the batch of the days that exports cover.
func (im *Import) fill(batch *sms.Batch, out *Imported) {
	for _, d := range out.Deliveries {
		if _, isOpen := out.Open[d.Day]; !isOpen {
			batch.Deliveries = append(batch.Deliveries, d)
		}
	}
	for _, f := range out.Failures {
		if _, isOpen := out.Open[f.Day]; !isOpen {
			batch.Failures = append(batch.Failures, f)
		}
	}
	batch.Findings = out.Findings
	for i := range im.Exports {
		batch.Rejects = append(batch.Rejects, im.Exports[i].Rejects...)
	}
	// Silence is believed here: the files say which hours they speak for, and have been read to their ends.
	batch.Zeros = int64(im.Scope.Window.Len() - len(out.Open))
}
