package main

import (
	"context"

	"go.uber.org/zap"

	"smsetl/plan"
)

// markLost writes into the ledger which days their vendors keep no longer. Plans and reports know it without: this is for
// those who read the ledger itself.
func (p *pipeline) markLost(ctx context.Context) error {
	ledger, err := p.coverage(ctx, plan.Request{})
	if err != nil {
		return err
	}
	for _, source := range p.config.Sources {
		changed, err := p.warehouse.MarkLost(ctx, plan.Expired(source.Source, ledger, p.now()))
		if err != nil {
			return err
		}
		if changed > 0 {
			p.session.log.Warn("days that the vendor keeps no longer", zap.String("source", source.Name), zap.Int("days", changed))
		}
	}
	return nil
}
