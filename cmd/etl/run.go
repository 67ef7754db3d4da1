package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"reflect"
	"slices"
	"strings"
	"time"

	"github.com/alecthomas/kong"
	"github.com/jackc/pgx/v5/pgconn"
	"go.uber.org/zap"

	"smsetl/cmd/etl/manual"
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

// cli is the command line. Kong reads the help from the tags; what a flag reads where it is not given stands in its tag reads.
type cli struct {
	LogLevel    string           `help:"debug, info, warn or error. Default: warn on a terminal, info elsewhere and for serve." enum:",debug,info,warn,error" default:"" placeholder:"LEVEL"`
	ShowVersion kong.VersionFlag `name:"version" help:"Show the program's version, commit and date."`

	Demo     demoCommand     `cmd:"" group:"start" help:"Everything here and now: an embedded Postgres, sandbox vendors, 400 days. No keys, no Docker."`
	Init     initCommand     `cmd:"" group:"start" help:"Write a first schedules.yaml. Asks on a terminal, or takes flags."`
	Validate validateCommand `cmd:"" group:"start" help:"Check schedules.yaml by itself: no database, no network, no secrets."`
	Doctor   doctorCommand   `cmd:"" group:"start" help:"Check configuration, database and clock, and read a day of each dataset of each account."`

	Run       runCommand       `cmd:"" group:"load" help:"Load what is due, once, then exit. For cron, systemd timers, Kubernetes CronJobs."`
	Serve     serveCommand     `cmd:"" group:"load" help:"Follow the schedules and load what is due, until it is stopped. Start it on as many machines as you like."`
	Backfill  backfillCommand  `cmd:"" group:"load" help:"Load a range of days. Running it again resumes it."`
	Backfills backfillsCommand `cmd:"" group:"load" help:"Show how far detached backfills are, from any machine."`
	Plan      planCommand      `cmd:"" group:"load" help:"Show what run or backfill would ask for, without asking."`
	Import    importCommand    `cmd:"" group:"load" help:"Load files that somebody exported from a vendor's console."`
	Cancel    cancelCommand    `cmd:"" group:"load" help:"End a run or detached backfill, from any machine. What was loaded stays."`
	Pause     pauseCommand     `cmd:"" group:"load" help:"Stop asking a source, on every machine, until it is resumed."`
	Resume    resumeCommand    `cmd:"" group:"load" help:"Ask a paused source again."`

	Status   statusCommand   `cmd:"" group:"look" help:"Show what the ledger knows of every day. The exit code is for monitors."`
	Check    checkCommand    `cmd:"" group:"look" help:"Show what does not add up or looks wrong in the numbers. The exit code is for monitors."`
	Explain  explainCommand  `cmd:"" group:"look" help:"Follow a number back to its load, answer, request and field, with every value it ever had."`
	Compare  compareCommand  `cmd:"" group:"look" help:"Say why the delivery rate or the failures of a period are not those of another: which part did how much, to the last message."`
	Prices   pricesCommand   `cmd:"" group:"look" help:"What we pay the vendors: import a price list, list it, write it."`
	Invoice  invoiceCommand  `cmd:"" group:"look" help:"Compare a vendor's invoice with the warehouse. The exit code is for monitors."`
	Names    namesCommand    `cmd:"" group:"look" help:"What people call templates, labels, accounts and message types: import names, or ask the vendors for theirs."`
	Raw      rawCommand      `cmd:"" group:"look" help:"The vendors' answers as they were kept: list, show, throw old ones away."`
	Replay   replayCommand   `cmd:"" group:"look" help:"Build days again from the answers that were kept. Asks nobody; needs the database only."`
	Release  releaseCommand  `cmd:"" group:"look" help:"Believe quarantined answers by hand. They are loaded as they were kept; nobody is asked."`
	Freeze   freezeCommand   `cmd:"" group:"look" help:"Leave days alone, whatever is loaded, until unfreeze."`
	Unfreeze unfreezeCommand `cmd:"" group:"look" help:"Make frozen days what they were."`

	Migrate    migrateCommand    `cmd:"" group:"more" help:"Bring the database's schema up, down, or show where it stands."`
	Probe      probeCommand      `cmd:"" group:"more" help:"Ask a vendor what its documents leave open: how it reads a window, where its day begins, which path answers."`
	Sandbox    sandboxCommand    `cmd:"" group:"more" help:"Play the vendors on loopback, with a ground truth and faults on demand, and Huawei's console in files."`
	Bootstrap  bootstrapCommand  `cmd:"" group:"more" help:"Give a BI tool its connection, questions and dashboards."`
	Export     exportCommand     `cmd:"" group:"more" help:"Write what the views are as files for another tool: a dbt package, a Superset bundle, a data contract, a Cube model."`
	Password   passwordCommand   `cmd:"" group:"more" help:"Make the hash of a password for the login of etl serve."`
	Sessions   sessionsCommand   `cmd:"" group:"more" help:"Show who is logged in to the pages with a password, and end logins."`
	Schema     schemaCommand     `cmd:"" group:"more" help:"Print the JSON Schema of schedules.yaml, for editors."`
	Completion completionCommand `cmd:"" group:"more" help:"Print what bash, zsh, fish or PowerShell runs to complete commands."`
	Version    versionCommand    `cmd:"" group:"more" help:"Show the program's version, commit and date."`
	Help       helpCommand       `cmd:"" group:"more" help:"Show the help of a command."`

	Complete completeCommand `cmd:"" hidden:"" group:"more" name:"__complete" help:"Print what may come next on a command line."`
	Man      manCommand      `cmd:"" hidden:"" group:"more" help:"Write man pages into a folder."`
}

// session is what a command gets to work with.
type session struct {
	ctx    context.Context //nolint:containedctx // one command runs in one session, and kong hands it one value
	env    environment
	stdout io.Writer
	stderr io.Writer
	screen *show.Screen // what stderr is where a bar may be on it; nil for none
	log    *zap.Logger
	// command is what was understood of the command line, for who looks for its help.
	command string
	opened  []func() // what closes the things that the command opened, in their order
}

// atEnd closes something when the command has ended; what was opened last is closed first.
func (s *session) atEnd(closing func()) { s.opened = append(s.opened, closing) }

func (s *session) close() {
	for _, closing := range slices.Backward(s.opened) {
		closing()
	}
	s.opened = nil
}

// newParser makes the command line. exited gets the code of help and version, which end the program by themselves.
func newParser(c *cli, env environment, stdout, stderr io.Writer, exited func(code int)) (*kong.Kong, error) {
	return kong.New(c,
		kong.Name("etl"),
		kong.Description("SMS delivery statistics of every vendor in one Postgres star schema."),
		kong.Writers(stdout, stderr),
		kong.Exit(exited),
		kong.Vars{"config": env.configFile(), "version": currentVersion().Text()},
		kong.ExplicitGroups([]kong.Group{
			{Key: "start", Title: "To start:"}, {Key: "load", Title: "To load:"}, {Key: "look", Title: "To look and decide:"}, {Key: "more", Title: "More:"},
		}),
		kong.ConfigureHelp(kong.HelpOptions{Compact: true, NoExpandSubcommands: true, FlagsLast: true}),
		readBy(sms.ParseDay), readBy(parseTime), readBy(parsePeriod),
		kong.ValueFormatter(manual.Help),
		kong.PostBuild(manual.Detail),
	)
}

// spelt is the command line as kong knows it: help is a flag of every command, and what nothing asks for.
func spelt(args []string) []string {
	switch {
	case len(args) == 0:
		return []string{"--help"}
	case args[0] == "help":
		return append(slices.Clone(args[1:]), "--help")
	}
	return args
}

// run is the whole program but for the process around it.
func run(ctx context.Context, args []string, env environment, stdout, stderr io.Writer) int {
	var c cli
	exited := -1
	parser, err := newParser(&c, env, stdout, stderr, func(code int) { exited = code })
	if err != nil {
		fmt.Fprintln(stderr, "etl:", err)
		return exitFailed
	}
	parsed, err := parser.Parse(spelt(args))
	if exited >= 0 { // --help, --version
		return exited
	}
	if wrong, ok := errors.AsType[*kong.ParseError](err); ok {
		parsed = wrong.Context
	}
	s := &session{ctx: ctx, env: env, stdout: stdout, stderr: stderr, screen: show.NewScreen(stderr)}
	if parsed != nil && parsed.Selected() != nil {
		s.command = parsed.Selected().Path()
	}
	if s.command == "serve" && c.LogLevel == "" {
		c.LogLevel = "info" // no bar and no table says what it does
	}
	logs := stderr
	if show.IsTerminal(stderr) {
		logs = s.screen
	}
	s.log = show.NewLogger(c.LogLevel, logs, env.colours(stderr))
	defer func() { _ = s.log.Sync() }() // a terminal cannot be synced, and nothing is lost by it
	if err != nil {
		return s.end(usage(err))
	}
	return s.end(parsed.Run(s))
}

// end closes what the command opened, prints what went wrong, once, and gives the exit code.
func (s *session) end(err error) int {
	s.close()
	if err == nil {
		return exitOK
	}
	code := exitFailed
	bad, isOurs := errors.AsType[*config.InputError](err)
	if isOurs {
		code = exitUsage
	}
	if e, ok := errors.AsType[exit](err); ok {
		code = e.code
	}
	if errors.Is(err, context.Canceled) && s.ctx.Err() != nil {
		fmt.Fprintln(s.stderr, "etl: stopped. What was loaded stays; run the same command again to resume.")
		return exitPartial
	}
	if message := show.Message(err); message != "" {
		fmt.Fprintln(s.stderr, "etl:", message)
	}
	if refused, ok := errors.AsType[*pgconn.PgError](err); ok && refused.Code == "42501" { // insufficient privilege
		fmt.Fprintln(s.stderr, "The database's role may not do this: sms_loader loads, sms_operator decides about days, the owner of the schema migrates (docs/operations.md, section 2).")
	}
	if isOurs && !bad.IsFile {
		fmt.Fprintf(s.stderr, "See \"%s --help\".\n", strings.TrimSpace("etl "+s.command))
	}
	return code
}

// nowFlag lets a rehearsal happen at another time.
type nowFlag struct {
	Now *time.Time `help:"Pretend that it is this time, such as 2026-11-22T03:00:00+08:00, for rehearsals." placeholder:"TIME"`
}

// clock gives the time source; without the flag it is the machine's.
func (f nowFlag) clock() func() time.Time {
	if f.Now == nil {
		return time.Now
	}
	return func() time.Time { return *f.Now }
}

// readBy lets flags of a type be read by parse. An empty text is none for those that may be missing, which are pointers.
func readBy[T any](parse func(text string) (T, error)) kong.Option {
	read := kong.MapperFunc(func(ctx *kong.DecodeContext, target reflect.Value) error {
		var text string
		if err := ctx.Scan.PopValueInto(reflect.TypeFor[T]().Name(), &text); err != nil {
			return err
		}
		mayMiss := target.Kind() == reflect.Pointer
		if mayMiss && text == "" {
			target.SetZero()
			return nil
		}
		value, err := parse(text)
		if mayMiss {
			target.Set(reflect.ValueOf(&value))
		} else {
			target.Set(reflect.ValueOf(value))
		}
		return err
	})
	return kong.OptionFunc(func(k *kong.Kong) error {
		return errors.Join(kong.TypeMapper(reflect.TypeFor[T](), read).Apply(k), kong.TypeMapper(reflect.TypeFor[*T](), read).Apply(k))
	})
}

// parseTime reads the time of a flag.
func parseTime(text string) (time.Time, error) {
	at, err := time.Parse(time.RFC3339, text)
	if err != nil {
		err = fmt.Errorf("%q is not a time: want RFC 3339, such as 2026-11-22T03:00:00+08:00", text)
	}
	return at, err
}
