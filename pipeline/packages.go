package pipeline

import (
	"context"
	"errors"

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

// Packages asks for the prepaid packages of each account that is due. A vendor that does not tell is no error: notes say why, and the
// log does when the reason is a new one. Its errors are the database's, and the end of ctx.
func (p *Pipeline) Packages(ctx context.Context) (notes []string, err error) {
	err = p.eachUnpaused(ctx, func(source config.Source, client vendors.Client) error {
		asks, tells := client.(packager)
		if !tells {
			return nil
		}
		for _, account := range source.Accounts() {
			note, err := p.packages(ctx, asks, account)
			if err != nil {
				return err
			}
			if note != "" {
				notes = append(notes, "prepaid packages are not known: "+note)
			}
		}
		return nil
	})
	return notes, err
}

// askedAgain is how long an account is left alone that may not ask: most have no packages, and a site may have no such call.
const askedAgain = 7

func (p *Pipeline) packages(ctx context.Context, asks packager, account sms.Account) (note string, err error) {
	today := account.Zone.Today(p.Now())
	isDue, err := money.PackagesDue(ctx, p.Warehouse.DB, account, today)
	if err != nil || !isDue {
		return "", err
	}
	all, err := asks.Packages(ctx, account)
	if ctx.Err() != nil {
		return "", ctx.Err()
	}
	answer := money.PackageAnswer{Account: account, AskedAt: p.Now(), Today: today, Again: today + 1, Packages: all}
	if err != nil {
		answer.Reason = err.Error()
	}
	if errors.Is(err, sms.ErrRefused) || errors.Is(err, sms.ErrAccountDenied) {
		answer.Again = today + askedAgain
	}
	isNews, err := money.KeepPackages(ctx, p.Warehouse.DB, &answer)
	if isNews {
		p.Log.Warn("prepaid packages are not known", zap.Stringer("account", account), zap.String("reason", answer.Reason))
	}
	return answer.Reason, err
}
