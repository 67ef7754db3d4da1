package job

import (
	"fmt"
	"slices"
	"strings"
	"time"

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
	Rows    int         // how many rows are told one by one, the largest first; 0 is 20
}

// Explanation is a number with everything that it comes from. Its JSON is the document of "etl explain". A number that is
// null is not reported.
type Explanation struct {
	Vendor  string `json:"vendor"`
	Account string `json:"account"`
	Zone    string `json:"time_zone"`
	Date    string `json:"send_date"`

	Measures []ExplainedMeasure `json:"measures"`
	Rows     int                `json:"rows"`              // that the sums are of
	Missing  string             `json:"missing,omitempty"` // why there is no number, where there is none
	Days     []ExplainedDay     `json:"days"`              // one for each dataset
	Cells    []ExplainedCell    `json:"cells"`             // the rows, and those that are there no more; at most Question.Rows
	Answers  []ExplainedAnswer  `json:"answers"`
	Loads    []ExplainedLoad    `json:"loads"`
	Pushes   []ExplainedPush    `json:"pushes,omitempty"` // the newest of those whose reports the day rests on beside its answers
}

// ExplainedPush is a body of status reports that the vendor pushed. Its kept form is found by its hash.
type ExplainedPush struct {
	Hash       string    `json:"hash"`
	ReceivedAt time.Time `json:"received_at"`
	IsSigned   bool      `json:"is_signed"`
	Reports    int       `json:"reports"` // of it that tell of the day
}

// ExplainedMeasure is one measure, summed over the rows.
type ExplainedMeasure struct {
	Measure string `json:"measure"`
	Unit    string `json:"unit"`
	Support string `json:"support"` // reported, derived, not_reported
	Formula string `json:"formula"` // of the vendor's fields
	Note    string `json:"note,omitempty"`
	Total   *int64 `json:"total"`
}

// ExplainedDay is the state of the day in the ledger.
type ExplainedDay struct {
	Dataset     string     `json:"dataset"`
	State       string     `json:"state"`
	Reason      string     `json:"reason,omitempty"`
	Since       time.Time  `json:"since"`
	Pending     *int64     `json:"pending"`
	LoadedAt    *time.Time `json:"loaded_at"`    // when rows of the day were last written
	ConfirmedAt *time.Time `json:"confirmed_at"` // when an answer was last believed
	Version     int        `json:"transform_version"`
	BelievedBy  int64      `json:"believed_by"` // the load that believed the answer, see loads; 0 for none
	AnsweredBy  int64      `json:"answered_by"` // the load that was given it, see answers
}

// ExplainedCell is one row of a fact.
type ExplainedCell struct {
	Template    string `json:"template"`
	Label       string `json:"label"`
	MessageType string `json:"message_type"`
	Country     string `json:"country"`
	Stage       string `json:"stage,omitempty"`
	Reason      string `json:"reason,omitempty"`
	Category    string `json:"category,omitempty"`
	// IsThere is false for a row that was removed.
	IsThere bool             `json:"is_there"`
	Values  []ExplainedValue `json:"values"`
	Places  []ExplainedPlace `json:"places"` // in the answers that the day rests on
}

// ExplainedValue is one measure of a row: what it is, what it is made of, and what it was.
type ExplainedValue struct {
	Measure string           `json:"measure"`
	Value   *int64           `json:"value"`
	Fields  []ExplainedField `json:"fields"`
	History []PastValue      `json:"history"` // oldest first; the last one is the value
}

// ExplainedField is a field of the vendor's, as the vendor wrote it.
type ExplainedField struct {
	Dataset string `json:"dataset"`
	Field   string `json:"field"`
	JSON    string `json:"json"`  // empty when the row lacks it, or the answer is gone, or the rows are counted
	Place   int    `json:"place"` // index in places; -1 for none
	// Adds is what the rows of the place add to the value, of a vendor whose rows are messages and hold no number; null elsewhere,
	// and where they do not tell it.
	Adds *int64 `json:"adds,omitempty"`
}

// PastValue is a value from one load until another.
type PastValue struct {
	Value  *int64     `json:"value"`
	From   *time.Time `json:"from"`  // null for the absence of a row before its first load
	Until  *time.Time `json:"until"` // null while it holds
	LoadID int64      `json:"load_id"`
	Change string     `json:"change"` // first, added, updated, removed: how it came
	Cause  string     `json:"cause"`  // first_told, late_delivery, vendor_restatement, our_mapping
}

// ExplainedPlace is where the vendor's row stands, or the first of rows that are counted.
type ExplainedPlace struct {
	Dataset  string `json:"dataset"`
	FetchID  int64  `json:"fetch_id"`
	Hash     string `json:"hash"`
	Position int64  `json:"position"` // index of the row, from 0
	Offset   int64  `json:"offset"`   // bytes before the row
	Row      string `json:"row"`      // its own bytes
	// Rows of the answer are counted, from this one on; 0 where the row itself holds the number.
	Rows    int64 `json:"rows,omitempty"`
	Repeats int64 `json:"repeats,omitempty"` // of those: rows of messages that a newer answer tells of
	// Reported are messages of these rows of which pushed reports, or their absence, told something else.
	Reported int64 `json:"reported,omitempty"`
}

// ExplainedAnswer is an answer of the vendor about the day.
type ExplainedAnswer struct {
	FetchID   int64      `json:"fetch_id"`
	LoadID    int64      `json:"load_id"`
	Dataset   string     `json:"dataset"`
	Window    string     `json:"window"`
	Method    string     `json:"method"`
	URL       string     `json:"url"`
	Action    string     `json:"action,omitempty"`
	Body      string     `json:"body,omitempty"`
	FetchedAt time.Time  `json:"fetched_at"`
	Status    int        `json:"status"`
	RequestID string     `json:"request_id,omitempty"`
	Hash      string     `json:"hash"`
	Size      int64      `json:"size"`
	PrunedAt  *time.Time `json:"pruned_at"` // when its bytes were thrown away
	IsCurrent bool       `json:"is_current"`
}

// ExplainedLoad is a load that wrote, replaced or believed something of these rows.
type ExplainedLoad struct {
	LoadID    int64      `json:"load_id"`
	RunID     int64      `json:"run_id"`
	Command   string     `json:"command,omitempty"`
	Host      string     `json:"host,omitempty"`
	Program   string     `json:"program,omitempty"`
	Origin    string     `json:"origin"`
	RawOf     int64      `json:"raw_of,omitempty"`
	Outcome   string     `json:"outcome"`
	Window    string     `json:"window"`
	StartedAt time.Time  `json:"started_at"`
	LoadedAt  *time.Time `json:"loaded_at"`
	Version   int        `json:"transform_version"`
}

// ByReports says how many messages of the rows were told by status reports; empty for none.
func (p *ExplainedPlace) ByReports() string {
	if p.Reported == 0 {
		return ""
	}
	return fmt.Sprintf(", the outcome of %d told by status reports", p.Reported)
}

// FileOf names the file that a place is in.
func (e *Explanation) FileOf(p ExplainedPlace) string {
	for _, a := range e.Answers {
		if a.FetchID == p.FetchID {
			return strings.TrimPrefix(a.URL, "file:")
		}
	}
	return p.Dataset
}

// From tells the fields that a value is made of as people read it: "targets 12, process_failed 3" for a row that holds the numbers,
// "12 in answer 5 + 3 in answer 9, by result, status" for rows that are counted. Empty when nothing is there to show.
func (v *ExplainedValue) From(places []ExplainedPlace) string {
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
func (f *ExplainedField) add(all []string, answer int64) []string {
	switch {
	case f.Adds == nil:
		return append(all, fmt.Sprintf("not told in answer %d", answer))
	case *f.Adds == 0:
		return all
	default:
		return append(all, fmt.Sprintf("%d in answer %d", *f.Adds, answer))
	}
}
