package main

import (
	"errors"
	"fmt"
	"time"

	"smsetl/cmd/etl/show"
	"smsetl/explain"
	"smsetl/load"
	"smsetl/read"
	"smsetl/sms"
)

type explainCommand struct {
	databaseFlag
	Date        sms.Day `help:"The day, yyyy-MM-dd, in the account's zone." placeholder:"DAY" required:""`
	Account     string  `help:"The sms_user or SdkAppId." placeholder:"ID" required:""`
	Vendor      string  `help:"The vendor, where two have an account of this name." placeholder:"NAME"`
	Measure     string  `help:"A column of sms.delivery_daily, vendor_sent, or messages of sms.failure_daily. Default: all." placeholder:"NAME"`
	Template    string  `help:"Only this template; \"(none)\" for messages without one." placeholder:"ID"`
	Label       string  `help:"Only this label." placeholder:"ID"`
	MessageType string  `help:"Only this message type." placeholder:"CODE"`
	Country     string  `help:"Only this country." placeholder:"CODE"`
	Stage       string  `help:"Failures of this stage: processing or sending." enum:",processing,sending" default:""`
	Reason      string  `help:"Failures of this reason, in the vendor's own word." placeholder:"CODE"`
	Dataset     string  `help:"Only the ledger and the answers of this dataset." placeholder:"NAME"`
	Rows        int     `help:"How many rows to show one by one, the largest first." default:"20"`
	outputFlag
}

// Run follows a number back to where it comes from.
func (c *explainCommand) Run(s *session) error {
	if c.Rows < 1 {
		return usage(fmt.Errorf("--rows %d: want 1 or more", c.Rows))
	}
	wh, err := s.warehouse(c.databaseFlag)
	if err != nil {
		return err
	}
	account, err := read.New(wh.DB, time.Now).FindAccount(s.ctx, sms.Vendor(c.Vendor), c.Account)
	if errors.Is(err, load.ErrUnknownAccount) {
		return usage(err)
	}
	if err != nil {
		return err
	}
	e, err := explain.Number(s.ctx, wh, s.env.vendors.Readers(), explain.Question{
		Account: account, Day: c.Date, Template: c.Template, Label: c.Label, MessageType: c.MessageType, Country: c.Country,
		Stage: sms.Stage(c.Stage), Reason: c.Reason, Measure: c.Measure, Dataset: sms.Dataset(c.Dataset), Rows: c.Rows,
	})
	if errors.Is(err, explain.ErrQuestion) || errors.Is(err, explain.ErrNever) {
		return usage(err)
	}
	if err != nil {
		return err
	}
	return c.print(s, e, show.Explanation(e), exitOK)
}
