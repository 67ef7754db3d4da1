package sandbox

import (
	"errors"
	"fmt"
	"slices"
	"strconv"
	"sync"
	"time"

	"smsetl/sandbox/traffic"
)

// RestatementKind says what a vendor tells differently.
type RestatementKind string

// The kinds of restatement. The first four change the truth: the vendor corrects itself. The last two are lies: the answers
// are wrong and the truth stays.
const (
	LateDeliveries RestatementKind = "late_deliveries" // Share of the failed messages were delivered after all
	VanishedRow    RestatementKind = "vanished_row"    // the rows of Template are gone
	QuietDay       RestatementKind = "quiet_day"       // no message was sent at all
	RenamedReason  RestatementKind = "renamed_reason"  // EngageLab calls the failure Reason by NewReason
	DoubledAnswer  RestatementKind = "doubled_answer"  // every count twice as high as it is
	EmptyAnswer    RestatementKind = "empty_answer"    // nothing where there is something
)

// Restatement is a change that a vendor's answers undergo at a moment.
type Restatement struct {
	Kind    RestatementKind `json:"kind"`
	Vendor  string          `json:"vendor,omitempty"`  // "" for every vendor
	Account string          `json:"account,omitempty"` // "" for every account
	// From and To bound the days that change, yyyy-MM-dd in +08:00, both inside; "" for no bound. Days of another zone change in
	// the hours that lie in these.
	From string `json:"from,omitempty"`
	To   string `json:"to,omitempty"`
	// Template is the EngageLab template_id whose rows change; "" for all rows, None for those without one.
	Template string `json:"template,omitempty"`
	// At and Until bound the virtual time at which the change is told; zero for always.
	At        time.Time `json:"at,omitzero"`
	Until     time.Time `json:"until,omitzero"`
	Share     float64   `json:"share,omitempty"`      // of LateDeliveries, 0 to 1
	Reason    string    `json:"reason,omitempty"`     // of RenamedReason, the field as it was called
	NewReason string    `json:"new_reason,omitempty"` // of RenamedReason, the field as it is called now
}

// edit is a Restatement, read.
type edit struct {
	Restatement
	first, last traffic.Day
	template    int64
}

func (e *edit) isTold(a *account, at time.Time) bool {
	return (e.Vendor == "" || e.Vendor == a.vendor) && (e.Account == "" || e.Account == a.id) &&
		!at.Before(e.At) && (e.Until.IsZero() || at.Before(e.Until))
}

func (e *edit) touches(d traffic.Day) bool { return e.first <= d && d <= e.last }

// script is the restatements in the order they were given.
type script struct {
	mu    sync.RWMutex
	edits []edit
}

// Restate adds restatements to those that are told already.
func (s *Sandbox) Restate(restatements ...Restatement) error {
	var edits []edit
	for _, r := range restatements {
		e, err := read(r)
		if err != nil {
			return fmt.Errorf("sandbox: restatement %s: %w", r.Kind, err)
		}
		edits = append(edits, e)
	}
	s.script.mu.Lock()
	defer s.script.mu.Unlock()
	s.script.edits = append(s.script.edits, edits...)
	s.answers.forget()
	return nil
}

// Restatements gives all restatements so far.
func (s *Sandbox) Restatements() []Restatement {
	s.script.mu.RLock()
	defer s.script.mu.RUnlock()
	out := make([]Restatement, len(s.script.edits))
	for i, e := range s.script.edits {
		out[i] = e.Restatement
	}
	return out
}

func read(r Restatement) (edit, error) {
	e := edit{Restatement: r, first: -1 << 30, last: 1 << 30}
	var err error
	if r.From != "" {
		if e.first, err = traffic.ParseDay(r.From); err != nil {
			return e, err
		}
	}
	if r.To != "" {
		if e.last, err = traffic.ParseDay(r.To); err != nil {
			return e, err
		}
	}
	if r.Template != "" && r.Template != None {
		if e.template, err = strconv.ParseInt(r.Template, 10, 64); err != nil {
			return e, fmt.Errorf("template %q is not a number", r.Template)
		}
	}
	switch r.Kind {
	case VanishedRow, QuietDay, DoubledAnswer, EmptyAnswer:
	case LateDeliveries:
		if r.Share <= 0 || r.Share > 1 {
			return e, fmt.Errorf("share %v: want more than 0 and at most 1", r.Share)
		}
	case RenamedReason:
		if r.Reason == "" || r.NewReason == "" {
			return e, errors.New("reason and new_reason are both needed")
		}
	default:
		return e, errors.New("no such kind")
	}
	return e, nil
}

// told gives the edits that shape what an account is told at a moment.
func (s *Sandbox) told(a *account, at time.Time) []edit {
	s.script.mu.RLock()
	defer s.script.mu.RUnlock()
	var told []edit
	for _, e := range s.script.edits {
		if e.isTold(a, at) {
			told = append(told, e)
		}
	}
	return told
}

// changes gives the part of the edits that changes the truth of the hours.
func changes(edits []edit) []traffic.Change {
	var out []traffic.Change
	for _, e := range edits {
		c := traffic.Change{First: e.first, Last: e.last, Template: e.template, All: e.Template == "", Share: e.Share}
		switch e.Kind {
		case LateDeliveries:
			c.Kind = traffic.Late
		case VanishedRow, QuietDay:
			c.Kind = traffic.Silence
		default:
			continue
		}
		out = append(out, c)
	}
	return out
}

// lie gives by how much the counts of a day are multiplied in answers: 1 is the truth.
func lie(edits []edit, d traffic.Day) int64 {
	factor := int64(1)
	for i := range edits {
		switch e := &edits[i]; {
		case !e.touches(d):
		case e.Kind == EmptyAnswer:
			return 0
		case e.Kind == DoubledAnswer:
			factor = 2
		}
	}
	return factor
}

// rename gives the names of the reasons on a day; names itself when none is renamed.
func rename(edits []edit, d traffic.Day, names []string) []string {
	out := names
	for i := range edits {
		e := &edits[i]
		if e.Kind != RenamedReason || !e.touches(d) {
			continue
		}
		if at := slices.Index(out, e.Reason); at >= 0 {
			out = slices.Clone(out)
			out[at] = e.NewReason
		}
	}
	return out
}
