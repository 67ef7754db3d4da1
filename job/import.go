package job

import (
	"context"
	"errors"
	"slices"
	"time"

	"smsetl/lineage"
	"smsetl/load"
	"smsetl/load/messages"
	"smsetl/load/raw"
	"smsetl/sms"
	"smsetl/transform"
)

// Import brings files into the warehouse that somebody exported from a vendor's console.
type Import struct {
	RunID    int64
	Source   string
	Accounts []sms.Account // those of the source
	// Account is what rows are counted for that name none, and the only one for whose days the files speak; the zero Account
	// when each row names its own and the files speak for all.
	Account sms.Account
	Files   []ExportFile

	Rules        load.Rules
	ConfirmAfter time.Duration // until days that are held are counted again
	ChunkDays    int           // days of one transaction
	KeepFrom     sms.Day       // the first day whose messages are kept
	Now          time.Time
	Lineage      *lineage.Sender // is told of each load; nil tells nobody
}

// ExportFile is a file in the stored form.
type ExportFile struct {
	messages.Export
	Parts []FilePart
}

// FilePart is a part of a file in the stored form, and what is kept about the file.
type FilePart struct {
	Body    sms.Body
	Request sms.Request
}

// Imported is what an Import did.
type Imported struct {
	load.Counts
	Windows           int
	FileRows          int64 // of the files
	Messages, Changed int64 // messages and pieces that were new, or of which more is known now
	TooOld            int64 // rows of days that are too old to be counted
	Quarantined       []Remark
	Unreadable        []UnreadableRow
	Complete, Open    []OpenHours // of Complete none are missing
}

// UnreadableRow is a row of a file that cannot be understood.
type UnreadableRow struct {
	File string
	sms.Reject
}

// OpenHours are the hours of a day that no export covers.
type OpenHours struct {
	Account sms.Account
	Day     sms.Day
	Missing sms.Hours
}

// ApplicationError says that rows are of applications that the source does not list. Name is "" for rows that name none.
type ApplicationError struct{ File, Name string }

// Error says so without the name, which could be anything.
func (e *ApplicationError) Error() string {
	return "job: " + e.File + " holds messages of an application that the source does not list"
}

// Run loads the files, a transaction for each account and chunk of days. Each finds the same facts whatever was imported before
// it and in which order; running it again is the way to resume it. Errors are *ApplicationError and *UnreadableError, before anything is
// written, and those of messages.Import.
func (im *Import) Run(ctx context.Context, wh *load.Warehouse) (Imported, error) {
	s := newScan(im)
	for i := range im.Files {
		if err := s.file(i); err != nil {
			return s.out, err
		}
	}
	for _, w := range s.sorted() {
		if err := im.window(ctx, wh, w, &s.out); err != nil {
			return s.out, err
		}
		s.out.Windows++
	}
	return s.out, nil
}

// covered gives the accounts for whose days the files speak.
func (im *Import) covered() []sms.Account {
	if im.Account.ID != "" {
		return []sms.Account{im.Account}
	}
	return im.Accounts
}

func (im *Import) account(id string) (sms.Account, bool) {
	i := slices.IndexFunc(im.Accounts, func(a sms.Account) bool { return a.ID == id })
	if i < 0 {
		return sms.Account{}, false
	}
	return im.Accounts[i], true
}

func (im *Import) payload(f *ExportFile, part int) *sms.Payload {
	account := im.Account
	if account.ID == "" {
		account = sms.Account{Vendor: im.Accounts[0].Vendor, Zone: im.Accounts[0].Zone}
	}
	p := f.Parts[part]
	return &sms.Payload{Account: account, Dataset: sms.SendingDetails, Request: p.Request, FetchedAt: f.MadeAt, Body: p.Body}
}

// window loads a window.
func (im *Import) window(ctx context.Context, wh *load.Warehouse, w *importWindow, out *Imported) error {
	days, err := sms.NewWindow(w.first, w.last, w.account.Zone)
	if err != nil {
		return err
	}
	scope := sms.Scope{Account: w.account, Datasets: wh.Datasets(w.account.Vendor), Window: days}
	start := load.Start{RunID: im.RunID, Source: im.Source, Scope: scope, Now: im.Now}
	done, err := counted(ctx, wh, im.Lineage, im.Source, start, func(loadID int64) (messages.Imported, error) { return im.put(ctx, wh, loadID, scope, w) })
	if err != nil {
		return err
	}
	out.add(scope, done)
	return nil
}

// begun begins a load that no job of the queue stands for, and does it; one that fails is written down as called off.
func begun[T any](ctx context.Context, wh *load.Warehouse, start load.Start, do func(loadID int64) (T, error)) (done T, err error) {
	loadID, err := wh.Begin(ctx, start)
	if err != nil {
		return done, err
	}
	if done, err = do(loadID); err != nil {
		late, cancel := context.WithTimeout(context.WithoutCancel(ctx), 10*time.Second)
		defer cancel()
		err = errors.Join(err, wh.Interrupt(late, loadID, err.Error()))
	}
	return done, err
}

// counted is begun for days that are counted from messages. A collector is told of it, by the clock as it was when the command began.
func counted(
	ctx context.Context, wh *load.Warehouse, told *lineage.Sender, source string, start load.Start, do func(loadID int64) (messages.Imported, error),
) (messages.Imported, error) {
	began := time.Now()
	return begun(ctx, wh, start, func(loadID int64) (done messages.Imported, err error) {
		l := lineage.Load{ID: loadID, Source: source, Scope: start.Scope, Facts: wh.Facts(start.Scope.Datasets...), Began: start.Now}
		told.Began(l)
		done, err = do(loadID)
		told.Ended(l, outcome(&done.Result, err, start.Now.Add(time.Since(began))))
		return done, err
	})
}

// outcome is what a collector is told of a load that has ended.
func outcome(result *load.Result, err error, at time.Time) lineage.Done {
	return lineage.Done{
		Deliveries: result.Deliveries, Failures: result.Inserted + result.Updated - result.Deliveries, Held: len(result.Waiting), Err: err, At: at,
	}
}

func (im *Import) put(ctx context.Context, wh *load.Warehouse, loadID int64, scope sms.Scope, w *importWindow) (messages.Imported, error) {
	in := messages.Import{LoadID: loadID, Scope: scope, Count: counting(scope)}
	for _, part := range w.parts {
		p := im.payload(&im.Files[part.file], part.part)
		p.Account = scope.Account
		var err error
		if p.Window, err = sms.NewWindow(part.first, part.last, scope.Account.Zone); err != nil {
			return messages.Imported{}, err
		}
		if err := raw.Keep(ctx, wh.DB, loadID, *p); err != nil {
			return messages.Imported{}, err
		}
	}
	for _, f := range w.files {
		e := im.Files[f.file].Export
		e.Rejects = f.rejects
		in.Exports = append(in.Exports, e)
	}
	return in.Put(ctx, wh, load.PutOptions{Now: im.Now, Rules: im.Rules, ConfirmAfter: im.ConfirmAfter, TransformVersion: transform.Version})
}

func (out *Imported) add(scope sms.Scope, done messages.Imported) {
	out.Messages += done.Messages
	out.Changed += done.Changed
	out.Add(done.Counts)
	for day := range scope.Window.Days() {
		if missing, isOpen := done.Open[day]; isOpen {
			out.Open = append(out.Open, OpenHours{scope.Account, day, missing})
		} else {
			out.Complete = append(out.Complete, OpenHours{Account: scope.Account, Day: day})
		}
	}
	for _, d := range done.Anomalies {
		out.Quarantined = remark(out.Quarantined, scope, d.Day, d.Reason)
	}
}
