package pipeline

import (
	"context"
	"slices"

	"go.uber.org/zap"

	"smsetl/config"
	"smsetl/extract/tencent"
	"smsetl/money"
	"smsetl/queue"
	"smsetl/sms"
	"smsetl/vendors"
)

// packager is a client whose vendor tells of prepaid packages.
type packager interface {
	Packages(ctx context.Context, account sms.Account) ([]sms.Package, error)
}

var _ packager = (*tencent.Client)(nil)

// Packages asks for the prepaid packages of each account that nobody asked for today. A vendor that does not tell is no error: the
// reason is logged when it is a new one. Its errors are the database's, and the end of ctx.
func (p *Pipeline) Packages(ctx context.Context) error {
	paused, err := queue.Pauses(ctx, p.Warehouse.Pool())
	if err != nil {
		return err
	}
	due := map[string][]sms.Account{}
	for i := range p.Config.Sources {
		source := &p.Config.Sources[i]
		if slices.ContainsFunc(paused, func(pause queue.Pause) bool { return pause.Source == source.Name }) {
			continue
		}
		for _, account := range source.Accounts() {
			isDue, err := money.PackagesDue(ctx, p.Warehouse.DB, account, p.Now())
			if err != nil {
				return err
			}
			if isDue {
				due[source.Name] = append(due[source.Name], account)
			}
		}
	}
	of := func(source config.Source) []sms.Account { return due[source.Name] }
	return p.Clients(p.Config.Sources, p.Warehouse, nil).Each(of, func(_ config.Source, client vendors.Client, account sms.Account) error {
		asks, ok := client.(packager)
		if !ok {
			return nil
		}
		reason := ""
		all, err := asks.Packages(ctx, account)
		if ctx.Err() != nil {
			return ctx.Err()
		}
		if err != nil {
			reason = err.Error()
		}
		isNews, err := money.KeepPackages(ctx, p.Warehouse.DB, account, p.Now(), all, reason)
		if isNews {
			p.Log.Warn("prepaid packages are not known", zap.Stringer("account", account), zap.String("reason", reason))
		}
		return err
	})
}
