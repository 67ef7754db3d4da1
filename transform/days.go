package transform

import (
	"errors"
	"fmt"
	"hash/maphash"
	"slices"

	"smsetl/sms"
)

// MessageBasis is what the facts of an application's days are counted from: stored forms of files, and what was pushed
// about the messages in them. It is read as it is needed, so that memory grows with the messages of a day and not with
// the files.
type MessageBasis struct {
	Account sms.Account // whose messages; the days are those of its zone
	// Payloads gives the stored forms with rows of a day, those that are new last.
	Payloads func(day sms.Day, each func(p *sms.Payload, isNew bool) error) error
	// Reports gives the pushed bodies that are about messages, by their ids.
	Reports func(ids []string, each func(p *sms.Payload) error) error
	// Listened are the stretches of time in which pushes were listened for.
	Listened []sms.Span
	// Read calls each with the messages of the rows of a stored form. It is the vendor's, but for tests of another mapping.
	Read func(Rows, *sms.Payload, func(*sms.Message) error) (Reading, error)
}

// Reading is what is to say about the rows of a stored form beside what they gave.
type Reading struct {
	Rows     int64 // rows read: those given and those rejected
	Rejects  []sms.Reject
	Findings []sms.Finding
}

// Rows chooses rows of a stored form before they are understood, which costs a tenth of understanding them. The zero Rows are all.
type Rows struct {
	Day        sms.Day // of sending, in the zone of the payload's account; 0 for any
	IsTimeless bool    // rejects rows as well whose day cannot be read; without a Day they always are
	// ID chooses by the id as it is written. Rows without one are always read. nil chooses all.
	ID func(id []byte) bool
}

// Note notes that one row showed something, as Draft.Note does.
func (r *Reading) Note(c Check, subject string, day sms.Day, detail func() string) {
	note(&r.Findings, c, subject, day, day, 1, detail)
}

// Reject keeps a row that is not believed.
func (r *Reading) Reject(rejected sms.Reject, row []byte) { reject(&r.Rejects, rejected, row) }

// MessageDays are days counted from what is known of their messages.
type MessageDays struct {
	Facts    sms.Rows      // sorted by their keys
	Findings []sms.Finding // of all forms of the days
	Rejects  []sms.Reject  // likewise, each row once
	// Rows of new forms; messages and pieces that they are the first about, and others of which they say more.
	Rows, New, Changed int64

	basis     *MessageBasis
	seed      maphash.Seed
	isMovable bool
	previous  map[uint64]bool // messages of the day before: whether new rows say something of them
	moved     int
}

// mostKnown is of how many messages all that is known is in memory at a time; the forms are read several times for a
// day with more.
const mostKnown = 1 << 16

// ErrMovedMessages is an sms.ErrMalformed: messages are known to be of two days, and nobody knows which is right.
var ErrMovedMessages = errors.New("the zone of the times (export_time_zone) was another one when they were imported first")

// Count counts days, the first before the next. isCounted says of which ones facts are wanted; of the others it looks
// which messages they have. The error wraps ErrMovedMessages when a message of one of these has rows on the day beside
// it.
func (b *MessageBasis) Count(days []sms.Day, isCounted func(sms.Day) bool) (*MessageDays, error) {
	out := &MessageDays{basis: b, seed: maphash.MakeSeed()}
	out.isMovable = slices.ContainsFunc(days, func(day sms.Day) bool { return !isCounted(day) })
	for i, day := range days {
		var daily *Daily
		if isCounted(day) {
			daily = new(Daily)
		}
		if i == 0 || day != days[i-1]+1 {
			out.previous = nil
		}
		if err := out.count(day, i == 0, daily); err != nil {
			return nil, err
		}
		if daily != nil {
			daily.AddFacts(b.Account, &out.Facts)
			out.noteEarly(day)
		}
	}
	if out.moved > 0 {
		return nil, fmt.Errorf("%w: %d messages are known to be of other days: %w", sms.ErrMalformed, out.moved, ErrMovedMessages)
	}
	return out, nil
}

// count counts a day, a shard of its messages after the other; without facts where daily is nil.
func (d *MessageDays) count(day sms.Day, isFirst bool, daily *Daily) error {
	today := make(map[uint64]bool)
	for s := (shard{of: 1}); s.number < s.of; s.number++ {
		known, err := d.read(day, isFirst, &s)
		if err != nil {
			return err
		}
		if daily != nil {
			if err := d.readReports(known); err != nil {
				return err
			}
		}
		for id, k := range known {
			if daily != nil {
				if m, ok := k.SettleWith(d.basis.Listened); ok {
					daily.Add(&m)
				}
			}
			added, changed := k.changes()
			d.New, d.Changed = d.New+added, d.Changed+changed
			if !d.isMovable {
				continue
			}
			key, isNews := maphash.String(d.seed, id), added+changed > 0
			today[key] = isNews
			if wasNews, isMoved := d.previous[key]; isMoved && (wasNews || isNews) {
				d.moved++
			}
		}
	}
	d.previous = today
	return nil
}

// noteEarly says how many messages of a day were reported before they were sent.
func (d *MessageDays) noteEarly(day sms.Day) {
	early := int64(0)
	for i := range d.Facts.Times {
		if d.Facts.Times[i].Day == day {
			early += d.Facts.Times[i].Early
		}
	}
	if early > 0 {
		note(&d.Findings, reportedEarly, "reported_at", day, day, early, func() string {
			return fmt.Sprintf("%d delivered messages of %s were reported before they were sent: a clock is wrong, or the zone of one of the two times; how long they took is not known", early, day)
		})
	}
}

// shard is a part of the messages of a day, by their ids.
type shard struct{ number, of uint64 }

// read gives what forms say of the messages of a shard. The first shard is read before it is known how many there have
// to be.
func (d *MessageDays) read(day sms.Day, isFirst bool, s *shard) (map[string]*Known, error) {
	known := make(map[string]*Known)
	rows := Rows{Day: day, IsTimeless: isFirst}
	if s.number > 0 {
		rows.ID = func(id []byte) bool { return maphash.Bytes(d.seed, id)%s.of == s.number }
	}
	err := d.basis.Payloads(day, func(p *sms.Payload, isNew bool) error {
		reading, err := d.basis.Read(rows, p, func(m *sms.Message) error {
			if m.Account.ID != d.basis.Account.ID || m.Day != day {
				return nil
			}
			if isNew && s.number == 0 {
				d.Rows++
			}
			k := known[m.ID]
			if k == nil {
				if maphash.String(d.seed, m.ID)%s.of != s.number {
					return nil
				}
				k = new(Known)
				known[m.ID] = k
			}
			k.observe(m, isNew)
			if len(known) > mostKnown && s.number == 0 {
				d.split(known, s)
			}
			return nil
		})
		if s.number == 0 {
			d.note(reading, day)
		}
		return err
	})
	return known, err
}

// split halves the shard that is being read.
func (d *MessageDays) split(known map[string]*Known, s *shard) {
	s.of *= 2
	for id := range known {
		if maphash.String(d.seed, id)%s.of != s.number {
			delete(known, id)
		}
	}
}

// note keeps what is to say about the rows of a form that are of a day, or of none that can be read.
func (d *MessageDays) note(reading Reading, day sms.Day) {
	d.Findings = append(d.Findings, reading.Findings...)
	for _, r := range reading.Rejects {
		if r.May(d.basis.Account, day) {
			d.Rejects = append(d.Rejects, r)
		}
	}
}

// readReports adds what was pushed about the messages.
func (d *MessageDays) readReports(known map[string]*Known) error {
	ids := make([]string, 0, len(known))
	for id := range known {
		ids = append(ids, id)
	}
	return d.basis.EachReport(ids, func(m *sms.Message) {
		if k := known[m.ID]; k != nil {
			k.observe(m, false)
		}
	})
}

// EachReport calls each with the reports in the bodies that are about messages, by their ids.
func (b *MessageBasis) EachReport(ids []string, each func(*sms.Message)) error {
	return b.Reports(ids, func(p *sms.Payload) error {
		_, err := b.Read(Rows{}, p, func(m *sms.Message) error { each(m); return nil })
		return err
	})
}
