package main

import (
	"net"
	"strconv"
	"strings"
	"time"

	"smsetl/cmd/etl/show"
	"smsetl/config"
	"smsetl/internal/tracing"
	"smsetl/lineage"
	"smsetl/load"
	"smsetl/pipeline"
	"smsetl/plan"
	"smsetl/sms"
)

// configFlag names the configuration file.
type configFlag struct {
	Config string `help:"The configuration file." default:"${config}" placeholder:"FILE" reads:"ETL_CONFIG"`
}

// configEnv is the world of schedules.yaml.
func (s *session) configEnv(now func() time.Time) config.Env {
	return config.Env{Lookup: s.env.Lookup, ReadFile: s.env.ReadFile, Now: now, Vendors: s.env.vendors.Configured()}
}

func (s *session) config(f configFlag, now func() time.Time) (config.Config, error) {
	cfg, err := config.Load(f.Config, s.configEnv(now))
	return cfg, config.BadFile(err)
}

// world is what a pipeline gets of this program.
func (s *session) world(now func() time.Time) pipeline.World {
	return pipeline.World{
		Vendors: s.env.vendors, Proxy: s.env.proxy(), Version: currentVersion().Version, Now: now, Log: s.log, AtEnd: s.atEnd, Reading: s.env.reading,
	}
}

// pipelineFlags say what a command works with: configuration, database and time.
type pipelineFlags struct {
	configFlag
	databaseFlag
	nowFlag
}

// open reads the configuration before it touches the database, so that a slip in the file costs nothing.
func (f pipelineFlags) open(s *session) (*pipeline.Pipeline, error) {
	now := f.clock()
	cfg, err := s.config(f.configFlag, now)
	if err != nil {
		return nil, err
	}
	if s.env.isTraced() {
		stop, err := tracing.Start(s.ctx, currentVersion().Version, s.log)
		if err != nil {
			return nil, err
		}
		s.atEnd(stop)
	}
	wh, err := s.warehouse(f.databaseFlag)
	if err != nil {
		return nil, err
	}
	return s.over(wh, cfg, now)
}

// over gives a pipeline over an open warehouse.
func (s *session) over(wh *load.Warehouse, cfg config.Config, now func() time.Time) (*pipeline.Pipeline, error) {
	var err error
	world := s.world(now)
	if world.Lineage, err = s.lineage(wh); err != nil {
		return nil, err
	}
	return pipeline.New(world, cfg, wh)
}

// lineage gives what tells a collector of each load, until the command ends; nil where none is configured.
func (s *session) lineage(wh *load.Warehouse) (*lineage.Sender, error) {
	at, address := wh.Pool().Config().ConnConfig, s.env.value("OPENLINEAGE_URL")
	if address == "" {
		return nil, nil //nolint:nilnil // a nil Sender tells nobody
	}
	host := at.Host
	if strings.HasPrefix(host, "/") {
		host = "localhost" // a socket
	}
	sender, err := lineage.New(lineage.Options{
		URL: address, Endpoint: s.env.value("OPENLINEAGE_ENDPOINT"), Key: s.env.value("OPENLINEAGE_API_KEY"), Namespace: s.env.value("OPENLINEAGE_NAMESPACE"),
		Server: "postgres://" + net.JoinHostPort(host, strconv.Itoa(int(at.Port))), Database: at.Database,
	}, s.log)
	if err == nil {
		go sender.Work()
		s.atEnd(sender.Close)
	}
	return sender, config.BadInput(err)
}

// accountFlags choose accounts of what is configured.
type accountFlags struct {
	Source  []string `help:"Only this source; repeatable." placeholder:"NAME"`
	Account []string `help:"Only this sms_user or SdkAppId; repeatable." placeholder:"ID"`
}

// chosen gives the accounts of each source.
func (f accountFlags) chosen(p *pipeline.Pipeline) (map[string][]sms.Account, error) {
	accounts, err := plan.Accounts(plan.Request{Sources: f.Source, Accounts: f.Account}, p.Config.Planned())
	return accounts, config.BadInput(err)
}

// narrowFlags choose a part of what is configured.
type narrowFlags struct {
	accountFlags
	Dataset []string `help:"Only this dataset, such as stats_day; repeatable. Tencent's two are always loaded together." placeholder:"NAME"`
	Vendor  []string `help:"Only this vendor; repeatable." placeholder:"NAME"`
}

// finish prints what a run did and gives its exit code.
func (s *session) finish(r pipeline.Report, out outputFlag) error {
	return out.print(s, r, show.Run(r), runCode(r))
}

// runCode: contradictions are for the configuration, and running again would not help.
func runCode(r pipeline.Report) int {
	switch {
	case len(r.Contradictions) > 0:
		return exitUsage
	case r.IsPartial():
		return exitPartial
	default:
		return exitOK
	}
}
