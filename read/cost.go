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

// VendorCost is what a vendor's traffic costs in one currency; or, without a currency, the traffic that has no cost.
type VendorCost struct {
	Vendor      sms.Vendor
	Currency    string  // ISO 4217; empty for traffic without a cost
	Cost        *string // an exact decimal in the currency
	Missing     string  // why there is no cost; empty where there is one
	Requested   *int64  // messages of this line; nil where a row does not report them
	Delivered   *int64
	All         *int64  // messages requested of the vendor, with a cost or without; nil where a row does not report them
	PerThousand *string // Cost of a thousand delivered messages, to two decimals; nil when nothing was delivered or one is not known
}

// VendorCosts gives costs by vendor and currency, of the days chosen; nothing where no price is known.
func (m *Model) VendorCosts(ctx context.Context, f Filter) ([]VendorCost, error) {
	return question[VendorCost](ctx, m, "costs by vendor", statement("costs_of_vendors"), append(f.arguments(), f.Country)...)
}
