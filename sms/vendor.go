package sms

import "fmt"

// Vendor is a company that sends SMS for us and counts them in its own words.
type Vendor string

// The vendors this product speaks to.
const (
	EngageLab Vendor = "engagelab"
	Tencent   Vendor = "tencent"
	Huawei    Vendor = "huawei"
)

// Account is what a vendor keeps separate statistics for: an EngageLab sms_user, a Tencent SdkAppId, a Huawei application.
type Account struct {
	Vendor Vendor `json:"vendor"`
	ID     string `json:"account"`
	Zone   Zone   `json:"-"` // the zone of the vendor's day
}

// String gives the account as logs and error messages name it: "engagelab/marketing".
func (a Account) String() string { return fmt.Sprintf("%s/%s", a.Vendor, a.ID) }

// Dataset is one statistic of a vendor, under the vendor's own name.
type Dataset string

// The datasets of each vendor. Facts says which facts each one fills.
const (
	StatsDay       Dataset = "stats_day"       // EngageLab GET /v1/stats_day
	ProcessFailed  Dataset = "process_failed"  // EngageLab GET /v1/stats/process_failed
	SendFailed     Dataset = "send_failed"     // EngageLab GET /v1/stats/send_failed
	SendStatus     Dataset = "send_status"     // Tencent SendStatusStatistics
	CallbackStatus Dataset = "callback_status" // Tencent CallbackStatusStatistics
	SendingDetails Dataset = "sending_details" // Huawei console page "Viewing Sending Details", with the status reports it pushes
	DetailsRefused Dataset = "details_refused" // of the same page: why messages were not handed on
	DetailsFailed  Dataset = "details_failed"  // of the same page: why messages failed after it
)

// Facts says which part of the star a dataset fills, and so which rows a load of it replaces.
type Facts struct {
	Delivery   bool // rows of the delivery fact
	Processing bool // rows of the failure fact in stage Processing
	Sending    bool // rows of the failure fact in stage Sending
}

// Facts gives the part of the star that the dataset fills. Tencent's two datasets share the delivery rows: each reports
// some of their measures, so they are always asked for and loaded together.
func (d Dataset) Facts() Facts {
	switch d {
	case StatsDay, SendStatus, SendingDetails:
		return Facts{Delivery: true}
	case ProcessFailed, DetailsRefused:
		return Facts{Processing: true}
	case SendFailed, DetailsFailed:
		return Facts{Sending: true}
	case CallbackStatus:
		return Facts{Delivery: true, Sending: true}
	default:
		return Facts{}
	}
}

// IsImported says that the vendor answers no questions: somebody brings files of it.
func (v Vendor) IsImported() bool { return v == Huawei }

// Groups lists the datasets of a vendor as they are asked for: the datasets of one group share fact rows, or describe the same
// messages, and are always fetched, loaded and settled together.
func (v Vendor) Groups() [][]Dataset {
	switch v {
	case EngageLab:
		return [][]Dataset{{StatsDay, ProcessFailed, SendFailed}}
	case Tencent:
		return [][]Dataset{{SendStatus, CallbackStatus}}
	case Huawei:
		return [][]Dataset{{SendingDetails, DetailsRefused, DetailsFailed}}
	default:
		return nil
	}
}
