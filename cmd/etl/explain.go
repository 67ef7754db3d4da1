package main

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"smsetl/explain"
	"smsetl/load"
	"smsetl/read"
	"smsetl/sms"
)

type explainCommand struct {
	databaseFlag
	Date        string `help:"The day, yyyy-MM-dd, in the account's zone." placeholder:"DAY" required:""`
	Account     string `help:"The sms_user or SdkAppId." placeholder:"ID" required:""`
	Vendor      string `help:"The vendor, where two have an account of this name." placeholder:"NAME"`
	Measure     string `help:"A column of sms.delivery_daily, vendor_sent, or messages of sms.failure_daily. Default: all." placeholder:"NAME"`
	Template    string `help:"Only this template; \"(none)\" for messages without one." placeholder:"ID"`
	Label       string `help:"Only this label." placeholder:"ID"`
	MessageType string `help:"Only this message type." placeholder:"CODE"`
	Country     string `help:"Only this country." placeholder:"CODE"`
	Stage       string `help:"Failures of this stage: processing or sending." enum:",processing,sending" default:""`
	Reason      string `help:"Failures of this reason, in the vendor's own word." placeholder:"CODE"`
	Dataset     string `help:"Only the ledger and the answers of this dataset." placeholder:"NAME"`
	Rows        int    `help:"How many rows to show one by one, the largest first." default:"20"`
	outputFlag
}

// Run follows a number back to where it comes from.
func (c *explainCommand) Run(s *session) error {
	day, err := parseDay("date", c.Date)
	if err != nil {
		return err
	}
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
		Account: account, Day: day, Template: c.Template, Label: c.Label, MessageType: c.MessageType, Country: c.Country,
		Stage: sms.Stage(c.Stage), Reason: c.Reason, Measure: c.Measure, Dataset: sms.Dataset(c.Dataset), Rows: c.Rows,
	})
	if errors.Is(err, explain.ErrQuestion) || errors.Is(err, explain.ErrNever) {
		return usage(err)
	}
	if err != nil {
		return err
	}
	return c.print(s, e, func() error { return s.printExplanation(e) })
}

func (s *session) printExplanation(e explain.Explanation) error {
	fmt.Fprintf(s.stdout, "%s of %s %s (days start at midnight in %s)\n\n", e.Date, e.Account.Vendor, e.Account.ID, e.Zone)
	header := []string{"measure", ">total", "unit", "the day is", "", "the vendor's fields"}
	err := list(s.stdout, header, e.Measures, func(m explain.Measure) []string {
		total := orNotReported(m.Total)
		if e.Missing != "" {
			total = "-"
		}
		return []string{m.Measure, total, m.Unit, statesOf(e), m.Support.Support, m.Formula}
	})
	if err != nil {
		return err
	}
	if e.Missing != "" {
		fmt.Fprintf(s.stdout, "There is no number: %s.\n", e.Missing)
	} else {
		fmt.Fprintf(s.stdout, "over %s\n", plural(e.Rows, "row"))
	}
	for _, m := range e.Measures {
		if m.Note != "" {
			fmt.Fprintf(s.stdout, "%s: %s\n", m.Measure, m.Note)
		}
	}
	s.explainDays(e)
	s.explainAnswers(e)
	s.explainPushes(e)
	s.explainCells(e)
	s.explainLoads(e)
	return nil
}

// statesOf gives the states of the day of the datasets that the numbers are made of.
func statesOf(e explain.Explanation) string {
	var all []string
	for _, d := range e.Days {
		if state := string(d.State); !slices.Contains(all, state) {
			all = append(all, state)
		}
	}
	if len(all) == 0 {
		return "not loaded"
	}
	return strings.Join(all, ", ")
}

func (s *session) explainDays(e explain.Explanation) {
	fmt.Fprintln(s.stdout, "\nThe day")
	if len(e.Days) == 0 {
		fmt.Fprintln(s.stdout, "  was never asked for")
	}
	for _, d := range e.Days {
		fmt.Fprintf(s.stdout, "  %s is %s since %s", d.Dataset, d.State, moment(d.Since))
		if d.Reason != "" {
			fmt.Fprintf(s.stdout, " (%s)", d.Reason)
		}
		if d.BelievedBy != 0 {
			fmt.Fprintf(s.stdout, "; last believed %s, by load %d", moment(d.ConfirmedAt), d.BelievedBy)
		}
		if d.AnsweredBy != d.BelievedBy {
			fmt.Fprintf(s.stdout, " from the answer to load %d", d.AnsweredBy)
		}
		fmt.Fprintln(s.stdout)
	}
}

func (s *session) explainAnswers(e explain.Explanation) {
	if len(e.Answers) == 0 {
		return
	}
	fmt.Fprintln(s.stdout, "\nThe vendor's answers (etl raw show prints their bytes)")
	for _, a := range e.Answers {
		mark := "  "
		if a.IsCurrent {
			mark = "* " // what the day rests on
		}
		fmt.Fprintf(s.stdout, "%sanswer %d to load %d: %s %s, %s, %s",
			mark, a.FetchID, a.LoadID, a.Dataset, a.Window, moment(a.FetchedAt), plural(a.Size, "byte"))
		if a.RequestID != "" {
			fmt.Fprintf(s.stdout, ", request id %s", a.RequestID)
		}
		fmt.Fprintf(s.stdout, "\n    %s\n    %s\n", strings.TrimSpace(a.Method+" "+a.URL+" "+a.Action+" "+a.Body), a.Hash)
		if !a.PrunedAt.IsZero() {
			fmt.Fprintf(s.stdout, "    raw pruned on %s: the hash is left\n", a.PrunedAt.Format(time.DateOnly))
		}
	}
}

func (s *session) explainPushes(e explain.Explanation) {
	if len(e.Pushes) == 0 {
		return
	}
	fmt.Fprintln(s.stdout, "\nThe newest pushes whose reports it rests on (etl raw show prints what is kept of them)")
	for _, p := range e.Pushes {
		trust := "a hint"
		if p.IsSigned {
			trust = "signed"
		}
		fmt.Fprintf(s.stdout, "  %s of %s, %s\n    %s\n", plural(p.Reports, "report"), moment(p.ReceivedAt), trust, p.Hash)
	}
}

func (s *session) explainCells(e explain.Explanation) {
	for _, c := range e.Cells {
		about := fmt.Sprintf("template %s, label %s, type %s, country %s", c.Template, c.Label, c.MessageType, c.Country)
		if c.Reason != "" {
			about += fmt.Sprintf(", %s failure %s (%s)", c.Stage, c.Reason, c.Category)
		}
		fmt.Fprintf(s.stdout, "\nRow: %s\n", about)
		if !c.IsThere {
			fmt.Fprintln(s.stdout, "  was removed")
		}
		for _, p := range c.Places {
			if p.Rows > 0 {
				fmt.Fprintf(s.stdout,
					"  %s of answer %d (%s), %s of messages that a newer one has too%s; the first is row %d, at byte %d\n",
					plural(p.Rows, "row"), p.FetchID, e.FileOf(p), number(p.Repeats), p.ByReports(), p.Position, p.Offset)
				continue
			}
			fmt.Fprintf(s.stdout, "  row %d of answer %d (%s), at byte %d:\n    %s\n", p.Position, p.FetchID, p.Dataset, p.Offset, p.Row)
		}
		for _, v := range c.Values {
			s.explainValue(v, c)
		}
	}
	if left := e.Rows - len(e.Cells); left > 0 {
		fmt.Fprintf(s.stdout, "\nand %s more; --rows shows them\n", plural(left, "row"))
	}
}

func (s *session) explainValue(v explain.Value, c explain.Cell) {
	if c.IsThere {
		fmt.Fprintf(s.stdout, "  %s %s", v.Measure, orNotReported(v.Value))
		if from := v.From(c.Places); from != "" {
			fmt.Fprintf(s.stdout, "  from %s", from)
		}
		fmt.Fprintln(s.stdout)
	}
	if len(v.History) < 2 {
		return
	}
	for _, h := range v.History {
		until := "now"
		if !h.Until.IsZero() {
			until = moment(h.Until)
		}
		value := orNotReported(h.Value)
		if h.Change == "removed" {
			value = "no row"
		}
		fmt.Fprintf(s.stdout, "    %s  %s .. %s  load %d, %s\n",
			value, moment(h.From), until, h.LoadID, strings.ReplaceAll(h.Cause, "_", " "))
	}
}

func (s *session) explainLoads(e explain.Explanation) {
	fmt.Fprintln(s.stdout, "\nLoads")
	for _, l := range e.Loads {
		by := "asked the vendor"
		switch {
		case l.Origin == load.FromReplay:
			by = fmt.Sprintf("rebuilt the answers to load %d with our mapping", l.RawOf)
		case l.RawOf != 0:
			by = fmt.Sprintf("released the answers to load %d", l.RawOf)
		case l.Origin == load.FromImport:
			by = "read files"
		}
		fmt.Fprintf(s.stdout, "  load %d (%s) %s for %s", l.LoadID, l.Outcome, by, l.Window)
		if l.RunID != 0 {
			fmt.Fprintf(s.stdout, " in run %d, etl %s %s on %s", l.RunID, l.Command, l.Program, l.Host)
		}
		fmt.Fprintf(s.stdout, ", mapping version %d\n", l.Version)
	}
}

// moment writes a time to the second, in UTC.
func moment(t time.Time) string {
	if t.IsZero() {
		return "-"
	}
	return t.UTC().Format("2006-01-02 15:04:05Z")
}
