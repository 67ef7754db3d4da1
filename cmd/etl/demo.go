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
	"smsetl/queue"
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
	url, release, err := s.demoDatabase(c.Database)
	if err != nil {
		return err
	}
	defer release()
	vendors := sandbox.New(sandbox.Options{Days: demoDays, Seed: demoSeed})
	addresses, stop, err := vendors.Listen(s.ctx)
	if err != nil {
		return err
	}
	defer stop()
	text := vendors.SchedulesYAML(addresses, exportsEntry("", demoSeed, time.Now()))
	cfg, err := config.Parse("sandbox", []byte(text), s.configEnv(time.Now))
	if err != nil {
		return err
	}
	wh, err := load.Open(s.ctx, url, load.Options{Log: s.log})
	if err != nil {
		return err
	}
	defer wh.Close()
	var address string
	if !c.Exit {
		at, closePages, err := s.demoPages(wh)
		if err != nil {
			return err
		}
		defer closePages()
		address = at
	}
	q, err := queue.New(wh.Pool(), time.Now, s.log)
	if err != nil {
		return err
	}
	p := &pipeline{session: s, config: cfg, warehouse: wh, queue: q, now: time.Now}
	fmt.Fprintf(s.stderr, "Sandbox: EngageLab on %s, Tencent on %s, with their real limits\n", addresses.EngageLab, addresses.Tencent)
	report, err := p.run(s.ctx, "demo", plan.Request{})
	if err != nil {
		return err
	}
	s.printReport(report)
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
		report := newImportReport(false)
		if err := in.load(p.warehouse, paths, &report); err != nil {
			return err
		}
		fmt.Fprintf(s.stdout, "%s of Huawei's console: %s, %s new\n", plural(len(paths), "export"), plural(report.FileRows, "row"), number(report.Messages))
	}
	return nil
}

// demoPages serves the pages on a free port of this machine, from the start: they fill while the vendors are asked.
func (s *session) demoPages(wh *load.Warehouse) (address string, release func(), err error) {
	server, err := web.New(web.Options{Listen: "127.0.0.1:0"}, s.log)
	if err != nil {
		return "", nil, err
	}
	reader, err := wh.Reader(s.ctx)
	if err != nil {
		return "", nil, err
	}
	addPages(server, reader, s.env.vendors, time.Now, s.log)
	if err := server.Listen(s.ctx); err != nil {
		reader.Close()
		return "", nil, err
	}
	s.printPages(server.URL())
	return server.URL(), (&site{server: server, reader: reader}).start(s.ctx, s.log), nil
}

// printPages prints the one line that nobody may overlook: first, since the pages fill while the vendors are asked, and last.
func (s *session) printPages(address string) {
	fmt.Fprintf(s.stderr, "\n  ==>  Open %s in a browser\n\n", address)
}

// demoDatabase gives a database with the schema. The embedded one lives in a folder of its own, apart from a real
// warehouse's.
func (s *session) demoDatabase(url string) (string, func(), error) {
	release := func() {}
	if url == "" {
		dir := s.env.value("ETL_DATA_DIR")
		if dir == "" {
			home, err := postgres.DefaultDir()
			if err != nil {
				return "", nil, err
			}
			dir = home
		}
		server, stop, err := s.embedded(filepath.Join(dir, "demo"))
		if err != nil {
			return "", nil, err
		}
		url, release = server.URL(), stop
	}
	if err := migrations.Up(s.ctx, url, s.env.vendors.Specs()); err != nil {
		release()
		return "", nil, err
	}
	return url, release, nil
}

// printAnswers shows delivery rate by vendor and month, and the top failure reasons.
func (s *session) printAnswers(wh *load.Warehouse) error {
	rates, err := read.New(wh.DB, time.Now).MonthlyRates(s.ctx)
	if err != nil {
		return err
	}
	fmt.Fprint(s.stdout, "\nDelivery rate by vendor and month (delivered / requested)\n\n")
	rows := make([][]string, len(rates))
	for i, r := range rates {
		rows[i] = []string{r.Month, r.Vendor, number(r.Requested), number(r.Delivered), percent(r.DeliveryRate), bar(r.DeliveryRate)}
	}
	if err := table(s.stdout, []string{"month", "vendor", ">requested", ">delivered", ">rate", "80 % to 100 %"}, rows); err != nil {
		return err
	}
	reasons, err := read.New(wh.DB, time.Now).TopReasons(s.ctx, 90, 10)
	if err != nil {
		return err
	}
	fmt.Fprint(s.stdout, "\nTop failure reasons of the last 90 days\n\n")
	rows = make([][]string, len(reasons))
	for i, r := range reasons {
		rows[i] = []string{r.Vendor, r.Stage, r.Reason, r.Category, number(r.Messages)}
	}
	return table(s.stdout, []string{"vendor", "stage", "reason", "category", ">messages"}, rows)
}

func percent(rate *float64) string {
	if rate == nil {
		return "-"
	}
	return fmt.Sprintf("%.2f %%", *rate*100)
}

// bar draws a rate between 80 % and 100 %, where the differences between vendors are.
func bar(rate *float64) string {
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
