package traffic

import (
	"math"
	"time"
)

// SettleHours is the age at which the last message of an hour has its result.
const SettleHours = 72

// refresh is how often a vendor's statistics move: questions a few seconds apart agree.
const refresh = 10 * time.Minute

// rates are the shares of messages that fail for each reason: of the submitted ones before the hand-over, of the handed
// on ones after it.
type rates struct {
	process [ProcessKinds]float64
	send    [SendKinds]float64
}

// cell is one stream in one hour, at one moment.
type cell struct {
	dice     Dice
	mean     float64 // messages expected in the hour
	segments float64 // pieces a message
	rates    *rates
	age      float64 // hours since the hour ended; negative while it runs, when nothing of it is told
	late     float64 // share of the failures that turned out delivered
}

// tally counts the cell. The dice fall in the same order at every age, so a cell only ever settles and never changes its
// mind: submitted messages stay, delivered and failed ones grow, waiting ones shrink.
func (c cell) tally() (t Tally) {
	if c.age < 0 {
		return t
	}
	d := c.dice
	t.Targets = d.Round(c.mean * d.Between(0.88, 1.12))
	if t.Targets == 0 {
		return t
	}
	handed := t.Targets
	for i, p := range c.rates.process {
		if p == 0 {
			continue
		}
		n := min(d.Round(float64(t.Targets)*p), handed)
		t.Process[i] = n
		handed -= n
	}
	t.Billed = handed
	if c.segments > 1 {
		t.Billed = max(handed, d.Round(float64(handed)*c.segments))
	}
	final := handed
	for i, p := range c.rates.send {
		if p == 0 {
			continue
		}
		t.Send[i] = min(d.Round(float64(handed)*p), final)
		final -= t.Send[i]
	}
	t.Delivered = final
	if c.age < SettleHours {
		t.hide(c.age, d)
	}
	if c.late > 0 {
		for i, n := range t.Send {
			moved := int64(math.Ceil(float64(n) * c.late))
			t.Send[i] -= moved
			t.Delivered += moved
		}
	}
	return t
}

// hide turns the results that have not come in at an age into waiting messages.
func (t *Tally) hide(age float64, d Dice) {
	last := d.Between(40, SettleHours) // when this hour's last result comes
	share := failureKnown(age, last)
	for i, n := range t.Send {
		t.Send[i] = known(n, share, d.Share())
		t.Waiting += n - t.Send[i]
	}
	delivered := known(t.Delivered, deliveryKnown(age, last), d.Share())
	t.Waiting += t.Delivered - delivered
	t.Delivered = delivered
	if age < 1 {
		t.Queued = t.Waiting / 2
	}
}

// known gives how many of n results are in when a share of all is; u is the hour's own place between two messages.
func known(n int64, share, u float64) int64 {
	return min(n, int64(float64(n)*share+u*0.999))
}

// deliveryKnown is the share of deliveries reported at an age: most within minutes, some when phones are switched on
// again, the last ones after days.
func deliveryKnown(age, last float64) float64 {
	if age >= last {
		return 1
	}
	return 1 - 0.05*math.Exp(-age/1.5) - 0.035*math.Exp(-age/11) - 0.015*(1-age/last)
}

// failureKnown is the share of failures reported at an age. Carriers give up on a phone late.
func failureKnown(age, last float64) float64 {
	if age >= last {
		return 1
	}
	return 1 - 0.3*math.Exp(-age/5) - 0.45*(1-age/last)
}

// ageOf gives how long ago the hour ended, in hours, in steps of the refresh interval.
func ageOf(h Hour, at time.Time) float64 {
	return at.Truncate(refresh).Sub((h + 1).Time()).Hours()
}
