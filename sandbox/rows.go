package sandbox

import (
	"cmp"
	"math"
	"math/rand/v2"
	"slices"
	"strconv"
	"time"

	"smsetl/sandbox/traffic"
)

// The failure reasons of EngageLab, in the order of the traffic's indices.
var (
	processReasons = []string{
		"global_block", "partial_block", "unsubscribe", "keyword_block", "variable_error", "content_error", "frequency_overrun",
		"other",
	}
	sendReasons = []string{
		"empty", "out_of_service", "blacklist", "busy", "no_answer", "interception", "break_down", "not_in_service", "power_off",
		"other",
	}
)

// statRow is a row of an EngageLab answer.
type statRow struct {
	day  traffic.Day
	user string
	*traffic.Row
	names []string // of the reasons, on this day
	order uint64   // rows come in no useful order, but always in the same
}

// statistics gives the rows that answer a query at a moment.
func (s *Sandbox) statistics(q query, at time.Time) []statRow {
	var rows []statRow
	for _, a := range s.accounts {
		if a.vendor == EngageLab && s.mayShow(q, a.id) {
			rows = s.appendStatistics(rows, q, a, at)
		}
	}
	slices.SortFunc(rows, func(a, b statRow) int { return cmp.Compare(a.order, b.order) })
	return rows
}

// mayShow says whether an answer holds rows of a user: of the caller, or of those the query names, whose keys belong to the
// same customer.
func (s *Sandbox) mayShow(q query, user string) bool {
	return (user == q.caller || s.o.EngageLab.WholeCustomer) && (q.users == nil || slices.Contains(q.users, user))
}

func (s *Sandbox) appendStatistics(rows []statRow, q query, a *account, at time.Time) []statRow {
	edits := s.told(a, at)
	names := reasonsOf(q.dataset)
	for d := q.first; d <= q.last; d++ {
		factor := lie(edits, d)
		if factor == 0 {
			continue
		}
		named := rename(edits, d, names)
		told := a.day(d, q.offset, at, edits)
		for i := range told {
			row := &told[i]
			order := s.place(d, row.Key)
			if !q.keeps(row.Key) || !isTold(q.dataset, &row.Tally, order) {
				continue
			}
			if factor != 1 {
				row.Tally = row.Times(factor)
			}
			rows = append(rows, statRow{day: d, user: a.id, Row: row, names: named, order: order})
		}
	}
	return rows
}

// place gives where a row stands among others.
func (s *Sandbox) place(d traffic.Day, k traffic.Key) uint64 {
	r := rand.NewPCG(s.o.Seed, uint64(d))
	r.Seed(r.Uint64(), uint64(k.Template))
	r.Seed(r.Uint64(), uint64(k.Label))
	for _, c := range []byte(k.Type) {
		r.Seed(r.Uint64(), uint64(c))
	}
	return r.Uint64()
}

// isTold says whether a dataset has a row for the traffic. The failure calls leave out most rows without a failure, not
// all: nobody may join the three calls row to row.
func isTold(dataset string, t *traffic.Tally, order uint64) bool {
	switch dataset {
	case "process_failed":
		return t.ProcessFailed() > 0 || order%7 == 0
	case "send_failed":
		return t.SendFailed() > 0 || order%7 == 0
	default:
		return true
	}
}

func reasonsOf(dataset string) []string {
	switch dataset {
	case "process_failed":
		return processReasons
	case "send_failed":
		return sendReasons
	default:
		return nil
	}
}

// spoil applies a fault to the rows; ok is false when it has nothing to spoil.
func (s *Sandbox) spoil(rows []statRow, q query, f Fault) (spoilt []statRow, ok bool) {
	switch f {
	case EmptyResult, NullCounts, CountMismatch:
		if len(rows) == 0 || q.aggregate {
			return nil, false
		}
		if f == EmptyResult {
			return nil, true
		}
	case OtherDays, OtherUsers, DuplicateRows:
		if len(rows) == 0 || q.aggregate {
			return nil, false
		}
		return s.mislead(rows, q, f), true
	}
	return rows, true
}

// mislead gives rows that read well and do not answer the question.
func (s *Sandbox) mislead(rows []statRow, q query, f Fault) []statRow {
	rows = slices.Clone(rows)
	switch f {
	case OtherDays:
		for i := range rows {
			rows[i].day -= q.last - q.first + 1
		}
	case OtherUsers:
		for i := range rows {
			rows[i].user = s.otherUser(rows[i].user)
		}
	case DuplicateRows:
		rows = append(rows, rows[:(len(rows)+9)/10]...)
	}
	return rows
}

// otherUser gives a user that is not this one.
func (s *Sandbox) otherUser(user string) string {
	for _, u := range s.o.Users {
		if u.SMSUser != user {
			return u.SMSUser
		}
	}
	return "somebody_else"
}

// appendRows renders {"result":[...],"count":n}.
func (s *Sandbox) appendRows(b []byte, q query, rows []statRow, f Fault) []byte {
	if f == NullResult {
		return append(b, `{"result":null,"count":0}`...)
	}
	count := len(rows)
	if f == CountMismatch {
		rows = rows[:count-1]
	}
	b = slices.Grow(b, 320*len(rows)+64)
	b = append(b, `{"result":[`...)
	for i := range rows {
		if i > 0 {
			b = append(b, ',')
		}
		b = s.appendRow(b, q, &rows[i], f == NullCounts)
	}
	b = append(b, `],"count":`...)
	b = strconv.AppendInt(b, int64(count), 10)
	return append(b, '}')
}

func (s *Sandbox) appendRow(b []byte, q query, r *statRow, null bool) []byte {
	b = append(b, `{"send_date":"`...)
	b = r.day.Append(b)
	b = append(b, `","msg_type":`...)
	b = strconv.AppendQuote(b, r.Type)
	b = append(b, `,"sms_user":`...)
	b = strconv.AppendQuote(b, r.user)
	b = append(b, `,"template_id":`...)
	b = s.appendKey(b, r.Template)
	b = append(b, `,"label_id":`...)
	b = s.appendKey(b, r.Label)
	b = s.appendMeasures(b, q.dataset, r.names, &r.Tally, null)
	return append(b, '}')
}

// appendAggregate renders {"result":{...}}: the sum, with neither day nor key.
func (s *Sandbox) appendAggregate(b []byte, q query, rows []statRow) []byte {
	var sum traffic.Tally
	for i := range rows {
		sum.Add(&rows[i].Tally)
	}
	msgType := q.msgType
	if msgType == "" {
		msgType = "2"
	}
	b = append(b, `{"result":{"msg_type":`...)
	b = strconv.AppendQuote(b, msgType)
	b = s.appendMeasures(b, q.dataset, reasonsOf(q.dataset), &sum, false)
	return append(b, "}}"...)
}

func (s *Sandbox) appendMeasures(b []byte, dataset string, names []string, t *traffic.Tally, null bool) []byte {
	switch dataset {
	case "process_failed":
		return s.appendCounts(b, names, t.Process[:], null)
	case "send_failed":
		return s.appendCounts(b, names, t.Send[:], null)
	}
	processFailed, sendFailed := t.ProcessFailed(), t.SendFailed()
	wait, sent := t.Waiting, t.Delivered+sendFailed+t.Waiting
	if s.o.EngageLab.Sent == SentQueued {
		wait, sent = t.Waiting-t.Queued, t.Queued
	}
	b = s.appendCounts(b,
		[]string{"targets", "sent", "process_failed", "delivered", "send_failed", "wait_result", "billing_count"},
		[]int64{t.Targets, sent, processFailed, t.Delivered, sendFailed, wait, t.Billed}, null)
	b = appendPercent(b, "process_failed_percent", processFailed, t.Targets, "0")
	b = appendPercent(b, "delivered_percent", t.Delivered, t.Targets, "0.0")
	b = appendPercent(b, "send_failed_percent", sendFailed, t.Targets, "0.0")
	return appendPercent(b, "wait_result_percent", wait, t.Targets, "0")
}

func (s *Sandbox) appendCounts(b []byte, names []string, counts []int64, null bool) []byte {
	for i, name := range names {
		b = append(b, `,"`...)
		b = append(b, name...)
		b = append(b, `":`...)
		switch {
		case null:
			b = append(b, "null"...)
		case s.o.EngageLab.QuotedCounts:
			b = append(b, '"')
			b = strconv.AppendInt(b, counts[i], 10)
			b = append(b, '"')
		default:
			b = strconv.AppendInt(b, counts[i], 10)
		}
	}
	return b
}

// appendPercent renders a share of 100 with up to two decimals; zero is spelled the vendor's two ways.
func appendPercent(b []byte, name string, part, whole int64, zero string) []byte {
	b = append(b, `,"`...)
	b = append(b, name...)
	b = append(b, `":`...)
	if part == 0 || whole == 0 {
		return append(b, zero...)
	}
	percent := math.Round(float64(part)/float64(whole)*1e4) / 100
	from := len(b)
	b = strconv.AppendFloat(b, percent, 'f', -1, 64)
	if !slices.Contains(b[from:], '.') {
		b = append(b, ".0"...)
	}
	return b
}

func (s *Sandbox) appendKey(b []byte, key int64) []byte {
	if key == 0 {
		return append(b, s.o.EngageLab.AbsentKey...)
	}
	return strconv.AppendInt(b, key, 10)
}

// jitter gives a random part of the jitter. Chance decides, because nothing may depend on it.
func (s *Sandbox) jitter() time.Duration { return rand.N(s.o.Jitter) }
