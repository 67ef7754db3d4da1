package main

import (
	"errors"
	"fmt"
	"os"
	"strings"
	"time"

	"smsetl/config"
	"smsetl/extract/huawei"
	"smsetl/job"
	"smsetl/load"
	"smsetl/load/messages"
	"smsetl/sms"
)

type importCommand struct {
	Huawei importHuaweiCommand `cmd:"" help:"Exports of the page Viewing Sending Details, and of the statistics page to compare with: CSV or XLSX, of any language, encoding and order of columns."`
}

type importHuaweiCommand struct {
	Files []string `arg:"" help:"The files as the console gives them." placeholder:"FILE"`
	configFlag
	databaseFlag
	Source  string `help:"The source that the files are of." required:"" placeholder:"NAME"`
	Account string `help:"The application that was chosen when the files were exported. Without it they speak for all of the source." placeholder:"NAME"`
	From    string `help:"The first instant that the files were asked for, where neither title nor name says: yyyy-MM-dd, or RFC 3339." placeholder:"TIME"`
	To      string `help:"The last day that they were asked for, yyyy-MM-dd, or the instant at which they end." placeholder:"TIME"`
	DryRun  bool   `help:"Show which columns are recognised and the first rows as they would be kept, and write nothing."`
	nowFlag
	outputFlag
}

// importReport is the JSON of "etl import".
type importReport struct {
	RunID    int64          `json:"run_id"` // 0 for a dry run
	DryRun   bool           `json:"dry_run"`
	Files    []importedFile `json:"files"`
	Windows  int            `json:"windows"`
	FileRows int64          `json:"rows"`
	Messages int64          `json:"new_messages"`
	Changed  int64          `json:"changed_messages"`
	TooOld   int64          `json:"too_old"`
	load.Counts
	Quarantined []job.Remark    `json:"quarantined"`
	Complete    []completeDays  `json:"complete"`
	Unreadable  []unreadableRow `json:"unreadable"`
	Missing     []missingInDays `json:"missing"`
	Differences []string        `json:"differences"` // between statistics pages and sending details, of all that is imported by now
}

// completeDays are the days, of those that the files are about, that are covered as a whole by now.
type completeDays struct {
	Account string   `json:"account"`
	Days    []string `json:"days"`
}

// importedFile is what is known of a file. Covers is empty when nobody can say which stretch of time it holds.
type importedFile struct {
	Name    string            `json:"name"`
	Kind    string            `json:"kind"` // sending_details, statistics
	Format  string            `json:"format"`
	Rows    int64             `json:"rows"`
	MadeAt  string            `json:"made_at"`
	Covers  string            `json:"covers"`
	IsCut   bool              `json:"is_cut"`
	Days    int               `json:"days,omitzero"` // of a statistics page
	Columns map[string]string `json:"columns"`
	Dropped []string          `json:"dropped"`
	Header  []string          `json:"header,omitempty"` // of a dry run
	Cells   [][]string        `json:"cells,omitempty"`
}

// unreadableRow is a row of a file that cannot be understood. Its text is in etl.reject, by the hash and the position.
type unreadableRow struct {
	File     string `json:"file"`
	Hash     string `json:"hash"` // of the kept form
	Position int64  `json:"position"`
	Reason   string `json:"reason"`
	SentAt   string `json:"sent_at,omitempty"` // as far as it can be read
}

// missingInDays are the hours of a day that are in no export.
type missingInDays struct {
	Account string `json:"account"`
	Day     string `json:"send_date"`
	Hours   string `json:"hours"`
}

// Run imports files. Exit code 4 is for days that are not believed yet, 3 for days that exports do not cover as a whole.
func (c *importHuaweiCommand) Run(s *session) error {
	now, err := c.clock()
	if err != nil {
		return err
	}
	cfg, err := s.config(c.configFlag, now)
	if err != nil {
		return err
	}
	source, err := c.source(cfg)
	if err != nil {
		return err
	}
	in, err := newImporting(s, source, c.Account, now())
	if err != nil {
		return err
	}
	if in.asked, err = c.span(source.Zone); err != nil {
		return err
	}
	report := importReport{DryRun: c.DryRun}
	if c.DryRun {
		err = in.preview(c.Files, &report)
	} else {
		err = c.load(s, cfg, in, &report)
	}
	if err != nil {
		return err
	}
	if err := c.print(s, report, func() error { return s.printImport(report) }); err != nil {
		return err
	}
	return report.exit()
}

func (c *importHuaweiCommand) source(cfg config.Config) (config.Source, error) {
	var names []string
	for _, s := range cfg.Sources {
		if s.Vendor != sms.Huawei {
			continue
		}
		if s.Name == c.Source {
			return s, c.checkAccount(s)
		}
		names = append(names, s.Name)
	}
	if names == nil {
		return config.Source{}, usage(errors.New("the configuration has no source of vendor huawei"))
	}
	return config.Source{}, usage(fmt.Errorf("no source %q of vendor huawei: want %s", c.Source, strings.Join(names, " or ")))
}

func (c *importHuaweiCommand) checkAccount(s config.Source) error {
	for _, name := range s.AccountIDs {
		if c.Account == "" || c.Account == name {
			return nil
		}
	}
	return usage(fmt.Errorf("--account %q is no application of source %q: want one of %s", c.Account, s.Name, strings.Join(s.AccountIDs, ", ")))
}

// span reads --from and --to.
func (c *importHuaweiCommand) span(zone sms.Zone) (sms.Span, error) {
	if (c.From == "") != (c.To == "") {
		return sms.Span{}, usage(errors.New("--from and --to go together"))
	}
	if c.From == "" {
		return sms.Span{}, nil
	}
	from, err := instant("from", c.From, zone, 0)
	if err != nil {
		return sms.Span{}, err
	}
	to, err := instant("to", c.To, zone, 1)
	if err == nil && !from.Before(to) {
		err = usage(fmt.Errorf("--from %s is not before --to %s", c.From, c.To))
	}
	return sms.Span{From: from, To: to}, err
}

// instant reads an instant, or the start of a day, some days later.
func instant(flag, text string, zone sms.Zone, later sms.Day) (time.Time, error) {
	if day, err := sms.ParseDay(text); err == nil {
		return zone.Start(day + later).UTC(), nil
	}
	at, err := time.Parse(time.RFC3339, text)
	if err != nil {
		return at, usage(fmt.Errorf("--%s: %q is no time: want a day such as 2026-01-31, or 2026-01-31T15:00:00+08:00", flag, text))
	}
	return at.UTC(), nil
}

// exportReader reads the files of a source. Rows that name no application are of the given one.
func exportReader(s config.Source, application string) (*huawei.Reader, error) {
	own := s.Own.(*huawei.Settings)
	options := own.Options
	options.Source, options.Key, options.Account = s.Name, []byte(own.PhoneKey.Reveal()), application
	reader, err := huawei.New(options)
	if err != nil {
		return nil, fmt.Errorf("source %q: %w", s.Name, err)
	}
	return reader, nil
}

// importable says what is wrong with how a source's files would be read.
func importable(s config.Source) error {
	_, err := exportReader(s, "")
	return err
}

// importing is an import under way.
type importing struct {
	session *session
	source  config.Source
	reader  *huawei.Reader
	chosen  string   // the application, as the command line says; "" when it does not
	asked   sms.Span // likewise; empty when it does not
	now     time.Time
}

func newImporting(s *session, source config.Source, chosen string, now time.Time) (*importing, error) {
	in := &importing{session: s, source: source, chosen: chosen, now: now}
	var err error
	if in.reader, err = exportReader(source, in.account().ID); err != nil {
		return nil, usage(err)
	}
	return in, nil
}

// open opens a file and says when it was last changed.
func (in *importing) open(path string, use func(f huawei.File, changed time.Time) error) error {
	file, err := os.Open(path)
	if err != nil {
		return usage(errors.New(huawei.SafeName(path) + " cannot be opened: " + cause(err)))
	}
	defer file.Close()
	info, err := file.Stat()
	if err != nil {
		return err
	}
	if !info.Mode().IsRegular() {
		return usage(errors.New(huawei.SafeName(path) + " is no file"))
	}
	return use(huawei.File{Name: info.Name(), Data: file, Size: info.Size()}, info.ModTime())
}

// cause gives the error of a file without its path.
func cause(err error) string {
	if at, ok := errors.AsType[*os.PathError](err); ok {
		return at.Err.Error()
	}
	return err.Error()
}

// heldBytes is how many packed bytes of files are put together into transactions; more files are loaded after them.
const heldBytes = 16 << 20

func (c *importHuaweiCommand) load(s *session, cfg config.Config, in *importing, report *importReport) error {
	wh, err := s.warehouse(c.databaseFlag)
	if err != nil {
		return err
	}
	p := &pipeline{session: s, config: cfg, warehouse: wh, now: func() time.Time { return in.now }}
	if err := p.register(s.ctx); err != nil {
		return err
	}
	return in.load(wh, c.Files, report)
}

// load reads the files and loads them, as a run.
func (in *importing) load(wh *load.Warehouse, paths []string, report *importReport) (err error) {
	arguments := fmt.Sprintf("--source %s, %s", in.source.Name, plural(len(paths), "file"))
	if report.RunID, err = startRun(in.session.ctx, wh, "import", arguments, in.now); err != nil {
		return err
	}
	err = in.all(wh, paths, report)
	return errors.Join(err, endRun(in.session.ctx, wh, report.RunID, report.outcome(err), in.now))
}

func (in *importing) all(wh *load.Warehouse, paths []string, report *importReport) error {
	open := map[string]missingInDays{}
	var files []job.ExportFile
	var listed []importedFile
	held := 0
	put := func() error {
		err := in.put(wh, files, listed, report, open)
		files, listed, held = nil, nil, 0
		return err
	}
	for _, path := range paths {
		file, shown, err := in.read(path)
		if err != nil {
			return err
		}
		if shown.Kind == string(huawei.Statistics) {
			if err := in.keepStatistics(wh, file, shown, report); err != nil {
				return err
			}
			continue
		}
		files, listed = append(files, file), append(listed, shown)
		for _, part := range file.Parts {
			held += len(part.Body.Packed)
		}
		if held >= heldBytes {
			if err := put(); err != nil {
				return err
			}
		}
	}
	if len(files) > 0 {
		if err := put(); err != nil {
			return err
		}
	}
	report.missing(open)
	return in.compare(wh, report)
}

// read reads a file into parts.
func (in *importing) read(path string) (out job.ExportFile, shown importedFile, err error) {
	err = in.open(path, func(f huawei.File, changed time.Time) error {
		read, err := in.reader.Read(in.session.ctx, f, func(part huawei.Part) error {
			out.Parts = append(out.Parts, job.FilePart{Body: part.Body, Request: part.Request})
			return nil
		})
		if err != nil {
			return usage(err)
		}
		out.Export = messages.Export{Hash: read.SHA256, Name: read.Name, MadeAt: in.madeAt(read, changed), Covers: in.covers(read)}
		shown = newImportedFile(read)
		return nil
	})
	return out, shown, err
}

// madeAt says when an export was made: as it says itself, or else when the file was last changed, which a browser does when it saves
// it. Never after now.
func (in *importing) madeAt(r huawei.Report, changed time.Time) time.Time {
	at := r.MadeAt
	if at.IsZero() {
		at = changed
	}
	if at.After(in.now) {
		at = in.now
	}
	return at.UTC().Truncate(time.Second)
}

// covers says of which stretch of time an export holds all messages, before it is known when it was made.
func (in *importing) covers(r huawei.Report) sms.Span {
	switch {
	case r.IsCut:
		return sms.Span{}
	case !in.asked.IsEmpty():
		return in.asked
	default:
		return r.Asked
	}
}

// put loads files. A file that was imported before was made when it was made then, whatever became of its date since.
func (in *importing) put(wh *load.Warehouse, files []job.ExportFile, listed []importedFile, report *importReport, open map[string]missingInDays) error {
	hashes := make([]sms.Hash, len(files))
	for i := range files {
		hashes[i] = files[i].Hash
	}
	known, err := messages.LoadedExports(in.session.ctx, wh.DB, in.source.Name, hashes)
	if err != nil {
		return err
	}
	for i := range files {
		f := &files[i]
		if at, isKnown := known[f.Hash]; isKnown {
			f.MadeAt = at
		} else {
			known[f.Hash] = f.MadeAt // the same bytes may be among the files twice
		}
		f.Covers = f.Covers.Until(f.MadeAt)
		listed[i].MadeAt, listed[i].Covers = f.MadeAt.Format(time.RFC3339), spanText(f.Covers)
	}
	report.Files = append(report.Files, listed...)
	im := in.job(report.RunID, files)
	done, err := im.Run(in.session.ctx, wh)
	report.add(done, open)
	if foreign, ok := errors.AsType[*job.ApplicationError](err); ok {
		return usage(in.foreign(foreign))
	}
	if unreadable, ok := errors.AsType[*job.UnreadableError](err); ok {
		return usage(fmt.Errorf("none of the %s of %s can be read, and nothing says which days it is of: %s",
			plural(unreadable.Rows, "row"), unreadable.File, unreadable.Reason))
	}
	return err
}

// keepsMessagesFrom gives the first day of a source that is still counted from messages. The facts of older ones stay as they are.
func keepsMessagesFrom(s config.Source, now time.Time) sms.Day {
	return s.Zone.Today(now) - sms.Day(s.MessageRetentionDays)
}

// job gives what the files are imported as.
func (in *importing) job(runID int64, files []job.ExportFile) job.Import {
	return job.Import{
		RunID: runID, Source: in.source.Name, Accounts: in.source.Accounts(), Account: in.account(), Files: files,
		Rules: rules(in.source), ConfirmAfter: in.source.ConfirmAfter, ChunkDays: in.source.ChunkDays, KeepFrom: keepsMessagesFrom(in.source, in.now), Now: in.now,
	}
}

// account gives the application that was named, or the only one that there is.
func (in *importing) account() sms.Account {
	all := in.source.Accounts()
	for _, a := range all {
		if a.ID == in.chosen || len(all) == 1 {
			return a
		}
	}
	return sms.Account{}
}

func (in *importing) foreign(e *job.ApplicationError) error {
	if e.Name == "" {
		return fmt.Errorf("%s does not say which applications its messages are of: name the one that was chosen with --account", e.File)
	}
	return fmt.Errorf("%s holds messages of application %q, which is none of source %q: add it to applications, or export without it",
		e.File, huawei.SafeName(e.Name), in.source.Name)
}

// previewRows is how many rows a dry run shows of a file.
const previewRows = 5

// preview shows how files are understood.
func (in *importing) preview(paths []string, report *importReport) error {
	for _, path := range paths {
		err := in.open(path, func(f huawei.File, changed time.Time) error {
			shown, err := in.reader.Preview(in.session.ctx, f, previewRows)
			if err != nil {
				return usage(err)
			}
			file := newImportedFile(shown.Report)
			made := in.madeAt(shown.Report, changed)
			file.MadeAt, file.Covers = made.Format(time.RFC3339), spanText(in.covers(shown.Report).Until(made))
			file.Header, file.Cells = shown.Header, shown.Cells
			report.Files = append(report.Files, file)
			return nil
		})
		if err != nil {
			return err
		}
	}
	return nil
}
