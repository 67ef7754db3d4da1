package lineage

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/google/uuid"

	"smsetl/sms"
)

// Load is a load that has begun.
type Load struct {
	ID     int64
	Source string
	Scope  sms.Scope
	Facts  sms.Facts // that the scope fills
	Began  time.Time
}

// Done is how a load ended.
type Done struct {
	Deliveries, Failures int64 // rows written into the facts
	Held                 int   // days whose answer was not believed
	Err                  error // nil for a load that was committed
	At                   time.Time
}

const (
	producer = "urn:smsetl"
	spec     = "https://openlineage.io/spec/"
)

// event is a RunEvent. What a facet has beside its two fields stands in the order of the standard's documents.
type event struct {
	EventType string    `json:"eventType"`
	EventTime time.Time `json:"eventTime"`
	Run       run       `json:"run"`
	Job       job       `json:"job"`
	Inputs    []dataset `json:"inputs"`
	Outputs   []dataset `json:"outputs"`
	Producer  string    `json:"producer"`
	SchemaURL string    `json:"schemaURL"`
}

type run struct {
	RunID  uuid.UUID `json:"runId"`
	Facets runFacets `json:"facets"`
}

type runFacets struct {
	NominalTime  nominalTime   `json:"nominalTime"`
	ErrorMessage *errorMessage `json:"errorMessage,omitempty"`
}

type job struct {
	Namespace string `json:"namespace"`
	Name      string `json:"name"`
}

type dataset struct {
	Namespace    string         `json:"namespace"`
	Name         string         `json:"name"`
	Facets       *datasetFacets `json:"facets,omitempty"`
	OutputFacets *outputFacets  `json:"outputFacets,omitempty"`
}

type datasetFacets struct {
	Schema     schema      `json:"schema"`
	Assertions *assertions `json:"dataQualityAssertions,omitempty"`
}

type outputFacets struct {
	Statistics statistics `json:"outputStatistics"`
}

// facet is what every facet has.
type facet struct {
	Producer  string `json:"_producer"`
	SchemaURL string `json:"_schemaURL"`
}

func newFacet(version, name string) facet {
	return facet{producer, spec + "facets/" + version + "/" + name + ".json#/$defs/" + name}
}

type nominalTime struct {
	facet

	Start time.Time `json:"nominalStartTime"`
	End   time.Time `json:"nominalEndTime"`
}

type errorMessage struct {
	facet

	Message  string `json:"message"`
	Language string `json:"programmingLanguage"`
}

type schema struct {
	facet

	Fields []field `json:"fields"`
}

type field struct {
	Name string `json:"name"`
	Type string `json:"type"`
}

type assertions struct {
	facet

	Assertions []assertion `json:"assertions"`
}

type assertion struct {
	Assertion string `json:"assertion"`
	Success   bool   `json:"success"`
}

type statistics struct {
	facet

	RowCount int64 `json:"rowCount"`
}

// Began tells that a load has begun.
func (s *Sender) Began(l Load) {
	if s != nil {
		s.send(s.event("START", l, Done{At: l.Began}))
	}
}

// Ended tells how a load has ended, once what it wrote or did not write can be seen.
func (s *Sender) Ended(l Load, done Done) {
	switch {
	case s == nil:
	case done.Err == nil:
		s.send(s.event("COMPLETE", l, done))
	case errors.Is(done.Err, context.Canceled):
		s.send(s.event("ABORT", l, done))
	default:
		s.send(s.event("FAIL", l, done))
	}
}

func (s *Sender) event(kind string, l Load, done Done) event {
	window, account := l.Scope.Window, l.Scope.Account
	e := event{
		EventType: kind, EventTime: done.At.UTC(), Producer: producer, SchemaURL: spec + "2-0-2/OpenLineage.json#/$defs/RunEvent",
		Job: job{s.options.Namespace, fmt.Sprintf("smsetl.%s.%s", l.Source, account.ID)},
		Run: run{s.runID(l), runFacets{NominalTime: nominalTime{
			newFacet("1-0-1", "NominalTimeRunFacet"), account.Zone.Start(window.First()).UTC(), account.Zone.Start(window.Last() + 1).UTC(),
		}}},
	}
	for _, d := range l.Scope.Datasets {
		e.Inputs = append(e.Inputs, dataset{Namespace: string(account.Vendor), Name: account.ID + "." + string(d)})
	}
	if l.Facts.Delivery {
		e.Outputs = append(e.Outputs, s.fact(kind, "fact_delivery_daily", deliveryColumns(), done.Deliveries, done.Held))
	}
	if l.Facts.Processing || l.Facts.Sending {
		e.Outputs = append(e.Outputs, s.fact(kind, "fact_failure_daily", failureColumns(), done.Failures, done.Held))
	}
	if done.Err != nil {
		e.Run.Facets.ErrorMessage = &errorMessage{newFacet("1-0-1", "ErrorMessageRunFacet"), done.Err.Error(), "Go"}
	}
	return e
}

// runID is the same for all events of a load. The number alone would come again in a warehouse that is made anew.
func (s *Sender) runID(l Load) uuid.UUID {
	name := fmt.Sprintf("%s/%s/etl.load/%d/%d", s.options.Server, s.options.Database, l.ID, l.Began.UnixNano())
	return uuid.NewSHA1(uuid.NameSpaceURL, []byte(name))
}

func (s *Sender) fact(kind, table string, columns []field, rows int64, held int) dataset {
	d := dataset{
		Namespace: s.options.Server, Name: s.options.Database + ".sms." + table,
		Facets: &datasetFacets{Schema: schema{newFacet("1-2-0", "SchemaDatasetFacet"), columns}},
	}
	if kind == "COMPLETE" {
		d.Facets.Assertions = &assertions{newFacet("1-1-0", "DataQualityAssertionsDatasetFacet"), []assertion{{"every day of the answer is believed", held == 0}}}
		d.OutputFacets = &outputFacets{statistics{newFacet("1-0-2", "OutputStatisticsOutputDatasetFacet"), rows}}
	}
	return d
}

func keyColumns() []field {
	return []field{
		{"date_key", "date"}, {"account_key", "integer"}, {"template_key", "integer"}, {"label_key", "integer"}, {"message_type_key", "integer"},
		{"country_key", "integer"},
	}
}

// Columns that only say where a row is from are left out.
func deliveryColumns() []field {
	columns := keyColumns()
	for _, name := range sms.MeasureNames {
		columns = append(columns, field{name, "bigint"})
	}
	return columns
}

func failureColumns() []field {
	return append(keyColumns(), field{"reason_key", "integer"}, field{"messages", "bigint"})
}
