package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"slices"
	"time"

	"github.com/alecthomas/kong"
	"go.uber.org/zap"
	"go.uber.org/zap/zapcore"

	"smsetl/cmd/etl/show"
	"smsetl/config"
	"smsetl/sms"
)

// The exit codes that scripts and monitors rely on.
const (
	exitOK      = 0
	exitFailed  = 1
	exitUsage   = 2 // the command line or the configuration is wrong
	exitPartial = 3 // some days are not loaded; run again to resume
	exitQuality = 4 // a quarantined day or an open finding
)

// exit is an error that knows the program's exit code. An empty message means that all of it is printed already.
type exit struct {
	code int
	err  error
}

func (e exit) Error() string {
	if e.err == nil {
		return ""
	}
	return e.err.Error()
}

func (e exit) Unwrap() error { return e.err }

// usage is for what another command line, configuration or file would repair.
func usage(err error) error { return config.BadInput(err) }

// exitWith ends the program with a code after a report that explains it.
func exitWith(code int) error {
	if code == exitOK {
		return nil
	}
	return exit{code: code}
}

// cli is the command line. Kong reads the help from the tags.
type cli struct {
	LogLevel string `help:"debug, info, warn or error. Default: warn on a terminal, info elsewhere." enum:",debug,info,warn,error" default:""`

	Demo     demoCommand     `cmd:"" help:"Everything here and now: an embedded Postgres, sandbox vendors, 400 days. No keys, no Docker."`
	Run      runCommand      `cmd:"" help:"Load what is due, once, then exit. For cron, systemd timers, Kubernetes CronJobs."`
	Backfill backfillCommand `cmd:"" help:"Load a range of days. Running it again resumes it."`
	Serve    serveCommand    `cmd:"" help:"Follow the schedules and load what is due, until it is stopped. Start it on as many machines as you like."`
	Plan     planCommand     `cmd:"" help:"Show what run or backfill would ask for, without asking."`
	Import   importCommand   `cmd:"" help:"Load files that somebody exported from a vendor's console."`
	Status   statusCommand   `cmd:"" help:"Show what the ledger knows of every day. The exit code is for monitors."`
	Check    checkCommand    `cmd:"" help:"Show what does not add up or looks wrong in the numbers. The exit code is for monitors."`
	Replay   replayCommand   `cmd:"" help:"Build days again from the answers that were kept. Asks nobody; needs the database only."`
	Explain  explainCommand  `cmd:"" help:"Follow a number back to its load, answer, request and field, with every value it ever had."`
	Compare  compareCommand  `cmd:"" help:"Say why the delivery rate or the failures of a period are not those of another: which part did how much, to the last message."`
	Raw      rawCommand      `cmd:"" help:"The vendors' answers as they were kept: list, show, throw old ones away."`
	Migrate  migrateCommand  `cmd:"" help:"Bring the database's schema up, down, or show where it stands."`
	Doctor   doctorCommand   `cmd:"" help:"Check configuration, database and clock, and read a day of each dataset of each account."`
	Sandbox  sandboxCommand  `cmd:"" help:"Play the vendors on loopback, with a ground truth and faults on demand, and Huawei's console in files."`
	Probe    probeCommand    `cmd:"" help:"Ask a vendor what its documents leave open: how it reads a window, where its day begins, which path answers."`
	Version  versionCommand  `cmd:"" help:"Show the program's version."`

	Backfills backfillsCommand `cmd:"" help:"Show how far detached backfills are, from any machine."`
	Cancel    cancelCommand    `cmd:"" help:"End a run or detached backfill, from any machine. What was loaded stays."`
	Pause     pauseCommand     `cmd:"" help:"Stop asking a source, on every machine, until it is resumed."`
	Resume    resumeCommand    `cmd:"" help:"Ask a paused source again."`
	Bootstrap bootstrapCommand `cmd:"" help:"Give a BI tool its connection, questions and dashboards."`
	Export    exportCommand    `cmd:"" help:"Write what the views are as files for another tool: a dbt package, a Superset bundle, a data contract, a Cube model."`
	Password  passwordCommand  `cmd:"" help:"Make the hash of a password for the login of etl serve."`
	Sessions  sessionsCommand  `cmd:"" help:"Show who is logged in to the pages with a password, and end logins."`
	Freeze    freezeCommand    `cmd:"" help:"Leave days alone, whatever is loaded, until unfreeze."`
	Unfreeze  unfreezeCommand  `cmd:"" help:"Make frozen days what they were."`
	Release   releaseCommand   `cmd:"" help:"Believe quarantined answers by hand. They are loaded as they were kept; nobody is asked."`
}

// session is what a command gets to work with.
type session struct {
	ctx    context.Context //nolint:containedctx // one command runs in one session, and kong hands it one value
	env    environment
	stdout io.Writer
	stderr io.Writer
	log    *zap.Logger
	opened []func() // what closes the things that the command opened, in their order
}

// atEnd closes something when the command has ended; what was opened last is closed first.
func (s *session) atEnd(closing func()) { s.opened = append(s.opened, closing) }

func (s *session) close() {
	for _, closing := range slices.Backward(s.opened) {
		closing()
	}
	s.opened = nil
}

// run is the whole program but for the process around it.
func run(ctx context.Context, args []string, env environment, stdout, stderr io.Writer) int {
	var c cli
	exited := -1
	parser, err := kong.New(&c,
		kong.Name("etl"),
		kong.Description("SMS delivery statistics of every vendor in one Postgres star schema."),
		kong.Writers(stdout, stderr),
		kong.Exit(func(code int) { exited = code }),
		kong.UsageOnError(),
		kong.ConfigureHelp(kong.HelpOptions{Compact: true, NoExpandSubcommands: true}),
	)
	if err != nil {
		fmt.Fprintln(stderr, "etl:", err)
		return exitFailed
	}
	parsed, err := parser.Parse(args)
	if exited >= 0 { // --help
		return exited
	}
	if err != nil {
		fmt.Fprintf(stderr, "etl: %s\nRun \"etl --help\" for the commands.\n", show.Visible(err.Error()))
		return exitUsage
	}
	s := &session{ctx: ctx, env: env, stdout: stdout, stderr: stderr, log: newLogger(c.LogLevel, stderr)}
	defer func() { _ = s.log.Sync() }() // a terminal cannot be synced, and nothing is lost by it
	return s.end(parsed.Run(s))
}

// end closes what the command opened, prints what went wrong, once, and gives the exit code.
func (s *session) end(err error) int {
	s.close()
	if err == nil {
		return exitOK
	}
	code := exitFailed
	if _, isOurs := errors.AsType[*config.InputError](err); isOurs {
		code = exitUsage
	}
	if e, ok := errors.AsType[exit](err); ok {
		code = e.code
	}
	if errors.Is(err, context.Canceled) && s.ctx.Err() != nil {
		fmt.Fprintln(s.stderr, "etl: stopped. What was loaded stays; run the same command again to resume.")
		return exitPartial
	}
	if message := err.Error(); message != "" {
		fmt.Fprintln(s.stderr, "etl:", show.Visible(message))
	}
	return code
}

// newLogger writes lines for people on a terminal and JSON elsewhere.
func newLogger(level string, w io.Writer) *zap.Logger {
	at, err := zapcore.ParseLevel(level)
	switch {
	case level != "" && err == nil:
	case show.IsTerminal(w):
		at = zapcore.WarnLevel // the bar and the tables say the rest
	default:
		at = zapcore.InfoLevel
	}
	form := zap.NewProductionEncoderConfig()
	form.EncodeTime = zapcore.ISO8601TimeEncoder
	form.EncodeDuration = zapcore.StringDurationEncoder
	encoder := zapcore.NewJSONEncoder(form)
	if show.IsTerminal(w) {
		form.EncodeLevel = zapcore.CapitalColorLevelEncoder
		encoder = zapcore.NewConsoleEncoder(form)
		w = show.LogOn(w)
	}
	return zap.New(zapcore.NewCore(encoder, zapcore.AddSync(w), at))
}

// nowFlag lets a rehearsal happen at another time.
type nowFlag struct {
	Now string `help:"Pretend that it is this time, such as 2026-11-22T03:00:00+08:00, for rehearsals." placeholder:"TIME"`
}

// clock gives the time source; without the flag it is the machine's.
func (f nowFlag) clock() (func() time.Time, error) {
	if f.Now == "" {
		return time.Now, nil
	}
	at, err := time.Parse(time.RFC3339, f.Now)
	if err != nil {
		return nil, usage(fmt.Errorf("--now: %q is not a time: want RFC 3339, such as 2026-11-22T03:00:00+08:00", f.Now))
	}
	return func() time.Time { return at }, nil
}

// parseDay reads the day of a flag.
func parseDay(flag, text string) (sms.Day, error) {
	day, err := sms.ParseDay(text)
	if err != nil {
		return 0, usage(fmt.Errorf("--%s: %w", flag, err))
	}
	return day, nil
}
