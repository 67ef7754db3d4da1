package explain

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"smsetl/read"
	"smsetl/sms"
)

// Question asks where a number comes from. Empty names choose all; the fixed members are named as views show them: (none),
// (not reported), (unknown).
type Question struct {
	Account     sms.Account
	Day         sms.Day
	Template    string
	Label       string
	MessageType string
	Country     string
	// Stage and Reason choose failures; without both, and without the measure messages, the question is about deliveries.
	Stage  sms.Stage
	Reason string
	// Measure is a column of sms.delivery_daily, vendor_sent, or messages of sms.failure_daily. Empty asks for all.
	Measure string
	Dataset sms.Dataset // only the ledger and the answers of this dataset
	Rows    int         // how many rows are listed, the largest first; 0 is 20
}

// names gives the names by which the question chooses rows, those of some kinds.
func (q Question) names(isWanted func(kind string) bool) (all []string) {
	for _, n := range [][2]string{
		{"template", q.Template}, {"label", q.Label}, {"message type", q.MessageType}, {"country", q.Country}, {"reason", q.Reason},
	} {
		if n[1] != "" && isWanted(n[0]) {
			all = append(all, n[0]+" "+n[1])
		}
	}
	return all
}

// Explanation is a number with everything that it comes from. Its JSON is the document of "etl explain". A number that is
// null is not reported.
type Explanation struct {
	Account sms.Account `json:",embed"`
	Zone    string      `json:"time_zone"`
	Date    sms.Day     `json:"send_date"`

	Measures []Measure      `json:"measures"`
	Rows     int            `json:"rows"`              // that the sums are of
	Missing  string         `json:"missing,omitempty"` // why there is no number, where there is none
	Days     []read.DayLine `json:"days"`              // one for each dataset
	Cells    []Cell         `json:"cells"`             // the rows, and those that were removed; at most Question.Rows
	Answers  []Answer       `json:"answers"`
	Loads    []read.Load    `json:"loads"`            // that wrote, replaced or believed something of these rows
	Pushes   []Push         `json:"pushes,omitempty"` // the newest of those whose reports the day rests on beside its answers
}

// Push is a body of status reports that the vendor pushed. Its kept form is found by its hash.
type Push struct {
	Hash       string    `json:"hash"`
	ReceivedAt time.Time `json:"received_at"`
	IsSigned   bool      `json:"is_signed"`
	Reports    int       `json:"reports"` // of it that are about the day
}

// Measure is one measure, summed over the rows, and how the vendor makes it.
type Measure struct {
	read.Support

	Total sms.Count `json:"total"`
}

// Cell is one row of a fact.
type Cell struct {
	Template    string       `json:"template"`
	Label       string       `json:"label"`
	MessageType string       `json:"message_type"`
	Country     string       `json:"country"`
	Stage       sms.Stage    `json:"stage,omitempty"`
	Reason      string       `json:"reason,omitempty"`
	Category    sms.Category `json:"category,omitempty"`
	IsThere     bool         `json:"is_there"` // false for a row that was removed
	Values      []Value      `json:"values"`
	Places      []Place      `json:"places"` // in the answers that the day rests on
}

// Value is one measure of a row: what it is, what it is made of, and what it was.
type Value struct {
	Measure string    `json:"measure"`
	Value   sms.Count `json:"value"`
	Fields  []Field   `json:"fields"`
	History []Past    `json:"history"` // oldest first; the last one is the value
}

// Field is a field of the vendor's, as the vendor wrote it.
type Field struct {
	Dataset sms.Dataset `json:"dataset"`
	Field   string      `json:"field"`
	JSON    string      `json:"json"`  // empty when the row lacks it, or the answer is gone, or the rows are counted
	Place   int         `json:"place"` // index in places; -1 for none
	// Adds is what the rows of the place add to the value, of a vendor whose rows are messages and hold no number. It is not reported
	// elsewhere, and where the rows leave it open.
	Adds sms.Count `json:"adds,omitzero"`
}

// Past is a value from one load until another.
type Past struct {
	Value  sms.Count `json:"value"`
	From   time.Time `json:"from"`  // null for the absence of a row before its first load
	Until  time.Time `json:"until"` // null while it holds
	LoadID int64     `json:"load_id"`
	Change string    `json:"change"` // first, added, updated, removed: how it came
	Cause  string    `json:"cause"`  // first_told, late_delivery, vendor_restatement, our_mapping
}

// Place is where the vendor's row stands, or the first of rows that are counted.
type Place struct {
	Dataset  sms.Dataset `json:"dataset"`
	FetchID  int64       `json:"fetch_id"`
	Hash     string      `json:"hash"`
	Position int64       `json:"position"` // index of the row, from 0
	Offset   int64       `json:"offset"`   // bytes before the row
	Row      string      `json:"row"`      // its own bytes
	// Rows of the answer are counted, from this one on; 0 where the row itself holds the number.
	Rows    int64 `json:"rows,omitzero"`
	Repeats int64 `json:"repeats,omitzero"` // of those: rows of messages that a newer answer has too
	// Reported are messages of these rows whose outcome pushed reports, or their absence, changed.
	Reported int64 `json:"reported,omitzero"`
}

// Answer is an answer of the vendor about the day.
type Answer struct {
	FetchID   int64       `json:"fetch_id"`
	LoadID    int64       `json:"load_id"`
	Dataset   sms.Dataset `json:"dataset"`
	Window    string      `json:"window"`
	Method    string      `json:"method"`
	URL       string      `json:"url"`
	Action    string      `json:"action,omitempty"`
	Body      string      `json:"body,omitempty"`
	FetchedAt time.Time   `json:"fetched_at"`
	Status    int         `json:"status"`
	RequestID string      `json:"request_id,omitempty"`
	Hash      string      `json:"hash"`
	Size      int64       `json:"size"`
	PrunedAt  time.Time   `json:"pruned_at"` // when its bytes were thrown away
	IsCurrent bool        `json:"is_current"`
}

// ByReports says for how many messages of the rows status reports decided; empty for none.
func (p *Place) ByReports() string {
	if p.Reported == 0 {
		return ""
	}
	return fmt.Sprintf(", the outcome of %d told by status reports", p.Reported)
}

// FileOf names the file that a place is in.
func (e *Explanation) FileOf(p Place) string {
	for _, a := range e.Answers {
		if a.FetchID == p.FetchID {
			return strings.TrimPrefix(a.URL, "file:")
		}
	}
	return string(p.Dataset)
}

// From lists the fields that a value is made of as people read it: "targets 12, process_failed 3" for a row that holds the numbers,
// "12 in answer 5 + 3 in answer 9, by result, status" for rows that are counted. Empty when nothing is there to show.
func (v *Value) From(places []Place) string {
	var parts, adds, columns []string
	for _, f := range v.Fields {
		switch {
		case f.Place < 0:
		case places[f.Place].Rows > 0:
			if !slices.Contains(columns, f.Field) {
				columns = append(columns, f.Field)
			}
			if f.Field == columns[0] {
				adds = f.add(adds, places[f.Place].FetchID)
			}
		case f.JSON == "":
			parts = append(parts, f.Field+" missing")
		default:
			parts = append(parts, f.Field+" "+f.JSON)
		}
	}
	if len(adds) > 0 {
		parts = append(parts, strings.Join(adds, " + ")+", by "+strings.Join(columns, ", "))
	}
	return strings.Join(parts, ", ")
}

// add says what the rows of an answer add, when they add anything.
func (f *Field) add(all []string, answer int64) []string {
	n, isReported := f.Adds.Value()
	switch {
	case !isReported:
		return append(all, fmt.Sprintf("not told in answer %d", answer))
	case n == 0:
		return all
	default:
		return append(all, fmt.Sprintf("%d in answer %d", n, answer))
	}
}
