package main

import (
	"context"
	"fmt"
	"slices"
	"time"

	"smsetl/capture"
	"smsetl/config"
	"smsetl/extract"
	"smsetl/load"
	"smsetl/sms"
	"smsetl/vendors"
)

// capturing asks every account a fixed set of questions and writes what came back where anybody may read it.
type capturing struct {
	*session

	dir      string
	now      func() time.Time
	names    *capture.Pseudonyms
	manifest capture.Manifest
	fixtures []capture.Fixture
	missing  int // questions without an answer
}

// capture is the doctor's --capture. It exits with 0 when every question was answered, whatever the answers say.
func (c *doctorCommand) capture(s *session, cfg config.Config, wh *load.Warehouse, now func() time.Time) error {
	if err := capture.Ready(c.Capture); err != nil {
		return usage(fmt.Errorf("--capture: %w", err))
	}
	one := &capturing{session: s, dir: c.Capture, now: now, names: pseudonyms(s.env.vendors, cfg.Sources),
		manifest: capture.Manifest{Format: 1, CapturedAt: now().Format(time.RFC3339)}}
	if err := s.eachAccount(cfg.Sources, wh, now, config.Source.Accounts, one.ask); err != nil {
		return err
	}
	return one.end(c.outputFlag)
}

// pseudonyms knows the accounts and secrets of all sources.
func pseudonyms(known vendors.List, sources []config.Source) *capture.Pseudonyms {
	var ids, secrets []string
	for _, source := range sources {
		for _, account := range source.Accounts() {
			ids = append(ids, account.ID)
		}
		if v := known.Of(source.Vendor); v.Secrets != nil {
			secrets = append(secrets, v.Secrets(source.Own)...)
		}
	}
	return capture.NewPseudonyms(ids, secrets)
}

// ask asks one account everything.
func (c *capturing) ask(source config.Source, client vendors.Client, account sms.Account) error {
	who := capture.Account{Vendor: account.Vendor, ID: c.pseudonym(account), Zone: account.Zone.String()}
	if slices.Contains(c.manifest.Accounts, who) {
		return nil // another source of the same account
	}
	c.manifest.Accounts = append(c.manifest.Accounts, who)
	questions := client.Questions(account, account.Zone.Today(c.now()))
	for i := 0; i < len(questions); i++ {
		q := questions[i]
		f, err := answered(c.ctx, q, account)
		if err != nil {
			return err
		}
		isDenied := f.IsDenied()
		if q.Empty != nil {
			if day, ok := f.EmptyDay(q.Window); ok {
				questions = append(questions, q.Empty(day)...)
			} else {
				c.skipf("%s %s: the questions about a day without messages: there is none in %s, or there was no answer",
					who.Vendor, who.ID, q.Window)
			}
		}
		if err := c.keep(&f, source.Name, i+1, len(questions)); err != nil {
			return err
		}
		if isDenied {
			left := len(questions) - i - 1
			c.missing += left
			c.skipf("%s %s: %s not asked: the vendor does not take the credentials", who.Vendor, who.ID, plural(left, "question"))
			return nil
		}
	}
	return nil
}

// answered asks the question and gives it with its answer. An error is that of ctx; others stand in the fixture.
func answered(ctx context.Context, q extract.Question, account sms.Account) (capture.Fixture, error) {
	reply, err := q.Put(ctx)
	if ctx.Err() != nil {
		return capture.Fixture{}, fmt.Errorf("%s: %w", q.Ask, ctx.Err())
	}
	f := capture.Fixture{}
	if err != nil {
		f.Failed = err.Error()
	} else {
		f = capture.NewFixture(reply)
	}
	f.Ask, f.Vendor, f.Account, f.Dataset, f.Window = q.Ask, account.Vendor, account.ID, q.Dataset, q.Window.String()
	return f, nil
}

func (c *capturing) skipf(format string, args ...any) {
	c.manifest.Skipped = append(c.manifest.Skipped, fmt.Sprintf(format, args...))
}

// keep writes an answer, after everything that names somebody is out of it.
func (c *capturing) keep(f *capture.Fixture, source string, n, of int) error {
	account := f.Account
	f.Account = c.pseudonym(sms.Account{Vendor: f.Vendor, ID: account})
	f.Hide(c.names)
	if err := f.Write(c.dir); err != nil {
		return err
	}
	c.fixtures = append(c.fixtures, *f)
	c.manifest.Files = append(c.manifest.Files, f.File())
	if !f.IsAnswered() {
		c.missing++
		c.skipf("%s %s: %s %s was not answered: %s", f.Vendor, f.Account, f.Dataset, f.Ask, f.Summary())
	}
	fmt.Fprintf(c.stderr, "%s %s %d of %d: %s %s %s: %s\n", source, account, n, of,
		f.Dataset, f.Ask, f.Window, f.Summary())
	return nil
}

func (c *capturing) pseudonym(a sms.Account) string {
	return c.env.vendors.Of(a.Vendor).AsName(c.names, a.ID)
}

// end writes what the answers say, and shows it.
func (c *capturing) end(out outputFlag) error {
	c.manifest.Held = capture.Judge(c.manifest.Accounts, c.fixtures)
	if err := c.manifest.Write(c.dir); err != nil {
		return err
	}
	if err := out.print(c.session, c.manifest, c.show); err != nil {
		return err
	}
	fmt.Fprintf(c.stderr, "Wrote %s to %s. Read assumptions.md; then play the vendor: etl sandbox --replay %s\n",
		plural(len(c.manifest.Files), "answer"), c.dir, c.dir)
	if c.missing > 0 {
		fmt.Fprintf(c.stderr, "%s without an answer: see the end of assumptions.md\n", plural(c.missing, "question"))
		return exit{code: exitPartial}
	}
	return nil
}

func (c *capturing) show() error {
	for _, one := range c.manifest.Accounts {
		fmt.Fprintf(c.stdout, "%s %s\n", one.Vendor, one.ID)
		of := slices.DeleteFunc(slices.Clone(c.manifest.Held), func(j capture.Judgement) bool {
			return j.Vendor != one.Vendor || j.Account != one.ID
		})
		err := list(c.stdout, []string{"assumption", "result", "evidence"}, of, func(j capture.Judgement) []string {
			return []string{j.Assumption, string(j.Result), j.Text()}
		})
		if err != nil {
			return err
		}
		fmt.Fprintln(c.stdout)
	}
	return nil
}
