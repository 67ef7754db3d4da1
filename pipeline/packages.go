package pipeline

import (
	"context"

	"go.uber.org/zap"

	"smsetl/config"
	"smsetl/extract/tencent"
	"smsetl/money"
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
	return p.eachUnpaused(ctx, func(source config.Source, client vendors.Client) error {
		asks, tells := client.(packager)
		if !tells {
			return nil
		}
		for _, account := range source.Accounts() {
			if err := p.packages(ctx, asks, account); err != nil {
				return err
			}
		}
		return nil
	})
}

func (p *Pipeline) packages(ctx context.Context, asks packager, account sms.Account) error {
	isDue, err := money.PackagesDue(ctx, p.Warehouse.DB, account, p.Now())
	if err != nil || !isDue {
		return err
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
}
