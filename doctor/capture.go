package doctor

import (
	"context"
	"fmt"
	"slices"
	"time"

	"smsetl/capture"
	"smsetl/config"
	"smsetl/extract"
	"smsetl/internal/english"
	"smsetl/load"
	"smsetl/pipeline"
	"smsetl/sms"
	"smsetl/vendors"
)

// capturing asks every account a fixed set of questions and writes what came back where anybody may read it.
type capturing struct {
	Captured

	world    pipeline.World
	dir      string
	say      func(line string)
	names    *capture.Pseudonyms
	fixtures []capture.Fixture
}

// Captured is what is known of a capture.
type Captured struct {
	Manifest capture.Manifest
	Missing  int // questions without an answer
}

// Capture asks each account a small fixed set of questions and writes the answers, without credentials, names and ids, into an empty
// folder. A line is said of each answer. With a warehouse it shares the rate limits of the other processes.
func Capture(
	ctx context.Context, world pipeline.World, sources []config.Source, wh *load.Warehouse, dir string, say func(line string),
) (Captured, error) {
	if err := capture.Ready(dir); err != nil {
		return Captured{}, config.BadInput(fmt.Errorf("--capture: %w", err))
	}
	c := &capturing{world: world, dir: dir, say: say, names: pseudonyms(world.Vendors, sources)}
	c.Manifest = capture.Manifest{Format: 1, CapturedAt: world.Now().Format(time.RFC3339)}
	accounts := func(s config.Source) []sms.Account { return s.Accounts() }
	err := world.Clients(sources, wh, nil).Each(accounts, func(source config.Source, client vendors.Client, account sms.Account) error {
		return c.ask(ctx, source, client, account)
	})
	if err != nil {
		return c.Captured, err
	}
	c.Manifest.Held = capture.Judge(c.Manifest.Accounts, c.fixtures)
	return c.Captured, c.Manifest.Write(dir)
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
func (c *capturing) ask(ctx context.Context, source config.Source, client vendors.Client, account sms.Account) error {
	who := capture.Account{Vendor: account.Vendor, ID: c.pseudonym(account), Zone: account.Zone.String()}
	if slices.Contains(c.Manifest.Accounts, who) {
		return nil // another source of the same account
	}
	c.Manifest.Accounts = append(c.Manifest.Accounts, who)
	questions := client.Questions(account, account.Zone.Today(c.world.Now()))
	for i := 0; i < len(questions); i++ {
		q := questions[i]
		f, err := answered(ctx, q, account)
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
			c.Missing += left
			c.skipf("%s %s: %s not asked: the vendor does not take the credentials", who.Vendor, who.ID, english.Plural(left, "question"))
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
	c.Manifest.Skipped = append(c.Manifest.Skipped, fmt.Sprintf(format, args...))
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
	c.Manifest.Files = append(c.Manifest.Files, f.File())
	if !f.IsAnswered() {
		c.Missing++
		c.skipf("%s %s: %s %s was not answered: %s", f.Vendor, f.Account, f.Dataset, f.Ask, f.Summary())
	}
	c.say(fmt.Sprintf("%s %s %d of %d: %s %s %s: %s", source, account, n, of, f.Dataset, f.Ask, f.Window, f.Summary()))
	return nil
}

func (c *capturing) pseudonym(a sms.Account) string {
	return c.world.Vendors.Of(a.Vendor).AsName(c.names, a.ID)
}
