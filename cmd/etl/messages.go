package main

import (
	"context"
	"time"

	"go.uber.org/zap"

	"smsetl/config"
	"smsetl/sms"
)

// pruneMessages throws the messages of imported files away that are older than their source keeps them. The facts stay.
func (p *pipeline) pruneMessages(ctx context.Context) error {
	gone, err := p.warehouse.PruneMessages(ctx, messagesBefore(p.config.Sources, p.now()))
	if gone > 0 {
		p.session.log.Info("old messages thrown away", zap.Int64("row_count", gone))
	}
	return err
}

// messagesBefore gives the first day whose messages are kept, of each account that has any.
func messagesBefore(sources []config.Source, now time.Time) map[sms.Account]sms.Day {
	before := map[sms.Account]sms.Day{}
	for _, s := range sources {
		if !s.Vendor.IsImported() {
			continue
		}
		for _, account := range s.Accounts() {
			before[account] = keepsMessagesFrom(s, now)
		}
	}
	return before
}

// keepsMessagesFrom gives the first day whose messages a source keeps.
func keepsMessagesFrom(s config.Source, now time.Time) sms.Day {
	return s.Zone.Today(now) - sms.Day(s.MessageRetentionDays)
}
