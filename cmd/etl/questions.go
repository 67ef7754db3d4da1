package main

import (
	"context"
	"fmt"

	"smsetl/capture"
	"smsetl/extract"
	"smsetl/extract/engagelab"
	"smsetl/extract/tencent"
	"smsetl/sms"
)

// question is one call that is made to learn how a vendor answers.
type question struct {
	ask     string // its name in package capture
	dataset sms.Dataset
	window  sms.Window
	put     func(context.Context) (extract.Reply, error)
}

// inquiry asks one account. It keeps nothing and changes nothing.
type inquiry struct {
	account   sms.Account
	today     sms.Day
	engagelab *engagelab.Client // of an account of EngageLab
	tencent   *tencent.Client   // of an application of Tencent
}

// newInquiry gives the inquiry of an account; ok is false for a vendor that there are no questions to.
func newInquiry(c client, account sms.Account, today sms.Day) (q inquiry, ok bool) {
	q = inquiry{account: account, today: today}
	switch c := c.(type) {
	case *engagelab.Client:
		q.engagelab = c
	case *tencent.Client:
		q.tencent = c
	default:
		return q, false
	}
	return q, true
}

// questions gives the fixed set of questions to the account.
func (q inquiry) questions() []question {
	if q.tencent != nil {
		return q.toTencent()
	}
	return q.toEngageLab()
}

// back gives the window of so many days that ends yesterday.
func (q inquiry) back(days int) sms.Window {
	w, err := sms.NewWindow(q.today-sms.Day(days), q.today-1, q.account.Zone)
	if err != nil {
		panic(err) // days is a constant above 0
	}
	return w
}

func (q inquiry) day(ago int) sms.Window { return sms.OneDay(q.today-sms.Day(ago), q.account.Zone) }

// toEngageLab gives the questions to EngageLab, but for the empty day, which an answer has to show first.
func (q inquiry) toEngageLab() []question {
	var all []question
	for _, d := range []sms.Dataset{sms.StatsDay, sms.ProcessFailed, sms.SendFailed} {
		rows := engagelab.Question{Dataset: d, Window: q.back(capture.RowDays)}
		two := rows
		two.MsgType = "2"
		all = append(all, q.row(capture.Rows, rows), q.row(capture.Sums, sums(rows)),
			q.row(capture.Rows2, two), q.row(capture.Sums2, sums(two)))
		if path, ok := engagelab.OtherPath(d); ok {
			all = append(all, q.row(capture.OtherPath, engagelab.Question{Dataset: d, Path: path, Window: q.day(1)}))
		}
		if d == sms.StatsDay { // the longest window is a matter of its days, and its rows are many
			all = append(all, q.row(capture.Days89, engagelab.Question{Dataset: d, Window: q.back(89)}),
				q.row(capture.Days91, engagelab.Question{Dataset: d, Window: q.back(91)}))
		}
		all = append(all, q.row(capture.Days90, engagelab.Question{Dataset: d, Window: q.back(90)}),
			q.row(capture.Today, engagelab.Question{Dataset: d, Window: q.day(0)}),
			q.row(capture.TooOld, engagelab.Question{Dataset: d, Window: q.day(capture.TooOldDays)}))
	}
	return all
}

// emptyDay gives the question about a day of which the rows of stats_day hold nothing.
func (q inquiry) emptyDay(d sms.Dataset, day sms.Day) question {
	return q.row(capture.EmptyDay, engagelab.Question{Dataset: d, Window: sms.OneDay(day, q.account.Zone)})
}

// dialect gives the few questions that settle what `etl probe engagelab` stores.
func (q inquiry) dialect() []question {
	var all []question
	for _, one := range q.toEngageLab() {
		isOfWindow := one.ask == capture.Days89 || one.ask == capture.Days90
		switch {
		case one.ask == capture.Rows, one.ask == capture.Rows2, one.ask == capture.Sums, one.ask == capture.OtherPath,
			isOfWindow && one.dataset == sms.StatsDay:
			all = append(all, one)
		}
	}
	return all
}

func sums(of engagelab.Question) engagelab.Question {
	of.Aggregate = true
	return of
}

func (q inquiry) row(ask string, asked engagelab.Question) question {
	return question{ask, asked.Dataset, asked.Window, func(ctx context.Context) (extract.Reply, error) {
		return q.engagelab.Ask(ctx, q.account, asked)
	}}
}

// hours is a question to Tencent: hours counted from the beginning of a day that is so many days ago.
type hours struct {
	ask        string
	ago        int
	begin, end int
}

// toBoth are asked of both actions.
var toBoth = []hours{
	{capture.Yesterday, 1, 0, 23},
	{capture.Day, 4, 0, 23},
	{capture.DayToNext, 4, 0, 24},
	{capture.NextHour, 4, 24, 24},
	{capture.Days32, 32, 0, 32*24 - 1},
	{capture.Days33, 33, 0, 33*24 - 1},
	{capture.Today, 0, 0, 23},
	{capture.TooOld, capture.TooOldDays, 0, 23},
}

// toSend are asked of what was sent alone: it does not change any more when receipts come in, so sums can be compared.
var toSend = []hours{
	{capture.Morning, 4, 0, 11},
	{capture.Afternoon, 4, 12, 23},
	{capture.Noon, 4, 12, 12},
	{capture.Hour13, 4, 13, 13},
	{capture.NoonTo13, 4, 12, 13},
}

func (q inquiry) toTencent() []question {
	var all []question
	for _, d := range []sms.Dataset{sms.SendStatus, sms.CallbackStatus} {
		for _, h := range toBoth {
			all = append(all, q.sum(d, h))
		}
	}
	for _, h := range toSend {
		all = append(all, q.sum(sms.SendStatus, h))
	}
	return all
}

func (q inquiry) sum(d sms.Dataset, h hours) question {
	asked := tencent.Question{Dataset: d, Day: q.today - sms.Day(h.ago), Begin: h.begin, End: h.end}
	window, err := sms.NewWindow(asked.Day, asked.Day+sms.Day(h.end/24), q.account.Zone)
	if err != nil {
		panic(err) // the table above
	}
	return question{h.ask, d, window, func(ctx context.Context) (extract.Reply, error) {
		return q.tencent.Ask(ctx, q.account, asked)
	}}
}

// answered asks the question and gives it with its answer. An error is that of ctx; others stand in the fixture.
func (q inquiry) answered(ctx context.Context, one question, basePath string) (capture.Fixture, error) {
	reply, err := one.put(ctx)
	if ctx.Err() != nil {
		return capture.Fixture{}, fmt.Errorf("%s: %w", one.ask, ctx.Err())
	}
	f := capture.Fixture{AskedAt: ""}
	if err != nil {
		f.Failed = err.Error()
	} else {
		f = capture.NewFixture(reply, basePath)
	}
	f.Ask, f.Vendor, f.Account, f.Dataset, f.Window = one.ask, q.account.Vendor, q.account.ID, one.dataset, one.window.String()
	return f, nil
}
