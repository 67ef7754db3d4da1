package load

import (
	"context"
	_ "embed"
	"errors"
	"fmt"
	"iter"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"

	"smsetl/sms"
)

var (
	//go:embed sql/message_turn.sql
	messageTurn string
	//go:embed sql/message_merge.sql
	messageMerge string
	//go:embed sql/message_known.sql
	messageKnown string
)

// messageTable is a table of what is known of messages.
type messageTable string

const (
	storedMessages messageTable = "etl.huawei_message"
	// toldMessages is what a rebuild makes of the answers that were kept.
	toldMessages messageTable = "pg_temp.message_told"
)

// stageMessages copies messages into the staging table, which it makes.
func stageMessages(ctx context.Context, tx pgx.Tx, account int32, messages func(func(*sms.Message) error) error) (int64, error) {
	if _, err := tx.Exec(ctx, `CREATE TEMPORARY TABLE message_staging (LIKE etl.huawei_message) ON COMMIT DROP`); err != nil {
		return 0, err
	}
	return copyMessages(ctx, tx, "pg_temp.message_staging", account, messages)
}

// merge adds the staged messages to what the table knows, and ends the staging. Alone are messages of which none is staged twice.
func (t messageTable) merge(ctx context.Context, tx pgx.Tx, account int32, isAlone bool) (inserted, updated int64, err error) {
	turn := messageTurn
	if isAlone {
		turn = messageTurnAlone
	}
	if _, err := tx.Exec(ctx, turn, pgx.QueryExecModeSimpleProtocol); err != nil {
		return 0, 0, err
	}
	if _, err := tx.Exec(ctx, planning+`; ANALYZE message_turn`, pgx.QueryExecModeSimpleProtocol); err != nil {
		return 0, 0, err
	}
	var turns int64
	if err := tx.QueryRow(ctx, `SELECT coalesce(max(turn), 0) FROM message_turn`).Scan(&turns); err != nil {
		return 0, 0, err
	}
	query := strings.ReplaceAll(messageMerge, "{known}", string(t))
	for turn := range turns {
		var more, changed int64
		if err := tx.QueryRow(ctx, query, account, turn+1).Scan(&more, &changed); err != nil {
			return 0, 0, err
		}
		inserted += more
		updated += changed
	}
	_, err = tx.Exec(ctx, `DROP TABLE message_turn`)
	return inserted, updated, err
}

// messageTurnAlone is messageTurn where nothing is staged twice.
const messageTurnAlone = `
	ALTER TABLE message_staging RENAME TO message_turn;
	ALTER TABLE message_turn ADD COLUMN turn bigint NOT NULL DEFAULT 1`

// merge adds the messages of the files to what is known.
func (im *imported) merge(ctx context.Context, tx pgx.Tx, account int32) (err error) {
	im.told.TooOld = 0
	if im.told.Messages, err = stageMessages(ctx, tx, account, im.messages); err != nil {
		return err
	}
	if err := im.checkMoved(ctx, tx, account); err != nil {
		return err
	}
	if err := findReports(ctx, tx, im.source); err != nil {
		return fmt.Errorf("waiting reports: %w", err)
	}
	im.told.NewMessages, im.told.ChangedMessages, err = storedMessages.merge(ctx, tx, account, im.Alone)
	return err
}

// checkMoved refuses messages that are known to be of days outside of the window: these would have to be counted anew too, and
// no message is ever sent on another day. The zone of the times was another one.
func (im *imported) checkMoved(ctx context.Context, tx pgx.Tx, account int32) error {
	var n int64
	err := tx.QueryRow(ctx, `
		SELECT count(*)
		FROM message_staging    AS s
		JOIN etl.huawei_message AS m ON m.account_key = $1 AND m.message_id = s.message_id
		WHERE m.date_key <> s.date_key
		  AND m.date_key NOT BETWEEN $2 AND $3`, account, date(im.Scope.Window.First()), date(im.Scope.Window.Last())).Scan(&n)
	if err == nil && n > 0 {
		err = fmt.Errorf("%w: %d messages are known to be of other days: the zone of the times (export_time_zone) was another one when they were imported first",
			sms.ErrMalformed, n)
	}
	return err
}

// rowSource hands rows to COPY, which pulls, from a reader that pushes.
type rowSource struct {
	next  func() (row []any, ok bool)
	close func()
	row   []any
	err   error
}

// errEnough ends a reader whose rows nobody wants any more.
var errEnough = errors.New("enough")

func newRowSource(rows func(func([]any) error) error) *rowSource {
	s := &rowSource{}
	s.next, s.close = iter.Pull(func(yield func([]any) bool) {
		s.err = rows(func(row []any) error {
			if !yield(row) {
				return errEnough
			}
			return nil
		})
	})
	return s
}

// Next goes to the next row.
func (s *rowSource) Next() (ok bool) {
	s.row, ok = s.next()
	return ok
}

// Values gives the row.
func (s *rowSource) Values() ([]any, error) { return s.row, nil }

// Err gives the error of the reader.
func (s *rowSource) Err() error { return s.err }

// textKey reads a key as appendKey writes it.
func textKey(text string) sms.Key {
	if name, isName := strings.CutPrefix(text, "="); isName {
		return sms.Named(name)
	}
	switch text[1:] {
	case sms.NotReported.String():
		return sms.NotReported
	case sms.Unknown.String():
		return sms.Unknown
	default:
		return sms.None
	}
}

// reportTable is a table of what reports told of messages.
type reportTable string

const (
	storedReports reportTable = "etl.huawei_report"
	// toldReports is what a rebuild makes of the pushes that were kept.
	toldReports reportTable = "pg_temp.report_told"
)

// knownRow is a line of what is known: of an export when it has a day, or else a report.
type knownRow struct {
	id, template, label, kind, country, code string
	piece, pieces, outcome, source           int16
	toldAt                                   time.Time
	day, sentAt, aboutAt                     *time.Time
	isDerived, isSigned                      bool
	reportedAt, chargedAt                    *time.Time
	charged                                  *int16
}

// known gives what is known of the messages of some days, message after message. A line of exports is told in up to three parts,
// since each of them may be of another one. Reports of a source stand behind what exports told of their messages.
func (t messageTable) known(
	ctx context.Context, tx pgx.Tx, key int32, account sms.Account, days []sms.Day, reports reportTable, source string, each func(*sms.Message) error,
) error {
	dates := make([]time.Time, len(days))
	for i, d := range days {
		dates[i] = date(d)
	}
	query := strings.NewReplacer("{known}", string(t), "{reports}", string(reports)).Replace(messageKnown)
	rows, err := tx.Query(ctx, query, key, dates, source)
	if err != nil {
		return err
	}
	var r knownRow
	_, err = pgx.ForEachRow(rows, []any{
		&r.id, &r.piece, &r.day, &r.sentAt, &r.template, &r.label, &r.kind, &r.country, &r.isDerived, &r.aboutAt, &r.pieces,
		&r.outcome, &r.code, &r.source, &r.reportedAt, &r.toldAt, &r.charged, &r.chargedAt, &r.isSigned,
	}, func() error { return r.tell(account, each) })
	return err
}

// tell gives what the line says.
func (r *knownRow) tell(account sms.Account, each func(*sms.Message) error) error {
	piece := sms.Message{Account: account, ID: r.id, Piece: int(r.piece), Pieces: int(r.pieces), Origin: sms.FromExport}
	told := piece
	told.Outcome, told.Code, told.Source, told.SeenAt = sms.Outcome(r.outcome), r.code, sms.StatusSource(r.source), r.toldAt.UTC()
	if r.reportedAt != nil {
		told.ReportedAt = r.reportedAt.UTC()
	}
	if r.day == nil {
		told.Origin, told.IsHint = sms.FromPush, !r.isSigned
		return each(&told)
	}
	about := piece
	about.SentAt, about.IsDerived, about.SeenAt = r.sentAt.UTC(), r.isDerived, r.aboutAt.UTC()
	about.Grain = sms.Grain{
		Day: sms.DayOf(*r.day), Template: textKey(r.template), Label: textKey(r.label), MessageType: textKey(r.kind), Country: textKey(r.country),
	}
	if err := each(&about); err != nil {
		return err
	}
	if r.charged != nil {
		charged := piece
		charged.Charged, charged.SeenAt = sms.Reported(int64(*r.charged)), r.chargedAt.UTC()
		if err := each(&charged); err != nil {
			return err
		}
	}
	return each(&told)
}

// findReports tells waiting reports that the staged messages are theirs.
func findReports(ctx context.Context, tx pgx.Tx, source string) error {
	var waits bool
	err := tx.QueryRow(ctx, `SELECT EXISTS (SELECT FROM etl.huawei_report WHERE source = $1 AND is_waiting)`, source).Scan(&waits)
	if err != nil || !waits {
		return err
	}
	_, err = tx.Exec(ctx, `
		UPDATE etl.huawei_report AS r
		SET is_waiting = false
		WHERE r.source = $1
		  AND r.is_waiting
		  AND r.message_id IN (SELECT message_id FROM message_staging)`, source)
	return err
}

// PruneMessages throws away what is known of messages that an account sent before the day given for it. Their facts stay: a day whose
// messages are gone is never counted again. It gives how many rows, of messages and pieces, are gone.
func (w *Warehouse) PruneMessages(ctx context.Context, before map[sms.Account]sms.Day) (int64, error) {
	var all int64
	for account, day := range before {
		err := pgx.BeginFunc(ctx, w.pool, func(tx pgx.Tx) error {
			var key int32
			err := tx.QueryRow(ctx, `
				SELECT a.account_key
				FROM sms.dim_account AS a
				JOIN sms.dim_vendor  AS v USING (vendor_key)
				WHERE v.vendor = $1
				  AND a.account = $2`, account.Vendor, account.ID).Scan(&key)
			if errors.Is(err, pgx.ErrNoRows) {
				return nil // nothing was ever imported
			}
			if err != nil {
				return err
			}
			// Kept apart from imports, which decide by it what they take in.
			if _, err := tx.Exec(ctx, `SELECT pg_advisory_xact_lock($1, $2)`, int32(lockSpace+delivery), key); err != nil {
				return err
			}
			_, gone, err := pruneMessages(ctx, tx, key, day)
			all += gone
			return err
		})
		if err != nil {
			return all, failed("throwing old messages of "+account.String()+" away", err)
		}
	}
	return all, nil
}

// pruneMessages throws away what is known of messages of days before keepFrom, and gives the first day that is really kept: days of
// which messages are gone are never counted again, so that facts do not shrink, also when a later setting would keep them longer.
func pruneMessages(ctx context.Context, tx pgx.Tx, account int32, keepFrom sms.Day) (kept sms.Day, gone int64, err error) {
	var before *time.Time
	if err := tx.QueryRow(ctx, `SELECT max(kept_from) FROM etl.huawei_retention WHERE account_key = $1`, account).Scan(&before); err != nil {
		return 0, 0, err
	}
	if before != nil && sms.DayOf(*before) >= keepFrom {
		return sms.DayOf(*before), 0, nil
	}
	_, err = tx.Exec(ctx, `
		INSERT INTO etl.huawei_retention (account_key, kept_from)
		VALUES ($1, $2)
		ON CONFLICT (account_key) DO UPDATE
		SET kept_from = excluded.kept_from`, account, date(keepFrom))
	if err != nil {
		return 0, 0, err
	}
	tag, err := tx.Exec(ctx, `DELETE FROM etl.huawei_message WHERE account_key = $1 AND date_key < $2`, account, date(keepFrom))
	return keepFrom, tag.RowsAffected(), err
}
