package ingest

import (
	"context"

	"go.uber.org/zap"

	"smsetl/config"
	"smsetl/extract/huawei"
	"smsetl/job"
	"smsetl/load/messages"
	"smsetl/pipeline"
	"smsetl/sms"
	"smsetl/web/push"
)

// Endpoints gives how the sources of a configuration are pushed to.
func Endpoints(cfg config.Config) (map[string]push.Endpoint, error) {
	endpoints := map[string]push.Endpoint{}
	for _, source := range cfg.Pushed() {
		reader, err := Reader(source, "")
		if err != nil {
			return nil, config.BadInput(err)
		}
		p := source.Push
		endpoint := push.Endpoint{Secret: p.SecretPath.Reveal(), Reader: reader}
		if p.IsSigned() {
			endpoint.Verifier = &huawei.Verifier{
				AccessKey: p.AccessKey.Reveal(), SecretKey: p.SecretKey.Reveal(), Window: p.ReplayWindow, Host: p.Host,
			}
		}
		endpoints[source.Name] = endpoint
	}
	return endpoints, nil
}

// CountReports brings what was pushed to the facts. A source that is pushed to no more may have left some.
func CountReports(ctx context.Context, p *pipeline.Pipeline) error {
	now := p.Now()
	for _, source := range p.Config.Sources {
		if source.Vendor != sms.Huawei {
			continue
		}
		r := job.Reports{
			Source: source.Name, Rules: source.Rules(), ConfirmAfter: source.ConfirmAfter, ChunkDays: source.ChunkDays, KeepFrom: source.MessagesFrom(now), Now: now,
			Lineage: p.Lineage,
		}
		done, err := r.Run(ctx, p.Warehouse)
		logReports(p.Log, source.Name, done)
		if err != nil {
			return err
		}
	}
	return nil
}

func logReports(log *zap.Logger, source string, done job.Reported) {
	fields := []zap.Field{
		zap.String("source", source), zap.Int("pushes", done.Pushes), zap.Int64("reports", done.Reports), zap.Int64("waiting", done.Waiting),
		zap.Int("days", done.Counted), zap.Int64("inserted", done.Inserted), zap.Int64("updated", done.Updated), zap.Int64("removed", done.Removed),
	}
	switch {
	case done.Unreadable > 0:
		log.Warn("pushes that were kept cannot be read", append(fields, zap.Int("unreadable", done.Unreadable))...)
	case done.Quarantined > 0:
		log.Warn("what reports make of days is not believed yet", append(fields, zap.Int("quarantined", done.Quarantined))...)
	case done.Pushes > 0 || done.Counted > 0:
		log.Info("reports counted", fields...)
	}
}

// PruneReports throws away the reports that are as old as the messages that are thrown away.
func PruneReports(ctx context.Context, p *pipeline.Pipeline) error {
	for _, source := range p.Config.Sources {
		if source.Vendor != sms.Huawei {
			continue
		}
		gone, err := messages.PruneReports(ctx, p.Warehouse.DB, source.Name, source.Zone.Start(source.MessagesFrom(p.Now())))
		if err != nil {
			return err
		}
		if gone > 0 {
			p.Log.Info("old reports thrown away", zap.String("source", source.Name), zap.Int64("reports", gone))
		}
	}
	return nil
}
