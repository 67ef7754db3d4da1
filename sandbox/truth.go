package sandbox

import (
	"cmp"
	"fmt"
	"regexp"
	"slices"
	"strconv"
	"time"

	"smsetl/sandbox/traffic"
)

// Truth is what an analyst should find in the warehouse: the rows of sms.delivery_daily and sms.failure_daily, sorted by
// their keys.
type Truth struct {
	Deliveries []Delivery `json:"deliveries"`
	Failures   []Failure  `json:"failures"`
}

// Delivery is a row of sms.delivery_daily. Unit: messages, but for BilledSegments. nil: the vendor does not report it.
type Delivery struct {
	SendDate         string `json:"send_date"`
	Vendor           string `json:"vendor"`
	Account          string `json:"account"`
	Template         string `json:"template"`
	Label            string `json:"label"`
	MessageType      string `json:"message_type"`
	Requested        *int64 `json:"requested"`
	Accepted         *int64 `json:"accepted"`
	ProcessingFailed *int64 `json:"processing_failed"`
	Delivered        *int64 `json:"delivered"`
	SendFailed       *int64 `json:"send_failed"`
	Pending          *int64 `json:"pending"`
	BilledSegments   *int64 `json:"billed_segments"`
}

// Failure is a row of sms.failure_daily. There is none for a reason that had no message.
type Failure struct {
	SendDate    string `json:"send_date"`
	Vendor      string `json:"vendor"`
	Account     string `json:"account"`
	Template    string `json:"template"`
	Label       string `json:"label"`
	MessageType string `json:"message_type"`
	Stage       string `json:"stage"`
	Reason      string `json:"reason"`
	Category    string `json:"category"`
	Messages    int64  `json:"messages"`
}

// Query narrows a truth.
type Query struct {
	From, To string // days, yyyy-MM-dd, both inside
	At       time.Time
	Vendor   string // "" for both
	Account  string // "" for all
	// Zone of the days, such as "+08:00"; "" for +08:00, and for Tencent the zone its hours are in.
	Zone string
}

// Words that stand where the vendor or the row has no key.
const (
	// None stands where a message has no template or label, in a Restatement too.
	None        = "(none)"
	notReported = "(not reported)"
)

// categories maps reasons to canonical categories (vendors' pages, 4.3). What is missing here is unmapped.
var categories = map[string]string{
	"processing/global_block":      "blocked_opt_out",
	"processing/partial_block":     "blocked_opt_out",
	"processing/unsubscribe":       "blocked_opt_out",
	"processing/keyword_block":     "content_template",
	"processing/variable_error":    "content_template",
	"processing/content_error":     "content_template",
	"processing/frequency_overrun": "rate_limited",
	"processing/other":             "other",
	"sending/empty":                "invalid_number",
	"sending/out_of_service":       "unreachable",
	"sending/blacklist":            "blocked_opt_out",
	"sending/busy":                 "unreachable",
	"sending/no_answer":            "unreachable",
	"sending/interception":         "content_template",
	"sending/break_down":           "unreachable",
	"sending/not_in_service":       "unreachable",
	"sending/power_off":            "unreachable",
	"sending/other":                "other",
	"sending/InternalErrorCount":   "carrier_network",
	"sending/InvalidNumberCount":   "invalid_number",
	"sending/ShutdownErrorCount":   "unreachable",
	"sending/BlackListCount":       "blocked_opt_out",
	"sending/FrequencyLimitCount":  "rate_limited",
	"sending/residual":             "other",
}

// Truth gives the rows of the days from to to, both inside, as the vendors would tell them at a moment of the virtual
// clock. Accounts out of reach of every secret are not in it.
func (s *Sandbox) Truth(from, to string, at time.Time) (Truth, error) {
	return s.TruthOf(Query{From: from, To: to, At: at})
}

// TruthOf gives the rows of a query.
func (s *Sandbox) TruthOf(q Query) (Truth, error) {
	first, err := traffic.ParseDay(q.From)
	if err != nil {
		return Truth{}, fmt.Errorf("sandbox: truth: %w", err)
	}
	last, err := traffic.ParseDay(q.To)
	if err != nil {
		return Truth{}, fmt.Errorf("sandbox: truth: %w", err)
	}
	offset, err := parseZone(q.Zone)
	if err != nil {
		return Truth{}, fmt.Errorf("sandbox: truth: %w", err)
	}
	t := Truth{Deliveries: []Delivery{}, Failures: []Failure{}}
	for _, a := range s.accounts {
		if a.denied || q.Vendor != "" && q.Vendor != a.vendor || q.Account != "" && q.Account != a.id {
			continue
		}
		for d := first; d <= last; d++ {
			if a.vendor == EngageLab {
				s.engageLabTruth(&t, a, d, offset, q.At)
			} else {
				zone := offset
				if q.Zone == "" {
					zone = s.tencentOffset()
				}
				s.tencentTruth(&t, a, d, zone, q.At)
			}
		}
	}
	t.sort()
	return t, nil
}

var zoneForm = regexp.MustCompile(`^([+-]\d\d):00$`)

// parseZone reads "+08:00" as 8. Vendors know whole hours only.
func parseZone(zone string) (int, error) {
	if zone == "" {
		return beijing, nil
	}
	m := zoneForm.FindStringSubmatch(zone)
	if m == nil {
		return 0, fmt.Errorf("%q is not a zone: want whole hours, such as +08:00", zone)
	}
	return strconv.Atoi(m[1])
}

func (s *Sandbox) engageLabTruth(t *Truth, a *account, d traffic.Day, offset int, at time.Time) {
	edits := s.told(a, at)
	for _, row := range a.day(d, offset, at, edits) {
		key := Failure{
			SendDate: d.String(), Vendor: a.vendor, Account: a.id,
			Template: word(row.Template), Label: word(row.Label), MessageType: row.Type,
		}
		pending := row.Waiting
		if s.o.EngageLab.Sent == SentQueued {
			pending -= row.Queued
		}
		t.add(key, row.Targets, row.ProcessFailed(), row.Delivered, row.SendFailed(), pending, row.Billed)
		t.fail(key, "processing", rename(edits, d, processReasons), row.Process[:])
		t.fail(key, "sending", rename(edits, d, sendReasons), row.Send[:])
	}
}

func (s *Sandbox) tencentTruth(t *Truth, a *account, d traffic.Day, offset int, at time.Time) {
	var sum traffic.Tally
	for _, row := range a.day(d, offset, at, s.told(a, at)) {
		sum.Add(&row.Tally)
	}
	key := Failure{
		SendDate: d.String(), Vendor: a.vendor, Account: a.id,
		Template: notReported, Label: notReported, MessageType: notReported,
	}
	t.add(key, sum.Targets, sum.ProcessFailed(), sum.Delivered, sum.SendFailed(), sum.Waiting, sum.Billed)
	t.fail(key, "sending", append(slices.Clone(callbackReasons), "residual"), sum.Send[:])
}

// day gives what the vendor knows of an account's day, restatements included and lies left out.
func (a *account) day(d traffic.Day, offset int, at time.Time, edits []edit) []traffic.Row {
	start := d.Start(offset)
	return a.traffic.Rows(start, start+23, at, changes(edits))
}

func word(key int64) string {
	if key == 0 {
		return None
	}
	return strconv.FormatInt(key, 10)
}

func (t *Truth) add(k Failure, targets, processFailed, delivered, sendFailed, pending, billed int64) {
	accepted := targets - processFailed
	t.Deliveries = append(t.Deliveries, Delivery{
		SendDate: k.SendDate, Vendor: k.Vendor, Account: k.Account,
		Template: k.Template, Label: k.Label, MessageType: k.MessageType,
		Requested: &targets, Accepted: &accepted, ProcessingFailed: &processFailed,
		Delivered: &delivered, SendFailed: &sendFailed, Pending: &pending, BilledSegments: &billed,
	})
}

func (t *Truth) fail(k Failure, stage string, names []string, counts []int64) {
	k.Stage = stage
	for i, name := range names {
		if counts[i] == 0 {
			continue
		}
		k.Reason, k.Messages, k.Category = name, counts[i], "unmapped"
		if c, ok := categories[stage+"/"+name]; ok {
			k.Category = c
		}
		t.Failures = append(t.Failures, k)
	}
}

func (t *Truth) sort() {
	slices.SortFunc(t.Deliveries, func(a, b Delivery) int {
		return cmp.Or(
			cmp.Compare(a.SendDate, b.SendDate), cmp.Compare(a.Vendor, b.Vendor), cmp.Compare(a.Account, b.Account),
			cmp.Compare(a.Template, b.Template), cmp.Compare(a.Label, b.Label), cmp.Compare(a.MessageType, b.MessageType))
	})
	slices.SortFunc(t.Failures, func(a, b Failure) int {
		return cmp.Or(
			cmp.Compare(a.SendDate, b.SendDate), cmp.Compare(a.Vendor, b.Vendor), cmp.Compare(a.Account, b.Account),
			cmp.Compare(a.Template, b.Template), cmp.Compare(a.Label, b.Label), cmp.Compare(a.MessageType, b.MessageType),
			cmp.Compare(a.Stage, b.Stage), cmp.Compare(a.Reason, b.Reason))
	})
}
