package ingest

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"sync"
	"time"

	"go.uber.org/zap"

	"smsetl/config"
	"smsetl/drop"
	"smsetl/extract/huawei"
	"smsetl/load"
	"smsetl/load/messages"
	"smsetl/pipeline"
	"smsetl/queue"
	"smsetl/sms"
)

// Metrics count what happens in watched folders.
type Metrics interface {
	WatchOnly(sources []string)
	Watched(source string, isThere bool, waiting, failed int)
	Dropped(source, outcome string)
}

// FolderOptions are how folders are watched.
type FolderOptions struct {
	Still   time.Duration // how long a file has to be as it is to be whole
	Metrics Metrics
	Write   func(w io.Writer, document any) error // writes the report beside a file
}

// Folders are the watched folders of a configuration. Each has a goroutine of its own, so that one that hangs holds up nobody else.
type Folders struct {
	program   context.Context //nolint:containedctx // a file that is being imported is cut by the end of the program alone
	world     pipeline.World
	warehouse *load.Warehouse
	options   FolderOptions
	cancel    context.CancelFunc // of those in force
	all       sync.WaitGroup
}

// NewFolders watches none yet. The program ends with ctx.
func NewFolders(ctx context.Context, world pipeline.World, warehouse *load.Warehouse, options FolderOptions) *Folders {
	world.Log = world.Log.Named("drop")
	return &Folders{program: ctx, world: world, warehouse: warehouse, options: options, cancel: func() {}}
}

// Watch watches the folders of the sources in the place of those before. A file that is being imported is finished as it was begun.
func (f *Folders) Watch(ctx context.Context, sources []config.Source) {
	f.cancel()
	ctx, f.cancel = context.WithCancel(ctx)
	var names []string
	for _, s := range sources {
		if s.DropDir == "" {
			continue
		}
		names = append(names, s.Name)
		d := &watching{Folders: f, source: s, folder: drop.New(s.DropDir, drop.Options{Still: f.options.Still}), failed: -1}
		f.all.Go(func() { d.run(ctx, f.options.Still/2) })
	}
	f.options.Metrics.WatchOnly(names)
}

// Stop ends them all, and waits.
func (f *Folders) Stop() {
	f.cancel()
	f.all.Wait()
}

// watching is the watched folder of a source, as this process sees it.
type watching struct {
	*Folders

	source config.Source
	folder *drop.Folder

	failed  int    // files in failed, as last written down; -1 for never
	trouble string // what is wrong with the folder, and was logged
	pause   time.Duration
	until   time.Time // nothing is taken before
}

func (d *watching) run(ctx context.Context, every time.Duration) {
	ticks := time.NewTicker(every)
	defer ticks.Stop()
	for {
		err := d.scan(ctx)
		if ctx.Err() != nil {
			return
		}
		d.logTrouble(err)
		select {
		case <-ctx.Done():
			return
		case <-ticks.C:
		}
	}
}

// scan lists the folder once, and imports what is ready when no other process is at it.
func (d *watching) scan(ctx context.Context) error {
	listing, err := d.folder.List(time.Now())
	d.options.Metrics.Watched(d.source.Name, err == nil, listing.Waiting+listing.Ready, listing.Failed)
	if err != nil {
		return err
	}
	for _, name := range listing.Skipped {
		d.world.Log.Warn("no file, left alone", zap.String("source", d.source.Name), zap.String("file", huawei.SafeName(name)))
	}
	if listing.Failed != d.failed {
		if err := messages.SawDropDir(ctx, d.warehouse.DB, d.source.Name, listing.Failed, d.world.Now()); err != nil {
			return err
		}
		d.failed = listing.Failed
	}
	if listing.Ready == 0 || time.Now().Before(d.until) {
		return nil
	}
	paused, err := queue.Paused(ctx, d.warehouse.Pool(), []string{d.source.Name})
	if err != nil || len(paused) > 0 {
		return err
	}
	isOurs, err := messages.InDropDir(ctx, d.warehouse.DB, d.source.Name, func() error { return d.folder.Work(ctx, listing, d) })
	switch {
	case errors.Is(err, drop.ErrFile) && !errors.Is(err, drop.ErrLater): // the others need not wait
	case err != nil:
		d.pause = min(max(2*d.pause, time.Second), 5*time.Minute)
		d.until = time.Now().Add(d.pause)
	case isOurs:
		d.pause = 0
	}
	return err
}

// logTrouble logs what is wrong with the folder once, and once that it is over.
func (d *watching) logTrouble(err error) {
	source, dir := zap.String("source", d.source.Name), zap.String("drop_dir", d.source.DropDir)
	switch {
	case errors.Is(err, drop.ErrLater): // the reader has said why
	case err != nil && err.Error() != d.trouble:
		d.trouble = err.Error()
		if errors.Is(err, fs.ErrNotExist) {
			d.world.Log.Warn("the watched folder is not there: no file of the source is imported by this process until it is", source, dir)
		} else {
			d.world.Log.Warn("the watched folder cannot be worked", source, dir, zap.Error(err))
		}
	case err == nil && d.trouble != "":
		d.trouble = ""
		d.world.Log.Info("the watched folder can be worked again", source, dir)
	}
}

// DropReport is what stands next to a file that was moved aside.
type DropReport struct {
	File    string `json:"file"` // without what could be a phone number
	Source  string `json:"source"`
	Outcome string `json:"outcome"` // imported, failed
	At      string `json:"at"`
	// Error says what is wrong with the file and what would be right; empty for one that was imported.
	Error string `json:"error"`
	Report
}

// What became of a file.
const (
	FileImported = "imported"
	FileFailed   = "failed"
)

// Read imports a file, for drop.Folder.
func (d *watching) Read(ctx context.Context, f drop.File) (v drop.Result) {
	report := Report{}
	defer func() {
		if crash := recover(); crash != nil {
			d.world.Log.Error("the program crashed over a file", zap.String("source", d.source.Name), zap.Any("crash", crash), zap.Stack("stack"))
			v = d.refused(ctx, f, report, errors.New("the program crashed over this file: the log says where"))
		}
	}()
	in, err := New(d.world, d.source, Options{})
	if err == nil {
		err = in.Load(d.program, d.warehouse, []Input{{Path: f.Name, Open: f.Data}}, &report) //nolint:contextcheck // a new configuration does not end it, only the end of the program
	}
	if err == nil {
		d.options.Metrics.Dropped(d.source.Name, FileImported)
		d.world.Log.Info("file imported", zap.String("source", d.source.Name), zap.String("file", huawei.SafeName(f.Name)), zap.Int64("run_id", report.RunID),
			zap.Int64("row_count", report.FileRows), zap.Int("days_open", len(report.Missing)), zap.Int("days_quarantined", len(report.Quarantined)))
		return drop.Result{Outcome: drop.Done, Report: d.report(f, report, FileImported, "")}
	}
	_, isOfInput := errors.AsType[*config.InputError](err)
	_, isOfDisk := errors.AsType[*fs.PathError](err)
	switch {
	case d.program.Err() != nil:
		return drop.Result{Outcome: drop.Later} // the program stops
	case isOfInput && !isOfDisk, errors.Is(err, sms.ErrMalformed):
		return d.refused(ctx, f, report, err)
	}
	d.world.Log.Warn("file not imported, and tried again", zap.String("source", d.source.Name), zap.String("file", huawei.SafeName(f.Name)), zap.Error(err))
	if errors.Is(err, sms.ErrTemporary) {
		return drop.Result{Outcome: drop.Later}
	}
	return drop.Result{Outcome: drop.Retry}
}

// Refuse gives the report on a file that is not read, for drop.Folder.
func (d *watching) Refuse(f drop.File, why string) []byte {
	return d.refused(d.program, f, Report{}, errors.New(why)).Report
}

// refused says everywhere that a file could not be imported.
func (d *watching) refused(ctx context.Context, f drop.File, report Report, why error) drop.Result {
	name := huawei.SafeName(f.Name)
	d.options.Metrics.Dropped(d.source.Name, FileFailed)
	d.world.Log.Error("file not imported: it is in the folder failed, with a report next to it",
		zap.String("source", d.source.Name), zap.String("file", name), zap.Error(why))
	if err := messages.DropFailed(ctx, d.warehouse.DB, d.source.Name, name, why.Error(), d.world.Now()); err != nil {
		d.world.Log.Warn("the failed file is not noted in the warehouse", zap.String("source", d.source.Name), zap.Error(err))
	}
	d.failed = -1 // looked at anew
	return drop.Result{Outcome: drop.Failed, Report: d.report(f, report, FileFailed, why.Error())}
}

func (d *watching) report(f drop.File, report Report, outcome, why string) []byte {
	var text bytes.Buffer
	err := d.options.Write(&text, DropReport{
		File: huawei.SafeName(f.Name), Source: d.source.Name, Outcome: outcome, At: d.world.Now().Format(time.RFC3339), Error: why,
		Report: report,
	})
	if err != nil {
		return fmt.Appendf(nil, "%q\n", err) // there is nothing in it that does not marshal
	}
	return text.Bytes()
}
