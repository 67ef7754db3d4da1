package job

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"smsetl/load"
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

	SettleDays int
	Guard      load.Guard
	ChunkDays  int     // days of one transaction
	KeepFrom   sms.Day // the first day whose messages are kept
	Now        time.Time
}

// ExportFile is a file in the stored form.
type ExportFile struct {
	load.Export
	Parts []FilePart
}

// FilePart is a part of a file in the stored form, and what is kept about the file.
type FilePart struct {
	Body    sms.Body
	Request sms.Request
}

// Imported is what an Import did.
type Imported struct {
	Windows                                       int
	Rows                                          int64 // of the files
	Messages, Changed                             int64 // messages and pieces that were new, or of which more is known now
	TooOld                                        int64 // rows of days whose messages are thrown away
	Received, Inserted, Updated, Unchanged, Holds int64 // fact rows
	Removed, Rejected                             int64
	Quarantined                                   []Remark
	Complete, Open                                []OpenHours // of Complete none are missing
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

// importWindow is what one transaction loads.
type importWindow struct {
	account     sms.Account
	first, last sms.Day
	files       []int
}

// Run loads the files, a transaction for each account and chunk of days. Each finds the same facts whatever was imported before
// it and in which order; running it again is the way to resume it. Errors are *ApplicationError, before anything is written, and those
// of load.Import.
func (im *Import) Run(ctx context.Context, wh *load.Warehouse) (Imported, error) {
	var out Imported
	windows, err := im.windows(&out)
	if err != nil {
		return out, err
	}
	for _, w := range windows {
		if err := im.window(ctx, wh, w, &out); err != nil {
			return out, err
		}
		out.Windows++
	}
	return out, nil
}

// windows reads all files for which accounts and days they are about.
func (im *Import) windows(out *Imported) ([]importWindow, error) {
	type chunk struct {
		account string
		number  sms.Day
	}
	all := map[chunk]*importWindow{}
	touch := func(a sms.Account, day sms.Day, file int) {
		at := chunk{a.ID, day / sms.Day(im.ChunkDays)}
		w := all[at]
		if w == nil {
			w = &importWindow{account: a, first: day, last: day}
			all[at] = w
		}
		w.first, w.last = min(w.first, day), max(w.last, day)
		if len(w.files) == 0 || w.files[len(w.files)-1] != file {
			w.files = append(w.files, file)
		}
	}
	for i := range im.Files {
		f := &im.Files[i]
		for _, a := range im.covered() {
			for day := sms.DayOf(f.Covers.From.In(a.Zone.Location())); !f.Covers.IsEmpty() && a.Zone.Start(day).Before(f.Covers.To); day++ {
				if day >= im.KeepFrom {
					touch(a, day, i)
				}
			}
		}
		err := im.messages(f, func(m *sms.Message) error {
			out.Rows++
			account, known := im.account(m.Account.ID)
			switch {
			case !known:
				return &ApplicationError{f.Name, m.Account.ID}
			case m.Day < im.KeepFrom:
				out.TooOld++
			default:
				touch(account, m.Day, i)
			}
			return nil
		})
		if err != nil {
			return nil, err
		}
	}
	windows := make([]importWindow, 0, len(all))
	for _, w := range all {
		windows = append(windows, *w)
	}
	slices.SortFunc(windows, func(a, b importWindow) int {
		return cmp.Or(strings.Compare(a.account.ID, b.account.ID), cmp.Compare(a.first, b.first))
	})
	return windows, nil
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

// messages gives the messages of a file.
func (im *Import) messages(f *ExportFile, each func(*sms.Message) error) error {
	for i := range f.Parts {
		if _, err := transform.Messages(im.payload(f, i), each); err != nil {
			return err
		}
	}
	return nil
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
func (im *Import) window(ctx context.Context, wh *load.Warehouse, w importWindow, out *Imported) error {
	days, err := sms.NewWindow(w.first, w.last, w.account.Zone)
	if err != nil {
		return err
	}
	scope := sms.Scope{Account: w.account, Datasets: w.account.Vendor.Groups()[0], Window: days}
	start := load.Start{RunID: im.RunID, Source: im.Source, Scope: scope, Now: im.Now}
	done, err := begun(ctx, wh, start, func(loadID int64) (load.Imported, error) { return im.put(ctx, wh, loadID, scope, w) })
	if err != nil {
		return err
	}
	out.add(scope, done)
	return nil
}

// begun begins a load and puts it; one that fails is written down as called off.
func begun(ctx context.Context, wh *load.Warehouse, start load.Start, put func(loadID int64) (load.Imported, error)) (load.Imported, error) {
	loadID, err := wh.Begin(ctx, start)
	if err != nil {
		return load.Imported{}, err
	}
	done, err := put(loadID)
	if err != nil {
		late, cancel := context.WithTimeout(context.WithoutCancel(ctx), 10*time.Second)
		defer cancel()
		err = errors.Join(err, wh.Interrupt(late, loadID, err.Error()))
	}
	return done, err
}

func (im *Import) put(ctx context.Context, wh *load.Warehouse, loadID int64, scope sms.Scope, w importWindow) (load.Imported, error) {
	in := load.Import{LoadID: loadID, Scope: scope, KeepFrom: im.KeepFrom}
	for _, i := range w.files {
		f := &im.Files[i]
		in.Exports = append(in.Exports, f.Export)
		for part := range f.Parts {
			p := im.payload(f, part)
			p.Account, p.Window = scope.Account, scope.Window
			if err := wh.Keep(ctx, loadID, *p); err != nil {
				return load.Imported{}, err
			}
			reading, err := transform.Messages(im.payload(f, part), func(*sms.Message) error { return nil })
			if err != nil {
				return load.Imported{}, err
			}
			in.Rejects, in.Findings = append(in.Rejects, reading.Rejects...), append(in.Findings, reading.Findings...)
		}
	}
	in.Messages = func(each func(*sms.Message) error) error {
		for _, i := range w.files {
			err := im.messages(&im.Files[i], func(m *sms.Message) error {
				if m.Account.ID != scope.Account.ID || !scope.Window.Contains(m.Day) || m.Day < im.KeepFrom {
					return nil
				}
				return each(m)
			})
			if err != nil {
				return err
			}
		}
		return nil
	}
	in.Fold = foldOf(scope.Account)
	return wh.Import(ctx, in, load.PutOptions{Now: im.Now, SettleDays: im.SettleDays, Guard: im.Guard, TransformVersion: transform.Version})
}

// foldOf counts the messages of an account.
func foldOf(account sms.Account) load.Fold {
	return func(listened []sms.Span, tellings func(func(*sms.Message) error) error) ([]sms.Delivery, []sms.Failure, error) {
		days := transform.Days{Listened: listened}
		err := tellings(func(m *sms.Message) error { days.Tell(m); return nil })
		deliveries, failures := days.Facts(account)
		return deliveries, failures, err
	}
}

func (out *Imported) add(scope sms.Scope, done load.Imported) {
	out.TooOld += done.TooOld
	out.Messages += done.NewMessages
	out.Changed += done.ChangedMessages
	out.Received += done.Received
	out.Inserted += done.Inserted
	out.Updated += done.Updated
	out.Unchanged += done.Unchanged
	out.Removed += done.Removed
	out.Rejected += done.Rejected
	out.Holds += done.Held
	for day := range scope.Window.Days() {
		if missing, isOpen := done.Open[day]; isOpen {
			out.Open = append(out.Open, OpenHours{scope.Account, day, missing})
		} else if day >= done.KeptFrom {
			out.Complete = append(out.Complete, OpenHours{Account: scope.Account, Day: day})
		}
	}
	for _, day := range done.Quarantined {
		out.Quarantined = append(out.Quarantined, Remark{scope, fmt.Sprintf("%s is not believed yet", day)})
	}
}
