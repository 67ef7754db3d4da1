package tencent

import (
	"context"
	"fmt"
	"strconv"
	"time"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"

	"smsetl/extract"
	"smsetl/sms"
)

// packages stands for prepaid packages among the datasets of this client. They fill no facts, so they are no dataset of the Spec.
const packages sms.Dataset = "sms_packages"

const (
	packagesAction = "SmsPackagesStatistics"
	packagesSet    = "SmsPackagesStatisticsSet" // in an answer, where statistics have the name of the action
	// packagesPage is how many packages the vendor gives at once, at most.
	packagesPage = 500
	// packagesPages bounds the calls: a vendor that ignores Offset would be asked for ever.
	packagesPages = 40
	// packagesBack is how many days a package may be old. The vendor gives those that were created between two hours, and names no
	// longest span.
	packagesBack = 3 * 366
)

// Packages asks for the prepaid packages of an application, those that were created in the last three years, each once. The call is
// of the mainland site only; elsewhere, and where the secret has no right to it, the error is as of any call.
//
// Source: https://cloud.tencent.com/document/api/382/55964.
func (c *Client) Packages(ctx context.Context, account sms.Account) (all []sms.Package, err error) {
	if err := c.allowed(account); err != nil {
		return nil, fmt.Errorf("%s: packages: %w", account, err)
	}
	// The answers have a table of their own, which keeps each package in the vendor's words.
	f := c.fetch(c.BeginSample(account, func(sms.Payload) error { return nil }))
	// EndTime has to be in the past.
	end := hourAt(c.Now(), account.Zone) - 1
	q := call{begin: hourOf(end.day()-packagesBack, 0), end: end}
	for range packagesPages {
		_, answer, err := f.ask(ctx, packages, q.days(account.Zone), q)
		if err != nil {
			return nil, fmt.Errorf("%s: packages: %w", account, err)
		}
		page, err := readPackages(answer)
		if err != nil {
			return nil, fmt.Errorf("%s: packages: %w: %w", account, sms.ErrMalformed, err)
		}
		all = append(all, page...)
		if len(page) < packagesPage {
			return latest(all), nil
		}
		q.offset += packagesPage
	}
	return nil, fmt.Errorf("%s: packages: %w: there is always another page", account, sms.ErrMalformed)
}

// latest gives each package once: one that is created meanwhile moves another one to the next page.
func latest(all []sms.Package) (once []sms.Package) {
	at := map[string]int{}
	for _, p := range all {
		if i, isThere := at[p.ID]; isThere {
			once[i] = p
			continue
		}
		at[p.ID] = len(once)
		once = append(once, p)
	}
	return once
}

func readPackages(answer jsontext.Value) ([]sms.Package, error) {
	var told []jsontext.Value
	if err := json.Unmarshal(answer, &told); err != nil {
		return nil, errNotJSON
	}
	all := make([]sms.Package, len(told))
	for i, one := range told {
		var o object
		if err := json.Unmarshal(one, &o); err != nil {
			return nil, errNotJSON
		}
		all[i] = sms.Package{
			ID: extract.Unquoted(o["PackageId"]), Amount: o.count("PackageAmount"), Used: o.count("CurrentUsage"),
			IsGift: extract.Unquoted(o["PackageType"]) == "0", CreatedAt: o.time("PackageCreateTime"),
			EffectiveAt: o.time("PackageEffectiveTime"), EndsAt: o.time("PackageExpiredTime"), Told: string(one),
		}
		if all[i].ID == "" {
			return nil, fmt.Errorf("package %d has no PackageId", i+1)
		}
	}
	return all, nil
}

// count reads a number that is not negative, quoted or not; anything else is not reported.
func (o object) count(name string) sms.Count {
	n, err := strconv.ParseInt(extract.Unquoted(o[name]), 10, 64)
	if err != nil || n < 0 {
		return sms.Count{}
	}
	return sms.Reported(n)
}

// time reads Unix seconds; 0 is no time.
func (o object) time(name string) time.Time {
	if n := o.count(name).Or(0); n > 0 {
		return time.Unix(n, 0).UTC()
	}
	return time.Time{}
}
