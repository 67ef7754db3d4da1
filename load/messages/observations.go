package messages

import (
	"context"
	"slices"
	"time"

	"github.com/jackc/pgx/v5"

	"smsetl/internal/db"
	"smsetl/load/raw"
	"smsetl/sms"
)

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
	Files    []raw.Answer // without bytes, in the order in which they came, one for each load that took rows of the days
	Listened []sms.Span   // when pushes were listened for

	db        *db.DB // for bytes, while the transaction is busy giving pushes
	tx        pgx.Tx
	of        Observed
	source    string
	hasPushes bool
}

// Observe calls read with what is kept about messages. The context that it gets is that of the reading.
func Observe(ctx context.Context, d *db.DB, of Observed, read func(context.Context, *Observations) error) error {
	return pgx.BeginTxFunc(ctx, d, pgx.TxOptions{IsoLevel: pgx.RepeatableRead, AccessMode: pgx.ReadOnly}, func(tx pgx.Tx) error {
		o, err := observe(ctx, d, tx, of)
		if err != nil {
			return failed("reading what is known of messages of "+of.Account.String(), err)
		}
		return read(ctx, o)
	})
}

func observe(ctx context.Context, d *db.DB, tx pgx.Tx, of Observed) (*Observations, error) {
	all, err := raw.List(ctx, tx, raw.Which{Account: of.Account.ID, Vendor: of.Account.Vendor, Day: of.First, LastDay: of.Last})
	if err != nil {
		return nil, err
	}
	o := &Observations{db: d, tx: tx, of: of}
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
	o.Listened, err = db.All[sms.Span](ctx, tx, `
		SELECT s.since, least(s.until, l.heard_until)
		FROM etl.huawei_listening                                      AS s
		LEFT JOIN (SELECT heard_until FROM etl.load WHERE load_id = $2) AS l ON true
		WHERE s.source = $1
		  AND ($2 = 0 OR s.since < l.heard_until)
		ORDER BY s.since`, o.source, of.ListenedBy)
	return o, err
}

// Until leaves out what was taken in after a moment.
func (o *Observations) Until(by time.Time) {
	o.of.By = by
	o.Files = slices.DeleteFunc(slices.Clone(o.Files), func(a raw.Answer) bool { return a.LoadedAt.After(by) })
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
		key := form{a.Body.Hash, a.FetchedAt}
		if a.Dataset != sms.SendingDetails || a.Window.Last() < first || a.Window.First() > last || read[key] {
			continue
		}
		read[key] = true
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
func (o *Observations) Payload(ctx context.Context, a *raw.Answer) (p sms.Payload, err error) {
	p = a.Payload
	p.Body, err = raw.Body(ctx, o.db, a.Body.Hash)
	return p, err
}

// Reports gives the pushes that are about messages, in the order in which they came. Reports that were thrown away for
// their age are looked for in the pushes that came since the first of the days. Those of a load under way do not wait
// for an export any more.
func (o *Observations) Reports(ctx context.Context, ids []string, each func(p *sms.Payload) error) error {
	if !o.hasPushes || len(ids) == 0 {
		return nil
	}
	rows, err := o.tx.Query(ctx, statement("observed_pushes"), o.source, o.of.By, o.of.Account.Zone.Start(o.of.First), ids)
	if err != nil {
		return err
	}
	if err := eachPush(rows, each); err != nil || o.of.NewOf == 0 {
		return err
	}
	return endWaiting(ctx, o.tx, o.source, ids)
}

// eachPush reads pushes as payloads, one after the other: together they are large. More are further columns.
func eachPush(rows pgx.Rows, each func(p *sms.Payload) error, more ...any) error {
	p := sms.Payload{Account: sms.Account{Vendor: sms.Huawei}, Dataset: sms.SendingDetails}
	columns := append([]any{&p.FetchedAt, &p.Body.Hash, &p.Body.Packed, &p.Body.Size}, more...)
	_, err := pgx.ForEachRow(rows, columns, func() error { return each(&p) })
	return err
}
