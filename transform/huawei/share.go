package huawei

import (
	"bytes"
	"cmp"
	"fmt"
	"hash/maphash"
	"maps"
	"slices"
	"strings"
	"time"

	"smsetl/sms"
	"smsetl/transform"
)

// measureFields says which columns of an export decide about each measure, see reader.outcome and reader.chargedPieces. A number is
// the messages of rows, or the pieces, and stands in none of them.
var measureFields = map[string][]transform.Field{
	"requested":         transform.FieldsOf(sms.SendingDetails, "id"),
	"accepted":          transform.FieldsOf(sms.SendingDetails, "result", "status", "source"),
	"processing_failed": transform.FieldsOf(sms.SendingDetails, "result", "status", "source"),
	"delivered":         transform.FieldsOf(sms.SendingDetails, "result", "status"),
	"send_failed":       transform.FieldsOf(sms.SendingDetails, "result", "status", "sent_at"),
	"pending":           transform.FieldsOf(sms.SendingDetails, "result", "status", "sent_at"),
	"billed_segments":   transform.FieldsOf(sms.SendingDetails, "charged", "segments"),
}

// reasonFields: a reason is counted by the status code of its rows.
func reasonFields(*sms.Reason) []transform.Field {
	return transform.FieldsOf(sms.SendingDetails, "status", "source")
}

// Share is what the rows of one stored form add to the numbers of one row of a fact.
type Share struct {
	transform.Place            // of the first of the rows
	Reason          sms.Reason // of a failure; the zero Reason for deliveries
	Rows            int64      // about these facts
	// Repeats are those of them whose messages are in a newer form, which counts instead.
	Repeats  int64
	Measures sms.Measures // what the others add to deliveries
	Messages int64        // and to failures
	// Reported are messages of which status reports, or their absence, say something else than the form.
	Reported int64
}

// Shares finds out how a day's facts are summed from the rows of stored forms. Messages are remembered by 64 bits of a hash, so that
// a million of them fit into some megabytes.
type Shares struct {
	basis  *transform.MessageBasis
	day    sms.Day
	seed   maphash.Seed
	newer  map[uint64]struct{} // messages of the forms before
	report func(*sms.Message)
}

// NewShares starts with no form read. report is called with the reports of messages in the forms.
func NewShares(basis *transform.MessageBasis, day sms.Day, report func(*sms.Message)) *Shares {
	return &Shares{basis: basis, day: day, seed: maphash.MakeSeed(), newer: make(map[uint64]struct{}), report: report}
}

// sharedMessage is what one form says of one message, and reports do.
type sharedMessage struct {
	known, reported transform.Known
	rows            int64
	first           transform.Place
}

type shareKey struct {
	sms.Grain
	sms.Reason
}

// Read gives what a form of sending details adds, the largest number of rows first. Forms are read from the newest to the oldest: what
// each says of a message that is in a newer one is a repeat. Errors are those of Messages.
func (s *Shares) Read(p *sms.Payload) ([]Share, error) {
	messages := make(map[string]*sharedMessage)
	all := make(map[shareKey]*Share)
	h := newReader(p, nil)
	h.rows.Day = s.day
	h.each = func(m *sms.Message) error {
		if m.Account.ID != s.basis.Account.ID || m.Day != s.day {
			return nil
		}
		place := transform.Place{Payload: p.Body.Hash, Dataset: p.Dataset, Grain: m.Grain, Position: h.Rows, Offset: h.start, Row: bytes.Clone(h.row)}
		if _, isRepeat := s.newer[s.key(m.ID)]; isRepeat {
			keys := []shareKey{{Grain: m.Grain}}
			if m.Reason != nil {
				keys = append(keys, shareKey{m.Grain, *m.Reason})
			}
			for _, key := range keys {
				share := key.part(all, place)
				share.Rows++
				share.Repeats++
			}
			return nil
		}
		one := messages[m.ID]
		if one == nil {
			one = &sharedMessage{first: place}
			messages[m.ID] = one
		}
		one.rows++
		one.known.Observe(m)
		return nil
	}
	if err := h.read(map[string]func() error{kindDetails: h.detail}); err != nil {
		return nil, fmt.Errorf("transform: messages of %s: %w", p.Body.Hash.Short(), err)
	}
	err := s.basis.EachReport(slices.Collect(maps.Keys(messages)), func(m *sms.Message) {
		if one := messages[m.ID]; one != nil {
			s.report(m)
			one.reported.Observe(m)
		}
	})
	if err != nil {
		return nil, err
	}
	s.count(messages, all)
	shares := make([]Share, 0, len(all))
	for _, share := range all {
		shares = append(shares, *share)
	}
	slices.SortFunc(shares, func(a, b Share) int {
		return cmp.Or(cmp.Compare(b.Rows, a.Rows), transform.CompareGrains(&a.Grain, &b.Grain), strings.Compare(a.Reason.Code, b.Reason.Code))
	})
	return shares, nil
}

func (s *Shares) key(id string) uint64 { return maphash.String(s.seed, id) }

// part gives the share of a key, which begins at the first of its rows.
func (k shareKey) part(all map[shareKey]*Share, place transform.Place) *Share {
	share := all[k]
	if share == nil {
		share = &Share{Place: place, Reason: k.Reason}
		all[k] = share
	}
	if place.Position < share.Position {
		share.Place = place
	}
	return share
}

// count counts the messages of a form into the deliveries and failures that they add to.
func (s *Shares) count(messages map[string]*sharedMessage, all map[shareKey]*Share) {
	var daily transform.Daily
	for id, one := range messages {
		s.newer[s.key(id)] = struct{}{}
		m, isReported := one.settle(s.basis.Listened)
		daily.Add(&m)
		keys := []shareKey{{Grain: m.Grain}}
		if m.Reason != nil {
			keys = append(keys, shareKey{m.Grain, *m.Reason})
		}
		for _, key := range keys {
			share := key.part(all, one.first)
			share.Rows += one.rows
			if isReported {
				share.Reported++
			}
		}
	}
	for _, account := range daily.Accounts() {
		var facts sms.Rows
		daily.AddFacts(account, &facts)
		for _, d := range facts.AllDeliveries() {
			all[shareKey{Grain: d.Grain}].Measures = d.Measures
		}
		for _, f := range facts.AllFailures() {
			all[shareKey{f.Grain, *f.Reason}].Messages = f.Messages.Or(0)
		}
	}
}

// settle gives a message of a form with its reports, and whether that is something else than the form says.
func (m *sharedMessage) settle(listened []sms.Span) (settled sms.Message, isReported bool) {
	before, _ := m.known.Settle(time.Time{}) // a row of an export says when the message was sent
	m.known.Merge(&m.reported)
	settled, _ = m.known.SettleWith(listened)
	return settled, settled.Outcome != before.Outcome || settled.Code != before.Code
}
