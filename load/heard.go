package load

import (
	"context"
	_ "embed"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"

	"smsetl/sms"
)

//go:embed sql/report_day.sql
var reportDay string

// Heard is what pushes told of the messages of a day, beside what files did.
type Heard struct {
	Listened []sms.Span    // when pushes were listened for, as far as the day's load knew
	Reports  []sms.Message // each with the push that told it first, as its payload
}

// HeardOf gives what was heard of a day of an account when the load loadID believed it, at the given time. Reports that were thrown
// away for their age are not in it.
func (w *Warehouse) HeardOf(ctx context.Context, account sms.Account, day sms.Day, loadID int64, at time.Time) (Heard, error) {
	doing := fmt.Sprintf("reading the reports of %s on %s", account, day)
	key, err := w.accountKey(ctx, account)
	if err != nil {
		return Heard{}, failed(doing, err)
	}
	var heard Heard
	err = pgx.BeginTxFunc(ctx, w.pool, pgx.TxOptions{IsoLevel: pgx.RepeatableRead, AccessMode: pgx.ReadOnly}, func(tx pgx.Tx) error {
		if _, heard.Listened, err = heardBy(ctx, tx, key, loadID); err != nil {
			return err
		}
		rows, err := tx.Query(ctx, reportDay, key, date(day), at)
		if err != nil {
			return err
		}
		heard.Reports, err = pgx.CollectRows(rows, scanReport)
		return err
	})
	return heard, failed(doing, err)
}

func scanReport(row pgx.CollectableRow) (m sms.Message, err error) {
	var outcome, source int16
	var isSigned bool
	var reported *time.Time
	var hash []byte
	err = row.Scan(&m.ID, &m.Piece, &m.Pieces, &isSigned, &outcome, &m.Code, &source, &reported, &m.SeenAt, &m.Position, &hash)
	m.Origin, m.IsHint, m.Outcome, m.Source = sms.FromPush, !isSigned, sms.Outcome(outcome), sms.StatusSource(source)
	m.SeenAt, m.ReportedAt = m.SeenAt.UTC(), timeOf(reported).UTC()
	copy(m.Payload[:], hash)
	return m, err
}

// heardBy gives the source of an account, and when its pushes were listened for, as far as a load knew.
func heardBy(ctx context.Context, tx pgx.Tx, account int32, loadID int64) (source string, listened []sms.Span, err error) {
	source, spans, err := hear(ctx, tx, account)
	if err != nil {
		return "", nil, err
	}
	var until *time.Time
	if err := tx.QueryRow(ctx, `SELECT max(heard_until) FROM etl.load WHERE load_id = $1`, loadID).Scan(&until); err != nil {
		return "", nil, err
	}
	for _, s := range spans {
		if until != nil && !s.Until(*until).IsEmpty() {
			listened = append(listened, s.Until(*until))
		}
	}
	return source, listened, nil
}

// findPushes gives pushes by the beginnings of their hashes, as answers that nobody had asked for.
func (w *Warehouse) findPushes(ctx context.Context, which Which) ([]KeptAnswer, error) {
	least, most, err := which.hashes()
	if err != nil {
		return nil, failed("finding a push", err)
	}
	rows, err := w.pool.Query(ctx, `
		SELECT p.hash, p.received_at, p.source
		FROM etl.huawei_push AS p
		WHERE p.hash BETWEEN $1 AND $2
		LIMIT 10`, least, most)
	if err != nil {
		return nil, failed("finding a push", err)
	}
	all, err := pgx.CollectRows(rows, func(row pgx.CollectableRow) (a KeptAnswer, err error) {
		var hash []byte
		err = row.Scan(&hash, &a.FetchedAt, &a.Request.URL)
		copy(a.Body.Hash[:], hash)
		a.Account.Vendor, a.Dataset, a.Request.Method = sms.Huawei, sms.SendingDetails, "PUSH"
		return a, err
	})
	return all, failed("finding a push", err)
}
