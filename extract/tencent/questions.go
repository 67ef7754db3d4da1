package tencent

import (
	"context"
	"fmt"
	"net/http"

	"smsetl/extract"
	"smsetl/sms"
)

// hours is a question: hours counted from the beginning of a day that is so many days ago, both sent as they are. 24 is
// the first hour of the next day.
type hours struct {
	ask        string
	ago        sms.Day
	begin, end int
}

// askBoth are asked of both actions.
var askBoth = []hours{
	{extract.AskYesterday, 1, 0, 23},
	{extract.AskDay, 4, 0, 23},
	{extract.AskDayToNext, 4, 0, 24},
	{extract.AskNextHour, 4, 24, 24},
	{extract.AskDays32, 32, 0, 32*24 - 1},
	{extract.AskDays33, 33, 0, 33*24 - 1},
	{extract.AskToday, 0, 0, 23},
	{extract.AskTooOld, extract.TooOldDays, 0, 23},
}

// askSend are asked of what was sent alone: it does not change any more when receipts come in, so sums can be compared.
var askSend = []hours{
	{extract.AskMorning, 4, 0, 11},
	{extract.AskAfternoon, 4, 12, 23},
	{extract.AskNoon, 4, 12, 12},
	{extract.AskHour13, 4, 13, 13},
	{extract.AskNoonTo13, 4, 12, 13},
}

// Questions gives the fixed set of questions to an application.
func (c *Client) Questions(account sms.Account, today sms.Day) []extract.Question {
	var all []extract.Question
	add := func(d sms.Dataset, h hours) {
		day := today - h.ago
		w := extract.Between(day, day+sms.Day(h.end/24), sms.OneDay(day, account.Zone))
		q := call{begin: hourOf(day, h.begin), end: hourOf(day, h.end)}
		put := func(ctx context.Context) (extract.Reply, error) {
			r, err := c.ask(ctx, account, d, q)
			if err != nil {
				return extract.Reply{}, fmt.Errorf("%s: %s %s: %w", account, d, day, err)
			}
			return r, nil
		}
		all = append(all, extract.Question{Ask: h.ask, Dataset: d, Window: w, Put: put})
	}
	for _, d := range []sms.Dataset{sms.SendStatus, sms.CallbackStatus} {
		for _, h := range askBoth {
			add(d, h)
		}
	}
	for _, h := range askSend {
		add(sms.SendStatus, h)
	}
	return all
}

// ask asks once and gives what came back, whatever it says.
func (c *Client) ask(ctx context.Context, account sms.Account, dataset sms.Dataset, q call) (extract.Reply, error) {
	if err := c.allowed(account); err != nil {
		return extract.Reply{}, err
	}
	x := c.send(ctx, dataset, account.ID, q)
	if x.answer == nil {
		return extract.Reply{}, x.err
	}
	action := actions[dataset]
	request := sms.Request{Method: http.MethodPost, URL: c.Base.String() + "/", Action: action, Body: x.posted}
	sent := http.Header{"X-TC-Action": {action}, "X-TC-Version": {"2021-01-11"}, "X-TC-Region": {c.region}}
	return x.answer.Reply(request, sent, c.Now(), c.Scrub)
}
