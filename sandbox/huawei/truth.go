package huawei

import (
	"cmp"
	"slices"
	"strings"
	"time"

	"smsetl/sandbox"
)

// Truth is what an analyst should find in the warehouse of Huawei's messages, sorted by keys.
type Truth struct {
	Deliveries []Delivery
	Failures   []Failure
	Times      []Times
}

// Times are the delivered messages of a day, application, template and country by the seconds from sending to the report of the last
// piece, sorted. Negative ones were reported before they were sent.
type Times struct {
	SendDate, Account, Template, Country string
	Seconds                              []int64
}

// Delivery is a row of sms.delivery_daily with the country.
type Delivery struct {
	sandbox.Delivery
	Country string // ISO 3166-1 alpha-2
}

// Failure is a row of sms.failure_daily with the country.
type Failure struct {
	sandbox.Failure
	Country string
}

// huaweiStatuses says what a status means (vendor's pages, 3.4 and 4.3), a second time and apart from the pipeline.
func huaweiCategory(status string) string {
	switch status {
	case "EXPIRED", "UNDELIV", "DELETED", "MI:0024", "MN:0012", "24":
		return "unreachable"
	case "REJECTD", "BLACK":
		return "blocked_opt_out"
	case "KEYWORD", "DJ:0255", "E200032", "E200051":
		return "content_template"
	case "MILIMIT", "CTLIMIT":
		return "rate_limited"
	case "MK:0001", "LT:0001", "1":
		return "invalid_number"
	case "MA:0051", "MB:1041", "E200034":
		return "carrier_network"
	case "E200018", "E200024", "E200027", "E000628":
		return "platform_config"
	case "UNKNOWN":
		return "other"
	default:
		return "unmapped"
	}
}

// kinds are the types of SMS as the warehouse calls them.
var kinds = [...]string{1: "verification_code", 2: "promotion", 3: "notification"}

// Truth gives the rows of the messages that were sent from from to to (outside), on days of the given hours east of UTC, as the
// platform knows them at a moment. A failed message has the reason of its first piece that failed.
func (c *Console) Truth(from, to time.Time, hours int, at time.Time) Truth {
	return c.truth(func(m *consoleMessage) (bool, time.Time) {
		return !m.sentAt.Before(from) && m.sentAt.Before(to), at
	}, hours)
}

// TruthOf gives the rows of the messages that the exports hold, each as the newest export that holds it knew it.
func (c *Console) TruthOf(exports []Export, hours int) Truth {
	return c.truth(func(m *consoleMessage) (isIn bool, at time.Time) {
		for _, e := range exports {
			if c.holds(&e, m) && (!isIn || e.At.After(at)) {
				isIn, at = true, e.At
			}
		}
		return isIn, at
	}, hours)
}

func (c *Console) truth(known func(*consoleMessage) (bool, time.Time), hours int) Truth {
	type key struct{ day, app, template, label, kind, country string }
	type reason struct {
		key
		stage, status string
	}
	deliveries := make(map[key]*[7]int64)
	seconds := make(map[key][]int64)
	failures := make(map[reason]int64)
	for i := range c.messages {
		m := &c.messages[i]
		isIn, at := known(m)
		if !isIn {
			continue
		}
		label := m.signature
		if label == "" {
			label = sandbox.None
		}
		k := key{
			m.sentAt.Add(time.Duration(hours) * time.Hour).Format(time.DateOnly), c.o.Apps[m.app].Name, m.template, label, kinds[m.kind], m.iso,
		}
		n := deliveries[k]
		if n == nil {
			n = new([7]int64)
			deliveries[k] = n
		}
		n[0]++
		status, source := m.at(at)
		switch {
		case status == "":
			n[1]++
			n[5]++
		case status == "DELIVRD":
			n[1]++
			n[3]++
			about := key{day: k.day, app: k.app, template: k.template, country: k.country}
			seconds[about] = append(seconds[about], int64(m.lastReport(at).Sub(m.sentAt)/time.Second))
		case source == 3:
			n[2]++
			failures[reason{k, "processing", status}]++
		default:
			n[1]++
			n[4]++
			failures[reason{k, "sending", status}]++
		}
		n[6] += m.billed()
	}
	var t Truth
	for k, n := range deliveries {
		t.Deliveries = append(t.Deliveries, Delivery{Country: k.country, Delivery: sandbox.Delivery{
			SendDate: k.day, Vendor: Name, Account: k.app, Template: k.template, Label: k.label, MessageType: k.kind,
			Requested: &n[0], Accepted: &n[1], ProcessingFailed: &n[2], Delivered: &n[3], SendFailed: &n[4], Pending: &n[5], BilledSegments: &n[6],
		}})
	}
	for k, n := range failures {
		t.Failures = append(t.Failures, Failure{Country: k.country, Failure: sandbox.Failure{
			SendDate: k.day, Vendor: Name, Account: k.app, Template: k.template, Label: k.label, MessageType: k.kind,
			Stage: k.stage, Reason: k.status, Category: huaweiCategory(k.status), Messages: n,
		}})
	}
	for k, s := range seconds {
		slices.Sort(s)
		t.Times = append(t.Times, Times{k.day, k.app, k.template, k.country, s})
	}
	t.Sort()
	return t
}

// Sort puts the rows into the order of their keys.
func (t *Truth) Sort() {
	slices.SortFunc(t.Deliveries, func(a, b Delivery) int {
		return cmp.Or(strings.Compare(a.SendDate, b.SendDate), strings.Compare(a.Account, b.Account), strings.Compare(a.Template, b.Template),
			strings.Compare(a.Label, b.Label), strings.Compare(a.MessageType, b.MessageType), strings.Compare(a.Country, b.Country))
	})
	slices.SortFunc(t.Failures, func(a, b Failure) int {
		return cmp.Or(strings.Compare(a.SendDate, b.SendDate), strings.Compare(a.Account, b.Account), strings.Compare(a.Template, b.Template),
			strings.Compare(a.Label, b.Label), strings.Compare(a.MessageType, b.MessageType), strings.Compare(a.Country, b.Country),
			strings.Compare(a.Stage, b.Stage), strings.Compare(a.Reason, b.Reason))
	})
	slices.SortFunc(t.Times, func(a, b Times) int {
		return cmp.Or(strings.Compare(a.SendDate, b.SendDate), strings.Compare(a.Account, b.Account), strings.Compare(a.Template, b.Template),
			strings.Compare(a.Country, b.Country))
	})
}

// at gives the status of the whole message at a moment: that of the first piece that failed, DELIVRD when all pieces are
// delivered, "" otherwise.
func (m *consoleMessage) at(at time.Time) (status string, source int) {
	delivered := 0
	for i := range m.pieces {
		s, from, _ := m.pieces[i].at(m.sentAt, at)
		switch s {
		case "":
		case "DELIVRD":
			delivered++
		default:
			return s, from
		}
	}
	if delivered == len(m.pieces) {
		return "DELIVRD", 2
	}
	return "", 0
}

// billed gives the pieces that are charged: all of them, unless the platform did not hand the message on.
func (m *consoleMessage) billed() int64 {
	if m.pieces[0].source == 3 {
		return 0
	}
	return int64(len(m.pieces))
}
