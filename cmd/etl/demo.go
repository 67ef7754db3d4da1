package main

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"time"

	"smsetl/config"
	"smsetl/internal/postgres"
	"smsetl/load"
	"smsetl/migrations"
	"smsetl/plan"
	"smsetl/read"
	"smsetl/sandbox"
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
	text := vendors.SchedulesYAML(addresses, exportsEntry("", demoSeed, time.Now()))
	cfg, err := config.Parse("sandbox", []byte(text), s.configEnv(time.Now))
	if err != nil {
		return err
	}
	wh, err := s.openWarehouse(url)
	if err != nil {
		return err
	}
	var address string
	if !c.Exit {
		if address, err = s.demoPages(wh); err != nil {
			return err
		}
	}
	p, err := s.newPipeline(cfg, wh, time.Now)
	if err != nil {
		return err
	}
	fmt.Fprintf(s.stderr, "Sandbox: EngageLab on %s, Tencent on %s, with their real limits\n", addresses.EngageLab, addresses.Tencent)
	report, err := p.run(s.ctx, "demo", plan.Request{})
	if err != nil {
		return err
	}
	if err := s.printReport(report); err != nil {
		return err
	}
	if err := s.demoExports(p); err != nil {
		return err
	}
	if err := s.printAnswers(wh); err != nil {
		return err
	}
	s.printConnect(url)
	if !c.Exit {
		fmt.Fprintln(s.stderr, "\nThe database and the pages stay up until ^C. The data is kept: the next demo starts with it.")
		s.printPages(address)
		<-s.ctx.Done()
		return nil
	}
	return report.exit()
}

// demoExports imports what somebody would have exported from Huawei's console.
func (s *session) demoExports(p *pipeline) error {
	dir, err := os.MkdirTemp("", "etl-demo-")
	if err != nil {
		return err
	}
	defer os.RemoveAll(dir)
	paths, err := saveExports(dir, demoSeed, p.now())
	if err != nil {
		return err
	}
	for _, source := range p.config.Sources {
		if !source.IsImported {
			continue
		}
		in, err := newImporting(s, source, "", p.now())
		if err != nil {
			return err
		}
		report := importReport{}
		if err := in.load(p.warehouse, paths, &report); err != nil {
			return err
		}
		fmt.Fprintf(s.stdout, "%s of Huawei's console: %s, %s new\n", plural(len(paths), "export"), plural(report.FileRows, "row"), number(report.Messages))
	}
	return nil
}

// demoPages serves the pages on a free port of this machine, from the start: they fill while the vendors are asked.
func (s *session) demoPages(wh *load.Warehouse) (address string, err error) {
	server, err := web.New(web.Options{Listen: "127.0.0.1:0"}, s.log)
	if err != nil {
		return "", err
	}
	reader, err := wh.Reader(s.ctx)
	if err != nil {
		return "", err
	}
	addPages(server, reader, s.env.vendors, time.Now, s.log)
	if err := server.Listen(s.ctx); err != nil {
		reader.Close()
		return "", err
	}
	s.printPages(server.URL())
	s.atEnd((&site{server: server, reader: reader}).start(s.ctx, s.log))
	return server.URL(), nil
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

// printAnswers shows delivery rate by vendor and month, and the top failure reasons.
func (s *session) printAnswers(wh *load.Warehouse) error {
	rates, err := read.New(wh.DB, time.Now).MonthlyRates(s.ctx)
	if err != nil {
		return err
	}
	fmt.Fprint(s.stdout, "\nDelivery rate by vendor and month (delivered / requested)\n\n")
	header := []string{"month", "vendor", ">requested", ">delivered", ">rate", "80 % to 100 %"}
	err = list(s.stdout, header, rates, func(r read.MonthRate) []string {
		return []string{
			r.Month, r.Vendor, number(r.Requested), number(r.Delivered), percent(r.DeliveryRate), rateBar(r.DeliveryRate),
		}
	})
	if err != nil {
		return err
	}
	reasons, err := read.New(wh.DB, time.Now).TopReasons(s.ctx, 90, 10)
	if err != nil {
		return err
	}
	fmt.Fprint(s.stdout, "\nTop failure reasons of the last 90 days\n\n")
	header = []string{"vendor", "stage", "reason", "category", ">messages"}
	return list(s.stdout, header, reasons, func(r read.ReasonTotal) []string {
		return []string{r.Vendor, r.Stage, r.Reason, r.Category, number(r.Messages)}
	})
}

func percent(rate *float64) string {
	if rate == nil {
		return "-"
	}
	return fmt.Sprintf("%.2f %%", *rate*100)
}

// rateBar draws a rate between 80 % and 100 %, where the differences between vendors are.
func rateBar(rate *float64) string {
	const width = 20
	if rate == nil {
		return ""
	}
	filled := int((*rate - 0.8) / 0.2 * width)
	return strings.Repeat("#", min(max(filled, 0), width))
}

func (s *session) printConnect(url string) {
	fmt.Fprintf(s.stdout, "\nConnect with psql or a BI tool (schema sms; start with sms.delivery_daily and sms.failure_daily):\n\n  psql '%s'\n", url)
}
