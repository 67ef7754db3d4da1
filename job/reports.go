package job

import (
	"context"
	"maps"
	"slices"
	"strings"
	"time"

	"smsetl/lineage"
	"smsetl/load"
	"smsetl/load/messages"
	"smsetl/sms"
	"smsetl/transform"
	"smsetl/transform/huawei"
)

// Reports brings status reports that a vendor pushed to the facts.
type Reports struct {
	Source       string
	Rules        load.Rules
	ConfirmAfter time.Duration // until days that are held are counted again
	ChunkDays    int           // days of one transaction
	KeepFrom     sms.Day       // the first day that is still counted
	Now          time.Time
	Lineage      *lineage.Sender // is told of each load; nil tells nobody
}

// Reported is what a Reports did.
type Reported struct {
	messages.Merged

	load.Counts
	Windows, Counted int // windows and days that were counted anew
	Quarantined      int // days
}

// Run takes in every push that is kept, and counts the loaded days anew that they are about, a transaction for each run of
// neighbouring days. Pushes of messages that no export has yet wait. When it is cut off, running it again goes on.
func (r *Reports) Run(ctx context.Context, wh *load.Warehouse) (Reported, error) {
	var out Reported
	if err := r.merge(ctx, wh, &out); err != nil {
		return out, err
	}
	if _, err := messages.MarkExpired(ctx, wh.DB, r.Source, r.Now, transform.PendingFor); err != nil {
		return out, err
	}
	if err := messages.ForgetDue(ctx, wh.DB, r.Source, r.KeepFrom); err != nil {
		return out, err
	}
	due, err := messages.DueDays(ctx, wh.DB, r.Source, r.Now)
	if err != nil {
		return out, err
	}
	for _, a := range slices.SortedFunc(maps.Keys(due), func(a, b sms.Account) int { return strings.Compare(a.ID, b.ID) }) {
		for _, w := range r.windows(a, due[a]) {
			if err := r.count(ctx, wh, a, w, &out); err != nil {
				return out, err
			}
		}
	}
	return out, nil
}

// merge takes in pushes until there are none.
func (r *Reports) merge(ctx context.Context, wh *load.Warehouse, out *Reported) error {
	for {
		done, err := messages.Merge{Source: r.Source, Now: r.Now, Read: readPush, Find: findMessages}.Run(ctx, wh.DB)
		if err != nil {
			return err
		}
		out.Pushes += done.Pushes
		out.Unreadable += done.Unreadable
		out.Reports += done.Reports
		out.Waiting += done.Waiting
		out.Days += done.Days
		if out.Busy = done.Busy; done.Pushes == 0 {
			return nil
		}
	}
}

func readPush(p *sms.Payload, each func(*sms.Message) error) (int64, error) {
	reading, err := huawei.Messages(transform.Rows{}, p, each)
	return int64(len(reading.Rejects)), err
}

// findMessages gives the days of messages that a file has rows of.
func findMessages(p *sms.Payload, ids map[string]bool, each func(id string, day sms.Day)) error {
	rows := transform.Rows{ID: func(id []byte) bool { return ids[string(id)] }}
	_, err := huawei.Messages(rows, p, func(m *sms.Message) error {
		if m.Account.ID == p.Account.ID && ids[m.ID] {
			each(m.ID, m.Day)
		}
		return nil
	})
	return err
}

// windows gives runs of neighbouring days, of at most ChunkDays.
func (r *Reports) windows(a sms.Account, days []sms.Day) (all []sms.Window) {
	for len(days) > 0 {
		n := 1
		for n < len(days) && days[n] == days[n-1]+1 && n < r.ChunkDays {
			n++
		}
		if w, err := sms.NewWindow(days[0], days[n-1], a.Zone); err == nil { // they are sorted
			all = append(all, w)
		}
		days = days[n:]
	}
	return all
}

// count counts the days of a window anew from all that is known by now.
func (r *Reports) count(ctx context.Context, wh *load.Warehouse, a sms.Account, w sms.Window, out *Reported) error {
	scope := sms.Scope{Account: a, Datasets: wh.Datasets(a.Vendor), Window: w}
	done, err := counted(ctx, wh, r.Lineage, r.Source, load.Start{Scope: scope, Now: r.Now}, func(loadID int64) (messages.Imported, error) {
		im := messages.Import{LoadID: loadID, Scope: scope, Count: counting(scope)}
		return im.Put(ctx, wh, load.PutOptions{Now: r.Now, Rules: r.Rules, ConfirmAfter: r.ConfirmAfter, TransformVersion: transform.Version})
	})
	if err != nil {
		return err
	}
	out.Windows++
	out.Counted += w.Len()
	out.Add(done.Counts)
	out.Quarantined += len(done.Quarantined)
	return nil
}
