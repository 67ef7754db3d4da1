package pipeline

import (
	"context"
	"time"

	"go.uber.org/zap"

	"smsetl/check"
	"smsetl/job"
	"smsetl/ledger"
	"smsetl/load/raw"
)

// MarkLost writes into the ledger which days their vendors keep no longer. Plans and reports know it without: this is for
// those who read the ledger itself.
func (p *Pipeline) MarkLost(ctx context.Context) error {
	for i := range p.Config.Sources {
		source := &p.Config.Sources[i]
		changed, err := ledger.Expire(ctx, p.Warehouse.DB, expectations(source, p.Now()))
		if err != nil {
			return err
		}
		if changed > 0 {
			p.Log.Warn("days that the vendor keeps no longer", zap.String("source", source.Name), zap.Int("days", changed))
		}
	}
	return nil
}

// Check compares the warehouse with itself once, and the messages of imported sources with their statistics pages unless it is quick.
func (p *Pipeline) Check(ctx context.Context, options check.Options) (check.Report, error) {
	if !options.Quick {
		var err error
		if options.External, err = p.compareStatistics(ctx); err != nil {
			return check.Report{}, err
		}
	}
	return check.New(p.Warehouse.DB).Check(ctx, p.Now(), options)
}

// compareStatistics compares the statistics pages that were imported with the messages of the same days. It is nil where there are none.
func (p *Pipeline) compareStatistics(ctx context.Context) ([]check.Line, error) {
	var all []check.Line
	for _, source := range p.Config.Sources {
		if !source.IsImported {
			continue
		}
		lines, known, err := job.CompareStatistics(ctx, p.Warehouse, source.Accounts())
		if err != nil {
			return nil, err
		}
		if known {
			all = append(append([]check.Line{}, all...), lines...)
		}
	}
	return all, nil
}

// PruneRaw throws away, or counts, answers that are older than their source keeps them. isKept says that
// all are kept for ever.
func (p *Pipeline) PruneRaw(ctx context.Context, dryRun bool) (pruned raw.Pruned, isKept bool, err error) {
	before := map[string]time.Time{}
	for _, s := range p.Config.Sources {
		if s.RawRetentionDays > 0 {
			before[s.Name] = p.Now().AddDate(0, 0, -s.RawRetentionDays)
		}
	}
	if len(before) == 0 {
		return pruned, true, nil
	}
	pruned, err = raw.Prune(ctx, p.Warehouse.DB, before, dryRun)
	return pruned, false, err
}
