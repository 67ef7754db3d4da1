package metabase

import (
	"context"
	"fmt"
	"strings"
	"time"

	"smsetl/sms"
)

// Settings are what a Metabase is set up with.
type Settings struct {
	Name        string // of the connection and the collection; it is in every mark, so that one Metabase can hold several warehouses
	Warehouse   Connection
	Relations   []Relation // of schema sms, as the catalog describes them
	SetPassword bool       // send the password again: Metabase does not tell it, so that a new one cannot be seen
	DryRun      bool       // look and report; write nothing
	SyncTimeout time.Duration
	Progress    func(line string) // sentences for people, while it takes long
}

// Did is what was done to a thing, or would be.
type Did string

// What can be done to a thing.
const (
	Created   Did = "created"
	Updated   Did = "updated"
	Unchanged Did = "unchanged"
	Kept      Did = "kept" // as people made it
)

// Change is one line of the report.
type Change struct {
	Kind   string `json:"kind"` // database, sync, table, collection, card or dashboard
	Name   string `json:"name"`
	Did    Did    `json:"did"`
	Detail string `json:"detail"` // why, where that is a question
}

// Page is where a dashboard is.
type Page struct {
	Name    string `json:"name"`
	Address string `json:"address"`
}

// Report is what a bootstrap did.
type Report struct {
	Version string   `json:"version"` // of the Metabase
	DryRun  bool     `json:"dry_run"`
	Changes []Change `json:"changes"`
	Pages   []Page   `json:"dashboards"`
	Writes  int      `json:"writes"` // requests that changed something
}

// bootstrap is one run.
type bootstrap struct {
	client   *Client
	settings Settings
	report   Report
	isNew    bool // the database was added by this run
}

// Bootstrap sets up a Metabase, or brings what it set up before to what it should be now. Nothing is ever deleted, and nothing that
// people changed is written over. With an error, the report has what was done before it; running it again goes on from there.
func Bootstrap(ctx context.Context, client *Client, settings Settings) (Report, error) {
	if strings.ContainsAny(settings.Name, "():\n") || strings.TrimSpace(settings.Name) == "" {
		return Report{}, fmt.Errorf("metabase: %w: the name %q is empty or holds a bracket, a colon or a line end, which stand in the marks", sms.ErrRefused, settings.Name)
	}
	client.secrets = append(client.secrets, settings.Warehouse.password)
	b := &bootstrap{client: client, settings: settings, report: Report{DryRun: settings.DryRun, Changes: []Change{}, Pages: []Page{}}}
	err := b.run(ctx)
	return b.report, err
}

func (b *bootstrap) run(ctx context.Context) error {
	var err error
	if b.report.Version, err = b.client.hello(ctx); err != nil {
		return err
	}
	database, err := b.database(ctx)
	if err != nil {
		return err
	}
	var known []table
	if database != 0 {
		if known, err = b.tables(ctx, database); err != nil {
			return err
		}
	}
	if err := b.describe(ctx, known); err != nil {
		return err
	}
	b.settings.Progress("Looking at collection, cards and dashboards.")
	collection, err := b.collection(ctx)
	if err != nil {
		return err
	}
	made, err := b.cards(ctx, database, collection, known)
	if err != nil {
		return err
	}
	b.report.Pages, err = b.dashboards(ctx, collection, made)
	return err
}

// write sends a request that changes something, unless this is a rehearsal.
func (b *bootstrap) write(ctx context.Context, method, path string, body, into any) error {
	if b.settings.DryRun {
		return nil
	}
	if err := b.client.do(ctx, method, path, body, into); err != nil {
		return err
	}
	b.report.Writes++
	return nil
}

// change sends a request that changes something, and notes it once it is done.
func (b *bootstrap) change(ctx context.Context, c Change, method, path string, body, into any) error {
	if err := b.write(ctx, method, path, body, into); err != nil {
		return err
	}
	b.note(c.Kind, c.Name, c.Did, c.Detail)
	return nil
}

func (b *bootstrap) note(kind, name string, did Did, detail string) {
	b.report.Changes = append(b.report.Changes, Change{kind, name, did, detail})
}

// mark gives the mark of a thing that is not finished.
func (b *bootstrap) mark(thing, meant string) mark {
	return mark{set: b.settings.Name, thing: thing, meant: meant, stored: unfinished}
}

// leave notes a thing that is not to be written. ok is false for one that is.
func (b *bootstrap) leave(kind, name string, did Did) (ok bool) {
	switch did {
	case Kept:
		b.note(kind, name, Kept, "it was changed by hand")
	case Unchanged:
		b.note(kind, name, Unchanged, "")
	default:
		return false
	}
	return true
}

// compare says what has to happen to a thing that is there: its mark as it would be now and as it is, and what is stored.
func compare(wanted, was mark, stored string) Did {
	switch {
	case was.stored == unfinished:
		return Updated
	case was.stored != stored:
		return Kept
	case was.meant == wanted.meant:
		return Unchanged
	}
	return Updated
}
