package main

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"smsetl/cmd/etl/show"
	"smsetl/read"
	"smsetl/sms"
)

type compareCommand struct {
	databaseFlag
	nowFlag
	This    read.Period  `help:"The period: a month (2026-11), a day, or FROM..TO, both inside." placeholder:"PERIOD" required:""`
	With    *read.Period `help:"What it is compared with. Default: the same length just before it; of a month, the month before." placeholder:"PERIOD"`
	By      string       `help:"What the change is split by: vendor, account, template, label, country, message_type; or reason, of the failure rate." enum:"vendor,account,template,label,country,message_type,reason" default:"template"`
	Vendor  string       `help:"Only this vendor." placeholder:"NAME"`
	Account string       `help:"Only this sms_user, SdkAppId or application." placeholder:"ID"`
	Rows    int          `help:"How many of the parts to show, the largest first." default:"10"`
	outputFlag
}

// Run shows why a rate moved from one period to another.
func (c *compareCommand) Run(s *session) error {
	with := c.This.Before()
	if c.With != nil {
		with = *c.With
	}
	if c.Rows < 1 {
		return usage(fmt.Errorf("--rows %d: want 1 or more", c.Rows))
	}
	now := c.clock()
	wh, err := s.warehouse(c.databaseFlag)
	if err != nil {
		return err
	}
	model, vendor := read.New(wh.DB, now), sms.Vendor(c.Vendor)
	if err := c.known(s, model); err != nil {
		return err
	}
	if c.By == "reason" {
		change, err := model.ReasonChange(s.ctx, c.This, with, vendor, c.Account)
		if err != nil {
			return err
		}
		return c.print(s, change, show.ReasonChange(change, c.Rows), exitOK)
	}
	change, err := model.RateChange(s.ctx, c.This, with, c.By, vendor, c.Account)
	if err != nil {
		return err
	}
	return c.print(s, change, show.RateChange(change, c.Rows), exitOK)
}

// known refuses names that nothing was ever loaded under: they would answer that nothing moved.
func (c *compareCommand) known(s *session, model *read.Model) error {
	accounts, err := model.Accounts(s.ctx)
	if err != nil {
		return err
	}
	var vendors []string
	for _, a := range accounts {
		if (c.Vendor == "" || c.Vendor == string(a.Vendor)) && (c.Account == "" || c.Account == a.Account) {
			return nil
		}
		vendors = append(vendors, string(a.Vendor))
	}
	switch vendors = slices.Compact(vendors); {
	case len(vendors) == 0:
		return nil // of an empty warehouse that is the answer
	case c.Vendor != "" && !slices.Contains(vendors, c.Vendor):
		return usage(fmt.Errorf("--vendor %s: nothing was ever loaded of it; there are %s", c.Vendor, strings.Join(vendors, ", ")))
	}
	return usage(fmt.Errorf("--account %s: nothing was ever loaded of it", c.Account))
}

// parsePeriod reads the period of a flag: a month, a day, or a range of days.
func parsePeriod(text string) (read.Period, error) {
	if month, err := time.Parse("2006-01", text); err == nil {
		return read.Month(sms.DayOf(month)), nil
	}
	from, to, isRange := strings.Cut(text, "..")
	if !isRange {
		to = from
	}
	first, err := sms.ParseDay(from)
	if err == nil {
		var last sms.Day
		if last, err = sms.ParseDay(to); err == nil && last < first {
			err = fmt.Errorf("%q ends before it begins", text)
		}
		if err == nil {
			return read.Period{First: first, Last: last}, nil
		}
	}
	return read.Period{}, fmt.Errorf("%w; a period is a month (2026-11), a day (2026-11-21), or FROM..TO (2026-11-01..2026-11-21)", err)
}
