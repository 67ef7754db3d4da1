package load_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"smsetl/check"
	"smsetl/load"
	"smsetl/sms"
)

// history is what a vendor told about an account, day by day, before it is loaded.
type history struct {
	account    sms.Account
	days       string // as scope reads it
	deliveries []sms.Delivery
	failures   []sms.Failure
}

var (
	blocked  = &sms.Reason{Code: "global_block", Stage: sms.Processing, Category: sms.BlockedOptOut}
	invalid  = &sms.Reason{Code: "InvalidNumberCount", Stage: sms.Sending, Category: sms.InvalidNumber}
	other    = &sms.Reason{Code: "residual", Stage: sms.Sending, Category: sms.Other}
	invalid2 = &sms.Reason{Code: "empty", Stage: sms.Sending, Category: sms.InvalidNumber}
	strange  = &sms.Reason{Code: "solar_storm", Stage: sms.Sending, Category: sms.Unmapped}
)

// honest is thirteen weeks that add up in every way, with numbers that wander as honest ones do.
func honest(account sms.Account) *history {
	h := &history{account: account, days: "01-01..03-31"}
	templates, reasons := []string{"a", "b", "c"}, []*sms.Reason{powerOff, busy}
	if account.Vendor == sms.Tencent {
		templates, reasons = []string{""}, []*sms.Reason{invalid, other}
	}
	for d := range scope(account, h.days).Window.Days() {
		for i, template := range templates {
			h.add(d, template, int64(1000/(i+1)+int(d)*37%91), reasons)
		}
	}
	return h
}

func (h *history) add(d sms.Day, template string, requested int64, reasons []*sms.Reason) {
	n := sms.Reported
	stopped, failed := requested/50, requested/11
	accepted := requested - stopped
	g := sms.Grain{Day: d, Template: sms.Named(template), Label: sms.None, MessageType: sms.Named("2"), Country: sms.NotReported}
	if h.account.Vendor == sms.Tencent {
		g.Template, g.Label, g.MessageType = sms.NotReported, sms.NotReported, sms.NotReported
	}
	m := sms.Measures{
		Requested: n(requested), Accepted: n(accepted), ProcessingFailed: n(stopped), Delivered: n(accepted - failed), SendFailed: n(failed),
		Pending: n(0), BilledSegments: n(accepted + requested/3), VendorSent: n(accepted),
	}
	if h.account.Vendor == sms.Tencent {
		m.VendorSent = sms.Count{}
	} else {
		h.failures = append(h.failures, sms.Failure{Grain: g, Reason: blocked, Messages: n(stopped)})
	}
	h.deliveries = append(h.deliveries, sms.Delivery{Grain: g, Measures: m})
	h.failures = append(h.failures, sms.Failure{Grain: g, Reason: reasons[0], Messages: n(failed / 3)},
		sms.Failure{Grain: g, Reason: reasons[1], Messages: n(failed - failed/3)})
}

// load loads the history's days, all or those given, as of the given time.
func (h *history) load(t testing.TB, wh *load.Warehouse, days, at string) {
	t.Helper()
	put(t, wh, h.answer(wh, days), now(at), believe)
}

// answer is what the history says of the days, "" for all.
func (h *history) answer(wh *load.Warehouse, days string) answer {
	if days == "" {
		days = h.days
	}
	s := scope(h.account, days, wh.Datasets(h.account.Vendor)...)
	batch, fills := answer{Scope: s, Zeros: 1}, wh.Facts(s.Datasets...)
	for _, d := range h.deliveries {
		if fills.Delivery && s.Window.Contains(d.Day) {
			batch.Deliveries = append(batch.Deliveries, d)
		}
	}
	for _, f := range h.failures {
		if s.Window.Contains(f.Day) && (fills.Processing && f.Reason.Stage == sms.Processing || fills.Sending && f.Reason.Stage == sms.Sending) {
			batch.Failures = append(batch.Failures, f)
		}
	}
	return batch
}

// believe turns the guard off: these tests are about what was believed.
func believe(o *load.PutOptions) {
	o.Rules = gullible{rules(4)}
}

// rows gives the delivery rows of the days, to be changed.
func (h *history) rows(days string) []*sms.Delivery {
	var rows []*sms.Delivery
	for i := range h.deliveries {
		if scope(h.account, days).Window.Contains(h.deliveries[i].Day) {
			rows = append(rows, &h.deliveries[i])
		}
	}
	return rows
}

func (h *history) failuresOf(days string, stage sms.Stage) []*sms.Failure {
	var rows []*sms.Failure
	for i := range h.failures {
		if scope(h.account, days).Window.Contains(h.failures[i].Day) && h.failures[i].Reason.Stage == stage {
			rows = append(rows, &h.failures[i])
		}
	}
	return rows
}

// times multiplies every number of the days.
func (h *history) times(days string, factor int64) {
	for _, d := range h.rows(days) {
		for _, c := range []*sms.Count{
			&d.Requested, &d.Accepted, &d.ProcessingFailed, &d.Delivered, &d.SendFailed, &d.Pending, &d.BilledSegments, &d.VendorSent,
		} {
			if n, ok := c.Value(); ok {
				*c = sms.Reported(n * factor)
			}
		}
	}
	for _, f := range append(h.failuresOf(days, sms.Processing), h.failuresOf(days, sms.Sending)...) {
		f.Messages = sms.Reported(f.Messages.Or(0) * factor)
	}
}

// drop takes the days out.
func (h *history) drop(days string) {
	w := scope(h.account, days).Window
	h.deliveries = slices.DeleteFunc(h.deliveries, func(d sms.Delivery) bool { return w.Contains(d.Day) })
	h.failures = slices.DeleteFunc(h.failures, func(f sms.Failure) bool { return w.Contains(f.Day) })
}

func plus(c *sms.Count, n int64) { *c = sms.Reported(c.Or(0) + n) }

// check runs the checks and gives what is open, but for the evidence about `sent` that every honest account has, and what
// the guard says of days that were told twice.
func runChecks(t testing.TB, wh *load.Warehouse, moment string, options check.Options) (check.Report, []string) {
	t.Helper()
	report, err := check.New(wh.DB).Check(t.Context(), at(moment), options)
	if err != nil {
		t.Fatal(err)
	}
	var lines []string
	for _, f := range report.Findings {
		if f.Check == "sent_reading" && f.Severity == sms.Info || f.Check == "doubt_overruled" {
			continue
		}
		number := func(n *float64) string {
			if n == nil {
				return "-"
			}
			return fmt.Sprint(*n)
		}
		lines = append(lines, fmt.Sprintf("%s %s %s %s..%s %d days, %s/%s %s: %s",
			f.Severity, f.Check, f.Subject, f.First.String()[5:], f.Last.String()[5:], f.Days, number(f.Expected), number(f.Found), f.Unit, f.Detail))
	}
	return report, lines
}

// Honest numbers give nothing but evidence, on days that have settled and on those that have not.
func TestChecksAreSilentOnHonestDays(t *testing.T) {
	t.Parallel()
	for _, account := range []sms.Account{marketing, app} {
		wh := open(t, account)
		honest(account).load(t, wh, "", "04-01 06:00")
		if _, lines := runChecks(t, wh, "04-01 20:00", check.Options{}); lines != nil {
			t.Errorf("%s:\n%s", account, strings.Join(lines, "\n"))
		}
	}
}

// The same where sent is what is still queued: some of it is, on the days that have not settled.
func TestChecksAreSilentOnAQueue(t *testing.T) {
	t.Parallel()
	wh := open(t, marketing)
	h := honest(marketing)
	for _, d := range h.rows("01-01..03-31") {
		d.VendorSent = sms.Reported(0)
	}
	for _, d := range h.rows("03-30..03-31") {
		plus(&d.Delivered, -100)
		plus(&d.Pending, 10)
		plus(&d.VendorSent, 90)
	}
	h.load(t, wh, "", "04-01 06:00")
	report, lines := runChecks(t, wh, "04-01 20:00", check.Options{})
	if lines != nil {
		t.Error(strings.Join(lines, "\n"))
	}
	if len(report.Findings) != 1 || !strings.HasSuffix(report.Findings[0].Detail, "what is still queued 90, neither 0") {
		t.Errorf("%+v", report.Findings)
	}
}
