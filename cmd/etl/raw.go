package main

import (
	"errors"
	"fmt"

	"smsetl/cmd/etl/show"
	"smsetl/internal/english"
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
	Date    *sms.Day    `help:"Answers about this day, yyyy-MM-dd." placeholder:"DAY"`
	Account string      `help:"Answers about this sms_user or SdkAppId." placeholder:"ID"`
	Vendor  sms.Vendor  `help:"Only of this vendor." placeholder:"NAME"`
	Dataset sms.Dataset `help:"Only of this dataset." placeholder:"NAME"`
	outputFlag
}

// Run lists answers.
func (c *rawListCommand) Run(s *session) error {
	which := raw.Which{Account: c.Account, Vendor: c.Vendor, Dataset: c.Dataset}
	if c.Date == nil && c.Account == "" {
		return usage(errors.New("raw list: want --date or --account, since all answers together are a long list"))
	}
	if c.Date != nil {
		which.Day = *c.Date
	}
	wh, err := s.warehouse(c.databaseFlag)
	if err != nil {
		return err
	}
	answers, err := raw.List(s.ctx, wh.DB, which)
	if err != nil {
		return err
	}
	all := make([]show.Answer, len(answers))
	for i, a := range answers {
		all[i] = show.NewAnswer(a)
	}
	return c.print(s, all, show.Answers(all), exitOK)
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
		return show.JSON(s.stdout, show.NewAnswer(answer))
	}
	body, err := raw.Body(s.ctx, wh.DB, answer.Body.Hash)
	if err != nil {
		return err
	}
	bytes, err := pack.Unpack(body)
	if err != nil {
		return fmt.Errorf("answer %s: %w", answer.Body.Hash, err)
	}
	return show.Bytes(s.stdout, bytes)
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
	pruned, isKept, err := p.PruneRaw(s.ctx, c.DryRun)
	if err != nil {
		return err
	}
	form := "%s thrown away, %s on disk\n"
	if c.DryRun {
		form = "%s would go, %s on disk\n"
	}
	text := fmt.Sprintf(form, english.Plural(pruned.Answers, "answer"), english.Plural(pruned.Packed, "byte"))
	if isKept {
		text = "No source has raw_retention_days: every answer is kept for ever.\n"
	}
	return c.print(s, rawPruned{c.DryRun, pruned.Answers, pruned.Packed, pruned.Size}, text, exitOK)
}
