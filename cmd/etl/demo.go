package main

import (
	"fmt"
	"io"
	"os"
	"path/filepath"
	"time"

	"smsetl/cmd/etl/show"
	"smsetl/config"
	"smsetl/ingest"
	"smsetl/internal/english"
	"smsetl/internal/postgres"
	"smsetl/load"
	"smsetl/migrations"
	"smsetl/money"
	"smsetl/pipeline"
	"smsetl/plan"
	"smsetl/read"
	"smsetl/sandbox"
	"smsetl/sandbox/huawei"
	"smsetl/serve"
	"smsetl/web"
)

// demoDays is how much history the sandbox vendors have.
const demoDays = 400

// demoSeed makes the same history every time.
const demoSeed = 7

type demoCommand struct {
	Exit     bool   `help:"End after printing, for scripts. Without it the demo stays up until ^C."`
	Database string `help:"Use this PostgreSQL instead of the embedded one. DATABASE_URL is not looked at: a demo must not fill a real warehouse." placeholder:"URL"`
}

// Run puts 400 days of both sandbox vendors into a warehouse of its own and shows what an analyst would ask first.
func (c *demoCommand) Run(s *session) error {
	url, err := s.demoDatabase(c.Database)
	if err != nil {
		return err
	}
	vendors := sandbox.New(sandbox.Options{Days: demoDays, Seed: demoSeed})
	addresses, stop, err := vendors.Listen(s.ctx)
	if err != nil {
		return err
	}
	s.atEnd(stop)
	text := vendors.SchedulesYAML(addresses, huawei.SavedSourceYAML("", demoSeed, time.Now()))
	cfg, err := config.Parse("sandbox", []byte(text), s.configEnv(time.Now))
	if err != nil {
		return err
	}
	wh, err := s.openWarehouse(url)
	if err != nil {
		return err
	}
	p, err := pipeline.New(s.world(time.Now), cfg, wh)
	if err != nil {
		return err
	}
	var address string
	if !c.Exit {
		if address, err = s.demoPages(p); err != nil {
			return err
		}
	}
	fmt.Fprintf(s.stderr, "Sandbox: EngageLab on %s, Tencent on %s, with their real limits\n", addresses.EngageLab, addresses.Tencent)
	report, err := p.Run(s.ctx, "demo", plan.Request{}, s.bar)
	if err != nil {
		return err
	}
	fmt.Fprint(s.stdout, show.Run(report))
	if err := s.demoExports(p); err != nil {
		return err
	}
	prices, err := money.Import(s.ctx, wh.DB, money.PriceList{File: "prices.csv", Data: []byte(sandbox.Prices), IsWhole: true, Who: "etl demo", Now: p.Now()})
	if err != nil {
		return err
	}
	fmt.Fprint(s.stdout, show.ImportedPrices(prices))
	if err := s.printAnswers(wh); err != nil {
		return err
	}
	s.printConnect(url)
	if !c.Exit {
		fmt.Fprintln(s.stderr, "\nThe database and the pages stay up until ^C. The data is kept: the next demo starts with it. Next, with your own vendors: `etl init`.")
		s.printPages(address)
		<-s.ctx.Done()
		fmt.Fprintln(s.stderr, "Stopped. `etl demo` goes on with what is there.")
		return nil
	}
	fmt.Fprintln(s.stderr, "Next: `etl demo` shows this in pages, `etl init` begins with your own vendors.")
	return exitWith(runCode(report))
}

// demoExports imports what somebody would have exported from Huawei's console.
func (s *session) demoExports(p *pipeline.Pipeline) error {
	dir, err := os.MkdirTemp("", "etl-demo-")
	if err != nil {
		return err
	}
	defer os.RemoveAll(dir)
	paths, err := huawei.SaveExports(dir, demoSeed, p.Now())
	if err != nil {
		return err
	}
	for _, source := range p.Config.Sources {
		if !source.IsImported {
			continue
		}
		in, err := ingest.New(p.World, source, ingest.Options{})
		if err != nil {
			return err
		}
		report := ingest.Report{}
		if err := in.Load(s.ctx, p.Warehouse, ingest.Inputs(paths), &report); err != nil {
			return err
		}
		fmt.Fprintf(s.stdout, "%s of Huawei's console: %s, %s new\n", english.Plural(len(paths), "export"), english.Plural(report.FileRows, "row"), english.Number(report.Messages))
	}
	return nil
}

// demoPages serves the pages on a free port of this machine, from the start: they fill while the vendors are asked.
func (s *session) demoPages(p *pipeline.Pipeline) (address string, err error) {
	site, err := serve.OpenPages(s.ctx, p, web.Options{Listen: "127.0.0.1:0"})
	if err != nil {
		return "", err
	}
	s.printPages(site.URL())
	s.atEnd(site.Start(s.ctx, s.log))
	return site.URL(), nil
}

// printPages prints the one line that nobody may overlook: first, since the pages fill while the vendors are asked, and last.
func (s *session) printPages(address string) {
	fmt.Fprintf(s.stderr, "\n  ==>  Open %s in a browser\n\n", address)
}

// demoDatabase gives a database with the schema. The embedded one lives in a folder of its own, apart from a real
// warehouse's.
func (s *session) demoDatabase(url string) (_ string, err error) {
	if url == "" {
		dir := s.env.value("ETL_DATA_DIR")
		if dir == "" {
			if dir, err = postgres.DefaultDir(); err != nil {
				return "", err
			}
		}
		if url, err = s.embedded(filepath.Join(dir, "demo")); err != nil {
			return "", err
		}
	}
	return url, migrations.Up(s.ctx, url, s.env.vendors.Specs())
}

// printAnswers shows what an analyst would ask first.
func (s *session) printAnswers(wh *load.Warehouse) error {
	r := read.New(wh.DB, time.Now)
	rates, err := r.MonthlyRates(s.ctx)
	if err != nil {
		return err
	}
	reasons, err := r.TopReasons(s.ctx, 90, 10)
	if err != nil {
		return err
	}
	_, err = io.WriteString(s.stdout, show.Firsts(rates, reasons))
	return err
}

func (s *session) printConnect(url string) {
	fmt.Fprintf(s.stdout, "\nConnect with psql or a BI tool (schema sms; start with sms.delivery_daily and sms.failure_daily):\n\n  psql '%s'\n", url)
}
