package engagelab

import (
	"context"
	"fmt"
	"net/http"

	"smsetl/extract"
	"smsetl/sms"
)

// Questions gives the fixed set of questions to an account. What they send is what they are about, and no filter but
// the account's name, where the configuration names accounts.
func (c *Client) Questions(account sms.Account, today sms.Day) []extract.Question {
	back := func(days int) sms.Window {
		return extract.Between(today-sms.Day(days), today-1, sms.OneDay(today, account.Zone))
	}
	day := func(d sms.Day) sms.Window { return sms.OneDay(d, account.Zone) }
	one := func(ask string, q question) extract.Question {
		put := func(ctx context.Context) (extract.Reply, error) { return c.ask(ctx, account, q) }
		return extract.Question{Ask: ask, Dataset: q.dataset, Window: q.window, Put: put}
	}
	datasets := []sms.Dataset{sms.StatsDay, sms.ProcessFailed, sms.SendFailed}
	var all []extract.Question
	for _, d := range datasets {
		month := back(extract.RowDays)
		rows := one(extract.AskRows, question{dataset: d, window: month})
		if d == sms.StatsDay {
			rows.Empty = func(empty sms.Day) (all []extract.Question) {
				for _, d := range datasets {
					all = append(all, one(extract.AskEmptyDay, question{dataset: d, window: day(empty)}))
				}
				return all
			}
		}
		all = append(all, settles(rows),
			settles(one(extract.AskSums, question{dataset: d, window: month, aggregate: sumOfRows})),
			settles(one(extract.AskRows2, question{dataset: d, window: month, msgType: "2"})),
			one(extract.AskSums2, question{dataset: d, window: month, msgType: "2", aggregate: sumOfRows}),
			settles(one(extract.AskOtherPath, question{dataset: d, window: day(today - 1), path: documented[d][1]})))
		days90 := one(extract.AskDays90, question{dataset: d, window: back(90)})
		if d == sms.StatsDay { // the longest window is a matter of its days, and its rows are many
			days90.IsDialect = true
			all = append(all, settles(one(extract.AskDays89, question{dataset: d, window: back(89)})),
				one(extract.AskDays91, question{dataset: d, window: back(91)}))
		}
		all = append(all, days90,
			one(extract.AskToday, question{dataset: d, window: day(today)}),
			one(extract.AskTooOld, question{dataset: d, window: day(today - extract.TooOldDays)}))
	}
	return all
}

// settles marks a question whose answer settles how the vendor answers the account.
func settles(q extract.Question) extract.Question {
	q.IsDialect = true
	return q
}

// ask asks once and gives what came back, whatever it says. An empty path stands for the one that is set.
func (c *Client) ask(ctx context.Context, account sms.Account, q question) (extract.Reply, error) {
	r, err := c.askOnce(ctx, account, q)
	if err != nil {
		return extract.Reply{}, fmt.Errorf("%s: %s %s: %w", account, q.dataset, q.window, err)
	}
	return r, nil
}

func (c *Client) askOnce(ctx context.Context, account sms.Account, q question) (extract.Reply, error) {
	if err := c.allowed(account); err != nil {
		return extract.Reply{}, err
	}
	if q.path == "" {
		var ok bool
		if q.path, ok = c.routes.of(q.dataset); !ok {
			return extract.Reply{}, noDataset(q.dataset)
		}
	}
	q.by.users = c.named(account)
	address, err := c.address(q)
	if err != nil {
		return extract.Reply{}, err
	}
	answer, err := c.send(ctx, address, nil)
	if err != nil {
		return extract.Reply{}, err
	}
	request := sms.Request{Method: http.MethodGet, URL: address}
	return c.Reply(answer, request, http.Header{"Accept": {accept}})
}
