package ingest

import (
	"maps"
	"slices"
	"time"

	"smsetl/extract/huawei"
	"smsetl/job"
	"smsetl/load"
	"smsetl/sms"
)

// Report is what an import did, and what is still missing after it.
type Report struct {
	RunID    int64  `json:"run_id"` // 0 for a dry run
	DryRun   bool   `json:"dry_run"`
	Files    []File `json:"files"`
	Windows  int    `json:"windows"`
	FileRows int64  `json:"rows"`
	Messages int64  `json:"new_messages"`
	Changed  int64  `json:"changed_messages"`
	TooOld   int64  `json:"too_old"`
	load.Counts
	Quarantined []job.Remark    `json:"quarantined"`
	Complete    []completeDays  `json:"complete"`
	Unreadable  []UnreadableRow `json:"unreadable"`
	Missing     []MissingHours  `json:"missing"`
	Differences []string        `json:"differences"` // between statistics pages and sending details, of all that is imported by now
}

// completeDays are the days, of those that the files are about, that are covered as a whole by now.
type completeDays struct {
	Account string   `json:"account"`
	Days    []string `json:"days"`
}

// File is what is known of a file. Covers is empty when nobody can say which stretch of time it holds.
type File struct {
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

// UnreadableRow is a row of a file that cannot be understood. Its text is in etl.reject, by the hash and the position.
type UnreadableRow struct {
	File     string `json:"file"`
	Hash     string `json:"hash"` // of the kept form
	Position int64  `json:"position"`
	Reason   string `json:"reason"`
	SentAt   string `json:"sent_at,omitempty"` // as far as it can be read
}

// MissingHours are the hours of a day that are in no export.
type MissingHours struct {
	Account string `json:"account"`
	Day     string `json:"send_date"`
	Hours   string `json:"hours"`
}

func newFile(r huawei.Report) File {
	f := File{Name: r.Name, Kind: string(r.Kind), Format: r.Format, Rows: r.Rows, IsCut: r.IsCut, Columns: map[string]string{}, Dropped: r.Dropped}
	for _, c := range r.Columns {
		f.Columns[c.Column] = c.Header
	}
	return f
}

// add counts what files did. open remembers the days that are not covered: a later file may cover them.
func (r *Report) add(done job.Imported, open map[string]MissingHours) {
	r.Windows += done.Windows
	r.FileRows += done.FileRows
	r.Messages += done.Messages
	r.Changed += done.Changed
	r.TooOld += done.TooOld
	r.Add(done.Counts)
	r.Quarantined = append(r.Quarantined, done.Quarantined...)
	for _, u := range done.Unreadable {
		row := UnreadableRow{File: u.File, Hash: u.Payload.String(), Position: u.Position, Reason: u.Reason}
		if !u.SentAt.IsZero() {
			row.SentAt = u.SentAt.Format(time.RFC3339)
		}
		r.Unreadable = append(r.Unreadable, row)
	}
	for _, o := range done.Complete {
		delete(open, o.Account.ID+"\x00"+o.Day.String())
		r.complete(o.Account.ID, o.Day.String())
	}
	for _, o := range done.Open {
		open[o.Account.ID+"\x00"+o.Day.String()] = MissingHours{o.Account.ID, o.Day.String(), o.Missing.String()}
	}
}

// complete notes that a day of an application is covered as a whole.
func (r *Report) complete(account, day string) {
	i := slices.IndexFunc(r.Complete, func(c completeDays) bool { return c.Account == account })
	if i < 0 {
		r.Complete = append(r.Complete, completeDays{account, []string{day}})
		return
	}
	if days := &r.Complete[i].Days; !slices.Contains(*days, day) {
		*days = append(*days, day)
	}
}

func (r *Report) missing(open map[string]MissingHours) {
	for _, key := range slices.Sorted(maps.Keys(open)) {
		r.Missing = append(r.Missing, open[key])
	}
}

// IsPartial reports whether days of the files are not believed yet, or not covered as a whole.
func (r *Report) IsPartial() bool { return len(r.Quarantined)+len(r.Missing) > 0 }

func spanText(s sms.Span) string {
	if s.IsEmpty() {
		return ""
	}
	return s.From.Format(time.RFC3339) + "/" + s.To.Format(time.RFC3339)
}
