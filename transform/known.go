package transform

import (
	"cmp"
	"slices"
	"strings"
	"time"
	"unique"

	"smsetl/sms"
)

// PendingFor is how long after its sending a message without a report counts as pending; then the platform itself
// calls it EXPIRED (https://support.huaweicloud.com/intl/en-us/msgsms_faq/sms_faq_0016.html).
const PendingFor = 72 * time.Hour

// Known is what is known about one message: a fold over every row and report about it. It is the same whatever their
// order, grouping and repetition, since each part of it keeps the greatest of its observations, by an order that is
// total. The zero Known knows nothing.
//
//   - What it was about (time, application, template, label, type, country) is as the newest export row says.
//   - What became of each piece is kept twice: as confirmed by exports and signed pushes, and as hinted at by others. Each is the
//     greatest by: a result before no result, the later report, the later observation, and then the outcome, code and source.
//   - What was charged is as the newest export row of the piece says that reports it.
type Known struct {
	id     string
	about  about
	pieces []piece // sorted by number; 0 is the message as a whole
	// total is the largest number of pieces that was reported, and hinted the same with hints: a forged one must not
	// make a message that is delivered wait for pieces that do not exist.
	total, hinted int16
}

// about is what an export row says beside the outcome. The zero about says nothing. What many messages share is in
// memory once.
type about struct {
	seenAt, sentAt instant
	subject        unique.Handle[subjectOf]
}

// subjectOf is what many messages have in common.
type subjectOf struct {
	account   sms.Account
	grain     sms.Grain
	isDerived bool
}

// instant is a time in a third of the bytes of a time.Time: nanoseconds since 1970, and one more so that 0 is none.
type instant int64

func instantOf(t time.Time) instant {
	if t.IsZero() {
		return 0
	}
	return instant(t.UnixNano() + 1)
}

func (i instant) time() time.Time {
	if i == 0 {
		return time.Time{}
	}
	return time.Unix(0, int64(i)-1).UTC()
}

// piece is what is known about one piece.
type piece struct {
	number           int16
	isNew, isChanged bool // by rows that are new, see Known.observe
	confirmed        observation
	hinted           *observation // nil for none
	charged          sms.Count
	chargedAt        instant // when the export said so
}

// observation is an outcome as one row or report has it.
type observation struct {
	outcome    sms.Outcome
	source     sms.StatusSource
	code       string
	reason     *sms.Reason
	reportedAt instant
	seenAt     instant
}

// none is the hint of a piece that has none.
var none observation

// compareObservations orders observations: the greater one is believed. Reasons are not compared, being a function of
// code and source.
func compareObservations(a, b *observation) int {
	isFinal := func(o *observation) int {
		if o.outcome.IsFinal() {
			return 1
		}
		return 0
	}
	return cmp.Or(
		cmp.Compare(isFinal(a), isFinal(b)),
		cmp.Compare(a.reportedAt, b.reportedAt),
		cmp.Compare(a.seenAt, b.seenAt),
		cmp.Compare(a.outcome, b.outcome),
		strings.Compare(a.code, b.code),
		cmp.Compare(a.source, b.source),
	)
}

// compareAbout orders what export rows say: the newest is believed.
func compareAbout(a, b *about) int {
	if order := cmp.Or(cmp.Compare(a.seenAt, b.seenAt), cmp.Compare(a.sentAt, b.sentAt)); order != 0 || a.subject == b.subject {
		return order
	}
	s, o := a.subject.Value(), b.subject.Value()
	flag := func(s *subjectOf) int {
		if s.isDerived {
			return 1
		}
		return 0
	}
	return cmp.Or(
		strings.Compare(s.account.ID, o.account.ID),
		strings.Compare(string(s.account.Vendor), string(o.account.Vendor)),
		cmp.Compare(s.account.Zone.Minutes(), o.account.Zone.Minutes()),
		CompareGrains(&s.grain, &o.grain),
		cmp.Compare(flag(&s), flag(&o)),
	)
}

// compareKeys orders keys by what they are called, fixed members before names.
func compareKeys(a, b sms.Key) int {
	if a == b {
		return 0
	}
	_, isName := a.Name()
	_, isOther := b.Name()
	switch {
	case isName && !isOther:
		return 1
	case !isName && isOther:
		return -1
	default:
		return strings.Compare(a.String(), b.String())
	}
}

// Observe adds what a row or report says. It must be about the same message as the others.
func (k *Known) Observe(m *sms.Message) { k.observe(m, false) }

// observe is Observe, and marks the piece of a row that is new: as new itself, or as changed where the row says more
// than the others.
func (k *Known) observe(m *sms.Message, isNew bool) {
	before, pieces := k.hinted, int16(max(m.Pieces, m.Piece))
	k.id = max(k.id, m.ID)
	k.hinted = max(k.hinted, pieces)
	if !m.IsHint {
		k.total = max(k.total, pieces)
	}
	isMore := k.hinted != before
	if m.Origin == sms.FromExport && !m.SentAt.IsZero() {
		more := k.observeAbout(&about{
			instantOf(m.SeenAt), instantOf(m.SentAt), unique.Make(subjectOf{account: m.Account, grain: m.Grain, isDerived: m.IsDerived}),
		})
		isMore = isMore || more
	}
	p := piece{number: int16(m.Piece), isNew: isNew}
	if m.Origin == sms.FromExport && m.Charged.IsReported() {
		p.charged, p.chargedAt = m.Charged, instantOf(m.SeenAt)
	}
	o := observation{m.Outcome, m.Source, m.Code, m.Reason, instantOf(m.ReportedAt), instantOf(m.SeenAt)}
	if m.IsHint {
		p.hinted = &o
	} else {
		p.confirmed = o
	}
	at, more := k.observePiece(&p)
	if isNew && (isMore || more) && !at.isNew {
		at.isChanged = true
	}
}

// changes counts the pieces that new rows are the first of, and those of the others of which they say more.
func (k *Known) changes() (added, changed int64) {
	for i := range k.pieces {
		switch {
		case k.pieces[i].isNew:
			added++
		case k.pieces[i].isChanged:
			changed++
		}
	}
	return added, changed
}

// Merge adds everything that another Known of the same message knows.
func (k *Known) Merge(o *Known) {
	k.id = max(k.id, o.id)
	k.total, k.hinted = max(k.total, o.total), max(k.hinted, o.hinted)
	k.observeAbout(&o.about)
	for i := range o.pieces {
		k.observePiece(&o.pieces[i])
	}
}

// observeAbout says whether it is more than was known.
func (k *Known) observeAbout(a *about) bool {
	if compareAbout(a, &k.about) <= 0 {
		return false
	}
	k.about = *a
	return true
}

// observePiece gives the piece as it is known then, and says whether that is more than was known.
func (k *Known) observePiece(p *piece) (mine *piece, isMore bool) {
	at, found := slices.BinarySearchFunc(k.pieces, p.number, func(p piece, n int16) int { return cmp.Compare(p.number, n) })
	if !found {
		k.pieces = slices.Insert(k.pieces, at, *p)
		return &k.pieces[at], true
	}
	mine = &k.pieces[at]
	if compareObservations(&p.confirmed, &mine.confirmed) > 0 {
		mine.confirmed, isMore = p.confirmed, true
	}
	if p.hinted != nil && compareObservations(p.hinted, cmp.Or(mine.hinted, &none)) > 0 {
		mine.hinted, isMore = p.hinted, true
	}
	if cmp.Or(cmp.Compare(p.chargedAt, mine.chargedAt), cmp.Compare(p.charged.Or(-1), mine.charged.Or(-1))) > 0 {
		mine.charged, mine.chargedAt, isMore = p.charged, p.chargedAt, true
	}
	return mine, isMore
}

// Settle gives the message as all of it stands; ok is false as long as no export says when and with what it was sent,
// so that it belongs to no day. at is the moment up to which a report would be known: with a listener for pushes the
// present, without one the zero time, which stands for when the newest export was made. A message without a result
// PendingFor after its sending is EXPIRED by then; one whose only export is younger than that stays pending, for
// nobody looked since.
//
// The whole message is delivered when all of its pieces are, and failed when one is. A confirmed result stands against
// any hint; what an export says about the message as a whole stands against reports of its pieces.
func (k *Known) Settle(at time.Time) (sms.Message, bool) {
	if k.about.sentAt == 0 {
		return sms.Message{}, false
	}
	best, isHint := k.outcome()
	subject := k.about.subject.Value()
	m := sms.Message{
		Account: subject.account, ID: k.id, IsDerived: subject.isDerived, Pieces: int(k.total),
		SentAt: k.about.sentAt.time(), Grain: subject.grain, SeenAt: k.about.seenAt.time(), Origin: sms.FromExport,
		Outcome: best.outcome, Code: best.code, Reason: best.reason, Source: best.source, ReportedAt: k.reportedAt(&best).time(),
		IsHint: isHint, Charged: k.charged(),
	}
	if at.IsZero() {
		at = m.SeenAt
	}
	if !m.Outcome.IsFinal() {
		m.Outcome, m.Reason = sms.OutcomePending, nil
		if !at.Before(m.SentAt.Add(PendingFor)) {
			m.Outcome, m.Code, m.Source, m.Reason = sms.OutcomeSendFailed, statusExpired, sms.SourceMadeUp, expired
		}
	}
	return m, true
}

// SettleWith is Settle where pushes were listened for in some stretches of time: a message whose first PendingFor lie
// in one of them is EXPIRED when nothing was reported; of others only an export of after that time can say so.
func (k *Known) SettleWith(listened []sms.Span) (sms.Message, bool) {
	sent := k.about.sentAt.time()
	end := sent.Add(PendingFor)
	for _, s := range listened {
		if !s.From.After(sent) && !s.To.Before(end) {
			return k.Settle(end)
		}
	}
	return k.Settle(time.Time{})
}

// statusExpired is the code of a message that the platform gave up on.
const statusExpired = "EXPIRED"

// expired is the reason that stands for it.
var expired = &sms.Reason{Code: statusExpired, Stage: sms.Sending, Category: sms.Unreachable}

// outcome gives the observation that stands for the whole message.
func (k *Known) outcome() (o observation, isHint bool) {
	confirmed := func(p *piece) *observation { return &p.confirmed }
	// A piece of which only a hint is known takes part in what is hinted at, and one that is confirmed does so by that.
	believed := func(p *piece) *observation {
		if p.confirmed.outcome.IsFinal() || p.hinted == nil || !p.hinted.outcome.IsFinal() {
			return &p.confirmed
		}
		return p.hinted
	}
	o = k.result(confirmed, k.total)
	if o.outcome.IsFinal() {
		return o, false
	}
	if hinted := k.result(believed, k.hinted); hinted.outcome.IsFinal() {
		return hinted, true
	}
	return o, false
}

// result gives the result of the whole message, or the greatest observation where there is none. What is said of the
// message as a whole stands before what is said of pieces: the first one that failed, or the last report when all are
// delivered.
func (k *Known) result(of func(*piece) *observation, total int16) observation {
	whole, last := observation{}, observation{outcome: sms.OutcomePending}
	count := int16(0)
	for i := range k.pieces {
		o := of(&k.pieces[i])
		switch {
		case k.pieces[i].number == 0:
			whole = *o
			if whole.outcome.IsFinal() {
				return whole
			}
		case o.outcome == sms.OutcomeDelivered:
			count++
			if count == 1 || compareObservations(o, &last) > 0 {
				last = *o
			}
		case o.outcome.IsFinal():
			return *o
		}
	}
	if count == 0 || count != total {
		last = observation{outcome: sms.OutcomePending}
	}
	if compareObservations(&whole, &last) >= 0 {
		return whole
	}
	return last
}

// reportedAt gives the time of the outcome. Where an export says that the message was delivered and not when, it is that of the
// last piece, once every piece that is known of is confirmed as delivered.
func (k *Known) reportedAt(best *observation) instant {
	if best.reportedAt != 0 || best.outcome != sms.OutcomeDelivered {
		return best.reportedAt
	}
	last, count := instant(0), int16(0)
	for i := range k.pieces {
		o := &k.pieces[i].confirmed
		if k.pieces[i].number > 0 && o.outcome == sms.OutcomeDelivered && o.reportedAt != 0 {
			last, count = max(last, o.reportedAt), count+1
		}
	}
	if count < max(k.total, 1) {
		return 0
	}
	return last
}

// charged gives the billed pieces: those of the whole message, or the sum of those of its pieces.
func (k *Known) charged() sms.Count {
	sum := sms.Count{}
	for i := range k.pieces {
		p := &k.pieces[i]
		if !p.charged.IsReported() {
			continue
		}
		if p.number == 0 {
			return p.charged
		}
		sum = sms.Reported(sum.Or(0) + p.charged.Or(0))
	}
	return sum
}
