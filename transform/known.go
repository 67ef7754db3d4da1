package transform

import (
	"cmp"
	"slices"
	"strings"
	"time"

	"smsetl/sms"
)

// PendingFor is how long after its sending a message without a report counts as pending; then the platform itself calls it
// EXPIRED (https://support.huaweicloud.com/intl/en-us/msgsms_faq/sms_faq_0016.html).
const PendingFor = 72 * time.Hour

// Known is what is known about one message: a fold over everything that was ever told about it. It is the same whatever the
// order, the grouping and the repetition in which it was told, since each part of it keeps the greatest of what it heard, by an
// order that is total. The zero Known knows nothing.
//
//   - What it was about (time, application, template, label, type, country) is as the newest export row says.
//   - What became of each piece is kept twice: as confirmed by exports and signed pushes, and as hinted at by others. Each is the
//     greatest by: a result before no result, the later report, the later telling, and then the outcome, code and source.
//   - What was charged is as the newest export row of the piece says that told it.
type Known struct {
	id     string
	about  about
	pieces []piece // sorted by number; 0 is the message as a whole
	// total is the largest number of pieces that was told, and hinted the same with hints: a forged one must not make a message
	// that is delivered wait for pieces that do not exist.
	total, hinted int
}

// about is what an export row tells beside the outcome.
type about struct {
	account   sms.Account
	sentAt    time.Time
	grain     sms.Grain
	isDerived bool
	seenAt    time.Time
}

// piece is what is known about one piece.
type piece struct {
	number    int
	confirmed told
	hinted    told
	charged   sms.Count
	chargedAt time.Time // when the export said so
}

// told is one telling of an outcome.
type told struct {
	outcome    sms.Outcome
	code       string
	reason     *sms.Reason
	source     sms.StatusSource
	reportedAt time.Time
	seenAt     time.Time
}

// compareTold orders tellings: the greater one is believed. Reasons are not compared, being a function of code and source.
func compareTold(a, b told) int {
	isFinal := func(t told) int {
		if t.outcome.IsFinal() {
			return 1
		}
		return 0
	}
	return cmp.Or(
		cmp.Compare(isFinal(a), isFinal(b)),
		a.reportedAt.Compare(b.reportedAt),
		a.seenAt.Compare(b.seenAt),
		cmp.Compare(a.outcome, b.outcome),
		strings.Compare(a.code, b.code),
		cmp.Compare(a.source, b.source),
	)
}

// compareAbout orders what export rows tell: the newest is believed.
func compareAbout(a, b about) int {
	flag := func(a about) int {
		if a.isDerived {
			return 1
		}
		return 0
	}
	return cmp.Or(
		a.seenAt.Compare(b.seenAt),
		a.sentAt.Compare(b.sentAt),
		strings.Compare(a.account.ID, b.account.ID),
		strings.Compare(string(a.account.Vendor), string(b.account.Vendor)),
		cmp.Compare(a.account.Zone.Minutes(), b.account.Zone.Minutes()),
		cmp.Compare(a.grain.Day, b.grain.Day),
		compareKeys(a.grain.Template, b.grain.Template),
		compareKeys(a.grain.Label, b.grain.Label),
		compareKeys(a.grain.MessageType, b.grain.MessageType),
		compareKeys(a.grain.Country, b.grain.Country),
		cmp.Compare(flag(a), flag(b)),
	)
}

// compareKeys orders keys by what they are called, fixed members before names.
func compareKeys(a, b sms.Key) int {
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

// Tell adds what a row or report says. It must be about the same message as the others.
func (k *Known) Tell(m *sms.Message) {
	k.id = max(k.id, m.ID)
	k.hinted = max(k.hinted, m.Pieces, m.Piece)
	if !m.IsHint {
		k.total = max(k.total, m.Pieces, m.Piece)
	}
	if m.Origin == sms.FromExport && !m.SentAt.IsZero() {
		k.hearAbout(about{account: m.Account, sentAt: m.SentAt, grain: m.Grain, isDerived: m.IsDerived, seenAt: m.SeenAt})
	}
	p := piece{number: m.Piece}
	if m.Origin == sms.FromExport && m.Charged.IsReported() {
		p.charged, p.chargedAt = m.Charged, m.SeenAt
	}
	news := told{m.Outcome, m.Code, m.Reason, m.Source, m.ReportedAt, m.SeenAt}
	if m.IsHint {
		p.hinted = news
	} else {
		p.confirmed = news
	}
	k.hear(p)
}

// Merge adds everything that another Known of the same message knows.
func (k *Known) Merge(o *Known) {
	k.id = max(k.id, o.id)
	k.total, k.hinted = max(k.total, o.total), max(k.hinted, o.hinted)
	k.hearAbout(o.about)
	for _, p := range o.pieces {
		k.hear(p)
	}
}

func (k *Known) hearAbout(a about) {
	if compareAbout(a, k.about) > 0 {
		k.about = a
	}
}

func (k *Known) hear(p piece) {
	at, found := slices.BinarySearchFunc(k.pieces, p.number, func(p piece, n int) int { return p.number - n })
	if !found {
		k.pieces = slices.Insert(k.pieces, at, p)
		return
	}
	mine := &k.pieces[at]
	if compareTold(p.confirmed, mine.confirmed) > 0 {
		mine.confirmed = p.confirmed
	}
	if compareTold(p.hinted, mine.hinted) > 0 {
		mine.hinted = p.hinted
	}
	newer := cmp.Or(p.chargedAt.Compare(mine.chargedAt), cmp.Compare(p.charged.Or(-1), mine.charged.Or(-1)))
	if newer > 0 {
		mine.charged, mine.chargedAt = p.charged, p.chargedAt
	}
}

// Settle gives the message as all of it stands; ok is false as long as no export told when and with what it was sent, so that
// it belongs to no day. at is the moment up to which a report would be known: with a listener for pushes the present, without
// one the zero time, which stands for when the newest export was made. A message without a result PendingFor after its sending
// is EXPIRED by then; one whose only export is younger than that stays pending, for nobody looked since.
//
// The whole message is delivered when all of its pieces are, and failed when one is. A confirmed result stands against any
// hint; what an export says about the message as a whole stands against reports of its pieces.
func (k *Known) Settle(at time.Time) (sms.Message, bool) {
	if k.about.sentAt.IsZero() {
		return sms.Message{}, false
	}
	best, isHint := k.verdict()
	m := sms.Message{
		Account: k.about.account, ID: k.id, IsDerived: k.about.isDerived, Pieces: k.total,
		SentAt: k.about.sentAt, Grain: k.about.grain, SeenAt: k.about.seenAt, Origin: sms.FromExport,
		Outcome: best.outcome, Code: best.code, Reason: best.reason, Source: best.source, ReportedAt: best.reportedAt,
		IsHint: isHint, Charged: k.charged(),
	}
	if at.IsZero() {
		at = k.about.seenAt
	}
	if !m.Outcome.IsFinal() {
		m.Outcome, m.Reason = sms.OutcomePending, nil
		if !at.Before(m.SentAt.Add(PendingFor)) {
			m.Outcome, m.Code, m.Source, m.Reason = sms.OutcomeSendFailed, statusExpired, sms.SourceMadeUp, expired
		}
	}
	return m, true
}

// expired is the reason of a message that the platform gave up on.
var expired = &sms.Reason{Code: statusExpired, Stage: sms.Sending, Category: sms.Unreachable}

// verdict gives the telling that stands for the whole message.
func (k *Known) verdict() (told, bool) {
	confirmed := func(p *piece) told { return p.confirmed }
	// A piece of which only a hint is known takes part in what is hinted at, and one that is confirmed does so by that.
	believed := func(p *piece) told {
		if p.confirmed.outcome.IsFinal() || !p.hinted.outcome.IsFinal() {
			return p.confirmed
		}
		return p.hinted
	}
	if t := k.result(confirmed, k.total); t.outcome.IsFinal() {
		return t, false
	}
	if t := k.result(believed, k.hinted); t.outcome.IsFinal() {
		return t, true
	}
	return k.result(confirmed, k.total), false
}

func cmpMax(a, b told) told {
	if compareTold(b, a) > 0 {
		return b
	}
	return a
}

// result gives the result of the whole message, or the greatest of what is told where there is none.
func (k *Known) result(of func(*piece) told, total int) told {
	whole := k.whole(of)
	if whole.outcome.IsFinal() {
		return whole
	}
	return cmpMax(whole, k.together(of, total))
}

// whole gives what is told of the message as a whole.
func (k *Known) whole(of func(*piece) told) told {
	if len(k.pieces) > 0 && k.pieces[0].number == 0 {
		return of(&k.pieces[0])
	}
	return told{}
}

// together gives what the pieces say of the message: the first one that failed, or the last report when all are delivered.
func (k *Known) together(of func(*piece) told, total int) told {
	var delivered told
	count := 0
	for i := range k.pieces {
		p := &k.pieces[i]
		if p.number == 0 {
			continue
		}
		switch t := of(p); t.outcome {
		case sms.OutcomeSendFailed, sms.OutcomeProcessingFailed:
			return t
		case sms.OutcomeDelivered:
			count++
			delivered = cmpMax(delivered, t)
		default: // a piece without a result
		}
	}
	if count > 0 && count == total {
		return delivered
	}
	return told{outcome: sms.OutcomePending}
}

// charged gives the billed pieces: what is told of the whole message, or the sum of what is told of pieces.
func (k *Known) charged() sms.Count {
	sum := sms.Count{}
	for _, p := range k.pieces {
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
