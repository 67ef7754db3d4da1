package sms

// Spec is what is true of a vendor whoever asks. The tables sms.dim_vendor, etl.dataset, sms.metric_support and the names in
// sms.dim_message_type are kept equal to it.
type Spec struct {
	Name  Vendor
	Title string // the product, for people
	// IsImported says that the vendor has no call for statistics: somebody brings files of it, and it may push.
	IsImported bool
	// Datasets share fact rows, or describe the same messages: they are always fetched, loaded and settled together. The line
	// in the ledger of the first that fills delivery rows speaks for these rows. A stage has one dataset.
	Datasets     []DatasetSpec
	Support      []MetricSupport
	MessageTypes []MessageType
}

// DatasetSpec is a dataset and what it fills.
type DatasetSpec struct {
	Name Dataset
	Facts
}

// MetricSupport says how a vendor gives a measure.
type MetricSupport struct {
	Measure string // of MeasureNames, processing_failures, sending_failures or DeliveryTime
	Support Support
	Formula string // of the vendor's fields; empty for NotGiven
	Unit    string // messages, segments or seconds
	Note    string // what to know before comparing; empty for nothing
}

// Measured says how a vendor gives a measure.
func Measured(measure string, support Support, formula, unit, note string) MetricSupport {
	return MetricSupport{Measure: measure, Support: support, Formula: formula, Unit: unit, Note: note}
}

// Support is how a vendor gives a measure.
type Support string

// The kinds of support.
const (
	Stated   Support = "reported"     // the vendor states it
	Derived  Support = "derived"      // it is computed from what the vendor states
	NotGiven Support = "not_reported" // the vendor does not tell
)

// MessageType is a message type that has a name for people.
type MessageType struct{ Code, Name string }

// DatasetNames lists the datasets.
func (s *Spec) DatasetNames() []Dataset {
	names := make([]Dataset, len(s.Datasets))
	for i := range s.Datasets {
		names[i] = s.Datasets[i].Name
	}
	return names
}

// Facts gives the part of the star that a dataset fills.
func (s *Spec) Facts(name Dataset) Facts {
	for i := range s.Datasets {
		if s.Datasets[i].Name == name {
			return s.Datasets[i].Facts
		}
	}
	return Facts{}
}
