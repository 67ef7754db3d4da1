package cases

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"time"

	"smsetl/cmd/etl/show"
	"smsetl/ingest"
	"smsetl/job"
	"smsetl/load"
	"smsetl/load/messages"
	"smsetl/queue"
	"smsetl/sandbox/huawei"
	"smsetl/sms"
	"smsetl/web/push"
)

// Importing is the source of what the console tells, as a configuration has it.
const Importing = `
  - name: huawei-main
    vendor: huawei
    applications: [harbor-home, harbor-world]
    phone_key: a key of the tests, 32 bytes long
    history_start: 2026-11-17
    export_time_zone: "+08:00"
    numbers: mainland
`

// The days of the files, and when everything about them has settled.
var (
	filesFrom = time.Date(2026, 11, 17, 0, 0, 0, 0, today.Location())
	filesTo   = filesFrom.AddDate(0, 0, 2)
)

// console is the vendor's, over a few messages.
func console() *huawei.Console {
	return huawei.NewConsole(huawei.ConsoleOptions{Seed: 11, First: "2026-11-16", Days: 4, PerDay: 6})
}

// export writes a file for each day, made at a time.
func export(dir string, after time.Duration) error {
	for day := filesFrom; day.Before(filesTo); day = day.AddDate(0, 0, 1) {
		to := day.AddDate(0, 0, 1)
		f, err := console().Export(huawei.Export{From: day.UTC(), To: to.UTC(), At: to.Add(after).UTC(), Hours: 8})
		if err != nil {
			return err
		}
		path := filepath.Join(dir, f.Name)
		if err := os.WriteFile(path, f.Data, 0o600); err != nil {
			return err
		}
		if err := os.Chtimes(path, f.At, f.At); err != nil {
			return err
		}
	}
	return nil
}

// settled is long enough after a day for all of its messages to be known.
const settled = 80 * time.Hour

func imported(name, about string) *Scenario {
	return &Scenario{
		Name: name, About: about, now: today, config: func(string) string { return "sources:" + Importing },
		files: func(dir string) error { return export(dir, settled) }, truth: consolesTruth, do: bring,
	}
}

func consolesTruth(*Scenario) (truth, error) {
	t := console().Truth(filesFrom, filesTo, 8, today.AddDate(0, 0, 5))
	return written(t.Deliveries, t.Failures, ", country", nil)
}

// bring imports every file of the folder.
func bring(ctx context.Context, w *World) (bool, error) {
	p, err := w.Open(ctx)
	if err != nil {
		return false, err
	}
	defer p.Close()
	report, err := p.Bring(ctx, w.Files)
	return err == nil && len(report.Quarantined)+len(report.Missing)+len(report.Unreadable) == 0, err
}

// Bring imports files of the last source.
func (p *Program) Bring(ctx context.Context, files []string) (report ingest.Report, err error) {
	in, err := ingest.New(p.World, p.Config.Sources[len(p.Config.Sources)-1], ingest.Options{})
	if err != nil {
		return report, err
	}
	if err := p.Register(ctx); err != nil {
		return report, err
	}
	return report, in.Load(ctx, p.Warehouse, ingest.Inputs(files), &report)
}

// Exports writes exports of the console in which everything has settled.
func Exports(dir string) ([]string, error) {
	if err := export(dir, settled); err != nil {
		return nil, err
	}
	return filepath.Glob(filepath.Join(dir, "*.csv"))
}

// folder is a server that imports what was dropped into a folder, and stops when nothing is left there.
func folder() *Scenario {
	s := imported("watched folder", "two exports in a watched folder, imported by a server that then stops")
	const dir = "exports"
	s.config = func(string) string { return "sources:" + Importing + "    drop_dir: FOLDER/" + dir + "\n" }
	s.files = func(base string) error {
		if err := os.Mkdir(filepath.Join(base, dir), 0o700); err != nil {
			return err
		}
		return export(filepath.Join(base, dir), settled)
	}
	s.do = func(ctx context.Context, w *World) (bool, error) {
		p, err := w.Open(ctx)
		if err != nil {
			return false, err
		}
		defer p.Close()
		if err := p.Register(ctx); err != nil {
			return false, err
		}
		told := make(chan int, 1)
		folders := ingest.NewFolders(ctx, p.World, p.Warehouse, ingest.FolderOptions{
			Still: 60 * time.Millisecond, Metrics: watching{told: told}, Write: show.JSON,
		})
		folders.Watch(ctx, p.Config.Sources)
		defer folders.Stop()
		select {
		case failed := <-told:
			return failed == 0, nil
		case <-ctx.Done():
			return false, ctx.Err()
		}
	}
	return s
}

// watching is told what lies in a folder, and tells how many files have failed when none waits any more.
type watching struct {
	nobody

	told chan int
}

func (w watching) Watched(_ string, isThere bool, waiting, failed int) {
	if isThere && waiting == 0 {
		select {
		case w.told <- failed:
		default:
		}
	}
}

// Unwatched is told how loads go.
var Unwatched job.Progress = nobody{}

// nobody is told how it goes.
type nobody struct{}

func (nobody) WatchOnly([]string)             {}
func (nobody) Watched(string, bool, int, int) {}
func (nobody) Dropped(string, string)         {}

func (nobody) Called(sms.Payload)                      {}
func (nobody) Finished(queue.Item, load.Result, error) {}

// Pushing is a configuration of pushes alone, and what they are signed with.
const (
	Pushing = "sources:" + Importing + `    push: {access_key: AKPUSH, secret_key: a secret of the tests}
pushes: {listen: "127.0.0.1:0", max_per_second: 100000}
`
	AccessKey = "AKPUSH"
	SecretKey = "a secret of the tests"
)

// TakePushes listens for pushes until it is stopped.
func (p *Program) TakePushes(ctx context.Context) (server *push.Server, stop func() error, err error) {
	server = push.New(messages.Pushes{DB: p.Warehouse.DB}, push.Options{Listen: p.Config.Pushes.Listen, MaxPerSecond: 100_000, Now: p.Now}, p.Log)
	endpoints, err := ingest.Endpoints(p.Config)
	if err != nil {
		return nil, nil, err
	}
	server.SetEndpoints(endpoints)
	if err := server.Listen(ctx); err != nil {
		return nil, nil, err
	}
	serving, cancel := context.WithCancel(ctx)
	served := make(chan error, 1)
	go func() { served <- server.Serve(serving) }()
	return server, func() error { cancel(); return <-served }, nil
}

// pushed is what the vendor pushes about messages of which exports were made too early.
func pushed() *Scenario {
	s := imported("pushes", "exports that were made too early, then the pushes that tell the rest, kept and counted")
	s.config = func(string) string { return Pushing }
	s.files = func(dir string) error { return export(dir, time.Hour) }
	s.before = []moment{{today, bring}}
	s.do = func(ctx context.Context, w *World) (bool, error) {
		p, err := w.Open(ctx)
		if err != nil {
			return false, err
		}
		defer p.Close()
		server, stop, err := p.TakePushes(ctx)
		if err != nil {
			return false, err
		}
		refused, err := send(ctx, server.URL("huawei-main"))
		if err := errors.Join(err, stop()); err != nil {
			return false, err
		}
		return refused == 0, ingest.CountReports(ctx, p.Pipeline)
	}
	return s
}

// send pushes all reports, each once, and says how many were not taken.
func send(ctx context.Context, address string) (refused int, err error) {
	pushes := console().Push(huawei.Pushes{From: console().First(), To: today.UTC(), Seed: 1, Batched: true, Extend: true})
	client := &http.Client{Timeout: time.Minute}
	defer client.CloseIdleConnections()
	for i := range pushes {
		pushes[i].At = today.UTC() // it is signed anew each time
		r, err := pushes[i].Request(ctx, address, AccessKey, SecretKey)
		if err != nil {
			return refused, err
		}
		answer, err := client.Do(r)
		if err != nil {
			return refused, fmt.Errorf("a push: %w", err)
		}
		_, _ = io.Copy(io.Discard, answer.Body)
		_ = answer.Body.Close()
		if answer.StatusCode != http.StatusOK {
			refused++
		}
	}
	return refused, nil
}
