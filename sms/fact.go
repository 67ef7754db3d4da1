package sms

// Grain is what a delivery row is unique by, beside its account: day, template, label, message type and country.
type Grain struct {
	Day         Day
	Template    Key
	Label       Key // EngageLab label, Huawei signature
	MessageType Key
	Country     Key // where the messages went to, ISO 3166-1 alpha-2; NotReported where the vendor never tells
}

// Measures are the counts of one delivery row. Unit: messages, but for BilledSegments. Which vendor reports, derives or
// lacks which of them stands in sms.metric_support.
type Measures struct {
	Requested        Count // messages that we asked the vendor to send
	Accepted         Count // messages that the vendor handed on towards the carrier
	ProcessingFailed Count // messages that the vendor decided not to hand on
	Delivered        Count // messages that reached the handset
	SendFailed       Count // messages that the carrier reported as failed
	Pending          Count // messages handed on whose result is still open
	BilledSegments   Count // billed pieces; a long message is several
	VendorSent       Count // EngageLab's ambiguous `sent`, as reported; nothing is derived from it
}

// MeasureNames names the measures in the order in which the fact, its history and its summaries have them as columns.
var MeasureNames = [measureCount]string{
	"requested", "accepted", "processing_failed", "delivered", "send_failed", "pending", "billed_segments", "vendor_sent",
}

// measureCount is how many measures there are.
const measureCount = 8

// Pointers gives where the measures stand, in the order of MeasureNames.
func (m *Measures) Pointers() [measureCount]*Count {
	return [...]*Count{
		&m.Requested, &m.Accepted, &m.ProcessingFailed, &m.Delivered, &m.SendFailed, &m.Pending, &m.BilledSegments, &m.VendorSent,
	}
}

// Counts gives the measures in the order of MeasureNames.
func (m *Measures) Counts() [measureCount]Count {
	return [...]Count{
		m.Requested, m.Accepted, m.ProcessingFailed, m.Delivered, m.SendFailed, m.Pending, m.BilledSegments, m.VendorSent,
	}
}

// Named gives a measure by its name; ok is false when there is none of that name.
func (m *Measures) Named(name string) (c Count, ok bool) {
	for i, c := range m.Counts() {
		if MeasureNames[i] == name {
			return c, true
		}
	}
	return Count{}, false
}

// Delivery is one row of sms.fact_delivery_daily before its keys become surrogate keys.
type Delivery struct {
	Grain
	Measures
}

// Stage says on which side of the hand-over to the carrier a message failed.
type Stage string

// The stages of a failure.
const (
	Processing Stage = "processing" // before the hand-over: the vendor's own decision
	Sending    Stage = "sending"    // after it: the carrier's answer
)

// Category is the canonical class of a failure reason, the same for every vendor.
type Category string

// The categories of failure. Unmapped marks a vendor code that no table of ours knows yet.
const (
	InvalidNumber   Category = "invalid_number"
	Unreachable     Category = "unreachable"
	BlockedOptOut   Category = "blocked_opt_out"
	CarrierNetwork  Category = "carrier_network"
	ContentTemplate Category = "content_template"
	RateLimited     Category = "rate_limited"
	PlatformConfig  Category = "platform_config"
	Other           Category = "other"
	Unmapped        Category = "unmapped"
)

// Reason is why messages failed: the vendor's own code with the stage and the canonical category.
type Reason struct {
	Code     string
	Stage    Stage
	Category Category
}

// Failure is one row of sms.fact_failure_daily before its keys become surrogate keys. Rows of 0 messages are not kept:
// on a loaded day a reason without a row had none, and a row whose count is not reported says that the vendor did not tell.
type Failure struct {
	Grain
	Reason   *Reason // from the table of reasons, shared between rows
	Messages Count
}
