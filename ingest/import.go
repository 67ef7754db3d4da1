// Package ingest brings what nobody can ask a vendor for: exports of Huawei's console, from a command line or a watched folder, and
// the status reports that Huawei pushes. What is in them is known to extract/huawei, and what the steps of a load are to job.
package ingest

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"time"

	"go.uber.org/zap"

	"smsetl/check"
	"smsetl/config"
	"smsetl/extract/huawei"
	"smsetl/internal/english"
	"smsetl/job"
	"smsetl/lineage"
	"smsetl/load"
	"smsetl/load/messages"
	"smsetl/pipeline"
	"smsetl/queue"
	"smsetl/sms"
)

// Reader reads the files of a source. Rows that name no application are of the given one.
func Reader(s config.Source, application string) (*huawei.Reader, error) {
	reader, err := huawei.New(readerOptions(s, application))
	if err != nil {
		return nil, fmt.Errorf("source %q: %w", s.Name, err)
	}
	return reader, nil
}

func readerOptions(s config.Source, application string) huawei.Options {
	own := s.Own.(*huawei.Settings)
	options := own.Options
	options.Source, options.Key, options.Account = s.Name, []byte(own.PhoneKey.Reveal()), application
	return options
}

// Import reads the files of a source. All of it happens at one time.
type Import struct {
	world   pipeline.World
	source  config.Source
	reader  *apart
	options Options
	now     time.Time
}

// Options are what somebody says of the files.
type Options struct {
	Account string   // the application that was chosen when they were exported; "" for nobody knows
	Asked   sms.Span // the stretch of time that they were asked for; empty for nobody knows
}

// New gives an import into a source.
func New(world pipeline.World, source config.Source, options Options) (*Import, error) {
	now := world.Now()
	world.Now = func() time.Time { return now }
	in := &Import{world: world, source: source, options: options, now: now}
	reader, err := Reader(source, in.account().ID)
	if err != nil {
		return nil, config.BadInput(err)
	}
	in.reader = &apart{Reader: reader, options: readerOptions(source, in.account().ID), limits: world.Reading}
	return in, nil
}

// Input is a file to be imported. One that is open already is read by its descriptor, whatever stands under its name by now.
type Input struct {
	Path string   // or its name, where it is open
	Open *os.File // nil for one to be opened; whoever opened it closes it
}

// Inputs are files to be opened.
func Inputs(paths []string) []Input {
	all := make([]Input, len(paths))
	for i, path := range paths {
		all[i].Path = path
	}
	return all
}

// open opens a file and gives its name, its size and when it was last changed.
func (in *Import) open(input Input, use func(f *os.File, info fs.FileInfo, name string) error) error {
	file := input.Open
	if file == nil {
		var err error
		if file, err = os.Open(input.Path); err != nil {
			return config.BadInput(errors.New(huawei.SafeName(input.Path) + " cannot be opened: " + cause(err)))
		}
		defer file.Close()
	}
	info, err := file.Stat()
	if err != nil {
		return err
	}
	if !info.Mode().IsRegular() {
		return config.BadInput(errors.New(huawei.SafeName(input.Path) + " is no file"))
	}
	err = use(file, info, filepath.Base(input.Path))
	if crash, ok := errors.AsType[*crashError](err); ok {
		in.world.Log.Error("the program crashed over a file", zap.String("source", in.source.Name), zap.String("stack", crash.stack))
	}
	return err
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

// Load reads the files and loads them, as a run. The report says how far it came, also with an error.
func (in *Import) Load(ctx context.Context, wh *load.Warehouse, inputs []Input, report *Report) error {
	arguments := fmt.Sprintf("--source %s, %s", in.source.Name, english.Plural(len(inputs), "file"))
	return queue.Record(ctx, wh.Pool(), in.world.Command("import", arguments), in.world.Now, func(runID int64) (bool, error) {
		report.RunID = runID
		err := in.all(ctx, wh, inputs, report)
		return report.IsPartial(), err
	})
}

func (in *Import) all(ctx context.Context, wh *load.Warehouse, inputs []Input, report *Report) error {
	open := map[string]MissingHours{}
	var files []job.ExportFile
	var listed []File
	held := 0
	put := func() error {
		err := in.put(ctx, wh, files, listed, report, open)
		files, listed, held = nil, nil, 0
		return err
	}
	for _, input := range inputs {
		file, shown, err := in.read(ctx, input)
		if err != nil {
			return err
		}
		if shown.Kind == string(huawei.Statistics) {
			if err := in.keepStatistics(ctx, wh, file, shown, report); err != nil {
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
	return in.compare(ctx, wh, report)
}

// read reads a file into parts.
func (in *Import) read(ctx context.Context, input Input) (out job.ExportFile, shown File, err error) {
	err = in.open(input, func(f *os.File, info fs.FileInfo, name string) error {
		read, err := in.reader.read(ctx, f, name, info.Size(), func(part huawei.Part) error {
			out.Parts = append(out.Parts, job.FilePart{Body: part.Body, Request: part.Request})
			return nil
		})
		if err != nil {
			return ofFile(err)
		}
		out.Export = messages.Export{Hash: read.SHA256, Name: read.Name, MadeAt: in.madeAt(read, info.ModTime()), Covers: in.covers(read)}
		shown = newFile(read)
		return nil
	})
	return out, shown, err
}

// ofFile gives the error of a file as one for people to mend, unless the machine is at fault.
func ofFile(err error) error {
	if errors.Is(err, sms.ErrTemporary) {
		return err
	}
	return config.BadInput(err)
}

// madeAt says when an export was made: as it says itself, or else when the file was last changed, which a browser does when it saves
// it. Never after now.
func (in *Import) madeAt(r huawei.Report, changed time.Time) time.Time {
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
func (in *Import) covers(r huawei.Report) sms.Span {
	switch {
	case r.IsCut:
		return sms.Span{}
	case !in.options.Asked.IsEmpty():
		return in.options.Asked
	default:
		return r.Asked
	}
}

// put loads files. A file that was imported before was made when it was made then, whatever became of its date since.
func (in *Import) put(ctx context.Context, wh *load.Warehouse, files []job.ExportFile, listed []File, report *Report, open map[string]MissingHours) error {
	hashes := make([]sms.Hash, len(files))
	for i := range files {
		hashes[i] = files[i].Hash
	}
	known, err := messages.LoadedExports(ctx, wh.DB, in.source.Name, hashes)
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
	done, err := im.Run(ctx, wh)
	report.add(done, open)
	if foreign, ok := errors.AsType[*job.ApplicationError](err); ok {
		return config.BadInput(in.foreign(foreign))
	}
	if unreadable, ok := errors.AsType[*job.UnreadableError](err); ok {
		return config.BadInput(fmt.Errorf("none of the %s of %s can be read, and nothing says which days it is of: %s",
			english.Plural(unreadable.Rows, "row"), unreadable.File, unreadable.Reason))
	}
	return err
}

// Tell has a collector told of each load.
func (in *Import) Tell(collector *lineage.Sender) { in.world.Lineage = collector }

// job gives what the files are imported as.
func (in *Import) job(runID int64, files []job.ExportFile) job.Import {
	return job.Import{
		RunID: runID, Source: in.source.Name, Accounts: in.source.Accounts(), Account: in.account(), Files: files,
		Rules: in.source.Rules(), ConfirmAfter: in.source.ConfirmAfter, ChunkDays: in.source.ChunkDays, KeepFrom: in.source.MessagesFrom(in.now), Now: in.now,
		Lineage: in.world.Lineage,
	}
}

// account gives the application that was named, or the only one that there is.
func (in *Import) account() sms.Account {
	all := in.source.Accounts()
	for _, a := range all {
		if a.ID == in.options.Account || len(all) == 1 {
			return a
		}
	}
	return sms.Account{}
}

func (in *Import) foreign(e *job.ApplicationError) error {
	if e.Name == "" {
		return fmt.Errorf("%s does not say which applications its messages are of: name the one that was chosen with --account", e.File)
	}
	return fmt.Errorf("%s holds messages of application %q, which is none of source %q: add it to applications, or export without it",
		e.File, huawei.SafeName(e.Name), in.source.Name)
}

// PreviewRows is how many rows a dry run shows of a file.
const PreviewRows = 5

// Preview adds to the report how files are understood, and loads nothing.
func (in *Import) Preview(ctx context.Context, paths []string, report *Report) error {
	for _, path := range paths {
		err := in.open(Input{Path: path}, func(f *os.File, info fs.FileInfo, name string) error {
			shown, err := in.reader.preview(ctx, f, name, info.Size(), PreviewRows)
			if err != nil {
				return ofFile(err)
			}
			file := newFile(shown.Report)
			made := in.madeAt(shown.Report, info.ModTime())
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

// keepStatistics keeps a statistics page for comparing.
func (in *Import) keepStatistics(ctx context.Context, wh *load.Warehouse, f job.ExportFile, shown File, report *Report) error {
	im := in.job(report.RunID, nil)
	days, err := im.KeepStatistics(ctx, wh, &f)
	if err != nil {
		return err
	}
	shown.MadeAt, shown.Days = f.MadeAt.Format(time.RFC3339), days
	report.Files = append(report.Files, shown)
	return nil
}

// compare compares the statistics pages of the source with what is imported by now, and keeps what differs as findings.
func (in *Import) compare(ctx context.Context, wh *load.Warehouse, report *Report) error {
	accounts := in.source.Accounts()
	lines, isKnown, err := job.CompareStatistics(ctx, wh, accounts)
	if err != nil || !isKnown {
		return err
	}
	for _, l := range lines {
		report.Differences = append(report.Differences, l.Account.ID+": "+l.Detail)
	}
	_, err = check.New(wh.DB).Check(ctx, in.now, check.Options{Accounts: accounts, External: append([]check.Line{}, lines...), ExternalOnly: true})
	return err
}
