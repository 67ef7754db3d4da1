package read

import (
	"context"

	"smsetl/sms"
)

// Cost is what an account's traffic of a month costs by our prices, in one currency; or, with a nil Currency, the traffic that has no
// cost. Costs of different currencies are never added up.
type Cost struct {
	Month        sms.Day // its first day
	Vendor       sms.Vendor
	Account      string
	Currency     *string // ISO 4217; nil for traffic without a cost
	Cost         *string // an exact decimal in the currency
	Units        *int64  // that the prices were applied to
	Unit         string  // what these are: segment, accepted, delivered; several with a comma
	Missing      string  // why there is no cost: "no price"; empty where there is one
	Requested    *int64  // messages of this line; nil where a row does not report them
	Delivered    *int64  // messages of this line; nil where a row does not report them
	PerDelivered *string // Cost / Delivered to six decimals; nil when nothing was delivered or one is not known
	Days         int64   // with rows in this line
}

// Costs gives costs by month, vendor, account and currency, of the days chosen; each month ends with what has no cost.
func (m *Model) Costs(ctx context.Context, f Filter) ([]Cost, error) {
	return question[Cost](ctx, m, "costs", statement("costs"), f.arguments()...)
}
