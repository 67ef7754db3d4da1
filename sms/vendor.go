package sms

import "fmt"

// Vendor is a company that sends SMS for us and counts them in its own words.
type Vendor string

// The names of vendors and datasets that several rooms say. What is true of a vendor stands in its Spec.
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

// The datasets of each vendor. Its Spec says which facts each one fills.
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
