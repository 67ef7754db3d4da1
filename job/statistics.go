package job

import (
	"cmp"
	"context"
	"fmt"
	"maps"
	"slices"
	"time"

	"smsetl/check"
	"smsetl/load"
	"smsetl/load/messages"
	"smsetl/load/raw"
	"smsetl/sms"
	"smsetl/transform"
	"smsetl/transform/huawei"
)

// reference is what a kept statistics page is refused as: no fact is made of it, see sms.Payload.Refused.
const reference = "a statistics page: a yardstick, of which no fact is made"

// KeepStatistics keeps a statistics page for comparing, and gives how many days it is about. The page speaks for im.Account, or for all
// applications when none is named.
func (im *Import) KeepStatistics(ctx context.Context, wh *load.Warehouse, f *ExportFile) (days int, err error) {
	if len(f.Parts) != 1 {
		return 0, fmt.Errorf("job: %w: %s has more rows than a statistics page, which is of 31 days at most", sms.ErrMalformed, f.Name)
	}
	account, isAll := im.Account, false
	if account.ID == "" {
		account, isAll = im.Accounts[0], true
	}
	p := im.payload(f, 0)
	p.Account, p.Purpose, p.Refused = account, sms.ForReference, reference
	totals, zone, reading, err := huawei.Totals(p)
	if err != nil {
		return 0, err
	}
	if len(totals) == 0 {
		return 0, fmt.Errorf("job: %w: %s has no row that can be understood: want days such as 2026-01-31 and whole numbers", sms.ErrMalformed, f.Name)
	}
	madeAt, err := raw.FirstFetched(ctx, wh.DB, p.Body.Hash)
	if err != nil {
		return 0, err
	}
	madeAt = cmp.Or(madeAt, f.MadeAt)
	p.FetchedAt = madeAt
	first, last := accountDays(account, zone, totals[0].Day, totals[len(totals)-1].Day)
	if p.Window, err = sms.NewWindow(first, last, account.Zone); err != nil {
		return 0, err
	}
	page := messages.StatisticsPage{Account: account, IsAll: isAll, Zone: zone}
	for _, t := range totals {
		page.Days = append(page.Days, messages.StatisticsDay{Total: t, MadeAt: madeAt})
	}
	start := load.Start{RunID: im.RunID, Source: im.Source, Now: im.Now, Scope: sms.Scope{
		Account: account, Datasets: []sms.Dataset{sms.SendingDetails}, Window: p.Window,
	}}
	return begun(ctx, wh, start, func(loadID int64) (days int, err error) {
		if err = raw.Keep(ctx, wh.DB, loadID, *p); err == nil {
			err = messages.KeepStatistics(ctx, wh.DB, loadID, page, reading.Rejects)
		}
		if err != nil {
			return 0, err
		}
		return len(totals), nil
	})
}

// accountDays gives the days of an account in which days of another zone lie.
func accountDays(account sms.Account, zone sms.Zone, first, last sms.Day) (from, to sms.Day) {
	in := account.Zone.Location()
	return sms.DayOf(zone.Start(first).In(in)), sms.DayOf(zone.Start(last + 1).Add(-time.Nanosecond).In(in))
}

// CompareStatistics compares the statistics pages of a source with its messages, counted in the zones of the pages, and gives what
// differs by more than huawei.Slack. known is false when there is no page.
//
// Compared are days that were over when the page was exported, and of which exports cover every hour: the others are known to be missing.
// Results are compared once they have settled on both sides, how many messages were sent at once.
func CompareStatistics(ctx context.Context, wh *load.Warehouse, accounts []sms.Account) (lines []check.Line, known bool, err error) {
	pages, err := messages.StatisticsPages(ctx, wh.DB, accounts)
	if err != nil {
		return nil, false, err
	}
	for i := range pages {
		of := []sms.Account{pages[i].Account}
		if pages[i].IsAll {
			of = accounts
		}
		found, err := comparePage(ctx, wh, of, &pages[i])
		if err != nil {
			return nil, false, err
		}
		lines = append(lines, found...)
	}
	return lines, len(pages) > 0, nil
}

func comparePage(ctx context.Context, wh *load.Warehouse, accounts []sms.Account, page *messages.StatisticsPage) ([]check.Line, error) {
	days := make(map[sms.Day]messages.StatisticsDay, len(page.Days))
	for _, d := range page.Days {
		if !d.MadeAt.Before(page.Zone.Start(d.Day + 1)) {
			days[d.Day] = d
		}
	}
	first, last := page.Days[0].Day, page.Days[len(page.Days)-1].Day
	for _, account := range accounts {
		from, to := accountDays(account, page.Zone, first, last)
		spans, err := messages.Covered(ctx, wh.DB, account, from, to)
		if err != nil {
			return nil, err
		}
		for day := range days {
			if !sms.HoursOf(day, page.Zone, spans).IsWhole() {
				delete(days, day)
			}
		}
	}
	if len(days) == 0 {
		return nil, nil
	}
	ours, err := countIn(ctx, wh, accounts, page.Zone, days)
	if err != nil {
		return nil, err
	}
	pending := make(map[sms.Day]bool)
	for _, d := range ours {
		pending[d.Day] = pending[d.Day] || d.Pending.Or(0) > 0
	}
	var totals []sms.Total
	for _, d := range page.Days {
		if _, isCompared := days[d.Day]; !isCompared {
			continue
		}
		t := d.Total
		if pending[d.Day] || d.MadeAt.Before(page.Zone.Start(d.Day+1).Add(transform.PendingFor)) {
			t = sms.Total{Day: t.Day, Requested: t.Requested}
		}
		totals = append(totals, t)
	}
	var lines []check.Line
	for _, d := range huawei.CompareTotals(totals, ours) {
		subject := d.Measure
		if page.IsAll && len(accounts) > 1 {
			subject += " of all applications"
		}
		lines = append(lines, check.Line{
			Account: page.Account, Subject: subject, Severity: sms.Warning, Day: d.Day,
			Expected: float64(d.Page.Or(0)), Found: float64(d.Ours.Or(0)), Detail: d.String(),
		})
	}
	return lines, nil
}

// countIn counts the messages of accounts by days of another zone.
func countIn(ctx context.Context, wh *load.Warehouse, accounts []sms.Account, zone sms.Zone, days map[sms.Day]messages.StatisticsDay) ([]sms.Delivery, error) {
	var all []sms.Delivery
	counted := slices.Sorted(maps.Keys(days))
	for _, account := range accounts {
		of := messages.Observed{Account: account}
		of.First, of.Last = accountDays(account, zone, counted[0], counted[len(counted)-1])
		err := messages.Observe(ctx, wh.DB, of, func(ctx context.Context, o *messages.Observations) error {
			account.Zone = zone
			c, err := CurrentMapping(nil).Basis(ctx, account, o).Count(counted, func(sms.Day) bool { return true })
			if err == nil {
				all = append(all, c.Facts.AllDeliveries()...)
			}
			return err
		})
		if err != nil {
			return nil, err
		}
	}
	return all, nil
}
