package main

import (
	"context"
	"errors"
	"fmt"
	"time"

	"go.uber.org/zap"

	"smsetl/config"
	"smsetl/internal/pack"
	"smsetl/load/raw"
	"smsetl/sms"
)

type rawCommand struct {
	List  rawListCommand  `cmd:"" help:"List the answers about a day or of an account."`
	Show  rawShowCommand  `cmd:"" help:"Print an answer as the vendor sent it, byte for byte."`
	Prune rawPruneCommand `cmd:"" help:"Throw old answers away that no day rests on, as raw_retention_days says."`
}

type rawListCommand struct {
	databaseFlag
	Date    string `help:"Answers about this day, yyyy-MM-dd." placeholder:"DAY"`
	Account string `help:"Answers about this sms_user or SdkAppId." placeholder:"ID"`
	Vendor  string `help:"Only of this vendor." placeholder:"NAME"`
	Dataset string `help:"Only of this dataset." placeholder:"NAME"`
	outputFlag
}

// rawAnswer is one line of the JSON of "etl raw list".
type rawAnswer struct {
	FetchID   int64     `json:"fetch_id"`
	LoadID    int64     `json:"load_id"`
	Vendor    string    `json:"vendor"`
	Account   string    `json:"account"`
	Dataset   string    `json:"dataset"`
	From      string    `json:"from"`
	To        string    `json:"to"`
	FetchedAt time.Time `json:"fetched_at"`
	Status    int       `json:"status"`
	RequestID string    `json:"request_id"`
	Method    string    `json:"method"`
	URL       string    `json:"url"`
	Action    string    `json:"action"`
	Body      string    `json:"body"`
	Hash      string    `json:"hash"`
	Size      int64     `json:"size"`
	Packed    int64     `json:"packed"`
	PrunedAt  time.Time `json:"pruned_at"`
	Refused   string    `json:"refused"`
	Outcome   string    `json:"outcome"` // of the load
}

// Run lists answers.
func (c *rawListCommand) Run(s *session) error {
	which := raw.Which{Account: c.Account, Vendor: sms.Vendor(c.Vendor), Dataset: sms.Dataset(c.Dataset)}
	if c.Date == "" && c.Account == "" {
		return usage(errors.New("raw list: want --date or --account, since all answers together are a long list"))
	}
	if c.Date != "" {
		day, err := parseDay("date", c.Date)
		if err != nil {
			return err
		}
		which.Day = day
	}
	wh, err := s.warehouse(c.databaseFlag)
	if err != nil {
		return err
	}
	answers, err := raw.List(s.ctx, wh.DB, which)
	if err != nil {
		return err
	}
	all := make([]rawAnswer, len(answers))
	for i, a := range answers {
		all[i] = newRawAnswer(a)
	}
	return c.print(s, all, func() error {
		header := []string{">answer", ">load", "account", "dataset", "days", "fetched at", ">status", ">bytes", "hash", ""}
		return list(s.stdout, header, all, rawAnswer.row)
	})
}

func (a rawAnswer) row() []string {
	note := a.Outcome
	switch {
	case !a.PrunedAt.IsZero():
		note = "raw pruned on " + a.PrunedAt.Format(time.DateOnly)
	case a.Refused != "":
		note = "refused: " + a.Refused
	}
	return []string{
		number(a.FetchID), number(a.LoadID), a.Account, a.Dataset, a.From + "/" + a.To, moment(a.FetchedAt),
		number(a.Status), number(a.Size), a.Hash[:12], note,
	}
}

func newRawAnswer(a raw.Answer) rawAnswer {
	return rawAnswer{
		FetchID: a.FetchID, LoadID: a.LoadID, Vendor: string(a.Account.Vendor), Account: a.Account.ID, Dataset: string(a.Dataset),
		From: a.Window.First().String(), To: a.Window.Last().String(), FetchedAt: a.FetchedAt, Status: a.Status, RequestID: a.RequestID,
		Method: a.Request.Method, URL: a.Request.URL, Action: a.Request.Action, Body: a.Request.Body,
		Hash: a.Body.Hash.String(), Size: a.Body.Size, Packed: a.Packed, Refused: a.Refused, Outcome: a.Outcome, PrunedAt: a.PrunedAt,
	}
}

type rawShowCommand struct {
	databaseFlag
	Answer  string `arg:"" help:"Its number, or its hash: the first 12 digits are enough." name:"HASH|NUMBER"`
	Request bool   `help:"Print what was asked instead, in JSON: the request as it was sent, without credentials."`
}

// Run prints an answer, or its request.
func (c *rawShowCommand) Run(s *session) error {
	wh, err := s.warehouse(c.databaseFlag)
	if err != nil {
		return err
	}
	answer, err := raw.Find(s.ctx, wh.DB, c.Answer)
	if errors.Is(err, raw.ErrNoAnswer) {
		return usage(err)
	}
	if err != nil {
		return err
	}
	if c.Request {
		return s.printJSON(newRawAnswer(answer))
	}
	body, err := raw.Body(s.ctx, wh.DB, answer.Body.Hash)
	if err != nil {
		return err
	}
	bytes, err := pack.Unpack(body)
	if err != nil {
		return fmt.Errorf("answer %s: %w", answer.Body.Hash, err)
	}
	_, err = s.stdout.Write(bytes)
	return err
}

type rawPruneCommand struct {
	pipelineFlags
	DryRun bool `help:"Count what would go, and throw nothing away."`
	outputFlag
}

// rawPruned is the JSON of "etl raw prune".
type rawPruned struct {
	DryRun  bool  `json:"dry_run"`
	Answers int64 `json:"answers"`
	Packed  int64 `json:"packed"` // bytes as they were stored
	Size    int64 `json:"size"`   // bytes unpacked
}

// Run throws old answers away.
func (c *rawPruneCommand) Run(s *session) error {
	p, err := c.open(s)
	if err != nil {
		return err
	}
	before := rawBefore(p.config.Sources, p.now())
	pruned, err := raw.Prune(s.ctx, p.warehouse.DB, before, c.DryRun)
	if err != nil {
		return err
	}
	if c.isJSON() {
		return s.printJSON(rawPruned{c.DryRun, pruned.Answers, pruned.Packed, pruned.Size})
	}
	switch {
	case len(before) == 0:
		fmt.Fprintln(s.stdout, "No source has raw_retention_days: every answer is kept for ever.")
	case c.DryRun:
		fmt.Fprintf(s.stdout, "%s would go, %s on disk\n", plural(pruned.Answers, "answer"), plural(pruned.Packed, "byte"))
	default:
		fmt.Fprintf(s.stdout, "%s thrown away, %s on disk\n", plural(pruned.Answers, "answer"), plural(pruned.Packed, "byte"))
	}
	return nil
}

// pruneRaw is the server's way to do it.
func (p *pipeline) pruneRaw(ctx context.Context) error {
	before := rawBefore(p.config.Sources, p.now())
	if len(before) == 0 {
		return nil
	}
	pruned, err := raw.Prune(ctx, p.warehouse.DB, before, false)
	if pruned.Answers > 0 {
		p.session.log.Info("old raw answers thrown away", zap.Int64("answers", pruned.Answers), zap.Int64("bytes", pruned.Packed))
	}
	return err
}

// rawBefore gives the time before which each source's answers are old. A source that keeps them for ever is not in it.
func rawBefore(sources []config.Source, now time.Time) map[string]time.Time {
	before := map[string]time.Time{}
	for _, s := range sources {
		if s.RawRetentionDays > 0 {
			before[s.Name] = now.AddDate(0, 0, -s.RawRetentionDays)
		}
	}
	return before
}
