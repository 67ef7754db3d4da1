package main

import (
	"context"

	"go.uber.org/zap"

	"smsetl/ledger"
)

// markLost writes into the ledger which days their vendors keep no longer. Plans and reports know it without: this is for
// those who read the ledger itself.
func (p *pipeline) markLost(ctx context.Context) error {
	for _, source := range p.config.Sources {
		changed, err := ledger.Expire(ctx, p.warehouse.DB, expectations(source, p.now()))
		if err != nil {
			return err
		}
		if changed > 0 {
			p.session.log.Warn("days that the vendor keeps no longer", zap.String("source", source.Name), zap.Int("days", changed))
		}
	}
	return nil
}
