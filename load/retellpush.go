package load

import (
	"context"
	_ "embed"
	"time"

	"github.com/jackc/pgx/v5"

	"smsetl/sms"
)

//go:embed sql/report_retell.sql
var reportRetell string

// retoldPush is a push that told of messages which are told anew.
type retoldPush struct {
	pushID     int64
	hash       sms.Hash
	receivedAt time.Time
}

// hear reads the pushes again that were known when the days were believed, into report_told, and gives when they were listened for,
// as far as the load knew that the days rest on.
func (r *retold) hear(ctx context.Context, tx pgx.Tx, p *put) (source string, listened []sms.Span, err error) {
	source, listened, err = heardBy(ctx, tx, p.account, p.again.AnsweredBy)
	if err != nil {
		return "", nil, err
	}
	if _, err := tx.Exec(ctx, `CREATE TEMPORARY TABLE report_told (LIKE etl.huawei_report) ON COMMIT DROP`); err != nil {
		return "", nil, err
	}
	return source, listened, r.retellPushes(ctx, tx, p, source)
}

func (r *retold) retellPushes(ctx context.Context, tx pgx.Tx, p *put, source string) error {
	by := &p.again.BelievedAt
	if p.again.Release {
		by = nil // all that were taken in
	}
	rows, err := tx.Query(ctx, reportRetell, source, by, p.window.Zone().Start(p.window.First()))
	if err != nil {
		return err
	}
	pushes, err := pgx.CollectRows(rows, func(row pgx.CollectableRow) (push retoldPush, err error) {
		var hash []byte
		err = row.Scan(&push.pushID, &hash, &push.receivedAt)
		copy(push.hash[:], hash)
		return push, err
	})
	if err != nil || len(pushes) == 0 {
		return err
	}
	copies := newRowSource(func(yield func([]any) error) error {
		for _, push := range pushes {
			if err := r.retellPush(ctx, p, source, push, yield); err != nil {
				return err
			}
		}
		return nil
	})
	defer copies.close()
	_, err = tx.CopyFrom(ctx, pgx.Identifier{"report_told"}, reportColumns, copies)
	return err
}

func (r *retold) retellPush(ctx context.Context, p *put, source string, push retoldPush, yield func([]any) error) error {
	body, err := p.w.Body(ctx, push.hash)
	if err != nil {
		return err
	}
	payload := sms.Payload{
		Account: sms.Account{Vendor: sms.Huawei}, Dataset: sms.SendingDetails, FetchedAt: push.receivedAt.UTC(), Body: body,
	}
	// What was rejected of a push stands beside the push.
	_, _, err = r.Read(&payload, func(m *sms.Message) error { return yield(reportRow(push.pushID, source, m)) })
	return err
}

// restoreReports brings what is known of reports to what they say today. Which message a report is about does not change.
func (r *retold) restoreReports(ctx context.Context, tx pgx.Tx) error {
	_, err := tx.Exec(ctx, `
		UPDATE etl.huawei_report AS r
		SET outcome = t.outcome
		FROM report_told AS t
		WHERE r.push_id = t.push_id
		  AND r.position = t.position
		  AND r.outcome <> t.outcome`)
	return err
}
