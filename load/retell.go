package load

import (
	"context"
	_ "embed"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/jackc/pgx/v5"

	"smsetl/sms"
)

//go:embed sql/message_restore.sql
var messageRestore string

// Retelling says how facts are made again that are counted from messages: such a day rests on every load that ever told of its
// messages, and not on one.
type Retelling struct {
	// Read gives the messages of an answer, with its bytes, and what was rejected and found in it. Messages of days that the
	// answer's window does not hold are left out by Rebuild.
	Read func(answer *sms.Payload, each func(*sms.Message) error) ([]sms.Reject, []sms.Finding, error)
	Fold Fold // as that of an Import
}

// Tellings lists the answers from which loads took messages of the days from first to last, in the order in which they came. Each
// stands once for each load that took some: its window is of the days of that load.
func (w *Warehouse) Tellings(ctx context.Context, account sms.Account, first, last sms.Day) ([]KeptAnswer, error) {
	all, err := tellings(ctx, w.pool, account, first, last)
	return all, failed("listing what told of messages", err)
}

func tellings(ctx context.Context, db querier, account sms.Account, first, last sms.Day) ([]KeptAnswer, error) {
	all, err := keptAnswers(ctx, db, Which{Account: account.ID, Vendor: account.Vendor, Day: first, LastDay: last})
	if err != nil {
		return nil, err
	}
	var told []KeptAnswer
	for _, a := range all {
		if !a.LoadedAt.IsZero() && a.Refused == "" {
			told = append(told, a)
		}
	}
	return told, nil
}

// Told says whether the answer had been believed at a moment, such as when the day it tells of was confirmed.
func (a *KeptAnswer) Told(at time.Time) bool { return !a.LoadedAt.After(at) }

// retold is a Retelling within a put.
type retold struct {
	Retelling
	later []KeptAnswer // told of messages since the days were believed
	batch sms.Batch
}

// learn counts the days from the answers that were known when they were believed. It holds the account's lock, so that no import
// adds one meanwhile.
func (r *retold) learn(ctx context.Context, tx pgx.Tx, p *put) error {
	if err := p.lock(ctx, tx); err != nil {
		return err
	}
	all, err := tellings(ctx, tx, p.scope.Account, p.window.First(), p.window.Last())
	if err != nil {
		return err
	}
	var known []KeptAnswer
	for _, a := range all {
		if p.again.Release || a.Told(p.again.BelievedAt) {
			known = append(known, a)
		} else {
			r.later = append(r.later, a)
		}
	}
	// Its statistics are those of an empty table: without the index each turn would compare everything with everything.
	_, err = tx.Exec(ctx, `CREATE TEMPORARY TABLE message_told (LIKE etl.huawei_message INCLUDING INDEXES) ON COMMIT DROP`)
	if err != nil {
		return err
	}
	r.batch = sms.Batch{Scope: p.scope, Zeros: int64(p.window.Len())}
	if err := r.merge(ctx, tx, p, known); err != nil {
		return err
	}
	var days []sms.Day
	for day := range p.window.Days() {
		days = append(days, day)
	}
	source, listened, err := r.hear(ctx, tx, p)
	if err != nil {
		return err
	}
	r.batch.Deliveries, r.batch.Failures, err = r.Fold(listened, func(each func(*sms.Message) error) error {
		return toldMessages.known(ctx, tx, p.account, p.scope.Account, days, toldReports, source, each)
	})
	if err != nil {
		return err
	}
	p.result.Received, p.result.Rejected = r.batch.Received(), int64(len(r.batch.Rejects))
	p.tally, err = count(&r.batch, p.vendor)
	return err
}

// merge adds what answers tell to the messages that are told anew.
func (r *retold) merge(ctx context.Context, tx pgx.Tx, p *put, answers []KeptAnswer) error {
	_, err := stageMessages(ctx, tx, p.account, func(each func(*sms.Message) error) error {
		for _, answer := range answers {
			body, err := p.w.Body(ctx, answer.Body.Hash)
			if err != nil {
				return err
			}
			payload := answer.Payload
			payload.Body = body
			rejects, findings, err := r.Read(&payload, func(m *sms.Message) error {
				if m.Account.ID != p.scope.Account.ID || !payload.Window.Contains(m.Day) {
					return nil
				}
				return each(m)
			})
			if err != nil {
				return err
			}
			r.note(p, rejects, findings)
		}
		return nil
	})
	if err != nil {
		return err
	}
	_, _, err = toldMessages.merge(ctx, tx, p.account, false)
	return err
}

// note keeps what was rejected and found about the days, once for all loads that took messages of the answer.
func (r *retold) note(p *put, rejects []sms.Reject, findings []sms.Finding) {
	for _, reject := range rejects {
		isKnown := slices.ContainsFunc(r.batch.Rejects, func(o sms.Reject) bool { return o.Payload == reject.Payload && o.Position == reject.Position })
		for day := range p.window.Days() {
			if !isKnown && reject.May(p.scope.Account, day) {
				r.batch.Rejects = append(r.batch.Rejects, reject)
				break
			}
		}
	}
	for _, f := range findings {
		if f.Day == 0 || f.Day <= p.window.Last() && f.LastDay >= p.window.First() {
			r.batch.Findings = append(r.batch.Findings, f)
		}
	}
}

// restore brings what is known of the messages of the rebuilt days to what all answers tell, those included that came since the
// days were believed. Messages that were thrown away for their age stay away.
func (r *retold) restore(ctx context.Context, tx pgx.Tx, p *put) error {
	if err := r.merge(ctx, tx, p, r.later); err != nil {
		return err
	}
	var keptFrom *time.Time
	err := tx.QueryRow(ctx, `SELECT kept_from FROM etl.huawei_retention WHERE account_key = $1`, p.account).Scan(&keptFrom)
	if err != nil && !errors.Is(err, pgx.ErrNoRows) {
		return err
	}
	var days []time.Time
	for _, day := range p.believedDays() {
		if keptFrom == nil || !date(day).Before(*keptFrom) {
			days = append(days, date(day))
		}
	}
	_, err = tx.Exec(ctx, `
		DELETE FROM etl.huawei_message AS m
		WHERE m.account_key = $1
		  AND m.date_key = ANY ($2)
		  AND NOT EXISTS (SELECT FROM message_told AS t WHERE t.account_key = $1 AND t.message_id = m.message_id AND t.piece = m.piece)`,
		p.account, days)
	if err != nil {
		return fmt.Errorf("messages that nothing tells of: %w", err)
	}
	if _, err := tx.Exec(ctx, messageRestore, p.account, days); err != nil {
		return fmt.Errorf("restoring messages: %w", err)
	}
	return r.restoreReports(ctx, tx)
}
