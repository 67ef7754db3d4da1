package traffic

import (
	"fmt"
	"strconv"
	"time"
)

// Account is the traffic of one account of a vendor.
type Account struct {
	seed    uint64 // of the account
	world   uint64 // of everybody: an incident hits all accounts of a vendor on the same days
	streams []Stream
	first   Hour // of the history
	last    Hour // of the history, inside
}

// NewAccount gives the traffic of an account: streams by its profile, numbers by the seed and the account's number. There is
// no message before the Beijing day first or after the Beijing day last. templates is for Wide alone.
func NewAccount(seed, number uint64, p Profile, templates int, first, last Day) *Account {
	d := Roll(seed, number)
	own := d.Next()
	return &Account{
		seed:    own,
		world:   seed,
		streams: p.streams(own, templates),
		first:   first.Start(beijing),
		last:    (last + 1).Start(beijing) - 1,
	}
}

// ChangeKind says what a change does to the hours it touches.
type ChangeKind int

// The kinds of change.
const (
	Silence ChangeKind = iota + 1 // no message was sent after all
	Late                          // a share of the failed messages had been delivered after all
)

// Change alters hours of an account afterwards. Shares work on each hour by itself, so that a day has the same sum in every
// zone.
type Change struct {
	Kind        ChangeKind
	First, Last Day   // Beijing days, both inside
	Template    int64 // of which template; 0: those without one
	All         bool  // of every template
	Share       float64
}

func (c *Change) touches(d Day, k Key) bool {
	return c.First <= d && d <= c.Last && (c.All || c.Template == k.Template)
}

// Row is what is known of one key over a range of hours.
type Row struct {
	Key
	Tally
}

// Rows gives what is known at a moment of the hours from first to last, both inside, changed by changes: a row for each
// key with messages, in no promised order.
func (a *Account) Rows(first, last Hour, at time.Time, changes []Change) []Row {
	first, last = max(first, a.first), min(last, a.last, HourAt(at))
	if last < first {
		return nil
	}
	var rows sheet
	for d := first.day(beijing); d <= last.day(beijing); d++ {
		a.day(&rows, d, first, last, at, changes)
	}
	return rows.rows
}

// day adds the hours of one Beijing day that lie between first and last to the rows.
func (a *Account) day(rows *sheet, d Day, first, last Hour, at time.Time, changes []Change) {
	date := d.date()
	var shared *risk
	var r rates
	for i := range a.streams {
		s := &a.streams[i]
		if s.risk != shared { // most streams of an account share their risk
			shared, r = s.risk, s.risk.on(a.world, date)
		}
		mean := s.on(date)
		if mean == 0 {
			continue
		}
		older, newer := s.generations(d)
		for _, g := range [2]generation{older, newer} {
			if g.share == 0 {
				continue
			}
			h := hours{
				stream: s, dice: Roll(a.seed, uint64(i), uint64(g.number)), mean: mean * g.share, rates: &r,
				day: d, first: first, last: last, at: at,
			}
			key := s.key(g)
			if late, silent := effect(changes, d, key); !silent {
				rows.add(key, h.tally(late))
			}
		}
	}
}

// effect gives what the changes do to a key on a day.
func effect(changes []Change, d Day, k Key) (late float64, silent bool) {
	for i := range changes {
		switch c := &changes[i]; {
		case !c.touches(d, k):
		case c.Kind == Silence:
			return 0, true
		default:
			late = max(late, c.Share)
		}
	}
	return late, false
}

// sheet collects rows by key.
type sheet struct {
	rows  []Row
	place map[Key]int
}

// add adds the tally to the row of the key. Nothing sent is no row.
func (s *sheet) add(k Key, t Tally) {
	if t.Targets == 0 {
		return
	}
	if i, ok := s.place[k]; ok {
		s.rows[i].Add(&t)
		return
	}
	if s.place == nil {
		s.place = map[Key]int{}
	}
	s.place[k] = len(s.rows)
	s.rows = append(s.rows, Row{k, t})
}

// hours is one generation of a stream in the hours of one day.
type hours struct {
	stream      *Stream
	dice        Dice
	mean        float64 // of the day
	rates       *rates
	day         Day
	first, last Hour
	at          time.Time
}

// tally counts the hours.
func (h hours) tally(late float64) (sum Tally) {
	start := h.day.Start(beijing)
	for i, share := range h.stream.hours {
		hour := start + Hour(i)
		if share == 0 || hour < h.first || hour > h.last {
			continue
		}
		t := cell{
			dice: Roll(uint64(h.dice), uint64(hour)), mean: h.mean * share, segments: h.stream.Segments,
			rates: h.rates, age: ageOf(hour, h.at), late: late,
		}.tally()
		sum.Add(&t)
	}
	return sum
}

// Names gives what templates and labels of the messages until a day are called, by their ids.
func (a *Account) Names(last Day) (templates, labels map[string]string) {
	templates, labels = map[string]string{}, map[string]string{}
	for d := a.first.day(beijing); d <= min(last, a.last.day(beijing)); d++ {
		for i := range a.streams {
			older, newer := a.streams[i].generations(d)
			for _, k := range []Key{a.streams[i].key(older), a.streams[i].key(newer)} {
				if k.Template != 0 {
					use := [...]string{"Login code", "Parcel on its way", "Bill of the month", "Offer of the week"}[k.Template/100%4]
					templates[strconv.FormatInt(k.Template, 10)] = fmt.Sprintf("%s, version %d", use, k.Template%100)
				}
				if k.Label != 0 {
					labels[strconv.FormatInt(k.Label, 10)] = fmt.Sprintf("Team %c", 'A'+rune(k.Label%26))
				}
			}
		}
	}
	return templates, labels
}
