package job

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"time"

	"smsetl/load"
	"smsetl/load/messages"
	"smsetl/load/raw"
	"smsetl/sms"
	"smsetl/transform"
	"smsetl/transform/huawei"
)

// Mapping is the code that understands answers.
type Mapping struct {
	Version int
	Batch   func(sms.Scope, []sms.Payload) (sms.Batch, error)
	// Messages understands answers of vendors whose facts are counted from messages.
	Messages func(rows transform.Rows, p *sms.Payload, each func(*sms.Message) error) (transform.Reading, error)
}

// CurrentMapping is the code of this program, for the vendors; messages alone need none.
func CurrentMapping(vendors transform.Vendors) Mapping {
	return Mapping{transform.Version, vendors.Batch, huawei.Messages}
}

// Replay says which days are built again from the answers that were kept, and how. Nobody is asked.
type Replay struct {
	RunID    int64
	Select   raw.Selection
	Mapping  Mapping
	Now      time.Time
	DryRun   bool // find out what would change, and write nothing
	Examples int  // how many changed numbers are listed, the largest differences first
	// Watch gets how many of the days are done, one window after the other. It may be nil.
	Watch func(done, of int)
}

// Replayed is what a replay did, or would do.
type Replayed struct {
	Windows int `json:"windows"`
	Days    int `json:"days"` // rebuilt
	load.Counts
	load.Change

	Suspect   []Remark `json:"doubts"`    // days that a new answer would not have been believed for
	Left      []Remark `json:"left"`      // days that cannot be rebuilt, and why
	Overtaken []Remark `json:"overtaken"` // days that were loaded while this ran: their answers are newer
	Frozen    []Remark `json:"frozen"`    // days that an operator froze
}

// Remark is something to know about days of a scope.
type Remark struct {
	Scope  sms.Scope `json:"scope"`
	Days   int       `json:"days"`
	Reason string    `json:"reason"`
}

func newRemark(scope sms.Scope, reason string) Remark {
	return Remark{scope, scope.Window.Len(), reason}
}

// Run builds the days again: for each, the last answers that were believed are understood by the mapping and put in the
// place of what is stored, a transaction for each load's run of neighbouring days. With the mapping that made what is
// stored, nothing is written. Running it again is the way to resume it.
//
// An answer that is gone or cannot be understood any more leaves its days as they are, and is reported. The error is the
// database's, or the context's.
func (r Replay) Run(ctx context.Context, wh *load.Warehouse) (Replayed, error) {
	bases, err := raw.Bases(ctx, wh.DB, r.Select)
	if err != nil {
		return Replayed{}, err
	}
	of := 0
	for _, b := range bases {
		of += b.Scope.Window.Len()
	}
	var out Replayed
	done := 0
	for _, same := range byAnswer(bases) {
		if err := r.rebuild(ctx, wh, same, &out); err != nil {
			return out, err
		}
		for _, b := range same {
			done += b.Scope.Window.Len()
		}
		if r.Watch != nil {
			r.Watch(done, of)
		}
	}
	return out, nil
}

// byAnswer puts together what rests on the same load, so that each answer is understood once. Groups stand in the order of
// their first days.
func byAnswer(bases []raw.Basis) [][]raw.Basis {
	var all [][]raw.Basis
	at := map[int64]int{}
	for _, b := range bases {
		i, known := at[b.AnsweredBy]
		if !known || b.AnsweredBy == 0 {
			i = len(all)
			at[b.AnsweredBy] = i
			all = append(all, nil)
		}
		all[i] = append(all[i], b)
	}
	return all
}

// rebuild brings the days that rest on one load to what its answers mean.
func (r Replay) rebuild(ctx context.Context, wh *load.Warehouse, bases []raw.Basis, out *Replayed) error {
	loadID := bases[0].AnsweredBy
	understand := r.Mapping.answers(ctx, wh, loadID)
	for _, b := range bases {
		if loadID == 0 {
			out.Left = append(out.Left, newRemark(b.Scope, "no one load answered for them"))
			continue
		}
		batch, hash, err := understand(b.Scope, b.BelievedAt)
		var rebuilt load.Replayed
		if err == nil {
			rebuilt, err = wh.Replay(ctx, load.Replay{
				RunID: r.RunID, Batch: batch, AnsweredBy: loadID, BelievedAt: b.BelievedAt, DryRun: r.DryRun, Examples: r.Examples,
			}, load.PutOptions{Now: r.Now, ContentHash: hash, TransformVersion: r.Mapping.Version})
		}
		if errors.Is(err, sms.ErrMalformed) || errors.Is(err, raw.ErrPruned) || errors.Is(err, errAnswers) {
			out.Left = append(out.Left, newRemark(b.Scope, err.Error()))
			continue
		}
		if err != nil {
			return err
		}
		out.add(b.Scope, rebuilt, r.Examples)
	}
	return nil
}

// answers reads what the answers of a load mean today, for parts of its scope. The answers are read once. Days that are counted from
// messages are counted from what was known of them by a moment, the zero time for all.
func (m Mapping) answers(
	ctx context.Context, wh *load.Warehouse, loadID int64,
) func(part sms.Scope, by time.Time) (sms.Batch, sms.Hash, error) {
	var hash sms.Hash
	whole := sync.OnceValues(func() (sms.Batch, error) {
		kept, err := raw.AnswersOf(ctx, wh.DB, loadID, 0)
		if err != nil {
			return sms.Batch{}, err
		}
		hash = kept.ContentHash
		batch, err := m.Batch(kept.Scope, kept.Payloads)
		if err != nil {
			err = fmt.Errorf("%w: %w", errAnswers, err)
		}
		return batch, err
	})
	return func(part sms.Scope, by time.Time) (sms.Batch, sms.Hash, error) {
		if wh.IsImported(part.Account.Vendor) {
			batch, err := m.countMessages(ctx, wh, part, messages.Observed{By: by, ListenedBy: loadID})
			return batch, sms.Hash{}, err
		}
		batch, err := whole()
		return only(batch, part), hash, err
	}
}

// errAnswers says that the answers of a load cannot be understood today.
var errAnswers = errors.New("job: the answers cannot be understood any more")

// only cuts a batch to the days of a scope that is a part of its own.
func only(batch sms.Batch, scope sms.Scope) sms.Batch {
	if batch.Scope.Window == scope.Window {
		return batch
	}
	part := batch
	part.Scope, part.Rows, part.Findings = scope, batch.Only(scope.Window.Contains), foundOn(batch.Findings, scope.Window)
	return part
}

func (o *Replayed) add(scope sms.Scope, r load.Replayed, examples int) {
	o.Windows++
	o.Days += scope.Window.Len() - len(r.Superseded) - len(r.Frozen)
	o.Counts.Add(r.Counts)
	o.Change.Add(r.Change, examples)
	for _, d := range r.Anomalies {
		o.Suspect = remark(o.Suspect, scope, d.Day, d.Reason)
	}
	for _, day := range r.Superseded {
		o.Overtaken = remark(o.Overtaken, scope, day, "loaded while the replay ran")
	}
	for _, day := range r.Frozen {
		o.Frozen = remark(o.Frozen, scope, day, "frozen by an operator")
	}
}

// remark notes something about a day; neighbouring days of one reason are one remark.
func remark(all []Remark, scope sms.Scope, day sms.Day, reason string) []Remark {
	if last := len(all) - 1; last >= 0 {
		l := &all[last]
		longer, isNext := l.Scope.Window.With(day)
		isSame := l.Reason == reason && l.Scope.Account == scope.Account && slices.Equal(l.Scope.Datasets, scope.Datasets)
		if isNext && isSame {
			l.Scope.Window, l.Days = longer, longer.Len()
			return all
		}
	}
	scope.Window = sms.OneDay(day, scope.Window.Zone())
	return append(all, newRemark(scope, reason))
}

// Release is a quarantined answer that an operator believes.
type Release struct {
	RunID int64
	// LoadID is the load whose answer put the days into quarantine: the load_id of their lines.
	LoadID int64
	// Days are neighbouring days of that load, each in quarantine because of it.
	Days    sms.Window
	Mapping Mapping
	Rules   load.Rules
	Now     time.Time
}

// Run loads the days from the answer as it was kept, whatever the rules make of it. Days that are not in quarantine because
// of it any more are left alone, and stand in Superseded. The error wraps raw.ErrPruned when the answer is gone,
// sms.ErrMalformed when it cannot be understood; else it is the database's.
func (r Release) Run(ctx context.Context, wh *load.Warehouse) (load.Replayed, error) {
	scope, err := raw.ScopeOf(ctx, wh.DB, r.LoadID)
	if err != nil {
		return load.Replayed{}, err
	}
	if !scope.Window.Contains(r.Days.First()) || !scope.Window.Contains(r.Days.Last()) || r.Days.Zone() != scope.Account.Zone {
		return load.Replayed{}, fmt.Errorf("job: load %d asked for %s (%s), and not for all of %s (%s)",
			r.LoadID, scope.Window, scope.Account.Zone, r.Days, r.Days.Zone())
	}
	scope.Window = r.Days
	batch, hash, err := r.Mapping.answers(ctx, wh, r.LoadID)(scope, time.Time{})
	if err != nil {
		return load.Replayed{}, err
	}
	return wh.Replay(ctx, load.Replay{RunID: r.RunID, Batch: batch, AnsweredBy: r.LoadID, Release: true}, load.PutOptions{
		Now: r.Now, Rules: r.Rules, ContentHash: hash, TransformVersion: r.Mapping.Version,
	})
}

// String names the replay as the ledger of runs shows it.
func (r Replay) String() string {
	parts := []string{r.Select.From.String() + "/" + r.Select.To.String()}
	for flag, values := range map[string][]string{"source": r.Select.Sources, "account": r.Select.Accounts} {
		for _, v := range values {
			parts = append(parts, "--"+flag+" "+v)
		}
	}
	for _, v := range r.Select.Vendors {
		parts = append(parts, "--vendor "+string(v))
	}
	for _, v := range r.Select.Datasets {
		parts = append(parts, "--dataset "+string(v))
	}
	slices.Sort(parts[1:])
	return strings.Join(parts, " ")
}
