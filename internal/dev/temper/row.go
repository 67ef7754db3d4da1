package temper

import (
	"math"
	"time"

	"smsetl/sandbox/traffic"
)

// Day is a civil day of +08:00.
type Day = traffic.Day

// ProcessReasons are the fields of EngageLab's process_failed.
var ProcessReasons = [...]string{
	"global_block", "partial_block", "unsubscribe", "keyword_block", "variable_error", "content_error", "frequency_overrun", "other",
}

// SendReasons are the fields of EngageLab's send_failed.
var SendReasons = [...]string{
	"empty", "out_of_service", "blacklist", "busy", "no_answer", "interception", "break_down", "not_in_service", "power_off", "other",
}

// poweredOff is the reason of failures that come late.
const poweredOff = 8

// How the failures fall on the reasons, as shares of all messages.
var (
	processRates = [len(ProcessReasons)]float64{0.006, 0.002, 0.004, 0.001, 0.002, 0.001, 0.003, 0.001}
	sendRates    = [len(SendReasons)]float64{0.02, 0.006, 0.004, 0, 0, 0.003, 0.002, 0.008, 0.014, 0.003}
)

// Templates are the ids of the templates of every world.
var Templates = [...]int64{1001, 1002, 1003, 1004, 1005}

// Key is what a row is about. Label 0 stands for none.
type Key struct {
	Template int64
	Label    int64
	Type     string
}

// streams are the rows of a day and their shares of its messages. The first template has more than half of the traffic.
var streams = [...]struct {
	key    Key
	weight float64
}{
	{Key{1001, 0, "2"}, 0.50},
	{Key{1001, 11, "2"}, 0.06},
	{Key{1002, 11, "2"}, 0.18},
	{Key{1003, 12, "2"}, 0.12},
	{Key{1004, 0, "2"}, 0.10},
	{Key{1005, 12, "0"}, 0.04},
}

// usualVolume is the messages of a working day.
const usualVolume = 1200

// Row is a row of a day as the vendor holds it at a moment.
type Row struct {
	Key

	Targets   int64
	Process   [len(ProcessReasons)]int64
	Send      [len(SendReasons)]int64
	Delivered int64
	Waiting   int64
	Billed    int64
}

// ProcessFailed adds up the messages that were not handed on.
func (r *Row) ProcessFailed() (n int64) {
	for _, k := range r.Process {
		n += k
	}
	return n
}

// SendFailed adds up the failures that are known.
func (r *Row) SendFailed() (n int64) {
	for _, k := range r.Send {
		n += k
	}
	return n
}

func (r *Row) add(o *Row) {
	r.Targets += o.Targets
	r.Delivered += o.Delivered
	r.Waiting += o.Waiting
	r.Billed += o.Billed
	for i, n := range o.Process {
		r.Process[i] += n
	}
	for i, n := range o.Send {
		r.Send[i] += n
	}
}

func (r *Row) subtract(o *Row) {
	r.Targets -= o.Targets
	r.Delivered -= o.Delivered
	r.Waiting -= o.Waiting
	r.Billed -= o.Billed
	for i, n := range o.Process {
		r.Process[i] -= n
	}
	for i, n := range o.Send {
		r.Send[i] -= n
	}
}

// scale multiplies every number by up/down, rounded down, so that the row still adds up.
func (r *Row) scale(up, down int64) {
	for i := range r.Process {
		r.Process[i] = r.Process[i] * up / down
	}
	for i := range r.Send {
		r.Send[i] = r.Send[i] * up / down
	}
	r.Delivered = r.Delivered * up / down
	r.Waiting = r.Waiting * up / down
	r.Billed = r.Billed * up / down
	r.Targets = r.ProcessFailed() + r.SendFailed() + r.Delivered + r.Waiting
}

// rows are the rows of one day; n of them are used.
type rows struct {
	all [len(streams)]Row
	n   int
}

func (r *rows) list() []Row { return r.all[:r.n] }

// moment is seconds since 1970-01-01 00:00 of +08:00.
type moment int64

const secondsADay = 24 * 3600

func momentOf(t time.Time) moment { return moment(t.Unix() + 8*3600) }

func (m moment) day() Day { return Day(int64(m) / secondsADay) }

// hoursSince gives the hours since the day ended; below 0 while it lasts.
func (m moment) hoursSince(d Day) float64 { return float64(int64(m)-(int64(d)+1)*secondsADay) / 3600 }

// SettleHours is the age at which the last usual receipt has come.
const SettleHours = 72

// shares are how much of what happened is known at an age.
type shares struct{ sent, good, bad, late float64 }

func (n *nature) shares(hours float64) shares {
	if hours < -24 {
		return shares{}
	}
	s := shares{sent: 1, good: 1, bad: 1, late: clamp((hours - 4*24) / (4 * 24))}
	if hours < 0 {
		s.sent = 1 + hours/24
	}
	if hours < SettleHours {
		a := max(hours, 0)
		s.good = 1 - 0.06*math.Exp(-a/8) - 0.02*(1-a/SettleHours)
		s.bad = 1 - 0.3*math.Exp(-a/10) - 0.4*(1-a/SettleHours)
	}
	if n.growing {
		s.bad = clamp(0.144 + (max(hours, 0)-3)/SettleHours*(1-0.144))
	}
	return s
}

func clamp(x float64) float64 { return min(max(x, 0), 1) }

// known gives how many of n are known when a share is; u is the row's own place between two messages.
func known(n int64, share, u float64) int64 { return min(n, int64(float64(n)*share+u*0.999)) }

// make gives the rows of a day as its messages and their receipts make them: before anything is withdrawn.
func (w *World) make(d Day, m moment, out *rows) {
	out.n = 0
	hours := m.hoursSince(d)
	volume := w.volume(d)
	if hours < -24 || volume == 0 {
		return
	}
	s := w.n.shares(hours)
	for i := range streams {
		stream := &streams[i]
		if w.n.oneMessage && i > 0 {
			break
		}
		luck := traffic.Roll(w.seed, uint64(d), uint64(i))
		mean := volume * stream.weight * (0.88 + 0.24*luck.Share())
		targets := luck.Round(mean)
		if w.n.oneMessage {
			targets = 1
		}
		r := &out.all[out.n]
		*r = Row{Key: stream.key, Targets: int64(float64(targets) * s.sent)}
		if r.Targets == 0 {
			continue
		}
		w.n.settle(r, s, luck)
		out.n++
	}
}

// settle says how the messages of a row ended, as far as that is known.
func (n *nature) settle(r *Row, s shares, d traffic.Dice) {
	left := r.Targets
	take := func(rate float64) int64 {
		k := min(d.Round(float64(r.Targets)*rate), left)
		left -= k
		return k
	}
	for i, rate := range processRates {
		r.Process[i] = take(rate * n.procFailing)
	}
	r.Billed = left + left/8
	var failed [len(SendReasons)]int64
	for i, rate := range sendRates {
		failed[i] = take(rate * n.sendFailing)
	}
	never, lateGood, lateBad := take(n.never), take(n.lateGood), take(n.lateBad)
	for i, k := range failed {
		r.Send[i] = known(k, s.bad, d.Share())
		r.Waiting += k - r.Send[i]
	}
	r.Delivered = known(left, s.good, d.Share())
	late := known(lateGood, s.late, d.Share())
	bad := known(lateBad, s.late, d.Share())
	r.Waiting += left - r.Delivered + never + lateGood - late + lateBad - bad
	r.Delivered += late
	r.Send[poweredOff] += bad
}

// volume gives the mean number of messages of a day.
func (w *World) volume(d Day) float64 {
	n, day := &w.n, int(d-w.first)
	if n.hasBegin && day < n.begins || n.hasEnd && day > n.ends {
		return 0
	}
	if n.oneMessage {
		return 1
	}
	volume := usualVolume * n.volume
	switch weekday := (int(d) + 4) % 7; weekday { // 1970-01-01 was a Thursday
	case 0:
		volume *= 0.7
		if n.quietSunday > 0 && int(d)/7%n.quietSunday == 0 {
			return 0
		}
	case 6:
		volume *= 0.8
	}
	if n.holiday > 0 && modulo(day, n.holiday) < 7 {
		volume *= 0.05
	}
	if n.bursts > 0 && modulo(day, n.bursts) == 0 {
		volume *= 10
	}
	return volume
}

func modulo(a, b int) int { return (a%b + b) % b }
